//! One model: its verdict, its metrics, and what its answers look like.

use super::breakdown;
use super::page::verdict;
use super::svg;
use super::tables::{Cell, facts, leading, missing, section, sentence, table};
use super::text::{count, escape, level, percent, short};
use crate::model::Task;
use crate::stats::binary::BinaryCounts;
use crate::stats::metric::title;
use crate::validate::help::help;
use crate::validate::policy::GateResult;
use crate::validate::report::metric_order;
use crate::validate::{ModelResult, Report};

/// Classes of a confusion matrix that are drawn, at most.
const MOST_CLASSES: usize = 20;

/// Everything of one model; `place` is its index in the report.
pub(super) fn section_of(report: &Report, place: usize, result: &ModelResult, most: usize) -> String {
    let named = |class: &str| class_name(result, class);
    let positive = match result.positive.as_deref() {
        Some(class) => escape(&named(class)),
        None => missing("Only a model of two classes has one"),
    };
    let about = facts(&[
        ("Task", result.task.word().to_owned()),
        ("Rows measured", count(result.rows as u64)),
        ("Positive class", positive),
        ("Verdict", verdict(&result.verdict)),
    ]);
    let parts = [
        section("About", &about),
        section("Verdict and gates", &gates(report, result, most)),
        section("Metrics", &metrics(report, result)),
        section("Threshold", &threshold(result)),
        section("Confusion matrix", &confusion(result)),
        section("Curves", &curves(place, result)),
        section("Errors", &errors(place, result)),
        section("Classes", &classes(result, most)),
        breakdown::sections(report, result, most),
    ]
    .concat();
    format!("<section class=\"model\" id=\"m{place}\">\n<h2>{}</h2>\n{parts}</section>\n", escape(&result.name))
}

/// A class with the card's word for it: `late (1)`.
fn class_name(result: &ModelResult, class: &str) -> String {
    let place = result.classes.iter().position(|c| c == class);
    match place.and_then(|place| result.class_names.get(place)) {
        Some(name) if !name.is_empty() && name != class => format!("{name} ({class})"),
        _ => class.to_owned(),
    }
}

/// A segment in words; a range with an open end brings its own sign.
fn place_of(column: &str, value: &str) -> String {
    let sign = if value.starts_with(['≤', '>']) { "" } else { "= " };
    format!("{column} {sign}{value}")
}

fn gate_status(gate: &GateResult) -> &'static str {
    match (gate.applies, gate.passed, gate.required) {
        (false, ..) => "<span class=\"dim\">not applicable</span>",
        (_, true, _) => "<span class=\"ok\">✓ holds</span>",
        (_, _, true) => "<span class=\"alert\">✗ fails</span>",
        _ => "<span class=\"warning\">! fails, advice</span>",
    }
}

fn gates(report: &Report, result: &ModelResult, most: usize) -> String {
    if result.gates.is_empty() {
        return sentence("No policy was applied, so nothing was judged.");
    }
    let applies = result.gates.iter().filter(|g| g.applies).count();
    let holds = result.gates.iter().filter(|g| g.applies && g.passed).count();
    let by = report.policy.as_deref().map_or_else(String::new, |policy| format!(" of “{}”", escape(policy)));
    let summary = format!("<p>{}: {holds} of {applies} gates{by} that apply hold.</p>\n", verdict(&result.verdict));
    let head = [
        ("Gate", false),
        ("On", false),
        ("Condition", false),
        ("Value", true),
        ("Limit", true),
        ("Margin", true),
        ("Rows", true),
        ("Result", false),
    ];
    let worst = leading(&result.gates, most, |gate| (gate.fails(), gate.applies && !gate.passed, gate.applies));
    let rows = worst.into_iter().map(|gate| {
        let metric = match gate.metric.strip_prefix("card.") {
            Some(field) => format!("model card: {field}"),
            None => title(&gate.metric).to_owned(),
        };
        let reason = gate.reason.as_deref().unwrap_or("Asks for no number");
        let on = gate.segment.as_ref().map_or_else(|| "all rows".to_owned(), |(column, value)| place_of(column, value));
        let why = gate.reason.as_deref().map_or_else(String::new, |r| format!("<small>{}</small>", escape(r)));
        vec![
            Cell::Name(gate.name.clone()),
            Cell::Text(on),
            Cell::Text(format!("{metric} {}", gate.condition)),
            Cell::number(gate.value, reason),
            Cell::number(gate.limit, reason),
            Cell::number(gate.margin, reason),
            Cell::count(gate.rows as u64),
            Cell::Html(format!("{}{why}", gate_status(gate))),
        ]
    });
    summary + &table(&head, rows, most, "gate results, failures first,")
}

fn metrics(report: &Report, result: &ModelResult) -> String {
    let order = metric_order(result.task);
    let known = order.iter().copied().filter(|name| result.metrics.contains_key(*name));
    let others = result.metrics.keys().map(String::as_str).filter(|name| !order.contains(name));
    // A task has a dozen metrics; a hundred would be a damaged file.
    let names: Vec<&str> = known.chain(others).take(100).collect();
    if names.is_empty() {
        return sentence("Nothing was measured.");
    }
    let interval = format!("{} interval", level(report.level));
    let head = [
        ("Metric", false),
        ("Value", true),
        (interval.as_str(), true),
        ("Method", false),
        ("Training", true),
        ("Naive baseline", true),
    ];
    let rows = names.iter().map(|name| {
        let found = result.metrics.get(*name);
        let reason = found.and_then(|f| f.reason.as_deref());
        let meaning = help(name).text;
        let note = reason.map_or_else(String::new, |r| format!("<small class=\"warning\">{}</small>", escape(r)));
        let below = if meaning.is_empty() { note } else { format!("<small>{}</small>{note}", escape(meaning)) };
        let method = match found.and_then(|f| f.interval.as_deref()) {
            Some(method) => Cell::Text(method.to_owned()),
            None => Cell::Html(missing("No interval")),
        };
        vec![
            Cell::Html(format!("{}{below}", escape(title(name)))),
            Cell::number(found.and_then(|f| f.value), reason.unwrap_or("No value here")),
            Cell::interval(found.and_then(|f| f.low), found.and_then(|f| f.high), reason.unwrap_or("No interval")),
            method,
            Cell::number(result.training.get(*name).copied(), "The model card names none"),
            Cell::number(result.baseline.metrics.get(*name).copied().flatten(), "The naive answer has none"),
        ]
    });
    let strategy = &result.baseline.strategy;
    let naive = if strategy.is_empty() { String::new() } else { sentence(&format!("Naive baseline: {strategy}.")) };
    table(&head, rows, 100, "first metrics") + &naive
}

/// The counts at the threshold in force: from the confusion matrix, else from the table of thresholds.
fn in_force(result: &ModelResult) -> Option<BinaryCounts> {
    if result.task != Task::Binary {
        return None;
    }
    let of_matrix = || {
        let confusion = result.confusion.as_ref()?;
        let positive = confusion.labels.iter().position(|l| Some(l) == result.positive.as_ref())?;
        let negative = 1_usize.checked_sub(positive)?;
        let at = |t: usize, p: usize| confusion.matrix.get(t)?.get(p).copied();
        Some(BinaryCounts {
            tp: at(positive, positive)?,
            fp: at(negative, positive)?,
            fn_: at(positive, negative)?,
            tn: at(negative, negative)?,
        })
    };
    let of_table = || {
        let decisions = result.decisions.as_ref()?;
        decisions.at(decisions.nearest(result.threshold?)?)
    };
    // Counts whose sums would overflow come from a damaged file.
    let is_sound = |c: &BinaryCounts| [c.tp, c.fp, c.fn_, c.tn].iter().all(|n| *n < 1 << 60);
    of_matrix().or_else(of_table).filter(is_sound)
}

fn threshold(result: &ModelResult) -> String {
    let Some(threshold) = result.threshold.filter(|_| result.task == Task::Binary) else { return String::new() };
    let head = [
        ("Threshold", false),
        ("Score from", true),
        ("Said positive", true),
        ("Right", true),
        ("Precision", true),
        ("Recall", true),
        ("Specificity", true),
        ("F1", true),
    ];
    let best = result.decisions.as_ref().and_then(|decisions| {
        let place = decisions.best_f1()?;
        Some(("Best F1 on these rows", *decisions.thresholds.get(place)?, decisions.at(place)?))
    });
    let rows: Vec<_> = in_force(result).map(|counts| ("In force", threshold, counts)).into_iter().chain(best).collect();
    if rows.is_empty() {
        return facts(&[("In force", short(threshold))]);
    }
    let rows = rows.into_iter().map(|(name, score, counts)| {
        let total = counts.rows() as f64;
        let share = |n: u64| if total > 0.0 { percent(n as f64 / total) } else { count(n) };
        vec![
            Cell::Name(name.to_owned()),
            Cell::Number(short(score)),
            Cell::Number(format!("{}<small>{}</small>", count(counts.tp + counts.fp), share(counts.tp + counts.fp))),
            Cell::Number(format!("{}<small>{}</small>", count(counts.tp + counts.tn), share(counts.tp + counts.tn))),
            Cell::number(counts.precision(), "No row was said positive"),
            Cell::number(counts.recall(), "No row is positive"),
            Cell::number(counts.specificity(), "No row is negative"),
            Cell::number(counts.f1(), "No row is positive or was said so"),
        ]
    });
    table(&head, rows, 2, "first thresholds")
}

fn confusion(result: &ModelResult) -> String {
    let Some(confusion) = result.confusion.as_ref().filter(|c| !c.labels.is_empty()) else { return String::new() };
    let sum = |row: &[u64]| row.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
    let totals: Vec<u64> = confusion.matrix.iter().map(|row| sum(row)).collect();
    let places: Vec<usize> = (0..confusion.labels.len()).collect();
    let mut shown: Vec<usize> = leading(&places, MOST_CLASSES, |place| totals.get(*place).copied().unwrap_or(0))
        .into_iter()
        .copied()
        .take(MOST_CLASSES)
        .collect();
    shown.sort_unstable();
    let is_cut = confusion.labels.len() > shown.len();
    let label = |place: usize| confusion.labels.get(place).map_or_else(String::new, |l| escape(&class_name(result, l)));
    let mut out = "<div class=\"scroll\"><table class=\"matrix\"><thead><tr><th scope=\"col\">true ↓ \
                   predicted →</th>"
        .to_owned();
    for place in &shown {
        out.push_str(&["<th scope=\"col\" class=\"n\">", &label(*place), "</th>"].concat());
    }
    out.push_str(if is_cut { "<th scope=\"col\" class=\"n\">all others</th>" } else { "" });
    out.push_str("<th scope=\"col\" class=\"n\">rows</th></tr></thead><tbody>\n");
    for place in &shown {
        let row = confusion.matrix.get(*place).map(Vec::as_slice).unwrap_or_default();
        let total = totals.get(*place).copied().unwrap_or(0);
        out.push_str(&["<tr><th scope=\"row\">", &label(*place), "</th>"].concat());
        let cells = shown.iter().map(|at| row.get(*at).copied().unwrap_or(0));
        let seen = cells.clone().fold(0_u64, u64::saturating_add);
        for n in cells.chain(is_cut.then(|| total.saturating_sub(seen))) {
            out.push_str(&cell(n, total));
        }
        out.push_str(&["<td>", &count(total), "</td></tr>\n"].concat());
    }
    out.push_str("</tbody></table></div>\n");
    out.push_str(&sentence("Rows by true and predicted class; the percentage is that of the true class."));
    if is_cut {
        let left = confusion.labels.len() - shown.len();
        out.push_str(&sentence(&format!(
            "The {MOST_CLASSES} classes with most rows are shown; {} more are left out.",
            count(left as u64)
        )));
    }
    out
}

/// A count with its share of its row; the larger the share, the darker.
fn cell(n: u64, total: u64) -> String {
    if total == 0 {
        return format!("<td class=\"h0\">{}{}</td>", count(n), "<small title=\"No row of this class\">–</small>");
    }
    let share = n as f64 / total as f64;
    let heat = if n == 0 { 0 } else { 1 + u8::from(share >= 0.2) + u8::from(share >= 0.6) };
    format!("<td class=\"h{heat}\">{}<small>{}</small></td>", count(n), percent(share))
}

fn curves(place: usize, result: &ModelResult) -> String {
    let Some(curves) = &result.curves else {
        let why = "There are no curves: the model gives classes without probabilities.";
        return if result.task == Task::Binary { sentence(why) } else { String::new() };
    };
    let counts = in_force(result);
    let mark = |x: Option<f64>, y: Option<f64>| Some((result.threshold?, (x?, y?)));
    let at_roc = counts.and_then(|c| mark(c.specificity().map(|s| 1.0 - s), c.recall()));
    let at_pr = counts.and_then(|c| mark(c.recall(), c.precision()));
    let positives = counts.filter(|c| c.rows() > 0).map(|c| (c.tp + c.fn_) as f64 / c.rows() as f64);
    let id = |kind: &str| format!("m{place}-{kind}");
    let mut charts = Vec::new();
    if !curves.roc.fpr.is_empty() {
        charts.push(svg::roc(&id("roc"), &curves.roc, result.value("roc_auc"), at_roc));
    }
    if !curves.precision_recall.recall.is_empty() {
        charts.push(svg::precision_recall(&id("pr"), &curves.precision_recall, positives, at_pr));
    }
    if !curves.calibration.predicted.is_empty() {
        charts.push(svg::calibration(&id("calibration"), &curves.calibration, result.threshold));
    }
    if charts.is_empty() {
        return sentence("There are no curves: only one class occurs in the target.");
    }
    ["<div class=\"charts\">\n", &charts.concat(), "</div>\n"].concat()
}

fn errors(place: usize, result: &ModelResult) -> String {
    let Some(residuals) = &result.residuals else { return String::new() };
    svg::errors(&format!("m{place}-errors"), &residuals.histogram)
        .unwrap_or_else(|| sentence("There is no histogram of errors: there are no rows, or the errors are all alike."))
}

fn classes(result: &ModelResult, most: usize) -> String {
    if result.per_class.is_empty() {
        return String::new();
    }
    let head = [("Class", false), ("Precision", true), ("Recall", true), ("F1", true), ("Rows", true)];
    let rows = leading(&result.per_class, most, |class| class.support).into_iter().map(|class| {
        vec![
            Cell::Name(class_name(result, &class.class)),
            Cell::number(class.precision, "No row was said to be of this class"),
            Cell::number(class.recall, "No row is of this class"),
            Cell::number(class.f1, "No row is of this class or was said to be"),
            Cell::count(class.support),
        ]
    });
    table(&head, rows, most, "classes with most rows")
}
