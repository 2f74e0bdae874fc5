//! Metrics of a yes/no decision, from the four counts.

/// How decisions and truth met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryCounts {
    /// Positive, and said so.
    pub tp: u64,
    /// Negative, but said positive.
    pub fp: u64,
    /// Positive, but said negative.
    pub fn_: u64,
    /// Negative, and said so.
    pub tn: u64,
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

impl BinaryCounts {
    /// The counts when a row is positive from `threshold` up.
    pub fn at(scores: &[f64], positive: &[bool], threshold: f64) -> Self {
        let mut counts = Self::default();
        for (score, truth) in scores.iter().zip(positive) {
            counts.add(*score >= threshold, *truth);
        }
        counts
    }

    /// Adds one row.
    pub fn add(&mut self, said: bool, is: bool) {
        match (said, is) {
            (true, true) => self.tp += 1,
            (true, false) => self.fp += 1,
            (false, true) => self.fn_ += 1,
            (false, false) => self.tn += 1,
        }
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.tp + self.fp + self.fn_ + self.tn
    }

    fn f(&self) -> [f64; 4] {
        [self.tp as f64, self.fp as f64, self.fn_ as f64, self.tn as f64]
    }

    /// Share of right decisions.
    pub fn accuracy(&self) -> Option<f64> {
        share((self.tp + self.tn) as f64, self.rows() as f64)
    }

    /// Share of rows said positive that are; 0 when none was said so, as scikit-learn.
    pub fn precision(&self) -> Option<f64> {
        (self.rows() > 0).then(|| share(self.tp as f64, (self.tp + self.fp) as f64).unwrap_or(0.0))
    }

    /// Share of positive rows that were said so; 0 when there is none, as scikit-learn.
    pub fn recall(&self) -> Option<f64> {
        (self.rows() > 0).then(|| share(self.tp as f64, (self.tp + self.fn_) as f64).unwrap_or(0.0))
    }

    /// Share of negative rows that were said so (recall of the negative class); 0 when there is none.
    pub fn specificity(&self) -> Option<f64> {
        (self.rows() > 0).then(|| share(self.tn as f64, (self.tn + self.fp) as f64).unwrap_or(0.0))
    }

    /// 2·TP / (2·TP + FP + FN); 0 when the denominator is.
    pub fn f1(&self) -> Option<f64> {
        let [tp, fp, fn_, _] = self.f();
        (self.rows() > 0).then(|| share(2.0 * tp, 2.0 * tp + fp + fn_).unwrap_or(0.0))
    }

    /// Mean of recall over the classes that occur.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let [tp, fp, fn_, tn] = self.f();
        match (share(tp, tp + fn_), share(tn, tn + fp)) {
            (Some(a), Some(b)) => Some(f64::midpoint(a, b)),
            (a, b) => a.or(b),
        }
    }

    /// Matthews' correlation; 0 when a class is never said or never is, as scikit-learn.
    pub fn mcc(&self) -> Option<f64> {
        let [tp, fp, fn_, tn] = self.f();
        let below = (tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_);
        (self.rows() > 0).then(|| if below > 0.0 { (tp * tn - fp * fn_) / below.sqrt() } else { 0.0 })
    }

    /// Cohen's kappa: agreement beyond chance; `None` when chance alone agrees fully.
    pub fn cohen_kappa(&self) -> Option<f64> {
        let [tp, fp, fn_, tn] = self.f();
        let n = tp + fp + fn_ + tn;
        let expected = ((tp + fp) * (tp + fn_) + (tn + fp) * (tn + fn_)) / n;
        share(tp + tn - expected, n - expected)
    }

    /// A metric of the decision by its name in results; `None` for other names too.
    pub fn metric(&self, name: &str) -> Option<f64> {
        match name {
            "accuracy" => self.accuracy(),
            "balanced_accuracy" => self.balanced_accuracy(),
            "precision" => self.precision(),
            "recall" => self.recall(),
            "specificity" => self.specificity(),
            "f1" => self.f1(),
            "mcc" => self.mcc(),
            "cohen_kappa" => self.cohen_kappa(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_table_by_hand() {
        let c = BinaryCounts { tp: 6, fp: 2, fn_: 4, tn: 8 };
        assert_eq!(c.accuracy(), Some(0.7));
        assert_eq!(c.precision(), Some(0.75));
        assert_eq!(c.recall(), Some(0.6));
        assert_eq!(c.specificity(), Some(0.8));
        assert_eq!(c.balanced_accuracy(), Some(0.7));
        assert!((c.f1().unwrap() - 2.0 * 0.75 * 0.6 / 1.35).abs() < 1e-12);
        assert!((c.cohen_kappa().unwrap() - 0.4).abs() < 1e-12);
        assert!((c.mcc().unwrap() - 40.0 / (8.0_f64 * 10.0 * 10.0 * 12.0).sqrt()).abs() < 1e-12);
        assert_eq!(BinaryCounts::default().accuracy(), None);
    }

    #[test]
    fn the_threshold_itself_is_positive() {
        let c = BinaryCounts::at(&[0.5, 0.49], &[true, true], 0.5);
        assert_eq!((c.tp, c.fn_), (1, 1));
    }
}
