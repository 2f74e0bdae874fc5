//! Rows behind a result as a table: each with its truth, its answer and the values that fed the model.

use std::cell::Cell;
use std::cmp::Ordering;
use std::sync::Arc;

use eframe::egui::Ui;

use super::problem;
use super::view::View;
use crate::app::context::PanelContext;
use crate::app::panels::page::{self, chart_card, tall};
use crate::app::widgets::{Button, Card, Column, Explainer, Sort, Table, format, text};
use crate::backend::Command;
use crate::backend::command::{ModelId, RunId, WhichRows};
use crate::backend::event::JobTopic;
use crate::backend::rows::{ROWS_SHOWN, RowValue, RowsView, ShownRow};
use crate::backend::state::RunView;
use crate::report::csv;
use crate::validate::ModelResult;

/// Height of the rows in points; more scroll.
const HEIGHT: f32 = 300.0;
/// Longest text of a number that is shown as it stands in the data.
const LONGEST: usize = 10;

/// An order of rows, worked out when rows or wish change.
#[derive(Debug, Default)]
pub(super) struct Order {
    of: Option<Arc<RowsView>>,
    sort: Cell<Option<Sort>>,
    made_for: Option<Sort>,
    places: Vec<usize>,
}

/// What is remembered of the rows.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The cell that was asked for, and of what.
    cell: Option<(RunId, ModelId, WhichRows)>,
    cell_order: Order,
    worst_asked: Option<(RunId, ModelId)>,
    worst_order: Order,
}

impl Memory {
    /// The cell that is shown as chosen.
    pub(super) fn chosen(&self, run: RunId, model: &str) -> Option<(usize, usize)> {
        match self.cell.as_ref().filter(|(r, m, _)| *r == run && m == model)? {
            (.., WhichRows::Cell { was, said, .. }) => Some((*was, *said)),
            _ => None,
        }
    }

    /// Asks for the rows of a cell.
    pub(super) fn ask(&mut self, ctx: &PanelContext<'_>, run: RunId, model: &str, which: WhichRows) {
        self.cell = Some((run, model.to_owned(), which));
        ctx.command(Command::ShowRows { run, model: model.to_owned(), which });
    }
}

/// A cell of a row by its column: what is shown and written, and the number it is sorted by.
fn cell(view: &RowsView, row: &ShownRow, column: usize) -> RowValue {
    let number = |n: Option<f64>| RowValue { text: n.map(|n| n.to_string()).unwrap_or_default(), number: n };
    let words = |text: &str| RowValue { text: text.to_owned(), number: text.parse().ok() };
    let losses = usize::from(has_losses(view));
    match column {
        0 => number(Some(f64::from(row.row) + 1.0)),
        1 => words(&row.truth),
        2 => words(&row.prediction),
        3 => number(row.score),
        4 if losses == 1 => number(row.loss),
        _ => row.values.get(column - 4 - losses).cloned().unwrap_or_default(),
    }
}

fn has_losses(view: &RowsView) -> bool {
    view.which == WhichRows::Worst
}

fn heads(view: &RowsView) -> Vec<&str> {
    let score = if view.score_name.is_empty() { "score" } else { &view.score_name };
    let mut heads = vec!["row", "truth", "prediction", score];
    heads.extend(has_losses(view).then_some("loss"));
    heads.extend(view.columns.iter().map(String::as_str));
    heads
}

fn compare(a: &RowValue, b: &RowValue, descending: bool) -> Ordering {
    let turned = |order: Ordering| if descending { order.reverse() } else { order };
    // What is missing stands last either way.
    match (a.number, b.number) {
        (Some(x), Some(y)) => turned(x.total_cmp(&y)),
        (Some(_), None) => {
            if b.text.is_empty() {
                Ordering::Less
            } else {
                turned(Ordering::Less)
            }
        }
        (None, Some(_)) => {
            if a.text.is_empty() {
                Ordering::Greater
            } else {
                turned(Ordering::Greater)
            }
        }
        (None, None) => match (a.text.is_empty(), b.text.is_empty()) {
            (false, true) => Ordering::Less,
            (true, false) => Ordering::Greater,
            _ => turned(a.text.cmp(&b.text)),
        },
    }
}

impl Order {
    /// Brings the places up to date with the rows and the wish.
    fn settle(&mut self, view: &Arc<RowsView>) {
        let same = self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, view));
        if !same {
            // Other columns: what was wished for another table has no meaning here.
            if self.of.as_ref().is_some_and(|of| of.columns != view.columns) {
                self.sort.set(None);
            }
            self.of = Some(Arc::clone(view));
        }
        if same && self.made_for == self.sort.get() {
            return;
        }
        self.made_for = self.sort.get();
        self.places = (0..view.rows.len()).collect();
        let Some(sort) = self.made_for else { return };
        let mut keyed: Vec<(RowValue, usize)> =
            view.rows.iter().enumerate().map(|(at, row)| (cell(view, row, sort.column), at)).collect();
        keyed.sort_by(|a, b| compare(&a.0, &b.0, sort.descending));
        self.places = keyed.into_iter().map(|(_, at)| at).collect();
    }
}

fn numbers(view: &RowsView, order: &Order) -> String {
    let heads = heads(view);
    let rows = order.places.iter().filter_map(|at| view.rows.get(*at));
    csv::table(&heads, rows.map(|row| (0..heads.len()).map(|column| cell(view, row, column).text).collect::<Vec<_>>()))
}

/// A number as the data has it; with fewer digits where it has many.
fn shown(value: &RowValue, column: usize) -> String {
    match value.number {
        _ if value.text.is_empty() => format::NONE.to_owned(),
        // Score and loss are metrics of the row.
        Some(n) if column == 3 || column == 4 => format::metric(Some(n), None),
        Some(n) if column == 0 => format::count(n as u64),
        Some(n) if value.text.len() > LONGEST && value.text.parse::<f64>().is_ok() => {
            // A number of single precision looks long only in double precision.
            let single = (n as f32).to_string();
            let is_single = f64::from(n as f32) == n && single.len() <= LONGEST;
            if is_single { single } else { format::number(n) }
        }
        _ => value.text.clone(),
    }
}

fn table(ui: &mut Ui, name: &str, view: &RowsView, order: &Order) {
    let losses = has_losses(view);
    let titles = heads(view);
    let columns: Vec<Column<'_>> = titles
        .iter()
        .enumerate()
        .map(|(place, title)| {
            // Wide enough for the name, which tells more than the values of most columns.
            let width = (title.chars().count() as f32 * 6.6 + 30.0).clamp(64.0, 170.0);
            let first = view.rows.iter().map(|row| cell(view, row, place)).find(|v| !v.text.is_empty());
            let is_number = first.is_some_and(|v| v.number.is_some() && v.text.parse::<f64>().is_ok());
            if place == 0 {
                let last = view.rows.iter().map(|row| row.row).max().map_or(0, |row| u64::from(row) + 1);
                return Column::numbers(title, 0.6).fit(ui, [format::count(last).as_str()], 110.0);
            }
            let column = if is_number { Column::numbers(title, 1.0) } else { Column::words(title, 1.2) };
            column.min_width(if is_number { width } else { width.max(96.0) })
        })
        .collect();
    let metric = |column: usize| if column == 4 && !losses { usize::MAX } else { column };
    tall(ui, HEIGHT, |ui| {
        Table::new(name, &columns).max_height(HEIGHT - 44.0).sortable(&order.sort).show(
            ui,
            order.places.len(),
            |ui, at, column| {
                let row = order.places.get(at).and_then(|place| view.rows.get(*place));
                let Some(row) = row else { return };
                text::elided(ui, shown(&cell(view, row, column), metric(column)));
            },
        );
    });
}

/// The rows of the cell that was chosen, or how to choose one.
pub(super) fn of_cell(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    run: &RunView,
    model: &ModelResult,
    view: &View,
    threshold: Option<f64>,
    memory: &mut Memory,
) {
    let Memory { cell, cell_order, .. } = memory;
    let asked = cell.clone().filter(|(r, m, _)| *r == run.id && *m == model.sha256).map(|asked| asked.2);
    let Some(WhichRows::Cell { was, said, threshold: asked_at }) = asked else {
        Card::new("Rows of a cell").fill().show(ui, |ui| {
            text::note(ui, "Click a cell of the confusion matrix to see its rows here.");
        });
        return;
    };
    let which = WhichRows::Cell { was, said, threshold: asked_at };
    let class = |place: usize| view.classes.get(place).map_or("", String::as_str);
    let title = format!("Was {}, said {}", class(was), class(said));
    let found = ctx.state.looked.cell.as_ref();
    let found = found.filter(|v| v.run == run.id && v.model == model.sha256 && v.which == which);
    let mut again = false;
    let look = |ui: &mut Ui, words: &str, again: &mut bool| {
        ui.horizontal_wrapped(|ui| {
            text::note(ui, words);
            *again |= Button::secondary("Look again").show(ui).clicked();
        });
    };
    let Some(found) = found else {
        Card::new(&title).fill().show(ui, |ui| {
            if ctx.job(&JobTopic::Rows).is_some() {
                page::jobs_here(ui, ctx, &[JobTopic::Rows]);
            } else {
                look(ui, "The rows are not looked up.", &mut again);
            }
        });
        if again {
            memory.ask(ctx, run.id, &model.sha256, which);
        }
        return;
    };
    cell_order.settle(found);
    let moved = (threshold != asked_at).then_some("The threshold has moved since.");
    let subtitle = rows_words(found);
    let help = Explainer::new(
        "Rows of a cell",
        "The rows that were one class and were said to be another, those the model was surest of first. Row 1 is the \
         first row of the data.",
    );
    let card = Card::new(&title).subtitle(&subtitle).explain(&help);
    chart_card(
        ui,
        ctx,
        card,
        "rows",
        || numbers(found, cell_order),
        |ui| {
            if let Some(why) = &found.problem {
                problem(ui, why);
                look(ui, "Then look again.", &mut again);
                return;
            }
            if let Some(moved) = moved {
                look(ui, moved, &mut again);
            }
            if found.rows.is_empty() {
                text::note(ui, "No row of the data is in this cell.");
            } else {
                table(ui, "rows of a cell", found, cell_order);
            }
        },
    );
    if again {
        memory.ask(ctx, run.id, &model.sha256, WhichRows::Cell { was, said, threshold });
    }
}

fn rows_words(view: &RowsView) -> String {
    let total = format::counted(view.total, "row");
    if view.total as usize > view.rows.len() && view.rows.len() == ROWS_SHOWN {
        format!("{total}, the {ROWS_SHOWN} surest are shown")
    } else {
        total
    }
}

/// The rows with the largest losses; the values of their columns come when they are looked up.
pub(super) fn worst(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    run: &RunView,
    model: &ModelResult,
    view: &View,
    memory: &mut Memory,
) {
    if view.worst.rows.is_empty() {
        return;
    }
    let mine = |v: &&Arc<RowsView>| v.run == run.id && v.model == model.sha256;
    let looked = ctx.state.looked.worst.as_ref().filter(mine);
    let asked = memory.worst_asked.as_ref().is_some_and(|(r, m)| *r == run.id && *m == model.sha256);
    let mut ask = looked.is_none() && !asked;
    let why = looked.and_then(|v| v.problem.as_deref());
    let shown = looked.filter(|v| v.problem.is_none()).unwrap_or(&view.worst);
    memory.worst_order.settle(shown);
    let order = &memory.worst_order;
    let help = Explainer::new(
        "Worst errors",
        "The rows on which the model lost most, the worst first. Row 1 is the first row of the data.",
    )
    .formula(
        "log loss of the probability given to the truth; 1 for a wrong label; |prediction − target| of a regression",
    );
    let subtitle = format!("the {} largest losses", shown.rows.len());
    let card = Card::new("Worst errors").subtitle(&subtitle).explain(&help);
    chart_card(
        ui,
        ctx,
        card,
        "worst-errors",
        || numbers(shown, order),
        |ui| {
            table(ui, "worst errors", shown, order);
            if let Some(why) = why {
                problem(ui, &format!("The values of the columns cannot be shown. {why}"));
            }
            let idle = ctx.job(&JobTopic::Worst).is_none();
            if !idle {
                page::jobs_here(ui, ctx, &[JobTopic::Worst]);
            } else if why.is_some() || (looked.is_none() && asked) {
                ask |= Button::secondary("Look up the values").show(ui).clicked();
            }
        },
    );
    if ask {
        memory.worst_asked = Some((run.id, model.sha256.clone()));
        let model = model.sha256.clone();
        ctx.command(Command::ShowRows { run: run.id, model, which: WhichRows::Worst });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: u32, truth: &str, score: Option<f64>, temp: &str) -> ShownRow {
        let value = RowValue { text: temp.to_owned(), number: temp.parse().ok() };
        ShownRow { row, truth: truth.to_owned(), prediction: "x".to_owned(), score, loss: None, values: vec![value] }
    }

    #[test]
    fn rows_are_sorted_by_value_and_what_is_missing_stands_last() {
        let which = WhichRows::Cell { was: 0, said: 0, threshold: None };
        let rows = vec![row(7, "b", None, "10"), row(3, "a", Some(0.2), ""), row(5, "c", Some(0.9), "9")];
        let view = Arc::new(RowsView {
            run: 1,
            model: "m".to_owned(),
            which,
            total: 3,
            score_name: String::new(),
            columns: vec!["temp".to_owned()],
            rows,
            problem: None,
        });
        let mut order = Order::default();
        order.settle(&view);
        assert_eq!(order.places, [0, 1, 2]);
        let mut sorted = |column, descending| {
            order.sort.set(Some(Sort { column, descending }));
            order.settle(&view);
            order.places.clone()
        };
        assert_eq!(sorted(4, false), [2, 0, 1], "9 before 10, missing last");
        assert_eq!(sorted(4, true), [0, 2, 1], "missing stays last");
        assert_eq!(sorted(1, false), [1, 0, 2]);
        assert_eq!(sorted(3, true), [2, 1, 0]);
        assert!(numbers(&view, &order).starts_with("row,truth,prediction,score,temp\n6,c,x,0.9,9\n"));
    }
}
