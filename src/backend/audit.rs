//! The audit trail of the workspace: what changes what is accepted is recorded, listed page by page, and checked.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::event::JobTopic;
use super::jobs::Outcome;
use super::service::{Service, now_ms, write_whole};
use super::state::{AuditView, VerifiedView};
use crate::report::csv;
use crate::validate::signoff::canonical::hash_of;
use crate::workspace::audit::{
    self, AuditDraft, AuditEntry, AuditError, AuditFilter, AuditKind, HeadKeeper as _, page_of_folder, verify_folder,
};

/// Entries of a page.
pub const PAGE: usize = 50;
/// What stands for the signed-in user where the system names none.
pub const UNKNOWN_USER: &str = "unknown";
/// The setting that keeps who reviews, when that is not the signed-in user.
pub(super) const REVIEWER: &str = "reviewer";
/// Entries that wait for a trail that cannot be written; further ones push out the oldest, which is told.
const MOST_WAITING: usize = 1_000;

/// What is to be recorded and is not on the disk yet.
#[derive(Debug, Default)]
pub(super) struct Trail {
    waiting: Vec<AuditDraft>,
    told: bool,
}

/// The name of the signed-in user, as the system tells it.
pub(super) fn system_user() -> String {
    let named = |variable: &str| std::env::var(variable).ok().map(|name| name.trim().to_owned());
    let names = ["USER", "USERNAME"].into_iter().filter_map(named);
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| UNKNOWN_USER.to_owned())
}

impl Service {
    /// Records an event of the person at the window.
    pub(super) fn record(&mut self, kind: AuditKind, subject: impl Into<String>, what: Value) {
        let who = self.state.reviewer.clone();
        self.record_by(kind, subject, &who, what);
    }

    /// Records an event; an empty `who` is the program itself. `false` when it is not on the disk: it then waits for a
    /// trail that can be written, and that is told once.
    pub(super) fn record_by(&mut self, kind: AuditKind, subject: impl Into<String>, who: &str, what: Value) -> bool {
        let draft = AuditDraft { at_ms: now_ms(), kind, subject: subject.into(), who: who.to_owned(), what };
        if self.trail.waiting.len() >= MOST_WAITING {
            let lost = self.trail.waiting.remove(0);
            self.error(format!(
                "“{}” could not be recorded in the audit trail and is lost there. Make the workspace folder writable.",
                lost.kind.words()
            ));
        }
        self.trail.waiting.push(draft);
        self.write_trail()
    }

    /// Takes back the newest event, which is not on the disk and did not happen after all.
    pub(super) fn unrecord(&mut self) {
        self.trail.waiting.pop();
    }

    /// Writes what waits, the oldest first; whether nothing waits any more.
    fn write_trail(&mut self) -> bool {
        while let Some(draft) = self.trail.waiting.first().cloned() {
            let written = match self.workspace.as_mut() {
                Some(workspace) => workspace.append_audit(draft.clone()).or_else(|error| match error {
                    AuditError::TooLong { .. } | AuditError::NotJson { .. } => {
                        // That it happened counts more than its details, of which the hash stays.
                        let what = json!({ "left_out": error.to_string(), "sha256": hash_of(&draft.what) });
                        workspace.append_audit(AuditDraft { what, ..draft })
                    }
                    other => Err(other),
                }),
                None => return false,
            };
            match written {
                Ok(appended) => {
                    self.trail.waiting.remove(0);
                    self.trail.told = false;
                    Arc::make_mut(&mut self.state.audit).total = appended.entry.number;
                    self.touch();
                    if let Some(repaired) = appended.repaired {
                        self.warn(repaired);
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.trail.told, true) {
                        self.warn(format!(
                            "The audit trail cannot be written, so what happens from now on is not in it yet. It is added as soon as the trail can be written, if that is before the program ends. {error}"
                        ));
                    }
                    return false;
                }
            }
        }
        true
    }

    /// Tries once more before the program ends.
    pub(super) fn end_trail(&mut self) {
        if !self.write_trail() && !self.trail.waiting.is_empty() {
            tracing::error!("{} events could not be recorded in the audit trail", self.trail.waiting.len());
        }
    }

    /// How many entries there are, and who reviews.
    pub(super) fn load_audit(&mut self) {
        let head = self.workspace.as_ref().map(crate::workspace::Workspace::head);
        let view = Arc::make_mut(&mut self.state.audit);
        match head {
            Some(Ok(head)) => view.total = head.map_or(0, |head| head.number),
            Some(Err(error)) => view.problem = Some(error.to_string()),
            None => {}
        }
        let kept = self.state.settings.get(REVIEWER).and_then(Value::as_str).map(str::trim);
        self.state.reviewer =
            kept.filter(|name| !name.is_empty()).map_or_else(system_user, std::borrow::ToOwned::to_owned);
    }

    /// Reads a page of the trail, newest first, as a job.
    pub(super) fn load_audit_page(&mut self, filter: AuditFilter, offset: usize) {
        // Another page is wanted now.
        self.jobs.cancel_topic(&JobTopic::Audit);
        let folder = self.options.workspace.clone();
        let total = self.state.audit.total;
        self.start_job(JobTopic::Audit, "Reading the audit trail", move |_| -> Outcome {
            let page = page_of_folder(&folder, &filter, offset, PAGE);
            Box::new(move |service| {
                let view = Arc::make_mut(&mut service.state.audit);
                view.read = Some((filter, offset, total));
                match page {
                    Ok(page) => {
                        view.page = Some(Arc::new(page));
                        view.problem = None;
                    }
                    Err(error) => view.problem = Some(error.to_string()),
                }
                service.touch();
            })
        });
    }

    /// Checks the whole trail as a job.
    pub(super) fn verify_audit(&mut self) {
        if self.jobs.is_running(&JobTopic::VerifyAudit) {
            return;
        }
        let folder = self.options.workspace.clone();
        self.start_job(JobTopic::VerifyAudit, "Verifying the audit trail", move |handle| -> Outcome {
            let found = verify_folder(&folder, handle).map_err(|error| error.to_string());
            Box::new(move |service| {
                let AuditView { verified, .. } = Arc::make_mut(&mut service.state.audit);
                *verified = Some(Arc::new(VerifiedView { at_ms: now_ms(), found }));
                service.touch();
            })
        });
    }

    /// Writes the whole trail to a file: as a table for `.csv`, else line by line as it stands.
    pub(super) fn export_audit(&mut self, path: PathBuf) {
        let trail = self.options.workspace.join(audit::FILE);
        // Only this thread adds entries, so the trail is at rest now and whole up to this length.
        let length = std::fs::metadata(&trail).map_or(0, |meta| meta.len());
        self.start_job(JobTopic::Other, "Exporting the audit trail", move |_| -> Outcome {
            let written = exported(&trail, length, &path);
            Box::new(move |service| match written {
                Ok((sha256, unreadable)) => {
                    let what = json!({ "name": super::models::file_name(&path), "sha256": sha256 });
                    service.record(AuditKind::Exported, "audit trail", what);
                    let left_out = match unreadable {
                        0 => String::new(),
                        n => format!(" without {n} lines that are no entries; verify the trail."),
                    };
                    service.info(format!("Saved {}{left_out}", path.display()));
                }
                Err(why) => service.error(format!(
                    "The audit trail could not be saved: {why}. Choose another folder or free some space. {}",
                    path.display()
                )),
            })
        });
    }
}

/// Writes the export; gives its SHA-256 and how many lines were left out of it.
fn exported(trail: &std::path::Path, length: u64, path: &std::path::Path) -> Result<(String, usize), String> {
    let said = |error: std::io::Error| error.to_string();
    let mut bytes = match std::fs::read(trail) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(said(error)),
    };
    bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    let mut unreadable = 0;
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
        let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let read = lines.filter_map(|line| {
            let entry = serde_json::from_slice::<AuditEntry>(line).ok();
            unreadable += usize::from(entry.is_none());
            entry
        });
        bytes = table(read).into_bytes();
    }
    write_whole(path, &bytes).map_err(said)?;
    Ok((crate::data::fingerprint::sha256_of(&bytes), unreadable))
}

fn table(entries: impl Iterator<Item = AuditEntry>) -> String {
    let head = ["number", "time", "kind", "subject", "who", "what", "previous", "hash"];
    let rows = entries.map(|entry| {
        let time = chrono::DateTime::from_timestamp_millis(entry.at_ms);
        [
            entry.number.to_string(),
            time.map_or_else(|| entry.at_ms.to_string(), |t| t.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
            entry.kind.word().to_owned(),
            entry.subject,
            entry.who,
            entry.what.to_string(),
            entry.previous,
            entry.hash,
        ]
    });
    csv::table(&head, rows)
}
