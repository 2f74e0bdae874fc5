//! What a validation found, as lines of text.

use super::console::Console;
use crate::stats::grouped;
use crate::validate::report::metric_order;
use crate::validate::{ModelResult, Report};

/// Says what came of a validation.
pub(super) fn summary(report: &Report, console: &Console) {
    for model in &report.models {
        print_model(model, console);
    }
    for c in &report.comparison {
        let interval = c.low.zip(c.high).map_or_else(String::new, |(low, high)| format!(" [{low:.4}, {high:.4}]"));
        let p = c.p_value.map_or_else(String::new, |p| format!("  p = {p:.2e}"));
        console.say(&format!("{} − {}: {} {:+.4}{interval}{p}  ({})", c.a, c.b, c.metric, c.difference, c.method));
    }
    if let Some(recommended) = &report.recommendation {
        console.say(&format!("Take {}. {}", recommended.name, recommended.reason));
    }
}

fn print_gates(model: &ModelResult, console: &Console) {
    for gate in &model.gates {
        let mark = match (gate.applies, gate.passed, gate.required) {
            (false, ..) => "does not apply",
            (_, true, _) => "pass",
            (_, false, true) => "FAIL",
            (_, false, false) => "advice not met",
        };
        let segment = gate.segment.as_ref().map_or_else(String::new, |(c, v)| format!(" at {c} = {v}"));
        let reason = gate.reason.as_ref().map_or_else(String::new, |r| format!("  ({r})"));
        let is = gate.value.map(|v| format!(", is {v:.4}")).unwrap_or_default();
        let asked = format!("{} {}", gate.metric, gate.condition);
        console.say(&format!("  gate {mark}: {}{segment}: {asked}{is}{reason}", gate.name));
    }
    if !model.gates.is_empty() {
        console.say(&format!("  verdict: {}", model.verdict));
    }
}

fn print_parts(model: &ModelResult, console: &Console) {
    for segment in &model.segments {
        let metrics = segment.metrics.iter().filter_map(|(name, m)| Some(format!("{name} {:.4}", m.value?)));
        let metrics: Vec<String> = metrics.collect();
        console.say(&format!("  {}: {}, {}", segment.place(), grouped::rows(segment.rows as u64), metrics.join(", ")));
    }
    for weak in model.weak_segments.iter().take(5) {
        console.say(&format!(
            "  weak where {}: loss {:.4} on {}, {:.4} elsewhere, p = {:.1e} after correction for {}",
            weak.place(),
            weak.loss,
            grouped::rows(weak.rows as u64),
            weak.loss_elsewhere,
            weak.p_corrected,
            weak.looked_at
        ));
    }
}

fn print_model(model: &ModelResult, console: &Console) {
    let rate = match model.rows_per_second as u64 {
        0 => String::new(),
        rate => format!(", {} a second", grouped::rows(rate)),
    };
    console.say(&format!(
        "{}: {}, {} without target{rate}",
        model.name,
        grouped::rows(model.rows as u64),
        model.rows_without_target,
    ));
    for skipped in &model.skipped {
        console.say(&format!("  left out {} rows: {}", skipped.rows, skipped.reason));
    }
    for note in &model.notes {
        console.say(&format!("  note: {note}"));
    }
    for name in metric_order(model.task) {
        let Some(metric) = model.metrics.get(*name) else { continue };
        let value = metric.value.map_or_else(|| "–".to_owned(), |v| format!("{v:.4}"));
        let interval =
            metric.low.zip(metric.high).map_or_else(String::new, |(low, high)| format!("[{low:.4}, {high:.4}]"));
        let training = model.training.get(*name).map_or_else(String::new, |t| format!("training {t:.4}"));
        let reason = metric.reason.clone().unwrap_or_default();
        console.say(format!("  {name:<22}{value:>12}  {interval:<20}  {training} {reason}").trim_end());
    }
    print_parts(model, console);
    print_gates(model, console);
}
