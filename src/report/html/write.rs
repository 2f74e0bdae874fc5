//! The document as HTML.

use super::{MOST_BYTES, svg};
use crate::report::document::blocks::{Block, Cell, CellKind, Part, Section, Span, Table, Tone};
use crate::report::document::words::{clean, put};
use crate::report::document::{Document, LAST_WORDS};

const STYLE: &str = include_str!("style.css");

/// Models whose sections are listed one by one in the table of contents.
const LISTED_MODELS: usize = 12;

/// Letters of a value that takes the whole width.
const LONG: usize = 32;

/// A text that is safe between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    entities(&clean(text))
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The whole page; or the beginning of one that would have [`MOST_BYTES`] or more.
pub(super) fn page(document: &Document) -> String {
    let heading = entities(&document.heading);
    let mut body = format!("<header>\n<h1>Validation report</h1>\n<p class=\"dim\">{heading}</p>\n</header>\n");
    put(&mut body, &contents(document));
    for part in &document.parts {
        put(&mut body, &written(part));
        // Too large already: it is written again with fewer rows, so the rest need not be.
        if body.len() >= MOST_BYTES {
            return body;
        }
    }
    if let Some(left_out) = &document.left_out {
        put(&mut body, &note(left_out));
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" \
         content=\"light\">\n<title>Validation: {heading}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}<footer>{} \
         It loads nothing from elsewhere. * marks a number that is weakened by what its hover text \
         says.</footer>\n</main>\n</body>\n</html>\n",
        entities(LAST_WORDS)
    )
}

fn contents(document: &Document) -> String {
    let detailed = document.parts.len() <= LISTED_MODELS + 1;
    let mut out = "<nav aria-label=\"Contents\">\n".to_owned();
    for part in &document.parts {
        put(&mut out, "<p>");
        let mut links = Vec::new();
        if !part.title.is_empty() {
            links.push(format!("<a class=\"model\" href=\"#{}\">{}</a>", part.id, escape(&part.title)));
        }
        if part.title.is_empty() || detailed {
            let sections = part.sections.iter();
            links.extend(sections.map(|s| format!("<a href=\"#{}\">{}</a>", s.id, escape(s.title))));
        }
        put(&mut out, &links.join(" "));
        put(&mut out, "</p>\n");
    }
    out + "</nav>\n"
}

fn written(part: &Part) -> String {
    let sections: String = part.sections.iter().map(section).collect();
    if part.title.is_empty() {
        return sections;
    }
    format!("<section class=\"model\" id=\"{}\">\n<h2>{}</h2>\n{sections}</section>\n", part.id, escape(&part.title))
}

fn section(section: &Section) -> String {
    let class = if section.is_answer { " class=\"answer\"" } else { "" };
    let mut out = format!("<section{class} id=\"{}\">\n<h3>{}</h3>\n", section.id, escape(section.title));
    for part in &section.blocks {
        put(&mut out, &block(part));
    }
    out + "</section>\n"
}

fn note(text: &str) -> String {
    format!("<p class=\"dim\">{}</p>\n", escape(text))
}

fn block(block: &Block) -> String {
    match block {
        Block::Note(text) => note(text),
        Block::Line(spans) => format!("<p>{}</p>\n", line(spans)),
        Block::Heading(text) => format!("<h4>{}</h4>\n", escape(text)),
        Block::Facts(facts) => {
            let facts = facts.iter().map(|(title, value)| {
                let is_long = value.iter().any(|span| span.tone == Tone::Code || span.text.chars().count() > LONG);
                let class = if is_long { " class=\"long\"" } else { "" };
                format!("<div{class}><dt>{}</dt><dd>{}</dd></div>", escape(title), line(value))
            });
            format!("<dl>{}</dl>\n", facts.collect::<String>())
        }
        Block::Table(table) => written_table(table),
        Block::List(items) => {
            let items = items.iter().map(|item| format!("<li>{}</li>\n", escape(item)));
            format!("<ul>\n{}</ul>\n", items.collect::<String>())
        }
        Block::Charts(charts) => {
            format!("<div class=\"charts\">\n{}</div>\n", charts.iter().map(svg::figure).collect::<String>())
        }
    }
}

fn line(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    let words = if span.is_long { entities(&span.text) } else { escape(&span.text) };
    if let Some(goal) = &span.goal {
        return format!("<a href=\"#{goal}\">{words}</a>");
    }
    let class = match span.tone {
        // What stands below is in the background by itself.
        Tone::Dim if span.below => "",
        Tone::Plain if span.below => "name",
        Tone::Plain => "",
        Tone::Dim => "dim",
        Tone::Strong => "strong",
        Tone::Good => "ok",
        Tone::Warning => "warning",
        Tone::Bad => "alert",
        Tone::Code => "hash",
    };
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let hover = span.hover.as_ref().map_or_else(String::new, |hover| format!(" title=\"{}\"", escape(hover)));
    match (span.below, class.is_empty() && hover.is_empty()) {
        (true, _) => format!("<small{class}{hover}>{words}</small>"),
        (false, true) => words,
        (false, false) => format!("<span{class}{hover}>{words}</span>"),
    }
}

fn written_table(table: &Table) -> String {
    let class = if table.is_matrix { " class=\"matrix\"" } else { "" };
    let mut out = format!("<div class=\"scroll\"><table{class}><thead><tr>");
    for (title, is_number) in &table.head {
        put(&mut out, if *is_number { "<th scope=\"col\" class=\"n\">" } else { "<th scope=\"col\">" });
        put(&mut out, &escape(title));
        put(&mut out, "</th>");
    }
    put(&mut out, "</tr></thead><tbody>\n");
    for row in &table.rows {
        put(&mut out, "<tr>");
        for part in row {
            put(&mut out, &cell(part));
        }
        put(&mut out, "</tr>\n");
    }
    out + "</tbody></table></div>\n"
}

fn cell(cell: &Cell) -> String {
    let words = line(&cell.spans);
    match cell.kind {
        CellKind::Name => format!("<th scope=\"row\">{words}</th>"),
        CellKind::Text => format!("<td>{words}</td>"),
        CellKind::Number => format!("<td class=\"n\">{words}</td>"),
        CellKind::Heat(ground) => format!("<td class=\"h{}\">{words}</td>", ground.min(3)),
        CellKind::Bar(length) => format!(
            "<td class=\"n\">{words}<svg class=\"bar\" viewBox=\"0 0 100 5\" aria-hidden=\"true\"><rect class=\"rows\" \
             width=\"100\" height=\"5\"/><rect class=\"s0\" width=\"{:.1}\" height=\"5\"/></svg></td>",
            100.0 * length
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(escape("<script>&\"'"), "&lt;script&gt;&amp;&quot;&#39;");
        assert_eq!(escape("a\u{0}b\u{202e}c\nd"), "a\u{fffd}b\u{fffd}c d");
    }
}
