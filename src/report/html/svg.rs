//! Charts as inline SVG; colours come from the page's style.

use super::write::escape;
use crate::report::document::chart::{Anchor, Chart, HEIGHT, Ink, Shape, WIDTH};
use crate::report::document::words::put;

fn class(ink: Ink) -> String {
    match ink {
        Ink::Grid => "grid".to_owned(),
        Ink::Axis => "axis".to_owned(),
        Ink::Reference => "ref".to_owned(),
        Ink::Series(n) => format!("s{}", n % 6),
        Ink::Area(n) => format!("area s{}", n % 6),
        Ink::Rows => "rows".to_owned(),
        Ink::Mark => "mark".to_owned(),
        Ink::Label => "label".to_owned(),
        Ink::Told => "told".to_owned(),
    }
}

/// A coordinate with at most one decimal.
fn at(x: f64) -> String {
    let text = format!("{x:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), ToOwned::to_owned)
}

/// A chart with its title above and its content in words for those who do not see it.
pub(super) fn figure(chart: &Chart) -> String {
    let mut out = format!(
        "<figure><figcaption>{}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"{id}\"><title id=\"{id}\">{}</title>\n",
        escape(chart.title),
        escape(&chart.words),
        id = chart.id
    );
    for shape in &chart.shapes {
        put(&mut out, &drawn(shape));
    }
    out + "</svg></figure>\n"
}

/// An element that says something when pointed at, or nothing.
fn saying(element: &str, name: &str, words: Option<&String>) -> String {
    match words {
        Some(words) => format!("<{element}><title>{}</title></{name}>\n", escape(words)),
        None => format!("<{element}/>\n"),
    }
}

fn drawn(shape: &Shape) -> String {
    match shape {
        Shape::Line { ink, from, to } => format!(
            "<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n",
            class(*ink),
            at(from.0),
            at(from.1),
            at(to.0),
            at(to.1)
        ),
        Shape::Curve { ink, points } => {
            let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", at(*x), at(*y))).collect();
            format!("<polyline class=\"curve {}\" points=\"{}\"/>\n", class(*ink), points.join(" "))
        }
        Shape::Bar { ink, at: (x, y), size: (w, h), words } => {
            let size = format!("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", at(*x), at(*y), at(*w), at(*h));
            saying(&format!("rect class=\"{}\" {size}", class(*ink)), "rect", words.as_ref())
        }
        Shape::Dot { ink, at: (x, y), radius, words } => {
            let size = format!("cx=\"{}\" cy=\"{}\" r=\"{radius}\"", at(*x), at(*y));
            saying(&format!("circle class=\"{}\" {size}", class(*ink)), "circle", words.as_ref())
        }
        Shape::Text { ink, at: (x, y), anchor, words, turned } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let turn =
                if *turned { format!(" transform=\"rotate(-90 {} {})\"", at(*x), at(*y)) } else { String::new() };
            let place = format!("x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\"{turn}", at(*x), at(*y));
            format!("<text class=\"{}\" {place}>{}</text>\n", class(*ink), escape(words))
        }
    }
}
