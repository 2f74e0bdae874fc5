//! Tables: widths by content, rows that are not torn where a page can hold them, and the head again on each page.

use super::fonts::{Fonts, Weight};
use super::lines::{Line, Setter, height};
use super::sheet::{BOTTOM, Colour, DIM, Drawn, GRID, Pen, RULE, SIDE, TEXT, TOP, WIDTH, series};
use crate::report::document::blocks::{Cell, CellKind, Span, Table};

/// Sizes of letters, tried in turn until the columns fit.
const SIZES: [f32; 6] = [8.0, 7.5, 7.0, 6.5, 6.0, 5.2];
/// Room to the right of a column.
const GAP: f32 = 8.0;
/// Room above and below the lines of a row.
const ROOM: f32 = 2.6;
/// Widest word that a column of words is kept wide enough for.
const WIDEST_WORD: f32 = 110.0;
/// Width of a text that is not broken.
const SHORT: f32 = 52.0;
/// Widest that a column of words wants to be.
const WIDEST: f32 = 260.0;
/// Rows that are measured for the widths; a table of more is alike.
const MEASURED: usize = 300;
/// Reasons told below a table.
const MOST_REASONS: usize = 6;
/// Rows up to which a table is kept on one page.
const WHOLE: usize = 8;
/// Height that titles above a table may take.
const TITLE: f32 = 40.0;
/// Height of a bar with the room above it.
const BAR: f32 = 6.0;

/// The grounds of a matrix.
const GROUNDS: [Colour; 4] = [(0xFF, 0xFF, 0xFF), (0xEE, 0xF3, 0xF8), (0xC5, 0xDA, 0xF0), (0x86, 0xB4, 0xE3)];

fn is_number(kind: CellKind) -> bool {
    matches!(kind, CellKind::Number | CellKind::Heat(_) | CellKind::Bar(_))
}

fn setter(fonts: &Fonts, kind: CellKind, size: f32) -> Setter<'_> {
    let weight = if kind == CellKind::Name { Weight::Semi } else { Weight::Regular };
    let plain = Setter::new(fonts, size);
    // On a dark ground nothing can stay in the background.
    let dim = if matches!(kind, CellKind::Heat(_)) { TEXT } else { plain.dim };
    Setter { weight, dim, ..plain }
}

/// The width that words need: of a short text all of it, else the widest word.
fn need((line, word): (f32, f32)) -> f32 {
    if line <= SHORT { line } else { word.clamp(SHORT, WIDEST_WORD) }
}

/// The width each column needs and wants at a size.
fn wishes(table: &Table, fonts: &Fonts, size: f32) -> Vec<(f32, f32)> {
    let head = Setter::semi(fonts, size);
    let of_head = |(title, _): &(String, bool)| {
        let widths = head.widths(&[Span { text: title.clone(), ..Span::default() }]);
        let need = if table.is_matrix { widths.1.min(need(widths)) } else { widths.1.min(WIDEST_WORD) };
        (need, if table.is_matrix { widths.0.clamp(need, WIDEST_WORD.max(need)) } else { need })
    };
    let mut wishes: Vec<(f32, f32)> = table.head.iter().map(of_head).collect();
    for row in table.rows.iter().take(MEASURED) {
        for (cell, wish) in row.iter().zip(&mut wishes) {
            let widths = setter(fonts, cell.kind, size).widths(&cell.spans);
            let line = widths.0;
            let (need, want) = match cell.kind {
                CellKind::Bar(_) => (line.max(40.0), line.max(70.0)),
                kind if is_number(kind) => (line, line),
                _ => (need(widths), line.min(WIDEST)),
            };
            *wish = (wish.0.max(need.min(WIDEST)), wish.1.max(want).max(need));
        }
    }
    wishes
}

/// The size of the letters and the width of each column, gaps included.
fn widths(table: &Table, fonts: &Fonts) -> (f32, Vec<f32>) {
    let mut size = SIZES.first().copied().unwrap_or(8.0);
    let mut wished = Vec::new();
    for tried in SIZES {
        size = tried;
        wished = wishes(table, fonts, size);
        if wished.iter().map(|(need, _)| need + GAP).sum::<f32>() <= WIDTH {
            break;
        }
    }
    let needs: f32 = wished.iter().map(|(need, _)| need + GAP).sum();
    let wants: f32 = wished.iter().map(|(_, want)| want + GAP).sum();
    let columns = wished.len().max(1) as f32;
    let widths = if needs > WIDTH {
        wished.iter().map(|(need, _)| (need + GAP) * WIDTH / needs).collect()
    } else if wants > WIDTH {
        let share = (WIDTH - needs) / (wants - needs).max(1e-3);
        wished.iter().map(|(need, want)| need + GAP + share * (want - need)).collect()
    } else {
        let more = if table.is_matrix { 0.0 } else { (WIDTH - wants) / columns };
        wished.iter().map(|(_, want)| want + GAP + more).collect()
    };
    (size, widths)
}

/// A cell ready to be drawn.
struct Set {
    lines: Vec<Line>,
    kind: CellKind,
}

struct Drawer<'a> {
    fonts: &'a Fonts,
    size: f32,
    widths: Vec<f32>,
    is_matrix: bool,
}

impl Drawer<'_> {
    fn set(&self, row: &[Cell]) -> Vec<Set> {
        let cells = row.iter().zip(&self.widths);
        cells
            .map(|(cell, width)| {
                let room = (width - GAP).max(4.0);
                Set { lines: setter(self.fonts, cell.kind, self.size).spans(&cell.spans, room), kind: cell.kind }
            })
            .collect()
    }

    fn heads(&self, table: &Table) -> Vec<Set> {
        let mut setter = Setter::semi(self.fonts, self.size);
        setter.colour = DIM;
        let cells = table.head.iter().zip(&self.widths);
        cells
            .map(|((title, is_number), width)| Set {
                lines: setter.text(title, (width - GAP).max(4.0)),
                kind: if *is_number { CellKind::Number } else { CellKind::Text },
            })
            .collect()
    }

    fn height(row: &[Set]) -> f32 {
        let cells = row.iter().map(|set| {
            let bar = if matches!(set.kind, CellKind::Bar(_)) { BAR } else { 0.0 };
            height(&set.lines) + bar
        });
        cells.fold(0.0, f32::max) + 2.0 * ROOM
    }

    fn right(&self) -> f32 {
        SIDE + self.widths.iter().sum::<f32>().min(WIDTH)
    }

    fn draw(&self, pen: &mut Pen, row: &[Set], rule: Colour) {
        let tall = Self::height(row);
        let (top, mut x) = (pen.y, SIDE);
        for (set, width) in row.iter().zip(&self.widths) {
            if let CellKind::Heat(ground) = set.kind {
                let colour = GROUNDS.get(usize::from(ground.min(3))).copied().unwrap_or(TEXT);
                let size = (width - 1.5, tall - 1.5);
                pen.draw(Drawn::Box { at: (x + 0.75, top + 0.75), size, colour, opacity: 1.0 });
            }
            let mut y = top + ROOM;
            let right = x + width - if self.is_matrix { 0.5 * GAP } else { GAP };
            for line in &set.lines {
                let at = if is_number(set.kind) { (right - line.width).max(x) } else { x };
                line.draw(pen, (at, y));
                y += line.height();
            }
            if let CellKind::Bar(length) = set.kind {
                let full = (width - GAP).min(70.0);
                let at = (right - full, y + 1.5);
                pen.draw(Drawn::Box { at, size: (full, 2.6), colour: series(0), opacity: 0.16 });
                let length = full * length as f32;
                if length > 0.05 {
                    pen.draw(Drawn::Box { at, size: (length, 2.6), colour: series(0), opacity: 1.0 });
                }
            }
            x += width;
        }
        pen.y += tall;
        if !self.is_matrix {
            pen.rule((SIDE, self.right()), pen.y, rule, 0.5);
        }
    }

    /// Draws a row that is taller than a page, as many lines as fit at a time.
    fn draw_torn(&self, pen: &mut Pen, row: Vec<Set>, heads: &[Set]) {
        let mut rest = row;
        loop {
            let room = BOTTOM - pen.y - 2.0 * ROOM - BAR;
            let mut later = Vec::with_capacity(rest.len());
            let mut is_done = true;
            for set in &mut rest {
                let mut used = 0.0;
                let fit = set.lines.iter().take_while(|line| {
                    used += line.height();
                    used <= room
                });
                // At least one line, or it would never end.
                let fit = fit.count().max(1).min(set.lines.len());
                let lines = set.lines.split_off(fit);
                is_done &= lines.is_empty();
                later.push(Set { lines, kind: set.kind });
            }
            self.draw(pen, &rest, GRID);
            if is_done {
                return;
            }
            pen.turn();
            self.draw(pen, heads, RULE);
            rest = later;
        }
    }
}

/// A table set, with its head.
struct Ready<'a> {
    drawer: Drawer<'a>,
    heads: Vec<Set>,
    rows: Vec<Vec<Set>>,
}

impl<'a> Ready<'a> {
    fn new(table: &Table, fonts: &'a Fonts) -> Self {
        let (size, widths) = widths(table, fonts);
        let drawer = Drawer { fonts, size, widths, is_matrix: table.is_matrix };
        let heads = drawer.heads(table);
        let rows = table.rows.iter().map(|row| drawer.set(row)).collect();
        Self { drawer, heads, rows }
    }

    /// Height that stays on one page: all of a small table or a matrix, of others the head and a row.
    fn least(&self) -> f32 {
        let head = Drawer::height(&self.heads);
        let first = head + self.rows.first().map_or(0.0, |row| Drawer::height(row));
        let whole = head + self.rows.iter().map(|row| Drawer::height(row)).sum::<f32>();
        let keep = self.drawer.is_matrix || self.rows.len() <= WHOLE;
        if keep && whole <= BOTTOM - TOP - TITLE { whole } else { first.min(BOTTOM - TOP - TITLE) }
    }
}

/// Height that a table needs on the page on which it begins.
pub(super) fn least_height(table: &Table, fonts: &Fonts) -> f32 {
    Ready::new(table, fonts).least()
}

/// Draws a table, and below it why numbers are missing or weakened.
pub(super) fn draw(pen: &mut Pen, table: &Table, fonts: &Fonts) {
    let ready = Ready::new(table, fonts);
    pen.need(ready.least());
    let Ready { drawer, heads, rows } = ready;
    let head = Drawer::height(&heads);
    drawer.draw(pen, &heads, RULE);
    for row in rows {
        let tall = Drawer::height(&row);
        if !pen.fits(tall) {
            if tall > BOTTOM - TOP - head {
                drawer.draw_torn(pen, row, &heads);
                continue;
            }
            pen.turn();
            drawer.draw(pen, &heads, RULE);
        }
        drawer.draw(pen, &row, GRID);
    }
    pen.y += 3.0;
    reasons(pen, table, fonts);
}

/// On paper nothing can be pointed at, so the reasons behind dashes and marks stand below the table.
fn reasons(pen: &mut Pen, table: &Table, fonts: &Fonts) {
    let mut told: Vec<(&str, &str)> = Vec::new();
    for span in table.rows.iter().flatten().flat_map(|cell| &cell.spans) {
        if let Some(hover) = span.hover.as_deref() {
            let sign = if span.text.ends_with('*') { "*" } else { "–" };
            if !told.contains(&(sign, hover)) {
                told.push((sign, hover));
            }
        }
    }
    let more = told.len().saturating_sub(MOST_REASONS);
    let mut words: Vec<String> = told.iter().take(MOST_REASONS).map(|(sign, why)| format!("{sign} {why}")).collect();
    if more > 0 {
        words.push(format!("and {more} more reasons"));
    }
    if !words.is_empty() {
        for line in Setter::dim(fonts, 6.8).text_long(&words.join("   "), WIDTH) {
            pen.need(line.height());
            line.draw(pen, (SIDE, pen.y));
            pen.y += line.height();
        }
        pen.y += 3.0;
    }
}
