//! Where each of two models wins: segment by segment, and in which ones beyond doubt.

use crate::validate::report::{MetricValue, ModelResult, main_metric, smaller_is_better};
use crate::validate::segments::SegmentResult;

/// Clear wins kept of a pair.
const CLEAR: usize = 20;

/// Where each of two models wins.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Wins {
    /// Name of the first.
    pub a: String,
    /// Name of the second.
    pub b: String,
    /// The metric that decides: the main one where most segments have it.
    pub metric: String,
    /// Segments in which both have a value and enough rows for its interval.
    pub segments: usize,
    /// Segments in which the first is better.
    pub a_better: usize,
    /// Segments in which the second is.
    pub b_better: usize,
    /// Segments whose intervals do not overlap, in which the first is better.
    pub a_clear: usize,
    /// The same for the second.
    pub b_clear: usize,
    /// Those segments, the widest gap between the intervals first; 20 at most.
    pub clear: Vec<Win>,
}

/// A segment in which one model is better beyond doubt.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Win {
    /// The column that was cut.
    pub column: String,
    /// The segment: a value, a range or a period of it.
    pub value: String,
    /// Whether the first model wins; else the second.
    pub a_wins: bool,
    /// The first model's value.
    pub a: f64,
    /// The second's.
    pub b: f64,
    /// Distance between the two intervals, in the metric's unit.
    pub gap: f64,
    /// Rows of the segment that both measured, or the smaller number of the two.
    pub rows: usize,
}

/// What decides in segments: the main metric, else the next one that segments have.
fn candidates(model: &ModelResult) -> Vec<&'static str> {
    let main = main_metric(model.task);
    let mut order = vec![main];
    order.extend(["f1", "accuracy", "mae"].iter().filter(|m| **m != main));
    order
}

fn pairs<'a>(a: &'a ModelResult, b: &'a ModelResult) -> Vec<(&'a SegmentResult, &'a SegmentResult)> {
    let both = a.segments.iter().filter_map(|x| {
        let y = b.segments.iter().find(|y| y.column == x.column && y.value == x.value)?;
        (!x.few && !y.few).then_some((x, y))
    });
    both.collect()
}

fn of_pair(a: &ModelResult, b: &ModelResult) -> Option<Wins> {
    let both = pairs(a, b);
    let valued = |metric: &str| -> Vec<(&SegmentResult, &SegmentResult, &MetricValue, &MetricValue)> {
        let values = both.iter().filter_map(|(x, y)| {
            let (p, q) = (x.metrics.get(metric)?, y.metrics.get(metric)?);
            (p.value.is_some() && q.value.is_some()).then_some((*x, *y, p, q))
        });
        values.collect()
    };
    let metric = candidates(a).into_iter().find(|metric| !valued(metric).is_empty())?;
    let sign = if smaller_is_better(metric) { -1.0 } else { 1.0 };
    let mut wins = Wins {
        a: a.name.clone(),
        b: b.name.clone(),
        metric: metric.to_owned(),
        segments: 0,
        a_better: 0,
        b_better: 0,
        a_clear: 0,
        b_clear: 0,
        clear: Vec::new(),
    };
    for (x, y, p, q) in valued(metric) {
        let (Some(va), Some(vb)) = (p.value, q.value) else { continue };
        wins.segments += 1;
        let lead = sign * (va - vb);
        wins.a_better += usize::from(lead > 0.0);
        wins.b_better += usize::from(lead < 0.0);
        let (Some(la), Some(ha), Some(lb), Some(hb)) = (p.low, p.high, q.low, q.high) else { continue };
        // Only one of the two can be above 0.
        let gap = (la - hb).max(lb - ha);
        if gap > 0.0 && lead != 0.0 {
            let a_wins = lead > 0.0;
            wins.a_clear += usize::from(a_wins);
            wins.b_clear += usize::from(!a_wins);
            let rows = x.rows.min(y.rows);
            let (column, value) = (x.column.clone(), x.value.clone());
            wins.clear.push(Win { column, value, a_wins, a: va, b: vb, gap, rows });
        }
    }
    // A stable sort leaves equal gaps in the order of the segments.
    wins.clear.sort_by(|x, y| y.gap.total_cmp(&x.gap));
    wins.clear.truncate(CLEAR);
    Some(wins)
}

/// Where each model of every pair of one task wins; nothing where no segments were measured.
pub(in crate::validate) fn wins(models: &[ModelResult]) -> Vec<Wins> {
    let mut found = Vec::new();
    for (place, a) in models.iter().enumerate() {
        for b in models.iter().skip(place + 1).filter(|b| b.task == a.task) {
            found.extend(of_pair(a, b));
        }
    }
    found
}

impl Wins {
    /// The result in one sentence.
    pub fn sentence(&self) -> String {
        let of = |better: usize, clear: usize| {
            let clear = if clear == 0 { "none".to_owned() } else { clear.to_string() };
            format!("{better} of {} segments, {clear} of them beyond doubt", self.segments)
        };
        format!(
            "{} is better in {}; {} in {}.",
            self.a,
            of(self.a_better, self.a_clear),
            self.b,
            of(self.b_better, self.b_clear)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Task;

    fn model(name: &str, task: Task, metric: &str, segments: &[(&str, f64, f64, usize)]) -> ModelResult {
        let segments = segments.iter().map(|(value, v, half, rows)| SegmentResult {
            column: "origin".to_owned(),
            value: (*value).to_owned(),
            rows: *rows,
            few: *rows < 30,
            metrics: [(
                metric.to_owned(),
                MetricValue { value: Some(*v), low: Some(v - half), high: Some(v + half), ..MetricValue::default() },
            )]
            .into(),
        });
        ModelResult { name: name.to_owned(), task, segments: segments.collect(), ..ModelResult::default() }
    }

    #[test]
    fn wins_are_counted_and_clear_ones_named() {
        let a = model(
            "A",
            Task::Binary,
            "roc_auc",
            &[("EWR", 0.8, 0.01, 500), ("JFK", 0.7, 0.01, 500), ("LGA", 0.9, 0.1, 9)],
        );
        let b = model(
            "B",
            Task::Binary,
            "roc_auc",
            &[("JFK", 0.75, 0.02, 400), ("EWR", 0.79, 0.01, 500), ("LGA", 0.1, 0.1, 9)],
        );
        let found = wins(&[a, b]);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.segments, one.a_better, one.b_better, one.a_clear, one.b_clear), (2, 1, 1, 0, 1));
        let [clear] = one.clear.as_slice() else { panic!("{one:?}") };
        assert_eq!((clear.value.as_str(), clear.a_wins, clear.rows), ("JFK", false, 400));
        assert!((clear.gap - 0.02).abs() < 1e-12);
        assert_eq!(
            one.sentence(),
            "A is better in 1 of 2 segments, none of them beyond doubt; B in 1 of 2 segments, 1 of them beyond doubt."
        );
    }

    #[test]
    fn a_smaller_error_wins_and_other_tasks_are_not_compared() {
        let a = model("A", Task::Regression, "mae", &[("x", 1.0, 0.1, 50)]);
        let b = model("B", Task::Regression, "mae", &[("x", 2.0, 0.1, 50)]);
        let found = wins(&[a.clone(), b]);
        assert!(found.first().is_some_and(|w| w.metric == "mae" && w.a_clear == 1));
        assert_eq!(wins(&[a.clone(), model("C", Task::Binary, "f1", &[("x", 1.0, 0.1, 50)])]), []);
        assert_eq!(wins(&[a.clone(), model("D", Task::Regression, "mae", &[])]), []);
    }
}
