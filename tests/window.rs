//! A walk through the whole window by the names a person reads, over the live backend and the real models:
//! add → validate → deploy → stream → alert → restart → still there.

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;
#[path = "common/window.rs"]
mod window;

use std::path::{Path, PathBuf};

use egui_kittest::kittest::Queryable as _;
use listener::options;
use modeldeck::app::action::Panel;
use modeldeck::backend::state::DeploymentStateView;
use modeldeck::monitor::AlertState;
use window::{Answers, Window};

fn flights(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models/flights").join(name)
}

#[test]
fn a_newcomer_walks_from_a_file_to_an_alert_and_finds_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let models = ["logistic.onnx", "gradient_boosting.onnx", "overfitted.onnx"].map(flights).to_vec();
    let answers = Answers::of([models, vec![flights("april.parquet")], vec![flights("stream.parquet")]]);
    let open = |answers| Window::open([1280.0, 800.0], options(folder.path(), runtime::runtime(), false), answers);

    let mut window = open(answers);
    window.begin();
    window.add_models(3);
    window.add_dataset();
    window.add_dataset();

    window.click("Validate");
    window.choose("Dataset", "april.parquet");
    window.until("the bindings", |a| {
        a.state().preparations.values().filter(|p| p.ready).count() == 3 && a.jobs().is_empty()
    });
    window.choose("Policy", "Careful binary");
    window.tick("Segments", "origin");
    window.click("Run validation");
    window.until("the result", |a| !a.state().runs.is_empty());
    let pages: [(&str, &[&str]); 5] = [
        ("Metrics", &["Recommendation", "Comparison", "does not hold", "fails its gates", "Behind it"]),
        ("Curves", &["ROC curve", "Calibration curve", "DET curve", "Score histogram"]),
        ("Errors", &["Confusion matrix", "Worst errors"]),
        ("Segments", &["origin = LGA", "Weakest segments", "Groups by origin"]),
        ("Gates and sign-off", &["Ranks well: ROC AUC at least 0.70 at the lower bound"]),
    ];
    for (page, parts) in pages {
        window.click(page);
        for part in parts {
            assert!(window.has(part), "{part} is not on the page");
        }
    }

    window.until("the hashes", |a| !a.state().hashes.is_empty());
    window.write("Signed by", "Ada");
    window.write("Override", "A trial of the walk");
    window.click("Sign with an override");
    window.until("the sign-off", |a| !a.state().sign_offs.is_empty());
    window.click("Deploy this model…");
    assert_eq!(window.page.state().panel(), Panel::Deploy);
    window.choose("Dataset", "stream.parquet");
    window.click("max");
    window.click("Start deployment");
    window.until("the deployment", |a| !a.state().deployments.is_empty());
    window.click("Watch in Monitor");
    assert_eq!(window.page.state().panel(), Panel::Monitor);
    window.until("the end of the stream", |a| {
        a.state().deployments.iter().all(|d| d.state == DeploymentStateView::Finished)
    });
    assert!(window.has("Drift by column and chunk"));
    let shown = window.page.state().state().alerts.first().unwrap().clone();
    window.page.get_by_label(&shown.alert.message);
    window.click(&format!("Acknowledge alert {}", shown.id));
    let seen = |a: &modeldeck::app::App| {
        a.state().alerts.iter().any(|x| x.id == shown.id && x.alert.state == AlertState::Acknowledged)
    };
    window.until("the acknowledgement", seen);
    let rows = window.page.state().state().deployments[0].captured;
    window.close();

    let mut window = open(Answers::default());
    window.until("the kept workspace", |a| a.state().workspace.ready && !a.state().deployments.is_empty());
    assert_eq!(window.page.state().panel(), Panel::Monitor, "the panel is remembered");
    assert!(seen(window.page.state()));
    assert!(window.has("Drift by column and chunk"));
    window.page.get_by_label(&shown.alert.message);
    window.click("Deploy");
    assert_eq!(window.page.state().state().deployments[0].captured, rows);
    assert!(window.has("finished"));
    window.click("Validate");
    assert!(window.has("Recommendation"));
    window.close();
}
