//! Holds a model's result against a policy. What is not known fails: a gate passes on a number or not at all.

use std::collections::BTreeMap;

use super::super::report::{MetricValue, ModelResult, metric_order, smaller_is_better};
use super::card::card_field;
use super::gate::{Against, Bound, Condition, Gate, On, Policy};
use crate::model::ModelCard;
use crate::stats::metric::title;

/// Differences below this share of the numbers compared are rounding, and count as a tie.
const ROUNDING: f64 = 1e-12;

/// The metrics of one segment.
#[derive(Clone, Copy, Debug)]
pub struct SegmentFigures<'a> {
    /// The column that was cut.
    pub column: &'a str,
    /// The value or range that the rows have in common.
    pub value: &'a str,
    /// Rows that entered the metrics.
    pub rows: usize,
    /// Metric name → value and interval.
    pub metrics: &'a BTreeMap<String, MetricValue>,
}

/// Everything a policy may look at.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The model that is judged.
    pub result: &'a ModelResult,
    /// Its segments.
    pub segments: &'a [SegmentFigures<'a>],
    /// Its card.
    pub card: Option<&'a ModelCard>,
    /// The model that answers today, on the same rows, with its segments.
    pub champion: Option<(&'a ModelResult, &'a [SegmentFigures<'a>])>,
}

impl<'a> Evidence<'a> {
    /// A result alone: without segments, card and champion.
    pub fn of(result: &'a ModelResult) -> Self {
        Self { result, segments: &[], card: None, champion: None }
    }
}

/// Judges the results of one run, one verdict a model in their order. `cards` stand in the same order, and `champion` is
/// the SHA-256 of the model that answers today, where it is among them; nobody competes with itself.
pub fn judge_models(
    policy: &Policy,
    models: &[ModelResult],
    cards: &[Option<&ModelCard>],
    champion: Option<&str>,
) -> Vec<Verdict> {
    let champion = champion.and_then(|key| models.iter().position(|model| model.sha256 == key));
    let verdict = |(place, model): (usize, &ModelResult)| {
        let segments = figures(model);
        let champion = champion.filter(|c| *c != place).and_then(|c| models.get(c)).map(|c| (c, figures(c)));
        let evidence = Evidence {
            segments: &segments,
            card: cards.get(place).copied().flatten(),
            champion: champion.as_ref().map(|(model, segments)| (*model, segments.as_slice())),
            ..Evidence::of(model)
        };
        judge(policy, &evidence)
    };
    models.iter().enumerate().map(verdict).collect()
}

fn figures(model: &ModelResult) -> Vec<SegmentFigures<'_>> {
    let segments = model.segments.iter();
    segments.map(|s| SegmentFigures { column: &s.column, value: &s.value, rows: s.rows, metrics: &s.metrics }).collect()
}

/// What a policy says of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Every required gate holds.
    Pass,
    /// A required gate does not hold.
    Fail,
    /// No gate could be applied, so nothing was decided.
    #[default]
    None,
}

impl Decision {
    /// The word of results: `pass`, `fail` or `none`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::None => "none",
        }
    }
}

/// A policy's verdict with everything behind it.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Verdict {
    /// The decision.
    pub verdict: Decision,
    /// One entry a required card field and a gate, a gate on segments one a segment; in the order of the policy.
    pub gates: Vec<GateResult>,
}

/// What came of one gate on all rows or on one segment.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GateResult {
    /// The gate's name.
    pub name: String,
    /// The metric's name in results; `card.FIELD` for a field of the model card.
    pub metric: String,
    /// What was asked, such as “at least 0.70 at the lower bound”.
    pub condition: String,
    /// The number that was held against the limit: the metric's value or the bound asked for.
    pub value: Option<f64>,
    /// Which of them it is.
    pub bound_used: Bound,
    /// The limit as a number in the metric's unit.
    pub limit: Option<f64>,
    /// How far the value lies on the good side of the limit, in the metric's unit; negative on the bad side.
    pub margin: Option<f64>,
    /// Whether the gate holds; false where it does not apply.
    pub passed: bool,
    /// False where the gate has nothing to judge: the task lacks the metric, or segments are too small. Not counted.
    pub applies: bool,
    /// Whether a failure fails the verdict.
    pub required: bool,
    /// Rows behind the value.
    pub rows: usize,
    /// Column and value of the segment; `None` for all rows.
    pub segment: Option<(String, String)>,
    /// Why it fails without a number, why it does not apply, or what weakens the number.
    pub reason: Option<String>,
}

impl GateResult {
    /// Whether it is one that fails the verdict.
    pub fn fails(&self) -> bool {
        self.applies && self.required && !self.passed
    }
}

impl Verdict {
    /// The results that fail the verdict.
    pub fn failures(&self) -> impl Iterator<Item = &GateResult> {
        self.gates.iter().filter(|g| g.fails())
    }

    /// How many results hold, and how many apply at all.
    pub fn held(&self) -> (usize, usize) {
        let applies = self.gates.iter().filter(|g| g.applies);
        (applies.clone().filter(|g| g.passed).count(), applies.count())
    }
}

/// Judges a result. A policy with gates of which none applies decides nothing, however well the card is filled in.
pub fn judge(policy: &Policy, evidence: &Evidence<'_>) -> Verdict {
    let mut gates: Vec<GateResult> =
        policy.required_card_fields.iter().map(|field| card_field(field, evidence)).collect();
    let fields = gates.len();
    for gate in &policy.gates {
        judge_gate(gate, evidence, &mut gates);
    }
    let decisive = if policy.gates.is_empty() { 0 } else { fields };
    let verdict = if gates.iter().any(GateResult::fails) {
        Decision::Fail
    } else if gates.iter().skip(decisive).any(|g| g.applies) {
        Decision::Pass
    } else {
        Decision::None
    };
    Verdict { verdict, gates }
}

/// A result with nothing found yet.
fn open(gate: &Gate, evidence: &Evidence<'_>) -> GateResult {
    GateResult {
        name: gate.name.clone(),
        metric: gate.metric.clone(),
        condition: gate.sentence(),
        value: None,
        bound_used: gate.bound,
        limit: None,
        margin: None,
        passed: false,
        applies: true,
        required: gate.required,
        rows: evidence.result.rows,
        segment: None,
        reason: None,
    }
}

fn judge_gate(gate: &Gate, evidence: &Evidence<'_>, gates: &mut Vec<GateResult>) {
    let result = evidence.result;
    if let Some(problem) = gate.problem() {
        let reason = Some(format!("The gate is not sound: {problem}"));
        gates.push(GateResult { reason, ..open(gate, evidence) });
        return;
    }
    if !metric_order(result.task).contains(&gate.metric.as_str()) {
        let reason = format!("A {} model has no {}", result.task.word(), title(&gate.metric));
        gates.push(GateResult { applies: false, reason: Some(reason), ..open(gate, evidence) });
        return;
    }
    let On::Segments { columns, min_rows } = &gate.on else {
        let other = other_value(gate, evidence, None);
        gates.push(weigh(gate, &result.metrics, other, open(gate, evidence)));
        return;
    };
    for column in columns {
        let all = evidence.segments.iter().filter(|s| s.column == column);
        let (large, small): (Vec<&SegmentFigures<'_>>, Vec<&SegmentFigures<'_>>) =
            all.partition(|s| s.rows >= *min_rows);
        for segment in &large {
            let named = GateResult {
                rows: segment.rows,
                segment: Some((segment.column.to_owned(), segment.value.to_owned())),
                ..open(gate, evidence)
            };
            gates.push(weigh(gate, segment.metrics, other_value(gate, evidence, Some(segment)), named));
        }
        let rows = small.iter().map(|s| s.rows).sum();
        if large.is_empty() && small.is_empty() {
            let reason = format!("There are no segments of “{column}”; validate again with this column as a segment");
            gates.push(GateResult { rows: 0, reason: Some(reason), ..open(gate, evidence) });
        } else if large.is_empty() {
            let reason = format!("No segment of “{column}” has {min_rows} rows, so nothing is shown; take more data");
            gates.push(GateResult { rows, reason: Some(reason), ..open(gate, evidence) });
        } else if !small.is_empty() {
            let (few, of) = (small.len(), small.len() + large.len());
            let reason =
                format!("{few} of {of} segments of “{column}” with fewer than {min_rows} rows were not judged");
            gates.push(GateResult { rows, applies: false, reason: Some(reason), ..open(gate, evidence) });
        }
    }
}

/// The number a bound names, and what weakens it; or why there is none.
fn number_of(metric: &str, found: Option<&MetricValue>, bound: Bound) -> Result<(f64, Option<String>), String> {
    let title = title(metric);
    let found = found.ok_or_else(|| format!("{title} was not measured"))?;
    let because = |sentence: String| match &found.reason {
        Some(reason) => format!("{sentence}: {reason}"),
        None => sentence,
    };
    let finite = |number: Option<f64>| number.filter(|n| n.is_finite());
    let value = finite(found.value).ok_or_else(|| because(format!("{title} has no value here")))?;
    let end = match bound {
        Bound::Point => return Ok((value, None)),
        Bound::Low => found.low,
        Bound::High => found.high,
    };
    let end =
        finite(end).ok_or_else(|| because(format!("{title} has no interval, so its {} is unknown", bound.phrase())))?;
    Ok((end, found.reason.clone()))
}

/// The value that a metric is compared with. Training and baseline values are those of all rows, also for a segment.
fn other_value(gate: &Gate, evidence: &Evidence<'_>, segment: Option<&SegmentFigures<'_>>) -> Result<f64, String> {
    let metric = gate.metric.as_str();
    let title = title(metric);
    match gate.condition.against() {
        Against::Constant(value) => Ok(value),
        Against::Training => {
            let known = evidence.result.training.get(metric).copied().filter(|v| v.is_finite());
            known.ok_or_else(|| format!("The model card names no training value of {title}"))
        }
        Against::Baseline => {
            let known = evidence.result.baseline.metrics.get(metric).copied().flatten().filter(|v| v.is_finite());
            known.ok_or_else(|| format!("{title} of the naive baseline has no value here"))
        }
        Against::Champion => {
            let (champion, segments) =
                evidence.champion.ok_or_else(|| "No champion was validated on the same rows".to_owned())?;
            let metrics = match segment {
                None => &champion.metrics,
                Some(s) => segments
                    .iter()
                    .find(|c| c.column == s.column && c.value == s.value)
                    .map(|c| c.metrics)
                    .ok_or_else(|| format!("The champion has no segment “{}” of “{}”", s.value, s.column))?,
            };
            let known = number_of(metric, metrics.get(metric), Bound::Point);
            known.map(|(value, _)| value).map_err(|reason| format!("Of the champion: {reason}"))
        }
    }
}

/// The limit of a condition for a value, and whether the value must not be above it (else: not below).
fn limit(condition: Condition, metric: &str, value: f64, other: f64) -> Result<(f64, bool), String> {
    let smaller = smaller_is_better(metric);
    let better = if smaller { -1.0 } else { 1.0 };
    let is_relative = matches!(condition, Condition::WithinShare { .. } | Condition::GainShareAtLeast { .. });
    if is_relative && other == 0.0 {
        return Err(format!("{} is zero, of which no share can be taken", condition.against().phrase()));
    }
    Ok(match condition {
        Condition::AtLeast(number) => (number, false),
        Condition::AtMost(number) => (number, true),
        Condition::WithinShare { share, .. } => {
            let above = value > other;
            (other + if above { 1.0 } else { -1.0 } * share * other.abs(), above)
        }
        Condition::LoseAtMost { share, .. } => (other - better * share * other.abs(), smaller),
        Condition::GainAtLeast { gain, .. } => (other + better * gain, smaller),
        Condition::GainShareAtLeast { share, .. } => (other + better * share * other.abs(), smaller),
    })
}

/// Compares, and fills in what was found.
fn weigh(
    gate: &Gate,
    metrics: &BTreeMap<String, MetricValue>,
    other: Result<f64, String>,
    mut open: GateResult,
) -> GateResult {
    let found = number_of(&gate.metric, metrics.get(&gate.metric), gate.bound);
    if let Ok((value, _)) = &found {
        open.value = Some(*value);
    }
    let weighed = found.and_then(|(value, weakness)| {
        let other = other?;
        let (limit, is_ceiling) = limit(gate.condition, &gate.metric, value, other)?;
        let margin = if is_ceiling { limit - value } else { value - limit };
        let tie = ROUNDING * value.abs().max(limit.abs()).max(other.abs());
        Ok((limit, if margin.abs() <= tie { 0.0 } else { margin }, weakness))
    });
    match weighed {
        Ok((limit, margin, weakness)) => {
            open.limit = Some(limit);
            open.margin = Some(margin);
            open.passed = margin >= 0.0;
            open.reason = weakness;
        }
        Err(reason) => open.reason = Some(capital(&reason)),
    }
    open
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
