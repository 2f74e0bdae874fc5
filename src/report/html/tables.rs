//! Tables: cells that are escaped by construction, and rows up to a limit with a word on those left out.

use super::text::{NONE, count, escape, interval, number, put};
use crate::validate::MetricValue;

/// A column's title, and whether it holds numbers.
pub(super) type Column<'a> = (&'a str, bool);

/// One cell.
pub(super) enum Cell {
    /// What the row is about; not escaped yet.
    Name(String),
    /// Words; not escaped yet.
    Text(String),
    /// A written number; already safe.
    Number(String),
    /// No number, and why; not escaped yet.
    Missing(String),
    /// Ready HTML.
    Html(String),
}

impl Cell {
    /// A number, or why there is none.
    pub(super) fn number(value: Option<f64>, reason: &str) -> Self {
        match value.filter(|v| v.is_finite()) {
            Some(value) => Self::Number(number(value)),
            None => Self::Missing(reason.to_owned()),
        }
    }

    /// A count.
    pub(super) fn count(n: u64) -> Self {
        Self::Number(count(n))
    }

    /// An interval, or why there is none.
    pub(super) fn interval(low: Option<f64>, high: Option<f64>, reason: &str) -> Self {
        match low.zip(high).filter(|(low, high)| low.is_finite() && high.is_finite()) {
            Some((low, high)) => Self::Number(interval(low, high)),
            None => Self::Missing(reason.to_owned()),
        }
    }

    /// A value with its interval below it, and what weakens it on hover and behind a mark.
    pub(super) fn measured(found: Option<&MetricValue>) -> Self {
        let Some(found) = found else { return Self::Missing("Not measured".to_owned()) };
        let reason = found.reason.as_deref();
        let Some(value) = found.value.filter(|v| v.is_finite()) else {
            return Self::Missing(reason.unwrap_or("No value here").to_owned());
        };
        let ends = found.low.zip(found.high).filter(|(low, high)| low.is_finite() && high.is_finite());
        let below = ends.map_or_else(String::new, |(low, high)| format!("<small>{}</small>", interval(low, high)));
        Self::Number(match reason {
            Some(reason) => format!("<span title=\"{}\">{}*</span>{below}", escape(reason), number(value)),
            None => format!("{}{below}", number(value)),
        })
    }

    fn html(&self) -> String {
        match self {
            Self::Name(text) => format!("<th scope=\"row\">{}</th>", escape(text)),
            Self::Text(text) => format!("<td>{}</td>", escape(text)),
            Self::Number(safe) => format!("<td class=\"n\">{safe}</td>"),
            Self::Missing(reason) => format!("<td class=\"n\">{}</td>", missing(reason)),
            Self::Html(safe) => format!("<td>{safe}</td>"),
        }
    }
}

/// The dash that stands for no number, with its reason.
pub(super) fn missing(reason: &str) -> String {
    format!("<span class=\"dim\" title=\"{}\">{NONE}</span>", escape(reason))
}

/// A table of at most `most` rows; `kept` says which of too many stay, such as `with most rows`.
pub(super) fn table<R>(head: &[Column<'_>], rows: R, most: usize, kept: &str) -> String
where
    R: ExactSizeIterator<Item = Vec<Cell>>,
{
    let total = rows.len();
    let mut out = "<div class=\"scroll\"><table><thead><tr>".to_owned();
    for (title, is_number) in head {
        out.push_str(if *is_number { "<th scope=\"col\" class=\"n\">" } else { "<th scope=\"col\">" });
        out.push_str(&escape(title));
        out.push_str("</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows.take(most) {
        out.push_str("<tr>");
        for cell in &row {
            out.push_str(&cell.html());
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    out + &left_out(total, most, kept)
}

/// A sentence on what a limit left out; empty when nothing was.
pub(super) fn left_out(total: usize, most: usize, kept: &str) -> String {
    if total <= most {
        return String::new();
    }
    let (shown, left) = (count(most as u64), count((total - most) as u64));
    format!("<p class=\"dim\">The {shown} {} are shown; {left} more are left out.</p>\n", escape(kept))
}

/// The items to show: all in their order, or of too many the ones with the largest key.
pub(super) fn leading<T, K: Ord>(items: &[T], most: usize, key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    if items.len() > most {
        items.sort_by_key(|item| std::cmp::Reverse(key(item)));
    }
    items
}

/// Titles and values beside each other; the values are ready HTML.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let mut out = "<dl>".to_owned();
    for (title, value) in facts {
        put(&mut out, &format!("<div><dt>{}</dt><dd>{value}</dd></div>", escape(title)));
    }
    out + "</dl>\n"
}

/// A section with a title; nothing without content.
pub(super) fn section(title: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    format!("<section>\n<h3>{}</h3>\n{content}</section>\n", escape(title))
}

/// One sentence in place of a table.
pub(super) fn sentence(text: &str) -> String {
    format!("<p class=\"dim\">{}</p>\n", escape(text))
}
