//! Signing through the window, over the live backend: a policy's gate fails → nothing goes live → an override with a
//! reason is signed → the audit trail has it → restart → still there, and the result is the same when computed again.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;
#[path = "common/window.rs"]
mod window;

use std::path::{Path, PathBuf};

use listener::{Listener, options};
use modeldeck::app::action::Panel;
use modeldeck::backend::command::DeployRequest;
use modeldeck::backend::{Command, NoticeLevel};
use modeldeck::data::NoWatch;
use modeldeck::deploy::{FeedSettings, WorkerSettings};
use modeldeck::validate::Plan;
use modeldeck::validate::policy::{SHIPPED, parse};
use modeldeck::workspace::audit::{AuditFilter, AuditKind, FILE, page_of_folder, verify_folder};
use window::{Answers, Window};

fn flights(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models/flights").join(name)
}

fn kinds(folder: &Path) -> Vec<AuditKind> {
    let page = page_of_folder(folder, &AuditFilter::default(), 0, 100).unwrap();
    page.entries.into_iter().rev().map(|entry| entry.kind).collect()
}

#[test]
fn a_failed_gate_is_overridden_with_a_reason_and_that_stays_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved.json");
    let exported = folder.path().join("trail.csv");
    let answers = Answers::of([
        vec![flights("gradient_boosting.onnx")],
        vec![flights("april.parquet")],
        vec![saved.clone()],
        vec![exported.clone()],
    ]);
    let open = |answers| Window::open([1280.0, 800.0], options(folder.path(), runtime::runtime(), false), answers);

    let mut window = open(answers);
    window.begin();
    window.add_models(1);
    window.add_dataset();
    window.click("Validate");
    window.choose("Dataset", "april.parquet");
    window.until("the binding", |a| a.state().preparation.as_ref().is_some_and(|p| p.ready));
    window.choose("Policy", "Careful binary");
    window.click("Run validation");
    window.until("the result", |a| !a.state().runs.is_empty());
    assert!(window.has("fails its gates"));

    window.click("Deploy this model…");
    assert!(window.has("was not overridden: sign it off in Validate first"));
    assert!(window.is_off("Start deployment"));
    window.click("Sign off in Validate");
    assert_eq!(window.page.state().panel(), Panel::Validate);

    window.click("Go to sign-off");
    // Whatever the system calls the user stands there already; what is typed at once is the reason, or else the name.
    assert!(window.is_off("Sign with an override"));
    window.write("Signed by", "Ada");
    assert!(window.has("A required gate failed: give the reason for an override"));
    window.write("Override", "A trial of two weeks, watched daily");
    window.write("Note", "Agreed with operations");
    window.click("Sign with an override");
    window.until("the sign-off", |a| !a.state().sign_offs.is_empty());
    assert!(window.has("Signed off by"));
    assert!(window.has("A deployment of this model with this validation is approved."));

    window.click("Reports");
    window.click("Save as JSON…");
    window.until("the report", |a| a.state().notices.iter().any(|n| n.text.contains("saved.json")));
    assert!(saved.is_file());
    let name = window.first_that_begins("Verify ").unwrap();
    window.click(&name);
    window.until("the verification", |a| !a.state().rechecks.is_empty());
    let check = window.page.state().state().rechecks[0].clone();
    assert_eq!(check.outcome, Ok(Vec::new()), "the same files give the same numbers");
    assert!(window.has("Same hashes, same numbers, as it was signed"));

    window.click("Audit trail");
    window.until("the trail", |a| a.state().audit.page.is_some());
    assert!(window.has("Signed off with an override") && window.has("A trial of two weeks"));
    window.click("Verify trail");
    window.until("the check", |a| a.state().audit.verified.is_some());
    assert!(window.has("the trail is whole"));
    window.click("Export the audit trail as CSV");
    window.until("the export", |a| a.state().notices.iter().any(|n| n.text.contains("trail.csv")));
    let rows = std::fs::read_to_string(&exported).unwrap();
    assert!(rows.starts_with("number,time,kind,") && rows.contains(",overridden,"), "{rows}");
    window.close();

    use AuditKind::{DatasetAdded, Exported, ModelAdded, Overridden, Reverified, Validated};
    let happened = [ModelAdded, DatasetAdded, Validated, Overridden, Exported, Reverified, Exported];
    assert_eq!(kinds(folder.path()), happened);

    let mut window = open(Answers::default());
    window.until("the kept workspace", |a| a.state().workspace.ready && !a.state().sign_offs.is_empty());
    let signed = window.page.state().state().sign_offs[0].clone();
    assert_eq!(signed.signed.override_reason.as_deref(), Some("A trial of two weeks, watched daily"));
    assert_eq!(window.page.state().state().reviewer, signed.signed.who);
    assert_eq!(window.page.state().panel(), Panel::Reports, "the panel is remembered");
    window.click("Sign-offs");
    assert!(window.has("Signed off by") && window.has("Agreed with operations"));
    window.click("Audit trail");
    window.until("the trail", |a| a.state().audit.page.as_ref().is_some_and(|p| p.entries.len() == happened.len()));
    window.close();

    // Somebody changes the reason afterwards.
    let trail = folder.path().join(FILE);
    let text = std::fs::read_to_string(&trail).unwrap();
    std::fs::write(&trail, text.replace("two weeks", "ten weeks")).unwrap();
    assert!(!verify_folder(folder.path(), &NoWatch).unwrap().is_whole());
    let mut window = open(Answers::default());
    window.until("the kept workspace", |a| a.state().workspace.ready && !a.state().sign_offs.is_empty());
    window.click("Audit trail");
    window.click("Verify trail");
    window.until("the check", |a| a.state().audit.verified.is_some());
    assert!(window.has("problem"));
    window.close();
}

#[test]
fn the_backend_itself_refuses_what_is_not_approved() {
    let folder = tempfile::tempdir().unwrap();
    let mut listener = Listener::open(options(folder.path(), runtime::runtime(), true)).expect_errors();
    listener.samples();
    let mut plan = Plan::new("late");
    plan.policy = parse(SHIPPED[0].text).ok();
    let (models, dataset) = (listener.story("flights"), listener.dataset("flights/april.parquet"));
    listener.backend.send(Command::Validate { models, said: None, reference: None, dataset, plan: Box::new(plan) });
    listener.until("the validation", |s| !s.runs.is_empty());
    let run = listener.state.runs[0].clone();
    let judged = &run.report.models[run.report.recommendation.as_ref().unwrap().model];
    assert_eq!(judged.verdict, "fail");
    let (model, feed_dataset) = (judged.sha256.clone(), listener.dataset("flights/stream.parquet"));
    let deploy = || {
        Command::Deploy(DeployRequest {
            source: modeldeck::backend::serving::Source::Replay,
            name: "flights".to_owned(),
            run: run.id,
            model: model.clone(),
            feed_dataset: feed_dataset.clone(),
            worker: WorkerSettings::default(),
            feed: FeedSettings { rows_per_second: Some(10.0), ..FeedSettings::default() },
            chunking: None,
            time_column: None,
            threshold: None,
        })
    };
    let sign = |who: &str, reason: Option<&str>| Command::SignOff {
        run: run.id,
        model: model.clone(),
        who: who.to_owned(),
        note: String::new(),
        override_reason: reason.map(ToOwned::to_owned),
    };
    listener.backend.send(deploy());
    assert!(listener.next_told("the refusal").contains("was not overridden"));
    for (command, words) in [
        (sign("Ada", None), "fails"),
        (sign("Ada", Some("ok")), "no reason"),
        (sign(" ", Some("A trial of two weeks")), "needs a name"),
    ] {
        listener.backend.send(command);
        let said = listener.next_told(words);
        assert!(said.contains(words), "{said}");
    }
    assert!(listener.state.sign_offs.is_empty());
    listener.backend.send(sign("Ada", Some("A trial of two weeks")));
    listener.until("the sign-off", |s| s.sign_offs.len() == 1);
    listener.backend.send(sign("Grace", Some("A trial of two weeks")));
    assert!(listener.next_told("the second signature").contains("Ada has signed this result already"));
    listener.backend.send(deploy());
    listener.until("the deployment", |s| !s.deployments.is_empty());
    assert!(listener.state.notices.iter().all(|n| n.level != NoticeLevel::Error || !n.text.contains("audit")));
    listener.close();
    assert!(verify_folder(folder.path(), &NoWatch).unwrap().is_whole());
    let recorded = kinds(folder.path());
    let of = |kind: AuditKind| recorded.iter().filter(|k| **k == kind).count();
    assert_eq!((of(AuditKind::ModelAdded), of(AuditKind::DatasetAdded)), (7, 6));
    assert_eq!((of(AuditKind::Overridden), of(AuditKind::Deployed), of(AuditKind::Stopped)), (1, 1, 1));
    let entry = AuditFilter { kind: Some(AuditKind::Deployed), ..AuditFilter::default() };
    let page = page_of_folder(folder.path(), &entry, 0, 1).unwrap();
    assert_eq!(page.entries[0].what["approval"], "overridden");
    assert_eq!(page.entries[0].what["signed_by"], "Ada");
    assert_eq!(page.entries[0].who, "Ada");
    let text = AuditFilter { text: Some("TWO WEEKS".to_owned()), ..AuditFilter::default() };
    assert_eq!(page_of_folder(folder.path(), &text, 0, 10).unwrap().entries.len(), 1);
}

#[test]
fn a_trail_that_cannot_be_written_is_told_once_and_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    // A folder in the file's place takes no line.
    std::fs::create_dir_all(folder.path().join(FILE)).unwrap();
    let mut listener = Listener::open(options(folder.path(), runtime::runtime(), true)).expect_errors();
    listener.samples();
    assert!(listener.next_told("the warning").contains("audit trail cannot be written"));
    assert!(listener.told.is_empty(), "{:?}", listener.told);
    std::fs::remove_dir(folder.path().join(FILE)).unwrap();
    let dataset = listener.dataset("flights/stream.parquet");
    listener.backend.send(Command::RemoveDataset(dataset));
    listener.until("the removal", |s| s.datasets.len() == 5);
    listener.close();
    let recorded = kinds(folder.path());
    assert_eq!(recorded.len(), 14, "{recorded:?}");
    assert_eq!(recorded.last(), Some(&AuditKind::DatasetRemoved));
    assert!(verify_folder(folder.path(), &NoWatch).unwrap().is_whole());
}
