//! Charts as vector paths.

use super::fonts::{Fonts, Weight};
use super::lines::Setter;
use super::sheet::{Colour, DIM, Drawn, GRID, PAPER, Pen, RULE, SIDE, TEXT, WIDTH, series};
use crate::report::document::chart::{self, Anchor, Chart, Ink, Shape};

/// Room between two charts.
const GAP: f32 = 13.0;
/// Height of a chart's title.
const TITLE: f32 = 13.0;
/// Size of the letters on the chart's own sheet.
const LETTERS: f32 = 11.0;

/// Width and height of a chart with its title.
fn size() -> (f32, f32) {
    let width = (WIDTH - GAP) / 2.0;
    (width, TITLE + width * (chart::HEIGHT / chart::WIDTH) as f32)
}

/// Height that a row of charts takes.
pub(super) fn row_height() -> f32 {
    size().1 + 8.0
}

/// Draws charts, two beside each other.
pub(super) fn draw(pen: &mut Pen, charts: &[Chart], fonts: &Fonts) {
    let (width, _) = size();
    for pair in charts.chunks(2) {
        pen.need(row_height());
        for (place, chart) in pair.iter().enumerate() {
            one(pen, chart, (SIDE + place as f32 * (width + GAP), pen.y), fonts);
        }
        pen.y += row_height();
    }
}

fn colour(ink: Ink) -> Colour {
    match ink {
        Ink::Grid => GRID,
        Ink::Axis => RULE,
        Ink::Reference | Ink::Label => DIM,
        Ink::Series(number) | Ink::Area(number) => series(number),
        Ink::Rows => series(0),
        Ink::Mark => series(1),
        Ink::Told => TEXT,
    }
}

fn one(pen: &mut Pen, chart: &Chart, (left, top): (f32, f32), fonts: &Fonts) {
    let (width, _) = size();
    let scale = width / chart::WIDTH as f32;
    for line in Setter::semi(fonts, 8.0).text(chart.title, width).iter().take(1) {
        line.draw(pen, (left, top));
    }
    let at = |(x, y): (f64, f64)| (left + x as f32 * scale, top + TITLE + y as f32 * scale);
    for shape in &chart.shapes {
        match shape {
            Shape::Line { ink, from, to } => pen.draw(Drawn::Path {
                points: vec![at(*from), at(*to)],
                colour: colour(*ink),
                width: 0.6,
                dashed: *ink == Ink::Reference,
            }),
            Shape::Curve { ink, points } => pen.draw(Drawn::Path {
                points: points.iter().map(|point| at(*point)).collect(),
                colour: colour(*ink),
                width: 1.2,
                dashed: false,
            }),
            Shape::Bar { ink, at: corner, size: (w, h), .. } => {
                let opacity = match ink {
                    Ink::Rows => 0.16,
                    Ink::Area(_) => 0.5,
                    _ => 1.0,
                };
                let size = (*w as f32 * scale, *h as f32 * scale);
                pen.draw(Drawn::Box { at: at(*corner), size, colour: colour(*ink), opacity });
            }
            Shape::Dot { ink, at: centre, radius, .. } => {
                pen.draw(Drawn::Dot { at: at(*centre), radius: *radius as f32 * scale, colour: colour(*ink) });
            }
            Shape::Text { ink, at: place, anchor, words, turned } => {
                let weight = if *ink == Ink::Told { Weight::Semi } else { Weight::Regular };
                let words = fonts.writable(&crate::report::document::words::clean(words));
                let size = LETTERS * scale;
                let wide = size * fonts.width(weight, &words);
                let back = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => 0.5 * wide,
                    Anchor::End => wide,
                };
                let (x, y) = at(*place);
                let at = if *turned { (x, y + back) } else { (x - back, y) };
                if *ink == Ink::Told {
                    // Paper behind the words, so that lines do not cross them.
                    let (at, size) = ((at.0 - 1.0, y - size), (wide + 2.0, 1.3 * size));
                    pen.draw(Drawn::Box { at, size, colour: PAPER, opacity: 0.75 });
                }
                pen.draw(Drawn::Text { at, size, weight, colour: colour(*ink), words, turned: *turned });
            }
        }
    }
}
