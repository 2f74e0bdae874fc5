//! What the page lists, what it asks for, and its four states.

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use serde_json::json;

use super::*;
use crate::app::action::Action;
use crate::app::context::{Request, Saved, Subject};
use crate::app::panels::fixture::{World, click, harness};
use crate::backend::Command;
use crate::backend::event::JobTopic;
use crate::backend::state::{AuditView, RecheckView, VerifiedView};
use crate::model::binding::How;
use crate::validate::signoff::{Difference, Part};
use crate::validate::{Plan, Report};
use crate::workspace::audit::{
    AuditEntry, AuditFilter, AuditKind, AuditPage, AuditProblem, NO_HASH, ProblemKind, Verified,
};

fn drawn(world: World, tab: Tab) -> Harness<'static, World> {
    let mut panel = ReportsPanel { tab, ..ReportsPanel::default() };
    harness([1200.0, 900.0], world, move |ui, ctx| panel.ui(ui, ctx))
}

/// The first run with a plan and bindings, as kept ones have.
fn kept() -> World {
    let mut world = World::full();
    let mut run = (*world.state.runs[0]).clone();
    let mut report = Report::clone(&run.report);
    report.plan = Some(Plan::new("late"));
    for model in &mut report.models {
        model.binding.set_columns("temp", vec!["temp".to_owned()], How::Exact);
    }
    run.report = Arc::new(report);
    world.state.runs[0] = Arc::new(run);
    world
}

fn entry(number: u64, kind: AuditKind) -> AuditEntry {
    AuditEntry {
        schema_version: 1,
        number,
        at_ms: 0,
        kind,
        subject: "b".repeat(64),
        who: "Grace".to_owned(),
        what: json!({ "name": "gradient boosting", "failed_gates": ["Ranks well"], "policy": null }),
        previous: NO_HASH.to_owned(),
        hash: "7".repeat(64),
    }
}

fn audited(view: AuditView) -> World {
    let mut world = World::full();
    world.state.audit = Arc::new(view);
    world
}

fn one_page(more: bool) -> AuditView {
    let page = AuditPage { entries: vec![entry(61, AuditKind::Overridden)], more, unreadable: 0 };
    AuditView {
        total: 61,
        page: Some(Arc::new(page)),
        read: Some((AuditFilter::default(), 0, 61)),
        ..AuditView::default()
    }
}

fn has(page: &Harness<'static, World>, words: &str) -> bool {
    page.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn an_empty_workspace_leads_to_validate() {
    for tab in [Tab::Validations, Tab::SignOffs] {
        let asked = click(&mut drawn(World::empty(), tab), "Go to Validate");
        assert!(matches!(asked.as_slice(), [Request::Action(Action::GoTo(Panel::Validate))]), "{asked:?}");
    }
    let mut world = World::empty();
    world.state.workspace.ready = false;
    assert!(has(&drawn(world, Tab::Trail), "Opening the workspace"));
}

#[test]
fn a_validation_is_saved_opened_and_verified() {
    let mut page = drawn(kept(), Tab::Validations);
    for (button, file) in
        [("Save as HTML…", "validation.html"), ("Save as PDF…", "validation.pdf"), ("Save as CSV…", "validation.zip")]
    {
        let asked = click(&mut page, button);
        let [Request::SaveBy { suggested, what: Saved::Report(1) }] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(suggested, file);
    }
    let asked = click(&mut page, "Open in Validate");
    assert!(matches!(asked.as_slice(), [Request::Show(Subject::Run(1, None))]), "{asked:?}");
    let asked = click(&mut page, "Verify gradient boosting again");
    let [Request::Command(Command::Reverify { run: 1, model })] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*model, "b".repeat(64));
    let busy = kept().with_job(JobTopic::Reverify, "Verifying gradient boosting");
    assert!(click(&mut drawn(busy, Tab::Validations), "Verify gradient boosting again").is_empty());
}

#[test]
fn what_a_verification_found_is_said_below_its_model() {
    let check = |outcome| {
        let mut world = kept();
        let check = RecheckView { run: 1, model: "b".repeat(64), at_ms: 0, against_signature: true, outcome };
        world.state.rechecks = vec![Arc::new(check)];
        drawn(world, Tab::Validations)
    };
    assert!(has(&check(Ok(Vec::new())), "Same hashes, same numbers, as it was signed"));
    let differences = vec![
        Difference::Hash { part: Part::Data, was: Some("a".to_owned()), now: Some("b".to_owned()) },
        Difference::Metric { metric: "roc_auc".to_owned(), was: Some(0.5), now: Some(0.75), by: Some(0.25) },
    ];
    let page = check(Ok(differences));
    assert!(has(&page, "The data file is another one") && has(&page, "roc_auc was 0.5 and is 0.75"));
    let page = check(Err("The file is not there: april.csv".to_owned()));
    assert!(has(&page, "It could not be verified") && has(&page, "april.csv"));
}

#[test]
fn sign_offs_are_listed_with_what_was_signed() {
    let world = World::full().with_sign_off("a", None).with_sign_off("b", Some("It is only a trial"));
    let mut page = drawn(world, Tab::SignOffs);
    page.get_by_label("It is only a trial");
    let asked = click(&mut page, "Open in Validate");
    let [Request::Show(Subject::Run(1, Some(model)))] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*model, "b".repeat(64));
    let asked = click(&mut page, "Export sign-offs as CSV");
    let [Request::Save { text, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn the_trail_is_asked_for_once_and_again_when_it_grew() {
    let loads = |page: &Harness<'static, World>| {
        let asked = page.state().asked();
        asked.iter().filter(|r| matches!(r, Request::Command(Command::LoadAudit { .. }))).count()
    };
    let mut page = drawn(audited(AuditView { total: 3, ..AuditView::default() }), Tab::Trail);
    page.run();
    assert_eq!(loads(&page), 1);
    assert!(has(&page, "Reading the audit trail"));
    page.state_mut().state.audit = Arc::new(AuditView { total: 4, ..AuditView::default() });
    page.run();
    assert_eq!(loads(&page), 2);
}

#[test]
fn the_trail_is_filtered_paged_and_exported() {
    let mut page = drawn(audited(one_page(true)), Tab::Trail);
    assert!(page.state().asked().is_empty(), "the page is there");
    assert!(has(&page, "Signed off with an override") && has(&page, "failed gates: Ranks well"));
    let asked = click(&mut page, "Export the audit trail as JSON lines");
    assert!(matches!(asked.as_slice(), [Request::SaveBy { what: Saved::Audit, .. }]), "{asked:?}");
    let asked = click(&mut page, "Verify trail");
    assert!(matches!(asked.as_slice(), [Request::Command(Command::VerifyAudit)]), "{asked:?}");
    let asked = click(&mut page, "Older");
    assert!(matches!(asked.as_slice(), [Request::Command(Command::LoadAudit { offset: 1, .. })]), "{asked:?}");
    let page = drawn(audited(one_page(false)), Tab::Trail);
    assert!(page.get_by_label("Older").accesskit_node().is_disabled());
    let empty =
        AuditView { read: Some((AuditFilter::default(), 0, 0)), page: Some(Arc::default()), ..AuditView::default() };
    assert!(has(&drawn(audited(empty), Tab::Trail), "Nothing is recorded yet"));
}

#[test]
fn a_check_says_whole_or_every_problem_in_a_sentence() {
    let checked = |found| {
        let verified = Some(Arc::new(VerifiedView { at_ms: 0, found }));
        drawn(audited(AuditView { verified, ..one_page(false) }), Tab::Trail)
    };
    let whole = Verified { entries: 60, head_known: true, ..Verified::default() };
    let page = checked(Ok(whole.clone()));
    assert!(has(&page, "the trail is whole") && has(&page, "60 entries") && has(&page, "1 since"));
    let sentence = "The entry 7 was changed after it was written.".to_owned();
    let problem = AuditProblem { kind: ProblemKind::Changed, line: 7, number: Some(7), sentence };
    let page = checked(Ok(Verified { problems: vec![problem], ..whole }));
    assert!(has(&page, "1 problem") && has(&page, "The entry 7 was changed"));
    assert!(has(&checked(Err("The system refused to use the file".to_owned())), "not verified"));
    let unread = AuditView { problem: Some("The system refused".to_owned()), ..one_page(false) };
    let asked = click(&mut drawn(audited(unread), Tab::Trail), "Read it again");
    assert!(matches!(asked.as_slice(), [Request::Command(Command::LoadAudit { offset: 0, .. })]), "{asked:?}");
}
