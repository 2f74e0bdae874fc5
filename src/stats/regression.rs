//! Metrics of predicted numbers.

/// All metrics of one regression; differences are prediction − target.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RegressionMetrics {
    /// Rows.
    pub rows: u64,
    /// Mean absolute error.
    pub mae: f64,
    /// Mean squared error.
    pub mse: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// 1 − squared errors / squared deviations of the target; `None` below two rows. For a constant target 1 when
    /// perfect, else 0, as scikit-learn.
    pub r2: Option<f64>,
    /// Mean of |error| / max(|target|, ε), as a fraction.
    pub mape: f64,
    /// Median absolute error.
    pub median_ae: f64,
    /// Largest absolute error.
    pub max_error: f64,
    /// 1 − variance of errors / variance of targets; for a constant target as `r2`.
    pub explained_variance: Option<f64>,
    /// Mean error.
    pub mean_error: f64,
}

fn ratio(errors: f64, spread: f64) -> f64 {
    match (errors > 0.0, spread > 0.0) {
        (_, true) => 1.0 - errors / spread,
        (false, false) => 1.0,
        (true, false) => 0.0,
    }
}

impl RegressionMetrics {
    /// Measures; `None` without rows.
    pub fn of(target: &[f64], prediction: &[f64]) -> Option<Self> {
        let n = target.len().min(prediction.len());
        if n == 0 {
            return None;
        }
        let rows = n as f64;
        let mean_target = target.iter().take(n).sum::<f64>() / rows;
        let mean_error = target.iter().zip(prediction).map(|(t, p)| p - t).sum::<f64>() / rows;
        let (mut absolute, mut squared, mut relative, mut spread, mut centred) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let mut errors: Vec<f64> = Vec::with_capacity(n);
        for (t, p) in target.iter().zip(prediction) {
            let e = p - t;
            absolute += e.abs();
            squared += e * e;
            relative += e.abs() / t.abs().max(f64::EPSILON);
            spread += (t - mean_target).powi(2);
            centred += (e - mean_error).powi(2);
            errors.push(e.abs());
        }
        errors.sort_unstable_by(f64::total_cmp);
        let mse = squared / rows;
        Some(Self {
            rows: n as u64,
            mae: absolute / rows,
            mse,
            rmse: mse.sqrt(),
            r2: (n > 1).then(|| ratio(squared, spread)),
            mape: relative / rows,
            median_ae: super::moments::quantile_sorted(&errors, 0.5)?,
            max_error: errors.last().copied()?,
            explained_variance: Some(ratio(centred, spread)),
            mean_error,
        })
    }

    /// A metric by its name in results.
    pub fn metric(&self, name: &str) -> Option<f64> {
        match name {
            "mae" => Some(self.mae),
            "mse" => Some(self.mse),
            "rmse" => Some(self.rmse),
            "r2" => self.r2,
            "mape" => Some(self.mape),
            "median_ae" => Some(self.median_ae),
            "max_error" => Some(self.max_error),
            "explained_variance" => self.explained_variance,
            "mean_error" => Some(self.mean_error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scikit_learns_example() {
        let m = RegressionMetrics::of(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0]).unwrap();
        assert_eq!(m.mae, 0.5);
        assert_eq!(m.mse, 0.375);
        assert!((m.r2.unwrap() - 0.9486081370449679).abs() < 1e-12);
        assert!((m.explained_variance.unwrap() - 0.9571734475374732).abs() < 1e-12);
        assert_eq!(m.median_ae, 0.5);
        assert_eq!(m.max_error, 1.0);
        assert_eq!(m.mean_error, 0.25);
    }

    #[test]
    fn a_constant_target_is_all_or_nothing() {
        assert_eq!(RegressionMetrics::of(&[1.0, 1.0], &[1.0, 1.0]).unwrap().r2, Some(1.0));
        assert_eq!(RegressionMetrics::of(&[1.0, 1.0], &[1.0, 2.0]).unwrap().r2, Some(0.0));
        assert_eq!(RegressionMetrics::of(&[1.0], &[1.0]).unwrap().r2, None);
        assert!(RegressionMetrics::of(&[], &[]).is_none());
    }
}
