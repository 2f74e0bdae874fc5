//! Which gates make sense: the metric exists, its limit can be reached and missed, the comparison has a meaning.

use super::super::report::smaller_is_better;
use super::gate::{Against, Condition, Gate, metrics, number, percent};

/// Least and greatest value that a metric can have; infinite where there is no end.
pub fn range(metric: &str) -> (f64, f64) {
    match metric {
        "mcc" | "cohen_kappa" => (-1.0, 1.0),
        "r2" | "explained_variance" => (f64::NEG_INFINITY, 1.0),
        "mean_error" => (f64::NEG_INFINITY, f64::INFINITY),
        "log_loss" | "mae" | "mse" | "rmse" | "mape" | "median_ae" | "max_error" => (0.0, f64::INFINITY),
        _ => (0.0, 1.0),
    }
}

impl Gate {
    /// Why this gate can decide nothing, in words: a metric that does not exist, a number that can never be reached or
    /// is reached always, a comparison without meaning. `None` for a sound gate.
    pub fn problem(&self) -> Option<String> {
        let metric = self.metric.as_str();
        if !metrics().contains(&metric) {
            return Some(format!("no metric is called “{metric}”"));
        }
        let (key, asked, against) = (self.condition.key(), self.condition.number(), self.condition.against());
        if !asked.is_finite() {
            return Some(format!("{key} is not a finite number"));
        }
        let (least, most) = range(metric);
        if let Against::Constant(value) = against {
            if !value.is_finite() {
                return Some("against is not a finite number".to_owned());
            }
            if value > most || value < least {
                let end =
                    if value > most { format!("above {}", number(most)) } else { format!("below {}", number(least)) };
                let hint = percent_hint(value, most);
                return Some(format!("{metric} is never {end}, so {} decides nothing{hint}", number(value)));
            }
        }
        if matches!(self.condition, Condition::AtLeast(_) | Condition::AtMost(_)) {
            return None;
        }
        if asked < 0.0 {
            return Some(format!(
                "{key} must not be negative; {}",
                if key.starts_with("gain") {
                    "what may be lost is written lose_at_most"
                } else {
                    "a share is a number from 0 to 1"
                }
            ));
        }
        if metric == "mean_error" && !matches!(self.condition, Condition::WithinShare { .. }) {
            return Some(format!(
                "mean_error is best at zero, so {key} has no direction; use at_least in one gate and at_most in another"
            ));
        }
        let smaller = smaller_is_better(metric);
        match self.condition {
            Condition::GainAtLeast { .. } if asked > most - least => {
                let hint = percent_hint(asked, 1.0);
                Some(format!("{metric} can never gain {}{hint}", number(asked)))
            }
            Condition::GainShareAtLeast { .. } if smaller && asked > 1.0 => {
                Some(format!("{metric} cannot fall by more than 100 %{}", percent_hint(asked, 1.0)))
            }
            Condition::WithinShare { .. } | Condition::LoseAtMost { .. } if asked > 1.0 => {
                let hint = percent_hint(asked, 1.0);
                Some(format!("{key} is a share from 0 to 1, and {} is {}{hint}", number(asked), percent(asked)))
            }
            Condition::WithinShare { .. } | Condition::GainShareAtLeast { .. } if against == Against::Constant(0.0) => {
                Some("no share can be taken of zero".to_owned())
            }
            _ => None,
        }
    }
}

/// A way out for whoever wrote a percentage where a fraction must be.
fn percent_hint(value: f64, most: f64) -> String {
    if most == 1.0 && value > 1.0 && value <= 100.0 {
        format!("; {} is written {}", percent(value / 100.0), number(value / 100.0))
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::gate::{Bound, On};
    use super::*;

    fn gate(metric: &str, condition: Condition) -> Gate {
        let (name, metric) = ("G".to_owned(), metric.to_owned());
        Gate { name, metric, condition, bound: Bound::Point, on: On::AllRows, required: true }
    }

    #[test]
    fn gates_that_decide_nothing_are_named() {
        let said = |metric: &str, condition| gate(metric, condition).problem().unwrap_or_default();
        let (training, zero) = (Against::Training, Against::Constant(0.0));
        assert_eq!(said("auc", Condition::AtLeast(0.7)), "no metric is called “auc”");
        assert_eq!(
            said("roc_auc", Condition::AtLeast(70.0)),
            "roc_auc is never above 1, so 70 decides nothing; 70 % is written 0.70"
        );
        assert_eq!(said("mae", Condition::AtMost(-1.0)), "mae is never below 0, so −1 decides nothing");
        assert_eq!(said("f1", Condition::AtLeast(f64::NAN)), "at_least is not a finite number");
        let infinite = Condition::LoseAtMost { share: 0.1, against: Against::Constant(f64::INFINITY) };
        assert_eq!(said("f1", infinite), "against is not a finite number");
        assert_eq!(
            said("f1", Condition::LoseAtMost { share: 10.0, against: training }),
            "lose_at_most is a share from 0 to 1, and 10 is 1000 %; 10 % is written 0.10"
        );
        assert_eq!(
            said("f1", Condition::LoseAtMost { share: -0.1, against: training }),
            "lose_at_most must not be negative; a share is a number from 0 to 1"
        );
        assert_eq!(
            said("f1", Condition::GainAtLeast { gain: -0.1, against: training }),
            "gain_at_least must not be negative; what may be lost is written lose_at_most"
        );
        assert_eq!(
            said("f1", Condition::GainAtLeast { gain: 5.0, against: training }),
            "f1 can never gain 5; 5 % is written 0.05"
        );
        assert_eq!(
            said("rmse", Condition::GainShareAtLeast { share: 20.0, against: training }),
            "rmse cannot fall by more than 100 %; 20 % is written 0.20"
        );
        assert_eq!(said("r2", Condition::WithinShare { share: 0.1, against: zero }), "no share can be taken of zero");
        assert!(said("mean_error", Condition::LoseAtMost { share: 0.1, against: training }).contains("best at zero"));
        for sound in [
            gate("mean_error", Condition::AtLeast(-5.0)),
            gate("mean_error", Condition::WithinShare { share: 0.1, against: training }),
            gate("average_precision", Condition::GainShareAtLeast { share: 3.0, against: Against::Baseline }),
            gate("mcc", Condition::AtLeast(-1.0)),
            gate("r2", Condition::AtLeast(-7.0)),
            gate("rmse", Condition::GainAtLeast { gain: 300.0, against: Against::Champion }),
        ] {
            assert_eq!(sound.problem(), None);
        }
    }
}
