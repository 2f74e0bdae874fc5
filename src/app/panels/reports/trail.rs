//! The audit trail, newest first, page by page, with its check.

use eframe::egui::{Label, Ui};
use serde_json::Value;

use crate::app::context::{PanelContext, Saved};
use crate::app::panels::page;
use crate::app::panels::words::{ago, moment};
use crate::app::theme::{SPACE_S, Status, dim};
use crate::app::widgets::{
    Button, Card, Column, Explainer, Icon, Table, choice_named, empty_state, error_state, format, pending_state,
    search_field, status_chip, text,
};
use crate::backend::event::JobTopic;
use crate::backend::state::{AuditView, VerifiedView};
use crate::backend::{AUDIT_PAGE, Command};
use crate::workspace::audit::{AuditEntry, AuditFilter, AuditKind, AuditPage};

/// Problems of the trail that are listed; the rest is counted.
const TOLD: usize = 100;
/// Letters of an entry's details that are shown on its line.
const LETTERS: usize = 400;
/// Details that come first, because a reader looks for them.
const FIRST: [&str; 5] = ["override_reason", "note", "failed", "verdict", "state"];

/// Which page is wanted, and which was asked for.
#[derive(Debug, Default)]
pub(super) struct Trail {
    kind: Option<AuditKind>,
    search: String,
    offset: usize,
    asked: Option<(AuditFilter, usize, u64)>,
}

impl Trail {
    fn filter(&self) -> AuditFilter {
        let text = self.search.trim();
        AuditFilter {
            kind: self.kind.clone(),
            text: (!text.is_empty()).then(|| text.to_owned()),
            ..AuditFilter::default()
        }
    }

    /// Asks for the page that is to be shown, once for each state of the trail.
    fn ask(&mut self, ctx: &PanelContext<'_>) {
        let wanted = (self.filter(), self.offset, ctx.state.audit.total);
        if ctx.state.audit.read.as_ref() == Some(&wanted) || self.asked.as_ref() == Some(&wanted) {
            return;
        }
        ctx.command(Command::LoadAudit { filter: wanted.0.clone(), offset: wanted.1 });
        self.asked = Some(wanted);
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        self.ask(ctx);
        check(ui, ctx);
        ui.add_space(SPACE_S);
        let help = Explainer::new(
            "Audit trail",
            "Everything that changes what is accepted, in the order in which it happened. Each entry carries the hash of \
             the one before, so that an entry that was changed, removed or added later is found.",
        )
        .convention("SHA-256 over the canonical JSON of an entry; one entry a line in audit.jsonl.");
        let right = match ctx.state.audit.total {
            1 => "1 entry".to_owned(),
            all => format!("{} entries", format::count(all)),
        };
        let export = |ui: &mut Ui| {
            let save = |ui: &mut Ui, words: &str, name: &str, file: &str| {
                if Button::quiet(words).name(name).show(ui).clicked() {
                    ctx.save_by(file, Saved::Audit);
                }
            };
            save(ui, "CSV…", "Export the audit trail as CSV", "audit.csv");
            save(ui, "JSON lines…", "Export the audit trail as JSON lines", "audit.jsonl");
        };
        Card::new("Entries").subtitle(&right).explain(&help).show_with(ui, export, |ui| {
            self.controls(ui);
            self.page(ui, ctx);
        });
    }

    fn controls(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            let kinds = AuditKind::KNOWN;
            let mut options: Vec<(Option<AuditKind>, &str)> = vec![(None, "all kinds")];
            options.extend(kinds.iter().map(|kind| (Some(kind.clone()), kind.words())));
            let mut changed = choice_named(ui, "Kind", &mut self.kind, &options, 200.0);
            let hint = "Name, key, person or detail";
            changed |= search_field(ui, "Search the audit trail", &mut self.search, hint, 260.0).changed();
            if changed {
                self.offset = 0;
            }
        });
        ui.add_space(SPACE_S);
    }

    fn page(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let audit = &*ctx.state.audit;
        if let Some(why) = &audit.problem {
            let way_out = "Mend the file or its folder, then read it again.";
            if error_state(ui, "The audit trail could not be read", why, way_out, Some("Read it again")) {
                ctx.command(Command::LoadAudit { filter: self.filter(), offset: self.offset });
            }
            return;
        }
        let shown =
            audit.read.as_ref().is_some_and(|(filter, offset, _)| (filter, offset) == (&self.filter(), &self.offset));
        match &audit.page {
            None => pending_state(ui, "Reading the audit trail", None::<fn(&mut Ui)>),
            Some(page) if !shown => {
                pending_state(ui, "Reading the audit trail", Some(|ui: &mut Ui| entries(ui, ctx, page)));
            }
            Some(page) if page.entries.is_empty() && self.offset == 0 => {
                if self.filter() == AuditFilter::default() {
                    let sentence =
                        "Nothing is recorded yet. What is added, validated, signed and deployed is listed here.";
                    empty_state(ui, Icon::Reports, sentence, None);
                } else if empty_state(ui, Icon::Search, "No entry fits the filter.", Some("Show all")) {
                    *self = Self::default();
                }
            }
            Some(page) => {
                entries(ui, ctx, page);
                self.pager(ui, page);
            }
        }
    }

    fn pager(&mut self, ui: &mut Ui, page: &AuditPage) {
        ui.horizontal(|ui| {
            let newest = (self.offset == 0).then_some("These are the newest");
            if Button::quiet("Newer").icon(Icon::ChevronLeft).disabled_because(newest).show(ui).clicked() {
                self.offset = self.offset.saturating_sub(AUDIT_PAGE);
            }
            let oldest = (!page.more).then_some("There are no older ones");
            if Button::quiet("Older").icon(Icon::ChevronRight).disabled_because(oldest).show(ui).clicked() {
                self.offset += page.entries.len();
            }
            if page.unreadable > 0 {
                text::caption(ui, &format!("{} lines are no entries: verify the trail", page.unreadable));
            }
        });
    }
}

/// The whole trail checked: the button, what came of it, and each problem.
fn check(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let AuditView { verified, total, .. } = &*ctx.state.audit;
    Card::new("Check").show(ui, |ui| {
        let running = page::jobs_here(ui, ctx, &[JobTopic::VerifyAudit]);
        ui.horizontal_wrapped(|ui| {
            let busy = running.then_some("The trail is being verified");
            if Button::secondary("Verify trail").icon(Icon::Validate).disabled_because(busy).show(ui).clicked() {
                ctx.command(Command::VerifyAudit);
            }
            match verified.as_deref() {
                None => {
                    text::caption(ui, "Not verified since the window was opened");
                }
                Some(view) => outcome(ui, ctx, view, *total),
            }
        });
        let Some(Ok(found)) = verified.as_deref().map(|view| &view.found) else { return };
        for problem in found.problems.iter().take(TOLD) {
            ui.add(Label::new(problem.sentence.as_str()).wrap());
        }
        let more = found.problems.len().saturating_sub(TOLD) as u64 + found.left_off;
        if more > 0 {
            text::note(ui, &format!("and {} more", format::count(more)));
        }
    });
}

fn outcome(ui: &mut Ui, ctx: &PanelContext<'_>, view: &VerifiedView, total: u64) {
    let when = ago(view.at_ms, ctx.now_ms);
    match &view.found {
        Ok(found) if found.is_whole() => {
            status_chip(ui, Status::Ok, "the trail is whole");
            let newer = total.saturating_sub(found.entries);
            let since = if newer > 0 { format!(" · {} since", format::count(newer)) } else { String::new() };
            let entries = if found.entries == 1 { "entry" } else { "entries" };
            text::caption(ui, &format!("{} {entries} · {when}{since}", format::count(found.entries)));
        }
        Ok(found) => {
            let problems = found.problems.len() as u64 + found.left_off;
            status_chip(ui, Status::Alert, &format::counted(problems, "problem"));
            text::caption(ui, &format!("{} lines read · {when}", format::count(found.entries)));
        }
        Err(why) => {
            status_chip(ui, Status::Alert, "not verified");
            ui.add(Label::new(why.as_str()).wrap());
        }
    }
}

fn entries(ui: &mut Ui, ctx: &PanelContext<'_>, page: &AuditPage) {
    let columns = [
        Column::numbers("no.", 0.4).min_width(48.0),
        Column::words("when", 0.9).min_width(112.0),
        Column::words("what", 1.2).min_width(190.0),
        Column::words("subject", 1.6).min_width(130.0),
        Column::words("who", 0.9).min_width(80.0),
        Column::words("details", 2.4).min_width(140.0),
    ];
    Table::new("audit entries", &columns).show(ui, page.entries.len(), |ui, row, column| {
        if let Some(entry) = page.entries.get(row) {
            cell(ui, ctx, entry, column);
        }
    });
}

fn cell(ui: &mut Ui, ctx: &PanelContext<'_>, entry: &AuditEntry, column: usize) {
    match column {
        0 => text::elided(ui, format::count(entry.number)),
        1 => text::elided(ui, ago(entry.at_ms, ctx.now_ms)).on_hover_text(moment(entry.at_ms)),
        2 => text::elided(ui, entry.kind.words()),
        3 => text::elided(ui, subject(entry)).on_hover_text(&entry.subject),
        4 => {
            let who = if entry.who.is_empty() { "ModelDeck" } else { &entry.who };
            text::elided(ui, who)
        }
        _ => {
            let words = details(entry);
            let shown = dim(ui, words.as_str());
            text::elided(ui, shown).on_hover_ui(|ui| {
                ui.set_max_width(460.0);
                ui.label(&words);
                text::note(ui, &format!("hash {}", entry.hash));
            })
        }
    };
}

/// The name of what it happened to, else its key.
fn subject(entry: &AuditEntry) -> &str {
    entry.what.get("name").and_then(Value::as_str).unwrap_or(&entry.subject)
}

/// The details as name and value, without those that have a column of their own.
fn details(entry: &AuditEntry) -> String {
    let Value::Object(fields) = &entry.what else { return entry.what.to_string() };
    let is_first = |name: &str| FIRST.contains(&name);
    let first = FIRST.iter().filter_map(|name| fields.get_key_value(*name));
    let rest = fields.iter().filter(|(name, _)| name.as_str() != "name" && !is_first(name));
    let told = first.chain(rest);
    let told = told.map(|(name, value)| (name, words(value))).filter(|(_, words)| !words.is_empty());
    let all: Vec<String> = told.map(|(name, words)| format!("{}: {words}", name.replace('_', " "))).collect();
    let all = all.join(" · ");
    match all.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", all.get(..end).unwrap_or_default()),
        None => all,
    }
}

/// A detail as text; empty where there is none.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
