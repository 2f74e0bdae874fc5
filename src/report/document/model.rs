//! One model: its verdict, its metrics, and what its answers look like.

use super::blocks::{Block, Cell, CellKind, Part, Span, Table, Tone, facts, leading, left_out, sentence, table};
use super::overview::verdict;
use super::words::{count, level, percent, short};
use super::{breakdown, chart, robustness, views};
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
pub(super) fn part(report: &Report, place: usize, result: &ModelResult, most: usize) -> Part {
    let mut part = Part::new(format!("m{place}"), &result.name);
    part.add("About", about(result));
    part.add("Verdict and gates", gates(report, result, most));
    part.add("Metrics", metrics(report, result));
    part.add("Threshold", threshold(result));
    part.add("Confusion matrix", confusion(result));
    part.add("Curves", curves(place, result));
    part.add("Scores", views::scores(place, result));
    part.add("Errors", views::errors(place, result));
    part.add("Classes", classes(result, most));
    part.add("One against the rest", views::one_vs_rest(place, result, most));
    part.add("Largest losses", views::worst(result));
    part.add("Robustness", robustness::robustness(result, most));
    breakdown::add(&mut part, report, result, most);
    part
}

fn about(result: &ModelResult) -> Vec<Block> {
    let positive = match result.positive.as_deref() {
        Some(class) => Span::plain(class_name(result, class)),
        None => Span::missing("Only a model of two classes has one"),
    };
    vec![facts(vec![
        ("Task", Span::plain(result.task.word())),
        ("Rows measured", Span::plain(count(result.rows as u64))),
        ("Positive class", positive),
        ("Verdict", verdict(&result.verdict)),
    ])]
}

/// A class with the card's word for it: `late (1)`.
pub(super) fn class_name(result: &ModelResult, class: &str) -> String {
    let place = result.classes.iter().position(|c| c == class);
    match place.and_then(|place| result.class_names.get(place)) {
        Some(name) if !name.is_empty() && name != class => format!("{name} ({class})"),
        _ => class.to_owned(),
    }
}

/// A segment in words; a range with an open end brings its own sign.
pub(super) fn place_of(column: &str, value: &str) -> String {
    let sign = if value.starts_with(['≤', '>']) { "" } else { "= " };
    format!("{column} {sign}{value}")
}

fn gate_status(gate: &GateResult) -> Span {
    match (gate.applies, gate.passed, gate.required) {
        (false, ..) => Span::toned(Tone::Dim, "not applicable"),
        (_, true, _) => Span::toned(Tone::Good, "✓ holds"),
        (_, _, true) => Span::toned(Tone::Bad, "✗ fails"),
        _ => Span::toned(Tone::Warning, "! fails, advice"),
    }
}

fn gates(report: &Report, result: &ModelResult, most: usize) -> Vec<Block> {
    if result.gates.is_empty() {
        return sentence("No policy was applied, so nothing was judged.");
    }
    let applies = result.gates.iter().filter(|g| g.applies).count();
    let holds = result.gates.iter().filter(|g| g.applies && g.passed).count();
    let by = report.policy.as_deref().map_or_else(String::new, |policy| format!(" of “{policy}”"));
    let summary = format!(": {holds} of {applies} gates{by} that apply hold.");
    let mut blocks = vec![Block::Line(vec![verdict(&result.verdict), Span::plain(summary)])];
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
        let mut status = vec![gate_status(gate)];
        status.extend(gate.reason.as_deref().map(Span::below));
        vec![
            Cell::name(&gate.name),
            Cell::text(on),
            Cell::text(format!("{metric} {}", gate.condition)),
            Cell::number(gate.value, reason),
            Cell::number(gate.limit, reason),
            Cell::number(gate.margin, reason),
            Cell::count(gate.rows as u64),
            Cell::rich(status),
        ]
    });
    blocks.extend(table(&head, rows, most, "gate results, failures first,"));
    blocks
}

fn metrics(report: &Report, result: &ModelResult) -> Vec<Block> {
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
    let rows = names.iter().map(|key| {
        let (name, found) = (*key, result.metrics.get(*key));
        let reason = found.and_then(|f| f.reason.as_deref());
        let meaning = help(name).text;
        let mut name = vec![Span::plain(title(name))];
        name.extend((!meaning.is_empty()).then(|| Span::below(meaning)));
        name.extend(reason.map(Span::warning));
        let method = match found.and_then(|f| f.interval.as_deref()) {
            Some(method) => Span::plain(method),
            None => Span::missing("No interval"),
        };
        vec![
            Cell::rich(name),
            Cell::number(found.and_then(|f| f.value), reason.unwrap_or("No value here")),
            Cell::interval(found.and_then(|f| f.low), found.and_then(|f| f.high), reason.unwrap_or("No interval")),
            Cell::rich(vec![method]),
            Cell::number(result.training.get(*key).copied(), "The model card names none"),
            Cell::number(result.baseline.metrics.get(*key).copied().flatten(), "The naive answer has none"),
        ]
    });
    let strategy = &result.baseline.strategy;
    let mut blocks = table(&head, rows, 100, "first metrics");
    blocks.extend((!strategy.is_empty()).then(|| Block::Note(format!("Naive baseline: {strategy}."))));
    blocks
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

fn threshold(result: &ModelResult) -> Vec<Block> {
    let Some(threshold) = result.threshold.filter(|_| result.task == Task::Binary) else { return Vec::new() };
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
        return vec![facts(vec![("In force", Span::plain(short(threshold)))])];
    }
    let rows = rows.into_iter().map(|(name, score, counts)| {
        let total = counts.rows() as f64;
        let shared = |n: u64| {
            let mut spans = vec![Span::plain(count(n))];
            spans.extend((total > 0.0).then(|| Span::below(percent(n as f64 / total))));
            Cell::figures(spans)
        };
        vec![
            Cell::name(name),
            Cell::figure(short(score)),
            shared(counts.tp + counts.fp),
            shared(counts.tp + counts.tn),
            Cell::number(counts.precision(), "No row was said positive"),
            Cell::number(counts.recall(), "No row is positive"),
            Cell::number(counts.specificity(), "No row is negative"),
            Cell::number(counts.f1(), "No row is positive or was said so"),
        ]
    });
    table(&head, rows, 2, "first thresholds")
}

fn confusion(result: &ModelResult) -> Vec<Block> {
    let Some(confusion) = result.confusion.as_ref().filter(|c| !c.labels.is_empty()) else { return Vec::new() };
    let sum = |row: &[u64]| row.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
    let totals: Vec<u64> = confusion.matrix.iter().map(|row| sum(row)).collect();
    let places: Vec<usize> = (0..confusion.labels.len()).collect();
    let total_of = |place: usize| totals.get(place).copied().unwrap_or(0);
    let mut shown: Vec<usize> =
        leading(&places, MOST_CLASSES, |place| total_of(*place)).into_iter().copied().take(MOST_CLASSES).collect();
    shown.sort_unstable();
    let is_cut = confusion.labels.len() > shown.len();
    let label = |place: usize| confusion.labels.get(place).map_or_else(String::new, |l| class_name(result, l));
    let mut head = vec![("true ↓ predicted →".to_owned(), false)];
    head.extend(shown.iter().map(|place| (label(*place), true)));
    head.extend(is_cut.then(|| ("all others".to_owned(), true)));
    head.push(("rows".to_owned(), true));
    let rows = shown.iter().map(|place| {
        let row = confusion.matrix.get(*place).map(Vec::as_slice).unwrap_or_default();
        let total = total_of(*place);
        let cells = shown.iter().map(|at| row.get(*at).copied().unwrap_or(0));
        let seen = cells.clone().fold(0_u64, u64::saturating_add);
        let mut out = vec![Cell::name(label(*place))];
        out.extend(cells.chain(is_cut.then(|| total.saturating_sub(seen))).map(|n| heat(n, total)));
        out.push(Cell::count(total));
        out
    });
    let mut blocks = vec![
        Block::Table(Table { head, rows: rows.collect(), is_matrix: true }),
        Block::Note("Rows by true and predicted class; the percentage is that of the true class.".to_owned()),
    ];
    blocks.extend(left_out(confusion.labels.len(), shown.len(), "classes with most rows").map(Block::Note));
    blocks
}

/// A count with its share of its row; the larger the share, the darker.
fn heat(n: u64, total: u64) -> Cell {
    if total == 0 {
        let none = Span { below: true, ..Span::missing("No row of this class") };
        return Cell { spans: vec![Span::plain(count(n)), none], kind: CellKind::Heat(0) };
    }
    let share = n as f64 / total as f64;
    let ground = if n == 0 { 0 } else { 1 + u8::from(share >= 0.2) + u8::from(share >= 0.6) };
    Cell { spans: vec![Span::plain(count(n)), Span::below(percent(share))], kind: CellKind::Heat(ground) }
}

fn curves(place: usize, result: &ModelResult) -> Vec<Block> {
    let Some(curves) = &result.curves else {
        let why = "There are no curves: the model gives classes without probabilities.";
        return if result.task == Task::Binary { sentence(why) } else { Vec::new() };
    };
    let counts = in_force(result);
    let mark = |x: Option<f64>, y: Option<f64>| Some((result.threshold?, (x?, y?)));
    let at_roc = counts.and_then(|c| mark(c.specificity().map(|s| 1.0 - s), c.recall()));
    let at_pr = counts.and_then(|c| mark(c.recall(), c.precision()));
    let positives = counts.filter(|c| c.rows() > 0).map(|c| (c.tp + c.fn_) as f64 / c.rows() as f64);
    let id = |kind: &str| format!("c{place}-{kind}");
    let mut charts = Vec::new();
    if !curves.roc.fpr.is_empty() {
        charts.push(chart::roc(&id("roc"), &curves.roc, result.value("roc_auc"), at_roc));
    }
    if !curves.precision_recall.recall.is_empty() {
        charts.push(chart::precision_recall(&id("pr"), &curves.precision_recall, positives, at_pr));
    }
    if !curves.calibration.predicted.is_empty() {
        charts.push(chart::calibration(&id("calibration"), &curves.calibration, result.threshold));
    }
    if let Some(det) = result.views.as_ref().and_then(|v| v.det.as_ref()) {
        charts.extend(chart::det(&id("det"), det));
    }
    if charts.is_empty() {
        return sentence("There are no curves: only one class occurs in the target.");
    }
    vec![Block::Charts(charts)]
}

fn classes(result: &ModelResult, most: usize) -> Vec<Block> {
    if result.per_class.is_empty() {
        return Vec::new();
    }
    let head = [("Class", false), ("Precision", true), ("Recall", true), ("F1", true), ("Rows", true)];
    let rows = leading(&result.per_class, most, |class| class.support).into_iter().map(|class| {
        vec![
            Cell::name(class_name(result, &class.class)),
            Cell::number(class.precision, "No row was said to be of this class"),
            Cell::number(class.recall, "No row is of this class"),
            Cell::number(class.f1, "No row is of this class or was said to be"),
            Cell::count(class.support),
        ]
    });
    table(&head, rows, most, "classes with most rows")
}
