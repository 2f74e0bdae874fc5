//! Charts as inline SVG: colours come from the page's style, and each tells its content in words too.

use super::text::{count, escape, number, put, short};
use crate::validate::report::{CalibrationCurve, PrecisionRecallCurve, RocCurve};

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;
/// Points of a curve, should a result hold more.
const MOST_POINTS: usize = 400;
/// Bars of a histogram; more are merged with their neighbours.
const MOST_BARS: usize = 100;
/// Height of the bars of rows below a calibration curve, as a share of the chart.
const ROWS_HEIGHT: f64 = 0.2;

/// Two axes with what they mean.
struct Axes<'a> {
    x: (f64, f64),
    y: (f64, f64),
    x_title: &'a str,
    y_title: &'a str,
}

impl Axes<'_> {
    fn px(&self, x: f64) -> f64 {
        LEFT + ((x - self.x.0) / (self.x.1 - self.x.0)).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - ((y - self.y.0) / (self.y.1 - self.y.0)).clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }

    fn drawn(&self) -> String {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let mut out = String::new();
        for x in ticks(self.x) {
            let at = self.px(x);
            out.push_str(&line("grid", (at, TOP), (at, bottom)));
            out.push_str(&label(at, bottom + 15.0, "middle", &short(x)));
        }
        for y in ticks(self.y) {
            let at = self.py(y);
            out.push_str(&line("grid", (LEFT, at), (right, at)));
            out.push_str(&label(LEFT - 6.0, at + 4.0, "end", &short(y)));
        }
        out.push_str(&line("axis", (LEFT, bottom), (right, bottom)));
        out.push_str(&line("axis", (LEFT, TOP), (LEFT, bottom)));
        out.push_str(&label(f64::midpoint(LEFT, right), HEIGHT - 8.0, "middle", self.x_title));
        let (x, y) = (13.0, f64::midpoint(TOP, bottom));
        let title = escape(self.y_title);
        put(
            &mut out,
            &format!(
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" transform=\"rotate(-90 {x} {y})\">{title}</text>\n"
            ),
        );
        out
    }

    fn reference(&self, from: (f64, f64), to: (f64, f64)) -> String {
        line("ref", (self.px(from.0), self.py(from.1)), (self.px(to.0), self.py(to.1)))
    }

    fn curve(&self, xs: &[f64], ys: &[f64]) -> String {
        let finite: Vec<(f64, f64)> =
            xs.iter().copied().zip(ys.iter().copied()).filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let step = finite.len().div_ceil(MOST_POINTS).max(1);
        let last = finite.last().copied().filter(|_| finite.len() % step != 1 && step > 1);
        let mut points: Vec<String> = finite
            .iter()
            .step_by(step)
            .copied()
            .chain(last)
            .map(|(x, y)| format!("{:.1},{:.1}", self.px(x), self.py(y)))
            .collect();
        points.dedup();
        format!("<polyline class=\"curve\" points=\"{}\"/>\n", points.join(" "))
    }

    fn mark(&self, at: (f64, f64), words: &str) -> String {
        let (x, y) = (self.px(at.0), self.py(at.1));
        let (anchor, beside) = if x > WIDTH - 130.0 { ("end", x - 9.0) } else { ("start", x + 9.0) };
        let below = if y > HEIGHT - BOTTOM - 24.0 { y - 8.0 } else { y + 16.0 };
        format!("<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>\n")
            + &strong(beside, below, anchor, words)
    }
}

fn line(class: &str, from: (f64, f64), to: (f64, f64)) -> String {
    let ((x1, y1), (x2, y2)) = (from, to);
    format!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>\n")
}

fn label(x: f64, y: f64, anchor: &str, words: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escape(words))
}

fn strong(x: f64, y: f64, anchor: &str, words: &str) -> String {
    format!("<text class=\"told\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escape(words))
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

/// A chart with its title above and its content in words for those who do not see it. `id` is unique on the page.
fn figure(id: &str, title: &str, words: &str, body: &str) -> String {
    format!(
        "<figure><figcaption>{}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"{id}\"><title id=\"{id}\">{}</title>\n{body}</svg></figure>\n",
        escape(title),
        escape(words)
    )
}

/// What the threshold in force does: the threshold and (false positive rate, true positive rate) or (recall, precision).
pub(super) type InForce = Option<(f64, (f64, f64))>;

fn threshold_words(threshold: f64) -> String {
    format!("threshold {}", short(threshold))
}

fn unit<'a>(x_title: &'a str, y_title: &'a str) -> Axes<'a> {
    Axes { x: (0.0, 1.0), y: (0.0, 1.0), x_title, y_title }
}

/// The ROC curve with the threshold in force.
pub(super) fn roc(id: &str, curve: &RocCurve, auc: Option<f64>, at: InForce) -> String {
    let axes = unit("False positive rate", "True positive rate");
    let mut words = "ROC curve: true positive rate over false positive rate".to_owned();
    let mut body = axes.drawn() + &axes.reference((0.0, 0.0), (1.0, 1.0)) + &axes.curve(&curve.fpr, &curve.tpr);
    body.push_str(&label(axes.px(0.68), axes.py(0.58), "start", "guessing"));
    if let Some(auc) = auc {
        put(&mut words, &format!("; area under it {}", number(auc)));
        body.push_str(&strong(WIDTH - RIGHT - 8.0, HEIGHT - BOTTOM - 10.0, "end", &format!("ROC AUC {}", number(auc))));
    }
    if let Some((threshold, (fpr, tpr))) = at {
        body.push_str(&axes.mark((fpr, tpr), &threshold_words(threshold)));
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
    figure(id, "ROC curve", &words, &body)
}

/// The precision-recall curve with the threshold in force; `positives` is the share of positive rows.
pub(super) fn precision_recall(id: &str, curve: &PrecisionRecallCurve, positives: Option<f64>, at: InForce) -> String {
    let axes = unit("Recall", "Precision");
    let mut words = "Precision over recall".to_owned();
    let mut body = axes.drawn() + &axes.curve(&curve.recall, &curve.precision);
    if let Some(share) = positives.filter(|s| s.is_finite()) {
        body.push_str(&axes.reference((0.0, share), (1.0, share)));
        let above = if share > 0.9 { 14.0 } else { -5.0 };
        let told = format!("share of positives {}", number(share));
        body.push_str(&label(LEFT + 6.0, axes.py(share) + above, "start", &told));
        put(&mut words, &format!("; guessing has the {told}"));
    }
    if let Some((threshold, (recall, precision))) = at {
        body.push_str(&axes.mark((recall, precision), &threshold_words(threshold)));
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
    figure(id, "Precision and recall", &words, &body)
}

/// Observed share over mean score of each bin, with the rows of the bins as bars.
pub(super) fn calibration(id: &str, curve: &CalibrationCurve, threshold: Option<f64>) -> String {
    let axes = unit("Mean predicted probability", "Observed share");
    let mut words = "Calibration: observed share of positives over mean predicted probability".to_owned();
    let mut bars = String::new();
    let mut dots = String::new();
    let most = curve.rows.iter().copied().max().unwrap_or(0).max(1) as f64;
    let bins = curve.predicted.iter().zip(&curve.observed).zip(&curve.rows).take(MOST_BARS);
    for ((predicted, observed), rows) in bins.filter(|((p, o), _)| p.is_finite() && o.is_finite()) {
        let (x, y, top) = (axes.px(*predicted), axes.py(*observed), axes.py(ROWS_HEIGHT * *rows as f64 / most));
        let height = HEIGHT - BOTTOM - top;
        put(
            &mut bars,
            &format!(
                "<rect class=\"rows\" x=\"{:.1}\" y=\"{top:.1}\" width=\"14\" height=\"{height:.1}\"/>\n",
                x - 7.0
            ),
        );
        let told = format!("{} predicted, {} observed, {} rows", number(*predicted), number(*observed), count(*rows));
        put(
            &mut dots,
            &format!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"><title>{told}</title></circle>\n"),
        );
        put(&mut words, &format!("; {told}"));
    }
    let mut body = axes.drawn() + &bars + &axes.reference((0.0, 0.0), (1.0, 1.0));
    if let Some(threshold) = threshold.filter(|t| (0.0..=1.0).contains(t)) {
        body.push_str(&axes.reference((threshold, 0.0), (threshold, 1.0)));
        let right = axes.px(threshold) > WIDTH - 120.0;
        let (anchor, beside) = if right { ("end", -5.0) } else { ("start", 5.0) };
        body.push_str(&strong(axes.px(threshold) + beside, TOP + 10.0, anchor, &threshold_words(threshold)));
    }
    body.push_str(&axes.curve(&curve.predicted, &curve.observed));
    figure(id, "Calibration, with rows as bars", &words, &(body + &dots))
}

/// How many rows err by how much; `None` where there is nothing to draw.
pub(super) fn errors(id: &str, histogram: &[(f64, f64, u64)]) -> Option<String> {
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
    let mut body = axes.drawn();
    let mut tallest = (0.0, 0.0);
    for (low, high, rows) in &bars {
        let (left, right, top) = (axes.px(*low), axes.px(*high), axes.py(*rows as f64));
        if *rows == most {
            tallest = (*low, *high);
        }
        put(
            &mut body,
            &format!(
                "<rect class=\"bar\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{} to {}: {} \
             rows</title></rect>\n",
                (right - left - 0.5).max(0.5),
                HEIGHT - BOTTOM - top,
                number(*low),
                number(*high),
                count(*rows)
            ),
        );
    }
    if x.0 < 0.0 && x.1 > 0.0 {
        body.push_str(&axes.reference((0.0, 0.0), (0.0, axes.y.1)));
    }
    let words = format!(
        "Histogram of prediction less target, from {} to {}; most rows, {}, lie from {} to {}",
        number(x.0),
        number(x.1),
        count(most),
        number(tallest.0),
        number(tallest.1)
    );
    Some(figure(id, "Errors", &words, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let drawn = unit("x", "y").curve(&xs, &xs);
        assert!(drawn.split(' ').count() <= MOST_POINTS + 4);
        assert!(drawn.contains("366.0,14.0\""), "{drawn}");
        assert!(!unit("x", "y").curve(&[f64::NAN, 0.5], &[0.5, f64::INFINITY]).contains("NaN"));
    }

    #[test]
    fn a_histogram_without_a_range_is_not_drawn() {
        assert_eq!(errors("e", &[]), None);
        assert_eq!(errors("e", &[(1.0, 1.0, 5)]), None);
        assert_eq!(errors("e", &[(-f64::MAX, f64::MAX, 5)]), None);
        let many: Vec<(f64, f64, u64)> = (0..5_000).map(|i| (f64::from(i), f64::from(i + 1), 2)).collect();
        assert_eq!(errors("e", &many).unwrap().matches("<rect").count(), MOST_BARS);
    }
}
