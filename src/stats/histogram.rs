//! Histogram edges by `NumPy`'s rules, and counting into them.

/// `bins + 1` equal-width edges from `min` to `max`; ±0.5 around a single value, as `NumPy`.
fn equal_width(min: f64, max: f64, width: f64) -> Vec<f64> {
    let (low, high) = if min < max { (min, max) } else { (min - 0.5, max + 0.5) };
    let bins = if width > 0.0 { (((max - min) / width).ceil() as usize).clamp(1, 100_000) } else { 1 };
    let step = (high - low) / bins as f64;
    let mut edges: Vec<f64> = (0..bins).map(|i| low + i as f64 * step).collect();
    edges.push(high);
    edges
}

fn range(values: &[f64]) -> Option<(f64, f64)> {
    let finite = values.iter().copied().filter(|x| x.is_finite());
    finite.fold(None, |r, x| match r {
        None => Some((x, x)),
        Some((low, high)) => Some((f64::min(low, x), f64::max(high, x))),
    })
}

/// `NumPy`'s `doane` edges: width = range / (1 + log2 n + log2(1 + |skewness| / σ)); `None` without a finite value.
/// Two values or no spread give one bin.
pub fn doane_edges(values: &[f64]) -> Option<Vec<f64>> {
    let (min, max) = range(values)?;
    let n = values.iter().filter(|x| x.is_finite()).count() as f64;
    let mean = values.iter().filter(|x| x.is_finite()).sum::<f64>() / n;
    let sigma = (values.iter().filter(|x| x.is_finite()).map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    if n <= 2.0 || sigma <= 0.0 {
        return Some(equal_width(min, max, 0.0));
    }
    let skew = values.iter().filter(|x| x.is_finite()).map(|x| ((x - mean) / sigma).powi(3)).sum::<f64>() / n;
    let spread = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
    let width = (max - min) / (1.0 + n.log2() + (1.0 + skew.abs() / spread).log2());
    Some(equal_width(min, max, width))
}

/// `NumPy`'s `sturges` edges: width = range / (log2 n + 1).
pub fn sturges_edges(values: &[f64]) -> Option<Vec<f64>> {
    let (min, max) = range(values)?;
    let n = values.iter().filter(|x| x.is_finite()).count() as f64;
    Some(equal_width(min, max, (max - min) / (n.log2() + 1.0)))
}

/// The bin of a value: closed on the left, the last one on both sides; `None` outside.
pub fn place(edges: &[f64], x: f64) -> Option<usize> {
    let (first, last) = (*edges.first()?, *edges.last()?);
    let bins = edges.len().checked_sub(1).filter(|b| *b > 0)?;
    if !(first..=last).contains(&x) {
        return None;
    }
    // Equal-width edges make the guess right or one off; the edges themselves decide.
    let mut at = (((x - first) / (last - first) * bins as f64) as usize).min(bins - 1);
    while at > 0 && edges.get(at).is_some_and(|edge| x < *edge) {
        at -= 1;
    }
    while at + 1 < bins && edges.get(at + 1).is_some_and(|edge| x >= *edge) {
        at += 1;
    }
    Some(at)
}

/// Rows in each bin, and rows outside of all; what is not finite is left out.
pub fn count(edges: &[f64], values: &[f64]) -> (Vec<u64>, u64) {
    let mut inside = vec![0; edges.len().saturating_sub(1)];
    let mut outside = 0;
    for x in values.iter().filter(|x| x.is_finite()) {
        match place(edges, *x).and_then(|at| inside.get_mut(at)) {
            Some(count) => *count += 1,
            None => outside += 1,
        }
    }
    (inside, outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doane_agrees_with_numpy() {
        // numpy.histogram_bin_edges([1, 2, 2, 3, 3, 3, 10], bins="doane")
        let edges = doane_edges(&[1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 10.0]).unwrap();
        assert_eq!(edges.len(), 7, "{edges:?}");
        assert_eq!((edges[0], edges[6]), (1.0, 10.0));
        assert_eq!(doane_edges(&[5.0, 5.0, 5.0]).unwrap(), [4.5, 5.5]);
        assert_eq!(doane_edges(&[f64::NAN]), None);
    }

    #[test]
    fn the_last_bin_is_closed_on_both_sides() {
        let edges = [0.0, 1.0, 2.0];
        assert_eq!(place(&edges, 2.0), Some(1));
        assert_eq!(place(&edges, 1.0), Some(1));
        assert_eq!(place(&edges, 2.1), None);
        assert_eq!(count(&edges, &[0.0, 0.5, 1.0, 2.0, 3.0, f64::NAN]), (vec![2, 2], 1));
    }
}
