//! The whole: the answer first, the dataset and the run, the candidates side by side.

use super::blocks::{Block, Cell, Part, Span, Tone, facts, left_out, sentence, table};
use super::words::{clean, count, level, moment, p_value, percent, short};
use super::{checks, requests, signed};
use crate::stats::metric::title;
use crate::validate::compare::Wins;
use crate::validate::report::{Comparison, main_metric, smaller_is_better};
use crate::validate::signoff::SignOff;
use crate::validate::{ModelResult, Report};

/// The first part of a report.
pub(super) fn part(report: &Report, signed: &[SignOff], most: usize) -> Part {
    let mut part = Part::new("all", "");
    part.add("Recommendation", recommendation(report));
    if let Some(answer) = part.sections.first_mut() {
        answer.is_answer = true;
    }
    part.add("Candidates", candidates(report, most));
    part.add("Sign-off", signed::signed(signed, most));
    part.add("Dataset and run", about(report));
    part.add("What was asked", requests::plan(report, most));
    part.add("Data checks", checks::checks(report, most));
    part.add("Paired comparison", comparison(report, most));
    part.add("Where each wins", wins(report, most));
    part
}

/// The last part of a path, of either kind of system.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path)
}

/// What was validated on what.
pub(super) fn heading(report: &Report) -> String {
    let models = match report.models.as_slice() {
        [] => "no model".to_owned(),
        [only] => clean(&only.name),
        [first, second] => format!("{} and {}", clean(&first.name), clean(&second.name)),
        many => format!("{} models", count(many.len() as u64)),
    };
    format!("{models} on {}", clean(file_name(&report.data.path)))
}

fn about(report: &Report) -> Vec<Block> {
    let policy = report.policy.as_deref();
    let policy = policy.map_or_else(|| Span::missing("No policy was named, so nothing was judged"), Span::plain);
    let when =
        moment(report.created_at_ms).map_or_else(|| Span::missing("The time is beyond the calendar"), Span::plain);
    vec![facts(vec![
        ("Dataset", Span::plain(&report.data.path)),
        ("Rows", Span::plain(count(report.data.rows as u64))),
        ("Columns", Span::plain(count(report.data.columns as u64))),
        ("Target", Span::plain(&report.target)),
        ("When", when),
        ("Policy", policy),
        ("Intervals", Span::plain(level(report.level))),
        ("Seed", Span::plain(report.seed.to_string())),
    ])]
}

fn recommendation(report: &Report) -> Vec<Block> {
    match &report.recommendation {
        Some(told) => {
            vec![Block::Line(vec![Span::toned(Tone::Strong, &told.name)]), Block::Line(vec![Span::plain(&told.reason)])]
        }
        None => sentence("No model is recommended: one candidate, or nothing that tells them apart."),
    }
}

/// The metric that the candidates are compared by.
fn judged_by<'a>(report: &'a Report, result: &'a ModelResult) -> &'a str {
    let compared = report.comparison.first().map(|c| c.metric.as_str()).filter(|m| result.metrics.contains_key(*m));
    let against = result.against_training.as_ref().map(|a| a.metric.as_str());
    compared.or(against).unwrap_or_else(|| main_metric(result.task))
}

/// A verdict as sign and word.
pub(super) fn verdict(word: &str) -> Span {
    match word {
        "pass" => Span::toned(Tone::Good, "✓ passes"),
        "fail" => Span::toned(Tone::Bad, "✗ fails"),
        "none" | "" => Span::toned(Tone::Dim, "not judged"),
        other => Span::plain(other),
    }
}

fn candidates(report: &Report, most: usize) -> Vec<Block> {
    if report.models.is_empty() {
        return sentence("No model was validated.");
    }
    let interval = format!("{} interval", level(report.level));
    let head = [
        ("Model", false),
        ("Metric", false),
        ("Value", true),
        (interval.as_str(), true),
        ("Naive", true),
        ("Training", true),
        ("Against training", false),
        ("Verdict", false),
        ("Rows", true),
    ];
    let recommended = report.recommendation.as_ref().map(|r| r.model);
    let rows = report.models.iter().enumerate().map(|(place, result)| {
        let metric = judged_by(report, result);
        let found = result.metrics.get(metric);
        let reason = found.and_then(|f| f.reason.as_deref()).unwrap_or("Not measured");
        let mut name =
            vec![if place < most { Span::link(format!("m{place}"), &result.name) } else { Span::plain(&result.name) }];
        name.extend((recommended == Some(place)).then(|| Span::below("recommended")));
        let against = match &result.against_training {
            Some(a) if a.holds => Span::toned(Tone::Good, "✓ holds"),
            Some(_) => Span::toned(Tone::Bad, "✗ does not hold"),
            None => Span::missing("The model card names no training value of this metric"),
        };
        vec![
            Cell::rich(name),
            Cell::text(title(metric)),
            Cell::number(found.and_then(|f| f.value), reason),
            Cell::interval(found.and_then(|f| f.low), found.and_then(|f| f.high), "No interval of this metric"),
            Cell::number(result.baseline.metrics.get(metric).copied().flatten(), "The naive answer has none"),
            Cell::number(result.training.get(metric).copied(), "The model card names none"),
            Cell::rich(vec![against]),
            Cell::rich(vec![verdict(&result.verdict)]),
            Cell::count(result.rows as u64),
        ]
    });
    table(&head, rows, most, "first models")
}

fn chance(share: Option<f64>, reason: &str) -> Cell {
    share.filter(|s| s.is_finite()).map_or_else(|| Cell::missing(reason), |share| Cell::figure(percent(share)))
}

fn comparison(report: &Report, most: usize) -> Vec<Block> {
    if report.comparison.is_empty() {
        return sentence("There is nothing to compare: it takes two models with answers on the same rows.");
    }
    let mut blocks = Vec::new();
    let mut left = most;
    let pairs = report.comparison.chunk_by(|x, y| x.a == y.a && x.b == y.b);
    for pair in pairs {
        let shown = pair.get(..left.min(pair.len())).unwrap_or_default();
        let Some(first) = shown.first() else { break };
        left -= shown.len();
        blocks.push(Block::Heading(format!("A: {}; B: {}", first.a, first.b)));
        blocks.extend(of_pair(shown, report.level));
    }
    blocks.extend(left_out(report.comparison.len(), most, "first comparisons").map(Block::Note));
    blocks.push(Block::Note(
        "p value: two-sided, of “no difference”. A is better: probability that A is the better model, given these rows. \
         Margin: the difference from which on two models are no longer practically equal, in the metric’s unit; the \
         last three columns add up to 100 %."
            .to_owned(),
    ));
    blocks
}

/// What was compared of two models.
fn of_pair(pair: &[Comparison], of_level: f64) -> Vec<Block> {
    let interval = format!("{} interval", level(of_level));
    let head = [
        ("Metric", false),
        ("A − B", true),
        (interval.as_str(), true),
        ("p value", true),
        ("A is better", true),
        ("Margin", true),
        ("Better by margin", true),
        ("Practically equal", true),
        ("Worse by margin", true),
    ];
    let none = "The test gives no probability";
    let rows = pair.iter().map(|c| {
        let p = c.p_value.filter(|p| p.is_finite());
        let mut metric = vec![Span::plain(title(&c.metric))];
        metric.extend(smaller_is_better(&c.metric).then(|| Span::below("smaller is better")));
        metric.push(Span::below(&c.method));
        let margin = c.margin.filter(|m| m.is_finite());
        vec![
            Cell::rich(metric),
            Cell::number(Some(c.difference), "The difference has no value"),
            Cell::interval(c.low, c.high, "The test gives no interval"),
            p.map_or_else(|| Cell::missing("The test gives no p value"), |p| Cell::figure(p_value(p))),
            chance(c.p_better, none),
            margin.map_or_else(|| Cell::missing("No margin was named"), |m| Cell::figure(short(m))),
            chance(c.p_better_by_margin, none),
            chance(c.p_equal, none),
            chance(c.p_worse_by_margin, none),
        ]
    });
    table(&head, rows, usize::MAX, "first")
}

fn wins(report: &Report, most: usize) -> Vec<Block> {
    if report.wins.is_empty() {
        return Vec::new();
    }
    let head = [
        ("A", false),
        ("B", false),
        ("Metric", false),
        ("Segments", true),
        ("A is better", true),
        ("B is better", true),
        ("A clearly", true),
        ("B clearly", true),
    ];
    let rows = report.wins.iter().map(|w: &Wins| {
        vec![
            Cell::name(&w.a),
            Cell::name(&w.b),
            Cell::text(title(&w.metric)),
            Cell::count(w.segments as u64),
            Cell::count(w.a_better as u64),
            Cell::count(w.b_better as u64),
            Cell::count(w.a_clear as u64),
            Cell::count(w.b_clear as u64),
        ]
    });
    let mut blocks = table(&head, rows, most, "first pairs");
    blocks.push(Block::Note("Clearly: the two intervals of a segment do not overlap.".to_owned()));
    let clear: Vec<_> = report.wins.iter().flat_map(|w| w.clear.iter().map(move |win| (w, win))).collect();
    if clear.is_empty() {
        return blocks;
    }
    let head = [
        ("Segment", false),
        ("Wins", false),
        ("Against", false),
        ("Metric", false),
        ("Winner’s", true),
        ("Other’s", true),
        ("Gap", true),
        ("Rows", true),
    ];
    let rows = clear.iter().map(|(w, win)| {
        let (winner, other, own, others) =
            if win.a_wins { (&w.a, &w.b, win.a, win.b) } else { (&w.b, &w.a, win.b, win.a) };
        vec![
            Cell::name(super::model::place_of(&win.column, &win.value)),
            Cell::text(winner),
            Cell::text(other),
            Cell::text(title(&w.metric)),
            Cell::number(Some(own), "No value"),
            Cell::number(Some(others), "No value"),
            Cell::number(Some(win.gap), "No value"),
            Cell::count(win.rows as u64),
        ]
    });
    blocks.push(Block::Heading("Segments with a clear winner".to_owned()));
    blocks.extend(table(&head, rows, most, "widest gaps"));
    blocks
}
