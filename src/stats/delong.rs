//! Variance of the area under the ROC curve, and of the difference of two, after DeLong, DeLong and Clarke-Pearson
//! (1988), by midranks in O(n log n) after Sun and Xu (2014).

/// The parts of an AUC's variance: each positive's share of negatives below it, each negative's share of positives
/// above it (ties count half).
#[derive(Clone, Debug, PartialEq)]
pub struct Placements {
    /// The area.
    pub auc: f64,
    positive: Vec<f64>,
    negative: Vec<f64>,
}

/// Midranks, 1-based, of values: equal values share the mean of their ranks.
fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    let value = |i: &u32| values.get(*i as usize).copied().unwrap_or(0.0);
    order.sort_unstable_by(|a, b| value(a).total_cmp(&value(b)));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while let Some(first) = order.get(from) {
        let same = order.iter().skip(from).take_while(|i| value(i) == value(first)).count().max(1);
        let rank = from as f64 + (same as f64 + 1.0) / 2.0;
        for i in order.iter().skip(from).take(same) {
            if let Some(place) = ranks.get_mut(*i as usize) {
                *place = rank;
            }
        }
        from += same;
    }
    ranks
}

impl Placements {
    /// Places each row among the other class; `None` when a class is missing.
    pub fn of(scores: &[f64], positive: &[bool]) -> Option<Self> {
        let pick = |wanted: bool| -> Vec<f64> {
            scores.iter().zip(positive).filter(|(_, p)| **p == wanted).map(|(s, _)| *s).collect()
        };
        let (pos, neg) = (pick(true), pick(false));
        let (m, n) = (pos.len() as f64, neg.len() as f64);
        if pos.is_empty() || neg.is_empty() {
            return None;
        }
        let all: Vec<f64> = pos.iter().chain(&neg).copied().collect();
        let (among_all, among_pos, among_neg) = (midranks(&all), midranks(&pos), midranks(&neg));
        let positive: Vec<f64> = among_all.iter().zip(&among_pos).map(|(all, own)| (all - own) / n).collect();
        let negative: Vec<f64> =
            among_all.iter().skip(pos.len()).zip(&among_neg).map(|(all, own)| 1.0 - (all - own) / m).collect();
        let auc = positive.iter().sum::<f64>() / m;
        Some(Self { auc, positive, negative })
    }

    /// Variance of the area; `None` when a class has one row only.
    pub fn variance(&self) -> Option<f64> {
        self.covariance(self)
    }

    /// Covariance of two areas over the same rows.
    pub fn covariance(&self, other: &Self) -> Option<f64> {
        let part = |a: &[f64], b: &[f64]| {
            let n = a.len().min(b.len());
            let products = a.iter().zip(b).map(|(x, y)| (x - self.auc) * (y - other.auc)).sum::<f64>();
            (n > 1).then(|| products / (n - 1) as f64 / n as f64)
        };
        Some(part(&self.positive, &other.positive)? + part(&self.negative, &other.negative)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_ranked_one() {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.4];
        let positive = [false, false, true, true, true];
        let placements = Placements::of(&scores, &positive).unwrap();
        let ranked = crate::stats::ranked::RankedScores::new(&scores, &positive);
        assert!((placements.auc - ranked.roc_auc().unwrap()).abs() < 1e-12);
        assert!(placements.variance().unwrap() > 0.0);
        assert!(Placements::of(&scores, &[true; 5]).is_none());
    }

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(midranks(&[3.0, 1.0, 3.0]), [2.5, 1.0, 2.5]);
    }
}
