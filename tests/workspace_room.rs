//! The workspace keeps what it was given, whole or not at all, and says why when it cannot.
#![expect(clippy::unwrap_used, reason = "a test may end")]

use std::fs;
use std::path::{Path, PathBuf};

use modeldeck::workspace::capture::{CaptureReader, CaptureWriter, CapturedRows, decode, encode};
use modeldeck::workspace::{
    DatasetRecord, DeploymentRecord, ModelRecord, NoticeRecord, OpenOptions, RunRecord, Workspace, WorkspaceError,
    safe_file_name,
};
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::json;

fn model(id: &str) -> ModelRecord {
    let original_path = PathBuf::from("churn.onnx");
    ModelRecord { id: id.into(), name: "Churn".into(), original_path, card: Some(json!({"a": 1})), added_at_ms: 5 }
}

fn deployment(id: &str) -> DeploymentRecord {
    DeploymentRecord {
        id: id.into(),
        model: "m".into(),
        request: json!({"chunk": 500}),
        profile: json!([0.1, 0.2]),
        state: json!("running"),
        names: json!({"model": "Churn"}),
        started_at_ms: 7,
        rows_seen: 0,
    }
}

fn run(models: &[&str]) -> RunRecord {
    let models = models.iter().map(|m| (*m).to_owned()).collect();
    RunRecord {
        id: 0,
        dataset: "d".into(),
        models,
        verdict: "ready".into(),
        created_at_ms: 6,
        report: json!({"auc": 0.75}),
    }
}

fn batch(first_row: u64) -> CapturedRows<'static> {
    CapturedRows {
        first_row,
        rows: 2,
        labels: &[0, 1],
        width: 2,
        probabilities: &[0.9, 0.1, 0.2, 0.8],
        values: &[],
        skipped: &[],
        latency_ms: 1.5,
        answered_at_ms: 99,
    }
}

fn fill(w: &mut Workspace) -> (i64, Vec<i64>) {
    w.add_model(&model("m"), b"bytes").unwrap();
    w.add_dataset(&DatasetRecord {
        id: "d".into(),
        name: "Data".into(),
        path: "data.csv".into(),
        rows: 12,
        fingerprint: json!({"size": 3}),
        schema: json!([]),
        added_at_ms: 1,
    })
    .unwrap();
    w.set_binding("m", "d", &json!({"x": "age"})).unwrap();
    let id = w.add_run(&run(&["m"])).unwrap();
    w.add_deployment(&deployment("dep/1")).unwrap();
    let alerts = w.keep_chunks(
        "dep/1",
        &[(1, json!("b")), (0, json!("a"))],
        &[(None, json!("x"), true), (None, json!("y"), true)],
        1000,
    );
    w.set_setting("theme", &json!("dark")).unwrap();
    (id, alerts.unwrap())
}

#[test]
fn a_restart_finds_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut w = Workspace::open(dir.path()).unwrap();
    let (id, alerts) = fill(&mut w);
    w.keep_chunks("dep/1", &[], &[(Some(alerts[0]), json!("x2"), false)], 1500).unwrap();
    for at_ms in 0..205 {
        w.add_notice(&NoticeRecord { level: "info".into(), text: "hello".into(), at_ms }).unwrap();
    }
    drop(w);
    let mut w = Workspace::open(dir.path()).unwrap();
    assert_eq!(w.models().unwrap(), [model("m")]);
    assert_eq!(fs::read(w.model_path("m")).unwrap(), b"bytes");
    assert_eq!(w.datasets().unwrap()[0].rows, 12);
    assert_eq!(w.binding("m", "d").unwrap(), Some(json!({"x": "age"})));
    assert_eq!(w.runs().unwrap(), [RunRecord { id, ..run(&["m"]) }]);
    assert_eq!(w.deployments().unwrap(), [DeploymentRecord { rows_seen: 1500, ..deployment("dep/1") }]);
    assert_eq!(w.chunks("dep/1").unwrap(), [json!("a"), json!("b")]);
    let kept = w.alerts().unwrap();
    assert_eq!(kept.iter().map(|a| (a.id, a.open)).collect::<Vec<_>>(), [(alerts[0], false), (alerts[1], true)]);
    assert_eq!(w.settings().unwrap(), [("theme".to_owned(), json!("dark"))]);
    let notices = w.notices().unwrap();
    assert_eq!((notices.len(), notices[0].at_ms), (200, 204));

    CaptureWriter::open(&w.captures_folder(), "dep/1").unwrap().append(&batch(0)).unwrap();
    w.remove_model("m").unwrap();
    assert!(w.models().unwrap().is_empty() && w.runs().unwrap().is_empty() && w.deployments().unwrap().is_empty());
    assert!(w.alerts().unwrap().is_empty() && w.chunks("dep/1").unwrap().is_empty());
    assert!(!w.model_path("m").exists());
    assert_eq!(fs::read_dir(w.captures_folder()).unwrap().count(), 0);
}

#[test]
fn a_newer_database_is_refused_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    drop(Workspace::open(dir.path()).unwrap());
    let path = dir.path().join("workspace.sqlite");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let error = Workspace::open(dir.path()).unwrap_err();
    assert!(matches!(error, WorkspaceError::Newer { found: 99, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_second_opener_is_told_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let first = Workspace::open(dir.path()).unwrap();
    let said = Workspace::open(dir.path()).unwrap_err().to_string();
    assert!(said.contains("already open in another ModelDeck window") && said.contains("--workspace"), "{said}");
    assert!(said.ends_with(&dir.path().display().to_string()), "{said}");
    drop(first);
    Workspace::open(dir.path()).unwrap();
}

#[test]
fn a_read_only_workspace_reads_and_refuses_writes() {
    let dir = tempfile::tempdir().unwrap();
    fill(&mut Workspace::open(dir.path()).unwrap());
    let mut w = Workspace::open_with(dir.path(), OpenOptions { read_only: true, max_pages: None }).unwrap();
    assert!(w.read_only_reason().is_some());
    assert_eq!(w.models().unwrap().len(), 1);
    assert!(matches!(w.add_model(&model("n"), b"x"), Err(WorkspaceError::ReadOnly { .. })));
    assert!(matches!(w.remove_run(1), Err(WorkspaceError::ReadOnly { .. })));
    assert!(!w.model_path("n").exists());
}

#[test]
fn a_folder_that_takes_no_files_is_opened_for_reading() {
    let dir = tempfile::tempdir().unwrap();
    fill(&mut Workspace::open(dir.path()).unwrap());
    // Permissions do not bind every user that runs tests; a lock that cannot be written binds all.
    fs::remove_file(dir.path().join("workspace.lock")).unwrap();
    fs::create_dir(dir.path().join("workspace.lock")).unwrap();
    let before = fs::read(dir.path().join("workspace.sqlite")).unwrap();
    let mut w = Workspace::open(dir.path()).unwrap();
    let why = w.read_only_reason().unwrap();
    assert!(why.contains("cannot be written"), "{why}");
    assert_eq!((w.models().unwrap().len(), w.chunks("dep/1").unwrap().len()), (1, 2));
    let said = w.set_setting("theme", &json!("light")).unwrap_err().to_string();
    assert!(said.starts_with("Nothing was kept, because the workspace is read-only."), "{said}");
    drop(w);
    assert_eq!(fs::read(dir.path().join("workspace.sqlite")).unwrap(), before);

    let empty = tempfile::tempdir().unwrap();
    fs::create_dir(empty.path().join("workspace.lock")).unwrap();
    assert!(matches!(Workspace::open(empty.path()), Err(WorkspaceError::Io { .. })), "there is nothing to read");
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let dir = tempfile::tempdir().unwrap();
    fill(&mut Workspace::open(dir.path()).unwrap());
    let mut w = Workspace::open_with(dir.path(), OpenOptions { read_only: false, max_pages: Some(1) }).unwrap();
    let long = json!("x".repeat(200_000));
    let big = ModelRecord { card: Some(long.clone()), ..model("big") };
    assert!(matches!(w.add_model(&big, b"x"), Err(WorkspaceError::DiskFull { .. })));
    assert!(!w.model_path("big").exists());
    let kept = w.keep_chunks("dep/1", &[(2, json!("c")), (3, long)], &[(None, json!("z"), true)], 9);
    assert!(matches!(kept, Err(WorkspaceError::DiskFull { .. })));
    assert_eq!((w.chunks("dep/1").unwrap().len(), w.alerts().unwrap().len()), (2, 2));
    assert_eq!((w.models().unwrap().len(), w.deployments().unwrap()[0].rows_seen), (1, 1000));
}

#[test]
fn a_damaged_database_is_said() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("workspace.sqlite"), "this is no database at all. ".repeat(500)).unwrap();
    let error = Workspace::open(dir.path()).unwrap_err();
    assert!(matches!(error, WorkspaceError::Damaged { .. }), "{error}");
}

#[test]
fn a_capture_survives_a_writer_that_never_closed() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = CaptureWriter::open(dir.path(), "../a").unwrap();
    writer.append(&batch(0)).unwrap();
    writer.append(&CapturedRows { skipped: &[(1, "no age".to_owned())], ..batch(2) }).unwrap();
    // What a killed process leaves: the files as they are, the log not folded in.
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let again = CaptureWriter::open(copy.path(), "../a").unwrap();
    assert_eq!(again.rows(), 4);
    let batches = CaptureReader::open(copy.path(), "../a").unwrap().batches().unwrap();
    assert_eq!(batches.iter().map(|b| b.first_row).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(batches[1].skipped, [(1, "no age".to_owned())]);
    assert_eq!(batches[0].probabilities, batch(0).probabilities);
}

#[test]
fn a_log_cut_short_costs_only_its_last_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = CaptureWriter::open(dir.path(), "a").unwrap();
    for at in 0..3 {
        writer.append(&batch(at * 2)).unwrap();
    }
    let copy = tempfile::tempdir().unwrap();
    for name in ["a.sqlite", "a.sqlite-wal"] {
        fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    let log = fs::OpenOptions::new().write(true).open(copy.path().join("a.sqlite-wal")).unwrap();
    log.set_len(log.metadata().unwrap().len() - 100).unwrap();
    drop(log);
    let mut again = CaptureWriter::open(copy.path(), "a").unwrap();
    assert_eq!(again.rows(), 4);
    again.append(&batch(4)).unwrap();
    let batches = CaptureReader::open(copy.path(), "a").unwrap().batches().unwrap();
    assert_eq!(batches.iter().map(|b| b.first_row).collect::<Vec<_>>(), [0, 2, 4]);
}

#[test]
fn ids_cannot_leave_their_folder() {
    for id in ["../../x", "/", "", "a\\b", "C:x", &"é".repeat(300)] {
        let name = safe_file_name(id);
        assert_eq!(Path::new(&name).components().count(), 1, "{name}");
        assert!(name.len() <= 100 && !name.contains(['.', '/', '\\', ':']), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..120, at in 0usize..80) {
        decode(&bytes).ok();
        let whole = encode(&batch(3));
        decode(whole.get(..cut).unwrap_or(&whole)).ok();
        let mut changed = whole;
        if let (Some(place), Some(byte)) = (changed.get_mut(at), bytes.first()) {
            *place = *byte;
        }
        decode(&changed).ok();
    }
}
