//! The audit trail: nothing that was done to it goes unseen, and nothing that happened gets lost.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use modeldeck::data::NoWatch;
use modeldeck::workspace::audit::{
    AuditDraft, AuditEntry, AuditError, AuditFilter, AuditKind, FILE, Head, LONGEST_LINE, MemoryHead, NO_HASH,
    ProblemKind, TORN_FILE, Verified, append, page_of_folder, read_page, verify, verify_folder,
};
use modeldeck::workspace::{OpenOptions, Workspace, WorkspaceError};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assume, proptest};
use serde_json::{Value, json};

fn draft(at: i64) -> AuditDraft {
    let known = &AuditKind::KNOWN[..13];
    AuditDraft {
        at_ms: at,
        kind: known[usize::try_from(at).unwrap() % known.len()].clone(),
        subject: format!("model/{}", at % 2),
        who: "Zoë".to_owned(),
        what: json!({"z": 0.1 + 0.2, "a": [at, null, "x\ny"], "big": u64::MAX}),
    }
}

struct Trail {
    _folder: tempfile::TempDir,
    path: PathBuf,
    heads: MemoryHead,
}

impl Trail {
    fn of(entries: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut trail = Self { _folder: folder, path, heads: MemoryHead::default() };
        for at in 0..entries {
            trail.add(at);
        }
        trail
    }

    fn add(&mut self, at: i64) -> Option<String> {
        append(&self.path, &mut self.heads, draft(at)).unwrap().repaired
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        fs::read(&self.path).unwrap().split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
    }

    fn put(&self, lines: &[Vec<u8>]) {
        fs::write(&self.path, lines.concat()).unwrap();
    }

    fn check(&self) -> Verified {
        verify(&self.path, self.heads.0.as_ref(), &NoWatch).unwrap()
    }

    fn check_alone(&self) -> Verified {
        verify(&self.path, None, &NoWatch).unwrap()
    }

    /// Kind and number of each problem.
    fn problems(&self) -> Vec<(ProblemKind, Option<u64>)> {
        self.check().problems.iter().map(|p| (p.kind, p.number)).collect()
    }
}

/// A line that follows on another as the program would write it.
fn forged(number: u64, previous: &str) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let mut heads = MemoryHead(Some(Head { number: number - 1, hash: previous.to_owned(), next: None }));
    let entry = append(&path, &mut heads, draft(77)).unwrap().entry;
    (fs::read(path).unwrap(), entry.hash)
}

fn entry(line: &[u8]) -> AuditEntry {
    serde_json::from_slice(line).unwrap()
}

#[test]
fn a_trail_is_whole_and_each_entry_follows_on_the_one_before() {
    let trail = Trail::of(5);
    let found = trail.check();
    assert!(found.is_whole() && found.head_known, "{found:?}");
    assert_eq!((found.entries, found.head), (5, trail.heads.0.clone()));
    let lines = trail.lines();
    assert_eq!(entry(&lines[0]).previous, NO_HASH);
    for pair in lines.windows(2) {
        assert_eq!(entry(&pair[1]).previous, entry(&pair[0]).hash);
    }
    let empty = Trail::of(0);
    assert_eq!(empty.check(), Verified::default());
}

#[test]
fn any_changed_byte_is_found() {
    let trail = Trail::of(2);
    let bytes = fs::read(&trail.path).unwrap();
    let others = [b'\n', b' ', b'0', b'}', 0, 0xFF];
    for at in 0..bytes.len() {
        for other in [bytes[at] ^ 1, others[at % others.len()]] {
            if other == bytes[at] {
                continue;
            }
            let mut changed = bytes.clone();
            changed[at] = other;
            fs::write(&trail.path, &changed).unwrap();
            // Without the head, so that the chain alone must show it.
            assert!(!trail.check_alone().is_whole(), "byte {at} as {other}");
        }
        let mut longer = bytes.clone();
        longer.insert(at, [b'\n', b' ', b'0'][at % 3]);
        fs::write(&trail.path, &longer).unwrap();
        assert!(!trail.check_alone().is_whole(), "a byte put in at {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_other_bytes_are_found_and_never_end_the_program(
        at in 0usize..2_000, length in 0usize..700, put in proptest::collection::vec(any::<u8>(), 0..40)
    ) {
        let mut trail = Trail::of(4);
        let bytes = fs::read(&trail.path).unwrap();
        let at = at % bytes.len();
        let end = (at + length).min(bytes.len());
        let changed = [&bytes[..at], put.as_slice(), &bytes[end..]].concat();
        prop_assume!(changed != bytes);
        fs::write(&trail.path, &changed).unwrap();
        prop_assert!(!trail.check().is_whole());
        read_page(&trail.path, &AuditFilter::default(), 0, 10).unwrap();
        // What was done stays visible however the trail goes on, unless only a torn or cut line was taken away and
        // nothing but the line end was missing.
        trail.add(9);
        prop_assert!(!trail.check().is_whole() || changed == bytes[..bytes.len() - 1]);
    }
}

#[test]
fn what_was_done_to_a_trail_is_named() {
    let trail = Trail::of(6);
    let lines = trail.lines();

    let mut removed = lines.clone();
    removed.drain(1..3);
    trail.put(&removed);
    let found = trail.check();
    assert_eq!(trail.problems(), [(ProblemKind::Removed, Some(2))]);
    assert_eq!(found.problems[0].sentence, "Entries 2 to 3 are missing before line 2");

    trail.put(&lines[1..]);
    assert_eq!(trail.problems(), [(ProblemKind::Removed, Some(1))], "the first");

    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    trail.put(&swapped);
    assert_eq!(trail.problems(), [(ProblemKind::Moved, Some(3))]);

    let mut twice = lines.clone();
    twice.insert(2, lines[1].clone());
    trail.put(&twice);
    assert_eq!(trail.problems(), [(ProblemKind::Inserted, Some(2))]);

    let mut inserted = lines.clone();
    inserted.insert(2, forged(3, &entry(&lines[1]).hash).0);
    trail.put(&inserted);
    assert_eq!(trail.problems(), [(ProblemKind::Inserted, Some(3))]);

    let mut replaced = lines.clone();
    replaced[2] = forged(3, &entry(&lines[1]).hash).0;
    trail.put(&replaced);
    assert_eq!(trail.problems(), [(ProblemKind::BrokenLink, Some(4))]);

    let mut changed = lines.clone();
    changed[1] = String::from_utf8(changed[1].clone()).unwrap().replace("Zoë", "Max").into_bytes();
    changed[4] = b"{\"number\": 5}\n".to_vec();
    trail.put(&changed);
    assert_eq!(trail.problems(), [(ProblemKind::Changed, Some(2)), (ProblemKind::Unreadable, None)], "it goes on");

    trail.put(&lines[..4]);
    assert_eq!(trail.problems(), [(ProblemKind::CutTail, Some(5))]);
    assert!(trail.check_alone().is_whole(), "nothing but the head tells a cut tail");
    trail.put(&[]);
    assert_eq!(trail.problems(), [(ProblemKind::CutTail, Some(1))]);
    fs::remove_file(&trail.path).unwrap();
    assert_eq!(trail.problems(), [(ProblemKind::CutTail, Some(1))]);
}

#[test]
fn a_history_written_anew_and_a_foreign_end_are_seen_by_the_head() {
    let trail = Trail::of(3);
    let lines = trail.lines();
    let (second, hash) = forged(2, &entry(&lines[0]).hash);
    let third = forged(3, &hash).0;
    trail.put(&[lines[0].clone(), second, third]);
    assert!(trail.check_alone().is_whole());
    assert_eq!(trail.problems(), [(ProblemKind::OtherHead, Some(3))]);

    let (fourth, _) = forged(4, &entry(&lines[2]).hash);
    trail.put(&[lines.concat(), fourth]);
    assert_eq!(trail.problems(), [(ProblemKind::Unknown, Some(4))]);
}

#[test]
fn a_cut_tail_stays_visible_after_the_next_entry() {
    let mut trail = Trail::of(5);
    let lines = trail.lines();
    trail.put(&lines[..3]);
    trail.add(5);
    trail.add(6);
    assert_eq!(trail.problems(), [(ProblemKind::Removed, Some(4))]);
    assert_eq!(entry(&trail.lines()[3]).number, 6);
}

#[test]
fn a_torn_line_is_said_and_moved_and_never_deleted() {
    let mut trail = Trail::of(3);
    let bytes = fs::read(&trail.path).unwrap();
    let torn = &forged(4, &entry(&trail.lines()[2]).hash).0[..100];
    fs::write(&trail.path, [bytes.as_slice(), torn].concat()).unwrap();
    assert_eq!(trail.problems(), [(ProblemKind::TornTail, None)]);
    let said = trail.add(3).unwrap();
    assert!(said.contains("100 bytes") && said.contains(TORN_FILE), "{said}");
    assert!(trail.check().is_whole(), "{:?}", trail.check());
    assert!(fs::read(&trail.path).unwrap().starts_with(&bytes));
    fs::write(&trail.path, [fs::read(&trail.path).unwrap().as_slice(), b"{"].concat()).unwrap();
    assert!(trail.add(4).is_some());
    let kept = fs::read(trail.path.with_file_name(TORN_FILE)).unwrap();
    assert_eq!(kept, [torn, b"\n{\n"].concat());
    assert_eq!((trail.check().entries, trail.check().is_whole()), (5, true));
}

#[test]
fn a_missing_line_end_is_added() {
    let mut trail = Trail::of(3);
    let bytes = fs::read(&trail.path).unwrap();
    fs::write(&trail.path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(trail.problems(), [(ProblemKind::TornTail, Some(3))]);
    assert!(trail.add(3).unwrap().contains("line end"));
    assert!(trail.check().is_whole());
    assert!(!trail.path.with_file_name(TORN_FILE).exists());
}

/// A head that cannot be kept a second time, as when the program ends between the entry and its note.
struct Crash(MemoryHead, bool);

impl modeldeck::workspace::audit::HeadKeeper for Crash {
    fn head(&self) -> Result<Option<Head>, AuditError> {
        self.0.head()
    }

    fn keep(&mut self, head: &Head) -> Result<(), AuditError> {
        if std::mem::replace(&mut self.1, true) { Err(AuditError::Cancelled) } else { self.0.keep(head) }
    }
}

#[test]
fn a_crash_between_an_entry_and_its_note_is_no_forgery() {
    let mut trail = Trail::of(2);
    let mut crash = Crash(trail.heads.clone(), false);
    append(&trail.path, &mut crash, draft(2)).unwrap_err();
    trail.heads = crash.0;
    assert_eq!((trail.lines().len(), trail.problems()), (3, Vec::new()));
    trail.add(3);
    assert_eq!((trail.check().entries, trail.problems()), (4, Vec::new()));

    // And one before the entry was written.
    let lines = trail.lines();
    let mut crash = Crash(trail.heads.clone(), false);
    append(&trail.path, &mut crash, draft(4)).unwrap_err();
    trail.heads = crash.0;
    trail.put(&lines);
    assert!(trail.check().is_whole());
    trail.add(5);
    assert!(trail.check().is_whole());
}

#[test]
fn writers_at_once_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            std::thread::Builder::new()
                .name(format!("writer {writer}"))
                .spawn_scoped(scope, move || {
                    for at in 0..10 {
                        append(path, &mut MemoryHead::default(), draft(writer * 10 + at)).unwrap();
                    }
                })
                .unwrap();
        }
    });
    let found = verify(&path, None, &NoWatch).unwrap();
    assert_eq!((found.entries, found.problems), (40, Vec::new()));
}

#[test]
fn entries_that_could_not_be_read_back_are_refused() {
    let mut trail = Trail::of(1);
    let long = AuditDraft { what: json!("x".repeat(LONGEST_LINE)), ..draft(1) };
    let refused = append(&trail.path, &mut trail.heads, long).unwrap_err();
    assert!(matches!(refused, AuditError::TooLong { .. }) && refused.to_string().contains("nothing was recorded"));
    let deep = (0..200).fold(Value::Null, |inner, _| json!([inner]));
    let refused = append(&trail.path, &mut trail.heads, AuditDraft { what: deep, ..draft(1) }).unwrap_err();
    assert!(matches!(refused, AuditError::NotJson { .. }), "{refused}");
    assert_eq!((trail.check().entries, trail.problems()), (1, Vec::new()));
    let most = AuditDraft { what: json!("x".repeat(LONGEST_LINE - 1_000)), ..draft(1) };
    append(&trail.path, &mut trail.heads, most).unwrap();
    assert!(trail.check().is_whole());
}

#[test]
fn pages_go_from_the_newest_back_and_unknown_kinds_are_read() {
    let mut trail = Trail::of(20);
    let foreign = AuditDraft { kind: AuditKind::from("teleported".to_owned()), ..draft(20) };
    append(&trail.path, &mut trail.heads, foreign).unwrap();
    let numbers = |filter: &AuditFilter, offset, limit| {
        let page = read_page(&trail.path, filter, offset, limit).unwrap();
        (page.entries.iter().map(|e| e.number).collect::<Vec<_>>(), page.more)
    };
    let all = AuditFilter::default();
    assert_eq!(numbers(&all, 0, 3), (vec![21, 20, 19], true));
    assert_eq!(numbers(&all, 19, 5), (vec![2, 1], false));
    assert_eq!(numbers(&all, 50, 5), (vec![], false));
    assert_eq!(numbers(&all, 0, 0), (vec![], true));
    let of_kind = |kind| AuditFilter { kind: Some(kind), ..AuditFilter::default() };
    assert_eq!(numbers(&of_kind(AuditKind::ModelAdded), 0, 5), (vec![14, 1], false));
    assert_eq!(numbers(&of_kind(AuditKind::Other("teleported".to_owned())), 0, 5), (vec![21], false));
    let both = AuditFilter {
        kind: Some(AuditKind::ModelAdded),
        subject: Some("model/1".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(numbers(&both, 0, 5), (vec![14], false));
    for kind in AuditKind::KNOWN {
        assert_eq!(AuditKind::from(kind.word().to_owned()), kind);
        assert!(kind.words().starts_with(char::is_uppercase));
    }
    let page = read_page(Path::new("no/such/file"), &all, 0, 5).unwrap();
    assert!(page.entries.is_empty() && !page.more);
}

#[test]
fn a_workspace_remembers_its_head_and_is_checked_while_it_is_open() {
    let folder = tempfile::tempdir().unwrap();
    assert!(verify_folder(folder.path(), &NoWatch).unwrap().is_whole());
    let mut workspace = Workspace::open(folder.path()).unwrap();
    assert!(workspace.verify_audit(&NoWatch).unwrap().is_whole());
    for at in 0..3 {
        workspace.append_audit(draft(at)).unwrap();
    }
    assert_eq!(workspace.audit_page(&AuditFilter::default(), 0, 9).unwrap().entries.len(), 3);
    let beside = verify_folder(folder.path(), &NoWatch).unwrap();
    assert!(beside.is_whole() && beside.head_known && beside.entries == 3, "{beside:?}");
    assert_eq!(page_of_folder(folder.path(), &AuditFilter::default(), 0, 9).unwrap().entries.len(), 3);
    assert!(matches!(Workspace::open(folder.path()), Err(WorkspaceError::Locked { .. })), "one writer");
    drop(workspace);

    let mut workspace = Workspace::open(folder.path()).unwrap();
    workspace.append_audit(draft(3)).unwrap();
    drop(workspace);
    let read_only = OpenOptions { read_only: true, max_pages: None };
    let mut reader = Workspace::open_with(folder.path(), read_only).unwrap();
    assert!(matches!(reader.append_audit(draft(4)), Err(AuditError::Workspace(WorkspaceError::ReadOnly { .. }))));
    assert_eq!(reader.verify_audit(&NoWatch).unwrap().entries, 4);
    drop(reader);

    let path = folder.path().join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    let cut: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&path, cut).unwrap();
    let found = verify_folder(folder.path(), &NoWatch).unwrap();
    assert_eq!(found.problems.len(), 1);
    assert_eq!(
        found.problems[0].sentence,
        "Entries 3 to 4 are missing at the end, which the workspace has noted: the trail was cut"
    );
}

fn modeldeck(folder: &Path, args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_modeldeck");
    Command::new(program).arg("--workspace").arg(folder).arg("--quiet").arg("audit").args(args).output().unwrap()
}

#[test]
fn the_command_line_says_it_with_its_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let gone = modeldeck(&folder.path().join("nowhere"), &["verify"]);
    assert_eq!((gone.status.code(), gone.stdout.len()), (Some(2), 0), "{gone:?}");
    assert!(String::from_utf8_lossy(&gone.stderr).contains("--workspace"));
    let mut workspace = Workspace::open(folder.path()).unwrap();
    for at in 0..4 {
        workspace.append_audit(draft(at)).unwrap();
    }
    // The window is still open.
    let whole = modeldeck(folder.path(), &["verify", "--json", "-"]);
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    let found: Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!((&found["schema_version"], &found["whole"], &found["entries"]), (&json!(1), &json!(true), &json!(4)));
    let shown = modeldeck(folder.path(), &["show", "--limit", "2"]);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(text.contains("Signed off") && text.contains("by Zoë") && text.contains("older entries"), "{text}");
    let kind = modeldeck(folder.path(), &["show", "--kind", "validated", "--json", "-"]);
    let page: Value = serde_json::from_slice(&kind.stdout).unwrap();
    assert_eq!((&page["entries"][0]["number"], &page["entries"][1]), (&json!(3), &Value::Null));
    let typo = modeldeck(folder.path(), &["show", "--kind", "validatd"]);
    assert_eq!(typo.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&typo.stderr).contains("signed_off"));
    drop(workspace);

    let path = folder.path().join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("model/1", "model/9", 1)).unwrap();
    let changed = modeldeck(folder.path(), &["verify"]);
    assert_eq!(changed.status.code(), Some(1), "{changed:?}");
    let said = String::from_utf8_lossy(&changed.stdout).into_owned();
    assert!(said.contains("Entry 2 on line 2 was changed") && said.contains("1 problem"), "{said}");
}
