//! `modeldeck audit verify` and `modeldeck audit show`.

use std::path::Path;

use serde_json::json;

use super::args::{Args, AuditVerb};
use super::console::{Console, Failure, Progress};
use super::places;
use crate::workspace::audit::{self, AuditEntry, AuditFilter, AuditKind, Verified};

/// Version of the JSON of both commands.
const SCHEMA_VERSION: u32 = 1;

/// Runs the command.
pub(super) fn run(what: &AuditVerb, all: &Args, console: &Console) -> Result<(), Failure> {
    let folder = places::workspace(all.workspace.as_deref())?;
    if !folder.is_dir() {
        return Err(Failure::Input(format!(
            "There is no workspace, so there is no audit trail. Name its folder with --workspace: {}",
            folder.display()
        )));
    }
    match what {
        AuditVerb::Verify { json } => verify(&folder, json.as_deref(), console),
        AuditVerb::Show { limit, kind, json } => show(&folder, *limit, kind.as_deref(), json.as_deref(), console),
    }
}

fn verify(folder: &Path, place: Option<&Path>, console: &Console) -> Result<(), Failure> {
    let progress = Progress { console, what: "Verifying" };
    let verified = audit::verify_folder(folder, &progress);
    console.end_progress();
    let verified = verified.map_err(Failure::input)?;
    if let Some(place) = place {
        let Verified { entries, head, head_known, problems, left_off } = &verified;
        let written = json!({
            "schema_version": SCHEMA_VERSION, "path": folder.join(audit::FILE), "whole": verified.is_whole(),
            "entries": entries, "head": head, "head_known": head_known, "problems": problems, "left_off": left_off,
        });
        console.json(place, &written)?;
    }
    if place != Some(Path::new("-")) {
        say(&verified, console);
    }
    if verified.is_whole() { Ok(()) } else { Err(Failure::Gates) }
}

fn say(verified: &Verified, console: &Console) {
    for problem in &verified.problems {
        console.say(&format!("problem: {}", one_line(&problem.sentence)));
    }
    if verified.left_off > 0 {
        console.say(&format!("problem: and {} more", verified.left_off));
    }
    let entries = match verified.entries {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    };
    let problems = verified.problems.len() as u64 + verified.left_off;
    match (problems, &verified.head) {
        (0, Some(head)) => console.say(&format!("{entries}, whole; newest {} {}", head.number, head.hash)),
        (0, None) => console.say("The audit trail has no entries"),
        (1, _) => console.say(&format!("{entries}, 1 problem")),
        (many, _) => console.say(&format!("{entries}, {many} problems")),
    }
    if !verified.head_known && verified.entries > 0 {
        console.say("The workspace has noted no newest entry, so entries cut off at the end would not be seen");
    }
}

fn show(
    folder: &Path,
    limit: usize,
    kind: Option<&str>,
    place: Option<&Path>,
    console: &Console,
) -> Result<(), Failure> {
    let kind = kind.map(|word| AuditKind::from(word.to_owned()));
    let filter = AuditFilter { kind, ..AuditFilter::default() };
    let page = audit::page_of_folder(folder, &filter, 0, limit).map_err(Failure::input)?;
    if let (Some(AuditKind::Other(word)), true) = (&filter.kind, page.entries.is_empty()) {
        let known: Vec<&str> = AuditKind::KNOWN.iter().map(AuditKind::word).collect::<Vec<_>>();
        return Err(Failure::Input(format!(
            "No entry is of the kind “{}”. Name one of {}.",
            one_line(word),
            known.join(", ")
        )));
    }
    if let Some(place) = place {
        let written = json!({
            "schema_version": SCHEMA_VERSION, "path": folder.join(audit::FILE), "entries": page.entries,
            "more": page.more, "unreadable": page.unreadable,
        });
        console.json(place, &written)?;
        if place == Path::new("-") {
            return Ok(());
        }
    }
    for entry in &page.entries {
        console.say(&line(entry));
    }
    if page.entries.is_empty() {
        console.say("The audit trail has no such entries");
    }
    if page.more {
        console.say("There are older entries; see more with --limit");
    }
    if page.unreadable > 0 {
        console.say(&format!("{} lines are no entries; see modeldeck audit verify", page.unreadable));
    }
    Ok(())
}

fn line(entry: &AuditEntry) -> String {
    let when = chrono::DateTime::from_timestamp_millis(entry.at_ms)
        .map_or_else(|| format!("{} ms", entry.at_ms), |time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    let who = if entry.who.is_empty() { "ModelDeck" } else { &entry.who };
    one_line(&format!("{:>6}  {when}  {}  {}  by {who}", entry.number, entry.kind.words(), entry.subject))
}

/// Text from a file that anybody may have written, without what would steer a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}
