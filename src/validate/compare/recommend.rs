//! Which candidate to take, and why.

use crate::stats::metric::title;
use crate::validate::report::{Comparison, ModelResult, Recommendation, main_metric, smaller_is_better};

/// p value below which a difference is taken for real.
const REAL: f64 = 0.05;
/// Probability of practical equality above which two models count as the same (Benavoli et al. 2017).
const EQUAL: f64 = 0.95;

/// Names the candidate to take: the best by the main metric, unless that is no more than chance.
pub(in crate::validate) fn recommend(models: &[ModelResult], comparison: &[Comparison]) -> Option<Recommendation> {
    let first = models.first()?;
    if models.len() < 2 || models.iter().any(|m| m.task != first.task) {
        return None;
    }
    let metric = main_metric(first.task);
    let sign = if smaller_is_better(metric) { -1.0 } else { 1.0 };
    let mut order: Vec<(usize, f64)> =
        models.iter().enumerate().filter_map(|(i, m)| m.value(metric).map(|v| (i, v))).collect();
    order.sort_by(|x, y| (sign * y.1).total_cmp(&(sign * x.1)));
    let (best, value) = *order.first()?;
    let (second, second_value) = *order.get(1)?;
    let (best_model, second_model) = (models.get(best)?, models.get(second)?);
    let pair = |wanted: &str| {
        comparison.iter().find(|c| {
            let names = [&c.a, &c.b];
            names.contains(&&best_model.name) && names.contains(&&second_model.name) && c.metric == wanted
        })
    };
    let compared = pair(metric).or_else(|| pair("mse").filter(|_| metric == "r2"));
    let title = title(metric);
    let numbers = format!("{title} {value:.3} against {second_value:.3} of {}", second_model.name);
    let p = compared.and_then(|c| c.p_value);
    let equal = compared.and_then(|c| c.p_equal.filter(|equal| *equal > EQUAL).zip(c.margin));
    let mut reason = match p {
        // With many rows a difference may be more than chance and still too small to matter.
        _ if equal.is_some() => equal.map(|(equal, margin)| in_words(&numbers, equal, margin)).unwrap_or_default(),
        Some(p) if p >= REAL => {
            format!("{numbers}: no real difference (p = {p:.2}). Take the simpler or cheaper one.")
        }
        Some(p) if p < 0.001 => format!("{numbers}; the difference is more than chance (p < 0.001)."),
        Some(p) => format!("{numbers}; the difference is more than chance (p = {p:.3})."),
        None => format!("{numbers}."),
    };
    // A ranking may be better while the decisions at the threshold are not.
    if let Some(f1) = pair("f1").filter(|c| c.p_value.is_some_and(|p| p < REAL)) {
        let lead = if f1.a == best_model.name { f1.difference } else { -f1.difference };
        if let (Some(ours), Some(theirs)) = (best_model.value("f1"), second_model.value("f1"))
            && lead < 0.0
        {
            let sentence = format!(
                " At its threshold {} has the better F1, {theirs:.3} against {ours:.3}: prefer it if that threshold stays.",
                second_model.name
            );
            reason.push_str(&sentence);
        }
    }
    for fallen in models.iter().filter(|m| m.against_training.as_ref().is_some_and(|a| !a.holds)) {
        if let Some(a) = &fallen.against_training {
            let sentence =
                format!(" {} does not hold: {title} {:.3} in training, {:.3} here.", fallen.name, a.training, a.value);
            reason.push_str(&sentence);
        }
    }
    Some(Recommendation { model: best, name: best_model.name.clone(), reason })
}

/// That two models are practically equal. What is surer than 99.9 % is said as that, for certainty is not to be had.
fn in_words(numbers: &str, equal: f64, margin: f64) -> String {
    let sure = if equal > 0.999 { "more than 99.9 %".to_owned() } else { format!("{:.1} %", equal * 100.0) };
    let margin = short(margin);
    format!("{numbers}: no real difference ({sure} sure that it is {margin} at most). Take the simpler or cheaper one.")
}

/// A margin with two significant digits.
fn short(x: f64) -> String {
    let digits = (1.0 - x.abs().log10().floor()).clamp(0.0, 12.0);
    let text = format!("{x:.0$}", digits as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_said_with_how_sure_and_how_near() {
        let words = in_words("ROC AUC 0.801 against 0.800 of B", 0.9731, 0.01);
        assert_eq!(
            words,
            "ROC AUC 0.801 against 0.800 of B: no real difference (97.3 % sure that it is 0.01 at most). Take the simpler or cheaper one."
        );
        assert!(in_words("", 1.0, 0.01).contains("more than 99.9 %"));
        assert_eq!((short(0.01).as_str(), short(2.345).as_str(), short(1234.5).as_str()), ("0.01", "2.3", "1234"));
    }
}
