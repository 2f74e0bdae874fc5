//! Means, spreads and skewness.

/// Count, mean, and squared and cubed deviations, gathered value by value (Welford 1962; the cubes after Terriberry
/// 2007) and mergeable (Chan et al. 1979; Pébay 2008).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// Sum of squared deviations from the mean.
    pub m2: f64,
    /// Sum of cubed deviations from the mean.
    pub m3: f64,
}

impl Moments {
    /// Adds a value.
    pub fn add(&mut self, x: f64) {
        self.n += 1;
        let n = self.n as f64;
        let before = x - self.mean;
        let step = before / n;
        self.mean += step;
        let square = before * (x - self.mean);
        self.m3 += square * step * (n - 2.0) - 3.0 * step * self.m2;
        self.m2 += square;
    }

    /// Gathers values block by block: each block's mean first, then its deviations, which needs no division a value.
    pub fn of_blocks(values: impl Iterator<Item = f64>) -> Self {
        const BLOCK: usize = 1_024;
        let mut all = Self::default();
        let mut block: Vec<f64> = Vec::with_capacity(BLOCK);
        let mut values = values.fuse();
        loop {
            block.clear();
            block.extend(values.by_ref().take(BLOCK));
            if block.is_empty() {
                return all;
            }
            let mean = block.iter().sum::<f64>() / block.len() as f64;
            let (mut m2, mut m3) = (0.0, 0.0);
            for x in &block {
                let gap = x - mean;
                m2 += gap * gap;
                m3 += gap * gap * gap;
            }
            all.merge(&Self { n: block.len() as u64, mean, m2, m3 });
        }
    }

    /// Adds all values of another gathering.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        let (ours, theirs) = (self.n as f64, other.n as f64);
        let n = ours + theirs;
        let gap = other.mean - self.mean;
        self.mean += gap * theirs / n;
        self.m3 += other.m3
            + gap.powi(3) * ours * theirs * (ours - theirs) / (n * n)
            + 3.0 * gap * (ours * other.m2 - theirs * self.m2) / n;
        self.m2 += other.m2 + gap * gap * ours * theirs / n;
        self.n += other.n;
    }

    /// The mean, when there is a value.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }

    /// Population variance (divided by n).
    pub fn variance(&self) -> Option<f64> {
        (self.n > 0).then(|| self.m2 / self.n as f64)
    }

    /// Sample variance (divided by n − 1).
    pub fn sample_variance(&self) -> Option<f64> {
        (self.n > 1).then(|| self.m2 / (self.n - 1) as f64)
    }

    /// Population skewness, the mean cubed deviation over the cubed standard deviation; `None` without spread.
    pub fn skewness(&self) -> Option<f64> {
        let variance = self.variance().filter(|v| *v > 0.0)?;
        Some(self.m3 / self.n as f64 / variance.powf(1.5)).filter(|s| s.is_finite())
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|x| moments.add(x));
        moments
    }
}

/// The quantile `q` (0 to 1) of sorted values, linear between neighbours as `NumPy` does by default.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let low = *sorted.get(place.floor() as usize)?;
    let high = *sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * (place - place.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_equals_gathering_all() {
        let all: Moments = [1.0, 2.0, 4.0, 8.0].into_iter().collect();
        let mut left: Moments = [1.0, 2.0].into_iter().collect();
        left.merge(&[4.0, 8.0].into_iter().collect());
        assert!((all.mean - left.mean).abs() < 1e-12 && (all.m2 - left.m2).abs() < 1e-12);
        assert!((all.m3 - left.m3).abs() < 1e-9 && (all.m3 - 50.625).abs() < 1e-9, "{all:?}");
        assert_eq!(all.variance(), Some(7.1875));
        assert_eq!(Moments::default().mean(), None);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile_sorted(&sorted, 0.5), Some(2.5));
        assert_eq!(quantile_sorted(&sorted, 1.0), Some(4.0));
        assert_eq!(quantile_sorted(&[], 0.5), None);
    }
}
