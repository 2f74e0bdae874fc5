//! The columns with their kinds and roles, and the first rows.

use std::collections::BTreeMap;

use eframe::egui::Ui;

use crate::app::theme::{SPACE_S, dim};
use crate::app::widgets::{Column, Table, choice_named, format, text};
use crate::data::Kind;
use crate::data::preview::Preview;
use crate::data::read::ReadOptions;
use crate::data::schema::Role;

/// Columns of the table of rows; a person looks for more in the list of columns.
const COLUMNS: usize = 40;
/// Height of a row that holds lists to choose from, in points.
const ROW: f32 = 34.0;
/// Width of the list of kinds, in points.
const KIND_WIDTH: f32 = 176.0;
/// Most points that a column of the first rows takes.
const VALUE_WIDTH: f32 = 190.0;
/// Values that stand beside a column's name.
const VALUES: usize = 5;

/// What a column is to be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Found,
    Text,
    Number,
}

impl As {
    fn of(options: &ReadOptions, name: &str) -> Self {
        let is_in = |list: &[String]| list.iter().any(|column| column == name);
        if is_in(&options.categorical) {
            Self::Text
        } else if is_in(&options.numeric) {
            Self::Number
        } else {
            Self::Found
        }
    }

    fn set(self, options: &mut ReadOptions, name: &str) {
        options.categorical.retain(|column| column != name);
        options.numeric.retain(|column| column != name);
        match self {
            Self::Found => {}
            Self::Text => options.categorical.push(name.to_owned()),
            Self::Number => options.numeric.push(name.to_owned()),
        }
    }
}

/// One row a column: its kind and role to choose, and its first values.
pub(super) fn list(
    ui: &mut Ui,
    seen: &Preview,
    options: &mut ReadOptions,
    roles: &mut BTreeMap<String, Role>,
    height: f32,
) {
    let heads = [
        Column::words("column", 1.4).min_width(110.0),
        Column::words("kind", 1.1).min_width(KIND_WIDTH + 2.0 * SPACE_S),
        Column::words("role", 1.0).min_width(130.0),
        Column::words("first values", 2.4).min_width(140.0),
    ];
    Table::new("preview columns", &heads).row_height(ROW).max_height(height).show(
        ui,
        seen.columns.len(),
        |ui, row, place| {
            let Some(column) = seen.columns.get(row) else { return };
            match place {
                0 => {
                    text::elided(ui, column.name.as_str());
                }
                1 => {
                    let mut kind = As::of(options, &column.name);
                    let found = match kind {
                        As::Found => format!("as found: {}", column.kind.word()),
                        _ => "as found".to_owned(),
                    };
                    let list = [(As::Found, found.as_str()), (As::Text, "category (text)"), (As::Number, "number")];
                    let name = format!("Kind of {}", column.name);
                    if choice_named(ui, &name, &mut kind, &list, KIND_WIDTH) {
                        kind.set(options, &column.name);
                    }
                }
                2 => {
                    let mut role = roles.get(&column.name).copied().unwrap_or(column.role);
                    let list = Role::ALL.map(|role| (role, role.word()));
                    let name = format!("Role of {}", column.name);
                    if choice_named(ui, &name, &mut role, &list, 120.0) {
                        if role == column.role {
                            roles.remove(&column.name);
                        } else {
                            // One column is the target, and one the timestamp.
                            if matches!(role, Role::Target | Role::Timestamp) {
                                roles.retain(|_, other| *other != role);
                            }
                            roles.insert(column.name.clone(), role);
                        }
                    }
                }
                _ => {
                    let values: Vec<&str> = seen
                        .rows
                        .iter()
                        .take(VALUES)
                        .map(|cells| cells.get(row).and_then(|cell| cell.as_deref()).unwrap_or(format::NONE))
                        .collect();
                    let words = dim(ui, values.join(" · "));
                    text::elided(ui, words);
                }
            }
        },
    );
}

/// The first rows as they would be read.
pub(super) fn rows(ui: &mut Ui, seen: &Preview, height: f32) {
    let heads: Vec<Column<'_>> = std::iter::once(Column::numbers("row", 0.5).min_width(44.0))
        .chain(seen.columns.iter().enumerate().take(COLUMNS).map(|(place, column)| {
            let head = match column.kind {
                Kind::Number => Column::numbers(&column.name, 1.0),
                _ => Column::words(&column.name, 1.0),
            };
            let shown = seen.rows.iter().filter_map(|cells| cells.get(place)?.as_deref());
            head.fit(ui, shown, VALUE_WIDTH)
        }))
        .collect();
    Table::new("preview rows", &heads).max_height(height).show(ui, seen.rows.len(), |ui, row, place| {
        let Some(cells) = seen.rows.get(row) else { return };
        match place.checked_sub(1).and_then(|at| cells.get(at)) {
            _ if place == 0 => {
                text::elided(ui, dim(ui, format::count(row as u64 + 1)));
            }
            Some(Some(words)) => {
                text::elided(ui, words.as_str());
            }
            _ => {
                text::elided(ui, dim(ui, format::NONE));
            }
        }
    });
    if seen.columns.len() > COLUMNS {
        text::note(ui, &format!("The first {COLUMNS} columns are shown; the list of columns has all"));
    }
}
