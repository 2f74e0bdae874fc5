//! Charts as shapes on a sheet of [`WIDTH`] × [`HEIGHT`]; each tells its content in words too.

use super::words::{count, number, put, short};
use crate::stats::normal_quantiles::probit;
use crate::validate::report::{CalibrationCurve, PrecisionRecallCurve, RocCurve};
use crate::validate::views::{ClassAgainstRest, DetCurve, ScoreHistograms};

/// Width of the sheet.
pub(in crate::report) const WIDTH: f64 = 380.0;
/// Height of the sheet; y grows downwards.
pub(in crate::report) const HEIGHT: f64 = 300.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;
/// Points of a curve, should a result hold more.
const MOST_POINTS: usize = 400;
/// Points of one of several curves.
const MOST_POINTS_EACH: usize = 120;
/// Dots of a plot.
const MOST_DOTS: usize = 100;
/// Bars of a histogram; more are merged with their neighbours.
const MOST_BARS: usize = 100;
/// Height of the bars of rows below a calibration curve, as a share of the chart.
const ROWS_HEIGHT: f64 = 0.2;
/// Letters of a name in a legend.
const LEGEND_LETTERS: usize = 22;

/// What a shape is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Ink {
    /// Lines behind everything.
    Grid,
    /// The two axes.
    Axis,
    /// What the content is compared with.
    Reference,
    /// A series by its number, from 0.
    Series(u8),
    /// An area of a series that lets others shine through.
    Area(u8),
    /// Bars in the background.
    Rows,
    /// What is in force.
    Mark,
    /// Words at an axis.
    Label,
    /// Words about the content.
    Told,
}

/// Where a text stands beside its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Anchor {
    /// Begins there.
    Start,
    /// Is centred there.
    Middle,
    /// Ends there.
    End,
}

/// A place on the sheet.
pub(in crate::report) type Point = (f64, f64);

/// One thing that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) enum Shape {
    /// A line.
    Line {
        /// Its ink.
        ink: Ink,
        /// One end.
        from: Point,
        /// The other.
        to: Point,
    },
    /// A line through points.
    Curve {
        /// Its ink.
        ink: Ink,
        /// The points.
        points: Vec<Point>,
    },
    /// A filled rectangle.
    Bar {
        /// Its ink.
        ink: Ink,
        /// The upper left corner.
        at: Point,
        /// Width and height.
        size: (f64, f64),
        /// What it says.
        words: Option<String>,
    },
    /// A filled circle.
    Dot {
        /// Its ink.
        ink: Ink,
        /// The centre.
        at: Point,
        /// The radius.
        radius: f64,
        /// What it says.
        words: Option<String>,
    },
    /// Words.
    Text {
        /// Their ink.
        ink: Ink,
        /// Where.
        at: Point,
        /// Beside it.
        anchor: Anchor,
        /// The words.
        words: String,
        /// Whether they run upwards.
        turned: bool,
    },
}

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Chart {
    /// Unique in the document.
    pub(in crate::report) id: String,
    /// The title.
    pub(in crate::report) title: &'static str,
    /// The content in words.
    pub(in crate::report) words: String,
    /// What is drawn, the hindmost first.
    pub(in crate::report) shapes: Vec<Shape>,
}

/// Two axes with what they mean.
struct Axes<'a> {
    x: (f64, f64),
    y: (f64, f64),
    x_title: &'a str,
    y_title: &'a str,
}

/// A place along an axis and the words that stand there.
type Tick = (f64, String);

impl Axes<'_> {
    fn px(&self, x: f64) -> f64 {
        LEFT + ((x - self.x.0) / (self.x.1 - self.x.0)).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - ((y - self.y.0) / (self.y.1 - self.y.0)).clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }

    fn drawn(&self) -> Vec<Shape> {
        let at = |range| ticks(range).into_iter().map(|x| (x, short(x))).collect::<Vec<Tick>>();
        self.drawn_at(&at(self.x), &at(self.y))
    }

    fn drawn_at(&self, xs: &[Tick], ys: &[Tick]) -> Vec<Shape> {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let mut out = Vec::new();
        for (x, words) in xs {
            let at = self.px(*x);
            out.push(line(Ink::Grid, (at, TOP), (at, bottom)));
            out.push(label((at, bottom + 15.0), Anchor::Middle, words));
        }
        for (y, words) in ys {
            let at = self.py(*y);
            out.push(line(Ink::Grid, (LEFT, at), (right, at)));
            out.push(label((LEFT - 6.0, at + 4.0), Anchor::End, words));
        }
        out.push(line(Ink::Axis, (LEFT, bottom), (right, bottom)));
        out.push(line(Ink::Axis, (LEFT, TOP), (LEFT, bottom)));
        out.push(label((f64::midpoint(LEFT, right), HEIGHT - 8.0), Anchor::Middle, self.x_title));
        out.push(Shape::Text {
            ink: Ink::Label,
            at: (13.0, f64::midpoint(TOP, bottom)),
            anchor: Anchor::Middle,
            words: self.y_title.to_owned(),
            turned: true,
        });
        out
    }

    fn reference(&self, from: Point, to: Point) -> Shape {
        line(Ink::Reference, (self.px(from.0), self.py(from.1)), (self.px(to.0), self.py(to.1)))
    }

    fn curve(&self, xs: &[f64], ys: &[f64]) -> Shape {
        self.curve_of(Ink::Series(0), xs, ys, MOST_POINTS)
    }

    fn curve_of(&self, ink: Ink, xs: &[f64], ys: &[f64], most: usize) -> Shape {
        let finite: Vec<Point> =
            xs.iter().copied().zip(ys.iter().copied()).filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let step = finite.len().div_ceil(most).max(1);
        let last = finite.last().copied().filter(|_| finite.len() % step != 1 && step > 1);
        let tenth = |x: f64| (10.0 * x).round() / 10.0;
        let all = finite.iter().step_by(step).copied().chain(last);
        let mut points: Vec<Point> = all.map(|(x, y)| (tenth(self.px(x)), tenth(self.py(y)))).collect();
        points.dedup();
        Shape::Curve { ink, points }
    }

    fn mark(&self, at: Point, words: &str) -> [Shape; 2] {
        let (x, y) = (self.px(at.0), self.py(at.1));
        let (anchor, beside) = if x > WIDTH - 130.0 { (Anchor::End, x - 9.0) } else { (Anchor::Start, x + 9.0) };
        let below = if y > HEIGHT - BOTTOM - 24.0 { y - 8.0 } else { y + 16.0 };
        [Shape::Dot { ink: Ink::Mark, at: (x, y), radius: 4.5, words: None }, told((beside, below), anchor, words)]
    }

    /// A bar from the bottom up to `y`, between two values of x.
    fn bar(&self, ink: Ink, (low, high): (f64, f64), y: f64, words: Option<String>) -> Shape {
        let (left, right, top) = (self.px(low), self.px(high), self.py(y));
        let size = ((right - left - 0.5).max(0.5), HEIGHT - BOTTOM - top);
        Shape::Bar { ink, at: (left, top), size, words }
    }

    /// A vertical line at the threshold with its words.
    fn threshold(&self, threshold: f64) -> [Shape; 2] {
        let at = self.px(threshold);
        let (anchor, beside) = if at > WIDTH - 120.0 { (Anchor::End, -5.0) } else { (Anchor::Start, 5.0) };
        [
            self.reference((threshold, self.y.0), (threshold, self.y.1)),
            told((at + beside, TOP + 10.0), anchor, &threshold_words(threshold)),
        ]
    }
}

fn line(ink: Ink, from: Point, to: Point) -> Shape {
    Shape::Line { ink, from, to }
}

fn label(at: Point, anchor: Anchor, words: &str) -> Shape {
    Shape::Text { ink: Ink::Label, at, anchor, words: words.to_owned(), turned: false }
}

fn told(at: Point, anchor: Anchor, words: &str) -> Shape {
    Shape::Text { ink: Ink::Told, at, anchor, words: words.to_owned(), turned: false }
}

/// Names of series with their colours, one below the other; upwards from `at` when the names stand at the bottom.
fn legend(names: &[String], (x, y): Point, upwards: bool) -> Vec<Shape> {
    let mut out = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let row = if upwards { names.len() - 1 - place } else { place } as f64 * 14.0;
        let at = if upwards { y - row } else { y + row };
        let mut words: String = name.chars().take(LEGEND_LETTERS).collect();
        if name.chars().count() > LEGEND_LETTERS {
            words.push('…');
        }
        out.push(Shape::Bar { ink: Ink::Series(place as u8), at: (x, at - 8.0), size: (9.0, 9.0), words: None });
        out.push(told((x + 14.0, at), Anchor::Start, &words));
    }
    out
}

/// Round numbers within a range, about five, in steps of 1, 2 or 5 times a power of ten.
fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let raw = (high - low) / 5.0;
    if !raw.is_finite() || raw <= 0.0 {
        return Vec::new();
    }
    let size = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * size).into_iter().find(|s| *s >= raw * 0.999).unwrap_or(raw);
    let first = (low / step - 1e-9).ceil();
    (0..12).map(|i| (first + f64::from(i)) * step).take_while(|x| *x <= high + 1e-9 * step).collect()
}

/// What the threshold in force does: the threshold and (false positive rate, true positive rate) or (recall, precision).
pub(super) type InForce = Option<(f64, Point)>;

fn threshold_words(threshold: f64) -> String {
    format!("threshold {}", short(threshold))
}

fn unit<'a>(x_title: &'a str, y_title: &'a str) -> Axes<'a> {
    Axes { x: (0.0, 1.0), y: (0.0, 1.0), x_title, y_title }
}

/// The ROC curve with the threshold in force.
pub(super) fn roc(id: &str, curve: &RocCurve, auc: Option<f64>, at: InForce) -> Chart {
    let axes = unit("False positive rate", "True positive rate");
    let mut words = "ROC curve: true positive rate over false positive rate".to_owned();
    let mut shapes = axes.drawn();
    shapes.extend([axes.reference((0.0, 0.0), (1.0, 1.0)), axes.curve(&curve.fpr, &curve.tpr)]);
    shapes.push(label((axes.px(0.68), axes.py(0.58)), Anchor::Start, "guessing"));
    if let Some(auc) = auc {
        put(&mut words, &format!("; area under it {}", number(auc)));
        let at = (WIDTH - RIGHT - 8.0, HEIGHT - BOTTOM - 10.0);
        shapes.push(told(at, Anchor::End, &format!("ROC AUC {}", number(auc))));
    }
    if let Some((threshold, (fpr, tpr))) = at {
        shapes.extend(axes.mark((fpr, tpr), &threshold_words(threshold)));
        put(
            &mut words,
            &format!(
                "; at threshold {} the rates are {} true and {} false positive",
                short(threshold),
                number(tpr),
                number(fpr)
            ),
        );
    }
    Chart { id: id.to_owned(), title: "ROC curve", words, shapes }
}

/// The precision-recall curve with the threshold in force; `positives` is the share of positive rows.
pub(super) fn precision_recall(id: &str, curve: &PrecisionRecallCurve, positives: Option<f64>, at: InForce) -> Chart {
    let axes = unit("Recall", "Precision");
    let mut words = "Precision over recall".to_owned();
    let mut shapes = axes.drawn();
    shapes.push(axes.curve(&curve.recall, &curve.precision));
    if let Some(share) = positives.filter(|s| s.is_finite()) {
        shapes.push(axes.reference((0.0, share), (1.0, share)));
        let above = if share > 0.9 { 14.0 } else { -5.0 };
        let guess = format!("share of positives {}", number(share));
        shapes.push(label((LEFT + 6.0, axes.py(share) + above), Anchor::Start, &guess));
        put(&mut words, &format!("; guessing has the {guess}"));
    }
    if let Some((threshold, (recall, precision))) = at {
        shapes.extend(axes.mark((recall, precision), &threshold_words(threshold)));
        put(
            &mut words,
            &format!(
                "; at threshold {} precision is {} and recall {}",
                short(threshold),
                number(precision),
                number(recall)
            ),
        );
    }
    Chart { id: id.to_owned(), title: "Precision and recall", words, shapes }
}

/// Observed share over mean score of each bin, with the rows of the bins as bars.
pub(super) fn calibration(id: &str, curve: &CalibrationCurve, threshold: Option<f64>) -> Chart {
    let axes = unit("Mean predicted probability", "Observed share");
    let mut words = "Calibration: observed share of positives over mean predicted probability".to_owned();
    let (mut bars, mut dots) = (Vec::new(), Vec::new());
    let most = curve.rows.iter().copied().max().unwrap_or(0).max(1) as f64;
    let bins = curve.predicted.iter().zip(&curve.observed).zip(&curve.rows).take(MOST_BARS);
    for ((predicted, observed), rows) in bins.filter(|((p, o), _)| p.is_finite() && o.is_finite()) {
        let (x, y, top) = (axes.px(*predicted), axes.py(*observed), axes.py(ROWS_HEIGHT * *rows as f64 / most));
        bars.push(Shape::Bar { ink: Ink::Rows, at: (x - 7.0, top), size: (14.0, HEIGHT - BOTTOM - top), words: None });
        let says = format!("{} predicted, {} observed, {} rows", number(*predicted), number(*observed), count(*rows));
        words.push_str("; ");
        words.push_str(&says);
        dots.push(Shape::Dot { ink: Ink::Series(0), at: (x, y), radius: 3.5, words: Some(says) });
    }
    let mut shapes = axes.drawn();
    shapes.extend(bars);
    shapes.push(axes.reference((0.0, 0.0), (1.0, 1.0)));
    if let Some(threshold) = threshold.filter(|t| (0.0..=1.0).contains(t)) {
        shapes.extend(axes.threshold(threshold));
    }
    shapes.push(axes.curve(&curve.predicted, &curve.observed));
    shapes.extend(dots);
    Chart { id: id.to_owned(), title: "Calibration, with rows as bars", words, shapes }
}

/// The detection error tradeoff, both rates on the scale of a standard normal quantile; `None` without two points.
pub(super) fn det(id: &str, curve: &DetCurve) -> Option<Chart> {
    const SHOWN: [f64; 13] = [0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999];
    let (xs, ys): (Vec<f64>, Vec<f64>) =
        curve.probit_fpr.iter().zip(&curve.probit_fnr).filter_map(|(x, y)| Some(((*x)?, (*y)?))).unzip();
    let ends = |list: &[f64]| {
        let (low, high) = list.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        (low.max(-4.0), high.min(4.0))
    };
    let (x, y) = (ends(&xs), ends(&ys));
    if xs.len() < 2 || x.0 >= x.1 || y.0 >= y.1 {
        return None;
    }
    let within = |(low, high): (f64, f64)| -> Vec<Tick> {
        let all = SHOWN.iter().filter_map(|p| Some((probit(*p)?, short(*p))));
        all.filter(|(at, _)| (low..=high).contains(at)).collect()
    };
    let axes = Axes { x, y, x_title: "False positive rate", y_title: "False negative rate" };
    // Labels along x would touch where the normal scale is densest.
    let mut below = within(x);
    let mut last = f64::NEG_INFINITY;
    below.retain(|(at, _)| {
        let fits = axes.px(*at) - last >= 34.0;
        if fits {
            last = axes.px(*at);
        }
        fits
    });
    let mut shapes = axes.drawn_at(&below, &within(y));
    shapes.push(axes.curve(&xs, &ys));
    let words = "Detection error tradeoff: false negative rate over false positive rate, on normal scales".to_owned();
    Some(Chart { id: id.to_owned(), title: "Detection error tradeoff", words, shapes })
}

/// What the scores of a histogram are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scores {
    /// Of the positive class, by the true class.
    ByClass,
    /// Of the true class, by whether the answer was right.
    ByAnswer,
}

/// The scores of two groups as shares of each group's rows; `None` where there is nothing to draw.
pub(super) fn scores(
    id: &str,
    found: &ScoreHistograms,
    names: &[String],
    meaning: Scores,
    threshold: Option<f64>,
) -> Option<Chart> {
    let x = (*found.edges.first()?, *found.edges.last()?);
    let spans: Vec<(f64, f64)> = found.edges.iter().copied().zip(found.edges.iter().skip(1).copied()).collect();
    let share = |rows: u64, of: u64| 100.0 * rows as f64 / of.max(1) as f64;
    let tallest = found
        .groups
        .iter()
        .flat_map(|group| group.rows.iter().map(move |rows| share(*rows, group.total())))
        .fold(0.0, f64::max);
    if !(x.1 - x.0).is_finite() || x.0 >= x.1 || tallest <= 0.0 {
        return None;
    }
    let (title, x_title) = match meaning {
        Scores::ByClass => ("Scores by class, each as shares of its own rows", "Score"),
        Scores::ByAnswer => {
            ("Right and wrong answers, each as shares of its own rows", "Probability of the true class")
        }
    };
    let axes = Axes { x, y: (0.0, tallest * 1.15), x_title, y_title: "% of the group’s rows" };
    let mut shapes = axes.drawn();
    let mut words = format!("Histogram: {title}");
    for (place, (group, name)) in found.groups.iter().zip(names).enumerate() {
        let total = group.total();
        put(&mut words, &format!("; {name}: {} rows", count(total)));
        for (span, rows) in spans.iter().zip(&group.rows).filter(|(_, rows)| **rows > 0) {
            let says = format!("{name}, {} to {}: {} rows", short(span.0), short(span.1), count(*rows));
            shapes.push(axes.bar(Ink::Area(place as u8), *span, share(*rows, total), Some(says)));
        }
    }
    let mut top = TOP + 12.0;
    if let Some(threshold) = threshold.filter(|t| (x.0..=x.1).contains(t)) {
        shapes.extend(axes.threshold(threshold));
        top += 14.0;
    }
    shapes.extend(legend(names, (WIDTH - RIGHT - 150.0, top), false));
    Some(Chart { id: id.to_owned(), title, words, shapes })
}

/// How many rows err by how much; `None` where there is nothing to draw.
pub(super) fn errors(id: &str, histogram: &[(f64, f64, u64)]) -> Option<Chart> {
    let bins: Vec<&(f64, f64, u64)> =
        histogram.iter().filter(|(low, high, _)| high.is_finite() && low < high).collect();
    let each = bins.len().div_ceil(MOST_BARS).max(1);
    let bars: Vec<(f64, f64, u64)> = bins
        .chunks(each)
        .filter_map(|part| {
            let rows = part.iter().fold(0_u64, |sum, bin| sum.saturating_add(bin.2));
            Some((part.first()?.0, part.last()?.1, rows))
        })
        .collect();
    let x = (bars.first()?.0, bars.last()?.1);
    let most = bars.iter().map(|bar| bar.2).max().filter(|most| *most > 0)?;
    if !(x.1 - x.0).is_finite() || x.1 <= x.0 {
        return None;
    }
    let axes = Axes { x, y: (0.0, most as f64 * 1.05), x_title: "Prediction − target", y_title: "Rows" };
    let mut shapes = axes.drawn();
    let mut tallest = (0.0, 0.0);
    for (low, high, rows) in &bars {
        if *rows == most {
            tallest = (*low, *high);
        }
        let says = format!("{} to {}: {} rows", number(*low), number(*high), count(*rows));
        shapes.push(axes.bar(Ink::Series(0), (*low, *high), *rows as f64, Some(says)));
    }
    if x.0 < 0.0 && x.1 > 0.0 {
        shapes.push(axes.reference((0.0, 0.0), (0.0, axes.y.1)));
    }
    let words = format!(
        "Histogram of prediction less target, from {} to {}; most rows, {}, lie from {} to {}",
        number(x.0),
        number(x.1),
        count(most),
        number(tallest.0),
        number(tallest.1)
    );
    Some(Chart { id: id.to_owned(), title: "Errors", words, shapes })
}

/// Errors against what a normal distribution would give, both in standard deviations; `None` without two points.
pub(super) fn normal_quantiles(id: &str, points: &[[f64; 2]]) -> Option<Chart> {
    let finite: Vec<[f64; 2]> = points.iter().copied().filter(|[x, y]| x.is_finite() && y.is_finite()).collect();
    let ends = |side: fn(&[f64; 2]) -> f64| {
        finite.iter().map(side).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
    };
    let (x, y) = (ends(|p| p[0]), ends(|p| p[1]));
    let (low, high) = (x.0.min(y.0), x.1.max(y.1));
    if finite.len() < 2 || low >= high || !(high - low).is_finite() {
        return None;
    }
    let axes = Axes { x, y: (low, high), x_title: "Standard normal quantile", y_title: "Error in deviations" };
    let mut shapes = axes.drawn();
    shapes.push(axes.reference((x.0, x.0), (x.1, x.1)));
    let step = finite.len().div_ceil(MOST_DOTS).max(1);
    let dots = finite.iter().step_by(step).chain(finite.last().filter(|_| step > 1));
    shapes.extend(dots.map(|[x, y]| Shape::Dot {
        ink: Ink::Series(0),
        at: (axes.px(*x), axes.py(*y)),
        radius: 2.2,
        words: None,
    }));
    let words = "Normal quantile plot of the errors: on the line they would be normally distributed".to_owned();
    Some(Chart { id: id.to_owned(), title: "Errors against a normal distribution", words, shapes })
}

/// ROC curves of classes against the rest.
pub(super) fn rocs(id: &str, classes: &[(String, &ClassAgainstRest)]) -> Chart {
    let axes = unit("False positive rate", "True positive rate");
    let mut shapes = axes.drawn();
    shapes.push(axes.reference((0.0, 0.0), (1.0, 1.0)));
    for (place, roc) in classes.iter().enumerate().filter_map(|(place, (_, c))| Some((place, c.roc.as_ref()?))) {
        shapes.push(axes.curve_of(Ink::Series(place as u8), &roc.fpr, &roc.tpr, MOST_POINTS_EACH));
    }
    several(id, "ROC curves, each class against the rest", classes, shapes, (axes.px(0.5), axes.py(0.06)))
}

/// Precision-recall curves of classes against the rest.
pub(super) fn precision_recalls(id: &str, classes: &[(String, &ClassAgainstRest)]) -> Chart {
    let axes = unit("Recall", "Precision");
    let mut shapes = axes.drawn();
    let curves = classes.iter().enumerate().filter_map(|(place, (_, c))| Some((place, c.precision_recall.as_ref()?)));
    for (place, curve) in curves {
        shapes.push(axes.curve_of(Ink::Series(place as u8), &curve.recall, &curve.precision, MOST_POINTS_EACH));
    }
    several(id, "Precision and recall, each class against the rest", classes, shapes, (axes.px(0.06), axes.py(0.06)))
}

fn several(
    id: &str,
    title: &'static str,
    classes: &[(String, &ClassAgainstRest)],
    mut shapes: Vec<Shape>,
    at: Point,
) -> Chart {
    let names: Vec<String> = classes.iter().map(|(name, _)| name.clone()).collect();
    let areas = classes.iter().map(|(name, c)| {
        let area = c.roc_auc.value.map_or_else(String::new, |auc| format!(", ROC AUC {}", number(auc)));
        format!("; {name}{area}")
    });
    let words = format!("{title}{}", areas.collect::<String>());
    shapes.extend(legend(&names, at, true));
    Chart { id: id.to_owned(), title, words, shapes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(chart: &Chart) -> usize {
        chart.shapes.iter().filter(|shape| matches!(shape, Shape::Bar { .. })).count()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks((0.0, 1.0)).len(), 6);
        assert_eq!(ticks((-3.0, 7.0)), [-2.0, 0.0, 2.0, 4.0, 6.0]);
        assert!(ticks((1.0, 1.0)).is_empty() && ticks((0.0, f64::INFINITY)).is_empty());
        assert!(ticks((1e300, 1.000_000_1e300)).len() <= 12);
    }

    #[test]
    fn a_long_curve_is_thinned_and_keeps_its_end() {
        let xs: Vec<f64> = (0..10_000).map(|i| f64::from(i) / 9_999.0).collect();
        let Shape::Curve { points, .. } = unit("x", "y").curve(&xs, &xs) else { panic!("no curve") };
        assert!(points.len() <= MOST_POINTS + 1);
        assert_eq!(points.last(), Some(&(366.0, 14.0)));
        let nothing = unit("x", "y").curve(&[f64::NAN, 0.5], &[0.5, f64::INFINITY]);
        assert_eq!(nothing, Shape::Curve { ink: Ink::Series(0), points: Vec::new() });
    }

    #[test]
    fn a_histogram_without_a_range_is_not_drawn() {
        assert_eq!(errors("e", &[]), None);
        assert_eq!(errors("e", &[(1.0, 1.0, 5)]), None);
        assert_eq!(errors("e", &[(-f64::MAX, f64::MAX, 5)]), None);
        let many: Vec<(f64, f64, u64)> = (0..5_000).map(|i| (f64::from(i), f64::from(i + 1), 2)).collect();
        assert_eq!(bars(&errors("e", &many).unwrap()), MOST_BARS);
        assert_eq!(scores("s", &ScoreHistograms::default(), &[], Scores::ByClass, None), None);
        assert_eq!(normal_quantiles("q", &[[0.0, f64::NAN], [1.0, 1.0]]), None);
        assert_eq!(
            det("d", &DetCurve { probit_fpr: vec![None; 5], probit_fnr: vec![None; 5], ..DetCurve::default() }),
            None
        );
    }
}
