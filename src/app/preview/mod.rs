//! The dialog before a dataset is added: its first rows, what was detected, and what a person may correct.

mod columns;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, Align, Id, Layout, Ui};

use self::words::{delimiter_word, facts};
use super::modal::dialog;
use super::theme::{SPACE_M, SPACE_S, Status};
use super::widgets::{Button, Icon, choice, error_state, segmented, status_chip, text};
use crate::backend::previews::Reading;
use crate::backend::state::PreviewView;
use crate::backend::{Command, State};
use crate::data::preview::Preview;
use crate::data::read::ReadOptions;
use crate::data::schema::Role;

/// Width of the dialog in points, where the window has it.
const WIDTH: f32 = 860.0;
/// Notes that are told; the rest is counted.
const NOTES: usize = 4;

/// What the lower half shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Columns,
    Rows,
}

/// The dialog; it lives as long as the file is looked at.
#[derive(Debug)]
pub(super) struct Dialog {
    path: PathBuf,
    options: ReadOptions,
    roles: BTreeMap<String, Role>,
    part: Part,
    /// Whether what is kept for the layout was taken over.
    adopted: bool,
    /// Whether it is told that kept corrections are in use.
    from_kept: bool,
    closed: bool,
}

impl Dialog {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            options: ReadOptions::default(),
            roles: BTreeMap::new(),
            part: Part::default(),
            adopted: false,
            from_kept: false,
            closed: false,
        }
    }

    /// Whether it was answered.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Draws the dialog; gives what is to be sent.
    pub(super) fn ui(&mut self, ctx: &egui::Context, state: &State) -> Vec<Command> {
        let mut commands = Vec::new();
        let view = state.preview.as_ref().filter(|view| view.path == self.path);
        if let Some(view) = view {
            self.adopt(view);
        }
        let before = self.options.clone();
        let room = ctx.content_rect().size();
        let shown = dialog(ctx, Id::unique("add dataset")).show(ctx, |ui| {
            ui.set_width(WIDTH.min(room.x - 80.0));
            ui.heading("Add dataset");
            text::caption(ui, &self.path.display().to_string());
            ui.add_space(SPACE_S);
            let seen = view.and_then(|view| view.seen.as_ref());
            if let Some(seen) = seen {
                self.seen(ui, seen, room.y);
            }
            match view.map(AsRef::as_ref) {
                Some(PreviewView { failed: Some(why), .. }) => {
                    ui.add_space(SPACE_S);
                    let way_out = if seen.is_some() { "Take back the last choice, or choose another." } else { "" };
                    error_state(ui, "The file cannot be read this way", why, way_out, None);
                }
                None | Some(PreviewView { seen: None, .. }) => {
                    text::note(ui, "Looking at the beginning of the file…");
                }
                Some(_) => {}
            }
            ui.add_space(SPACE_M);
            self.foot(ui, view, &mut commands);
        });
        if shown.should_close() {
            self.closed = true;
        }
        if self.closed && commands.is_empty() {
            commands.push(Command::ClosePreview);
        } else if self.options != before && !self.closed {
            commands.push(Command::PreviewDataset(self.path.clone(), Some(Box::new(self.options.clone()))));
        }
        commands
    }

    /// Takes over what is kept for files of this layout, once.
    fn adopt(&mut self, view: &PreviewView) {
        if self.adopted || view.layout.is_empty() {
            return;
        }
        self.adopted = true;
        if let Some(kept) = &view.kept {
            self.options = kept.options.clone();
            self.roles = kept.roles.iter().cloned().collect();
            self.from_kept = true;
        }
    }

    fn seen(&mut self, ui: &mut Ui, seen: &Arc<Preview>, height: f32) {
        ui.add(egui::Label::new(facts(seen)).wrap());
        if self.from_kept {
            ui.horizontal_wrapped(|ui| {
                status_chip(ui, Status::Ok, "kept corrections in use");
                text::caption(ui, "from a file with the same columns");
                if Button::quiet("Forget them").show(ui).clicked() {
                    self.options = ReadOptions::default();
                    self.roles.clear();
                    self.from_kept = false;
                }
            });
        }
        self.detection(ui, seen);
        for note in seen.notes.iter().take(NOTES) {
            text::note(ui, note);
        }
        if seen.notes.len() > NOTES {
            text::note(ui, &format!("{} more notes are told with the dataset", seen.notes.len() - NOTES));
        }
        ui.add_space(SPACE_S);
        segmented(ui, "What is shown", &mut self.part, &[(Part::Columns, "Columns"), (Part::Rows, "First rows")]);
        ui.add_space(SPACE_S);
        let room = (height - 450.0).clamp(140.0, 380.0);
        match self.part {
            Part::Columns => columns::list(ui, seen, &mut self.options, &mut self.roles, room),
            Part::Rows => columns::rows(ui, seen, room),
        }
    }

    /// What was detected and can be told otherwise, as far as it applies to the format.
    fn detection(&mut self, ui: &mut Ui, seen: &Preview) {
        let options = &mut self.options;
        ui.horizontal_wrapped(|ui| {
            if let Some(found) = seen.delimiter {
                let automatic = automatic(options.delimiter.is_none(), delimiter_word(found));
                let list: Vec<(Option<u8>, &str)> = std::iter::once((None, automatic.as_str()))
                    .chain([b',', b';', b'\t', b'|'].map(|byte| (Some(byte), delimiter_word(byte))))
                    .collect();
                choice(ui, "Delimiter", &mut options.delimiter, &list);
            }
            if let Some(comma) = seen.decimal_comma {
                let automatic = automatic(options.decimal_comma.is_none(), if comma { "comma" } else { "point" });
                let list = [(None, automatic.as_str()), (Some(true), "comma"), (Some(false), "point")];
                choice(ui, "Decimal mark", &mut options.decimal_comma, &list);
            }
            if let Some(encoding) = &seen.encoding {
                let automatic = automatic(options.encoding.is_none(), encoding);
                let list: Vec<(Option<String>, &str)> = std::iter::once((None, automatic.as_str()))
                    .chain(words::ENCODINGS.iter().map(|name| (Some((*name).to_owned()), *name)))
                    .collect();
                choice(ui, "Encoding", &mut options.encoding, &list);
            }
            if let Some(header) = seen.header {
                let automatic = automatic(options.header.is_none(), if header { "names" } else { "data" });
                let list = [(None, automatic.as_str()), (Some(true), "names"), (Some(false), "data")];
                choice(ui, "First row holds", &mut options.header, &list);
            }
            if let Some(sheet) = seen.sheet.as_ref().filter(|_| seen.sheets.len() > 1) {
                let automatic = automatic(options.sheet.is_none(), sheet);
                let list: Vec<(Option<String>, &str)> = std::iter::once((None, automatic.as_str()))
                    .chain(seen.sheets.iter().map(|name| (Some(name.clone()), name.as_str())))
                    .collect();
                choice(ui, "Sheet", &mut options.sheet, &list);
            }
        });
    }

    fn foot(&mut self, ui: &mut Ui, view: Option<&Arc<PreviewView>>, commands: &mut Vec<Command>) {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let why = match view {
                Some(view) if view.pending || view.asked != self.options => Some("The file is being looked at"),
                Some(view) if view.failed.is_some() => Some("The file cannot be read this way"),
                Some(_) => None,
                None => Some("The file is being looked at"),
            };
            if Button::primary("Add").icon(Icon::Add).disabled_because(why).show(ui).clicked() {
                let seen = view.and_then(|view| view.seen.as_ref());
                let reading = self.reading(seen.map(AsRef::as_ref));
                commands.push(Command::AddPreviewed(self.path.clone(), Box::new(reading)));
                self.closed = true;
            }
            if Button::secondary("Cancel").show(ui).clicked() {
                self.closed = true;
            }
        });
    }

    /// What was decided, of the columns that are there.
    fn reading(&self, seen: Option<&Preview>) -> Reading {
        let there = |name: &String| seen.is_none_or(|seen| seen.columns.iter().any(|column| &column.name == name));
        let mut options = self.options.clone();
        options.categorical.retain(there);
        options.numeric.retain(there);
        let roles = self.roles.iter().filter(|(name, _)| there(name));
        Reading { options, roles: roles.map(|(name, role)| (name.clone(), *role)).collect() }
    }
}

/// The words for leaving it to detection; what was found is known while nothing else is asked for.
fn automatic(is_automatic: bool, found: &str) -> String {
    if is_automatic { format!("detected: {found}") } else { "detect".to_owned() }
}

#[cfg(test)]
mod tests;
