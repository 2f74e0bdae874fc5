//! The data-use register of a dataset: what each column may be used for, edited and kept.

use std::sync::Arc;

use eframe::egui::{Margin, TextEdit, Ui};

use crate::app::context::PanelContext;
use crate::app::theme::{SPACE_S, Status};
use crate::app::widgets::{Button, Card, Column, Explainer, Icon, Table, choice_named, format, status_chip, tag, text};
use crate::backend::Command;
use crate::backend::state::DatasetView;
use crate::validate::governance::{ColumnUse, Register, SENSITIVE_KINDS};

/// Height of the rows in points; more scroll.
const HEIGHT: f32 = 300.0;

/// What is written for the dataset that is shown.
#[derive(Debug, Default)]
pub(super) struct Draft {
    dataset: String,
    /// The kept register that the draft began with.
    of: Option<Arc<Register>>,
    register: Register,
    /// The words between commas as they are typed, by the column's place.
    purposes: Vec<String>,
    strangers: Vec<String>,
    column: usize,
}

impl Draft {
    /// Begins with what is kept; what a person has changed stays until it is saved or put back.
    fn turn_to(&mut self, dataset: &DatasetView, kept: Option<&Arc<Register>>) {
        let same = match (&self.of, kept) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if self.dataset != dataset.id || !same {
            self.begin(dataset, kept);
        }
    }

    fn begin(&mut self, dataset: &DatasetView, kept: Option<&Arc<Register>>) {
        if self.dataset != dataset.id {
            self.column = 0;
        }
        self.dataset.clone_from(&dataset.id);
        self.of = kept.cloned();
        self.register = kept.map(|r| Register::clone(r)).unwrap_or_default();
        self.purposes = dataset
            .schema
            .iter()
            .map(|c| self.register.get(&c.name).map(|entry| entry.purpose.join(", ")).unwrap_or_default())
            .collect();
        let columns: Vec<&str> = dataset.schema.iter().map(|c| c.name.as_str()).collect();
        self.strangers = self.register.strangers(&columns);
    }

    fn is_changed(&self) -> bool {
        match &self.of {
            Some(kept) => **kept != self.register,
            None => !self.register.columns.is_empty(),
        }
    }

    /// Takes over an entry; one that says nothing goes.
    fn put(&mut self, column: &str, entry: ColumnUse) {
        if entry == ColumnUse::default() && self.of.as_ref().is_none_or(|r| r.get(column).is_none()) {
            self.register.columns.remove(column);
        } else {
            self.register.columns.insert(column.to_owned(), entry);
        }
    }
}

/// The words between commas.
fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|w| !w.is_empty()).map(ToOwned::to_owned).collect()
}

pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, dataset: &DatasetView, draft: &mut Draft) {
    draft.turn_to(dataset, ctx.state.registers.get(&dataset.id));
    let help = Explainer::new(
        "Data use",
        "What is agreed about each column: the purposes it may be used for, where it comes from, whether it is \
         sensitive, how long it may be kept. It holds for every dataset with the same columns. A policy decides what \
         happens when a model uses a column against it.",
    );
    let entries = format::counted(draft.register.columns.len() as u64, "entry").replace("entrys", "entries");
    let is_changed = draft.is_changed();
    let (mut export, mut column) = (false, draft.column);
    let head = |ui: &mut Ui| {
        if Button::quiet("Export TOML…").icon(Icon::Export).name("Export data-use register").show(ui).clicked() {
            export = true;
        }
        if Button::quiet("Import TOML…").icon(Icon::Import).name("Import data-use register").show(ui).clicked() {
            ctx.import_register(&dataset.id);
        }
        if is_changed {
            tag(ui, "not saved");
        }
    };
    Card::new("Data use").subtitle(&entries).explain(&help).show_with(ui, head, |ui| {
        table(ui, dataset, &draft.register, &mut column);
        if column != draft.column {
            draft.column = column;
        }
        ui.add_space(SPACE_S);
        edit(ui, dataset, draft);
        for stranger in &draft.strangers {
            text::note(ui, stranger);
        }
        let problems = draft.register.problems();
        for problem in &problems {
            ui.horizontal_wrapped(|ui| {
                status_chip(ui, Status::Alert, "contradiction");
                text::note(ui, problem);
            });
        }
        ui.horizontal(|ui| {
            let nothing = (!draft.is_changed()).then_some("Nothing has changed");
            let why = (!problems.is_empty()).then_some("Repair the contradictions first").or(nothing);
            if Button::primary("Save register").icon(Icon::Check).disabled_because(why).show(ui).clicked() {
                let register = Box::new(draft.register.clone());
                ctx.command(Command::SetRegister { dataset: dataset.id.clone(), register });
            }
            if Button::quiet("Put back").icon(Icon::Undo).disabled_because(nothing).show(ui).clicked() {
                let kept = draft.of.clone();
                draft.begin(dataset, kept.as_ref());
            }
        });
    });
    if export {
        ctx.save("register.toml", draft.register.to_toml());
    }
}

fn table(ui: &mut Ui, dataset: &DatasetView, register: &Register, shown: &mut usize) {
    let schema = &dataset.schema;
    let heads = [
        Column::words("column", 1.4).min_width(90.0),
        Column::words("allowed for", 1.6).min_width(90.0),
        Column::words("source", 1.2).min_width(70.0),
        Column::words("sensitive", 1.0).min_width(80.0),
        Column::words("retention", 0.9).min_width(64.0),
    ];
    let name = |row: usize| schema.get(row).map(|c| format!("Data use of {}", c.name)).unwrap_or_default();
    let height = HEIGHT.min(28.0 * schema.len() as f32 + 4.0);
    let clicked = Table::new("data use", &heads).max_height(height).selectable(Some(*shown), &name).show(
        ui,
        schema.len(),
        |ui, row, column| {
            let Some(schema) = schema.get(row) else { return };
            let entry = register.get(&schema.name);
            match (column, entry) {
                (0, _) => {
                    text::elided(ui, schema.name.as_str());
                }
                (1, None) => {
                    text::caption(ui, "not registered");
                }
                (1, Some(entry)) if entry.forbidden => {
                    status_chip(ui, Status::Alert, "forbidden");
                }
                (1, Some(entry)) => {
                    text::caption(ui, &entry.purpose.join(", "));
                }
                (2, Some(entry)) => {
                    text::caption(ui, &entry.source);
                }
                (3, Some(entry)) if entry.sensitive => {
                    let kind = if entry.kind.is_empty() { "sensitive" } else { &entry.kind };
                    status_chip(ui, Status::Warning, kind);
                }
                (4, Some(entry)) => {
                    text::caption(ui, &entry.retention);
                }
                _ => {}
            }
        },
    );
    if let Some(row) = clicked {
        *shown = row;
    }
}

/// The entry of the column that is marked in the table.
fn edit(ui: &mut Ui, dataset: &DatasetView, draft: &mut Draft) {
    let Some(column) = dataset.schema.get(draft.column).map(|c| c.name.clone()) else { return };
    let before = draft.register.get(&column).cloned();
    let mut entry = before.clone().unwrap_or_default();
    let mut purposes = draft.purposes.get(draft.column).cloned().unwrap_or_default();
    let field = |ui: &mut Ui, label: &str, value: &mut String, hint: &str, width: f32| {
        let name = text::caption(ui, label);
        let field = TextEdit::singleline(value).hint_text(hint.to_owned()).desired_width(width);
        ui.add(field.margin(Margin::symmetric(8, 5))).labelled_by(name.id);
    };
    ui.push_id(("entry of", &column), |ui| {
        ui.horizontal_wrapped(|ui| {
            text::elided(ui, crate::app::theme::strong(column.as_str()));
            field(ui, "Allowed purposes", &mut purposes, "credit, fraud", 180.0);
            field(ui, "Source", &mut entry.source, "system or supplier", 150.0);
            field(ui, "Retention", &mut entry.retention, "10 years", 90.0);
        });
        ui.horizontal_wrapped(|ui| {
            if ui.checkbox(&mut entry.forbidden, "Forbidden").changed() && entry.forbidden {
                purposes.clear();
            }
            if ui.checkbox(&mut entry.sensitive, "Sensitive").changed() && !entry.sensitive {
                entry.kind.clear();
            }
            if entry.sensitive {
                let mut kinds: Vec<(String, &str)> = vec![(String::new(), "no kind")];
                kinds.extend(SENSITIVE_KINDS.iter().map(|k| ((*k).to_owned(), *k)));
                let own = entry.kind.clone();
                if !kinds.iter().any(|(k, _)| *k == own) {
                    kinds.push((own.clone(), &own));
                }
                choice_named(ui, "Sensitive kind", &mut entry.kind, &kinds, 130.0);
            }
            field(ui, "Note", &mut entry.note, "", 220.0);
            if before.is_some() && Button::quiet("Take entry away").show(ui).clicked() {
                entry = ColumnUse::default();
                purposes.clear();
                draft.register.columns.remove(&column);
            }
        });
    });
    entry.purpose = words(&purposes);
    if let Some(place) = draft.purposes.get_mut(draft.column) {
        *place = purposes;
    }
    if draft.register.get(&column).cloned().unwrap_or_default() != entry {
        draft.put(&column, entry);
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;
    use crate::app::context::Request;
    use crate::app::panels::fixture::{World, click, harness};

    #[test]
    fn an_entry_is_written_and_sent_and_contradictions_are_told() {
        let mut draft = Draft::default();
        let mut page = harness([1000.0, 900.0], World::full(), move |ui_, ctx| {
            if let Some(view) = ctx.state.datasets.first() {
                ui(ui_, ctx, view, &mut draft);
            }
        });
        assert!(page.get_by_label("Save register").accesskit_node().is_disabled());
        click(&mut page, "Data use of temp");
        page.get_by_label("Allowed purposes").focus();
        page.run();
        page.get_by_label("Allowed purposes").type_text("planning, crews");
        page.run();
        click(&mut page, "Sensitive");
        let asked = click(&mut page, "Save register");
        let [Request::Command(Command::SetRegister { dataset, register })] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        let entry = register.get("temp").unwrap();
        assert_eq!((dataset.as_str(), register.columns.len(), entry.sensitive), ("april", 1, true));
        assert_eq!(entry.purpose, ["planning", "crews"]);
        let asked = click(&mut page, "Import data-use register");
        assert!(matches!(asked.as_slice(), [Request::ImportRegister(id)] if id == "april"));
    }

    #[test]
    fn what_stands_twice_is_told_and_what_is_not_in_the_data_too() {
        let mut world = World::full();
        let register = Register { columns: [("temq".to_owned(), ColumnUse::default())].into() };
        world.state.registers.insert("april".to_owned(), Arc::new(register));
        let mut draft = Draft::default();
        let mut page = harness([1000.0, 900.0], world, move |ui_, ctx| {
            if let Some(view) = ctx.state.datasets.first() {
                ui(ui_, ctx, view, &mut draft);
            }
        });
        assert!(page.query_all_by_label_contains("perhaps “temp” is meant").next().is_some());
        page.get_by_label("Allowed purposes").focus();
        page.run();
        page.get_by_label("Allowed purposes").type_text("fraud, Fraud");
        page.run();
        assert!(page.query_all_by_label_contains("stands twice").next().is_some());
        assert!(page.get_by_label("Save register").accesskit_node().is_disabled());
    }
}
