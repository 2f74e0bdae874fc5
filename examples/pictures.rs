//! Makes the pictures of the README: the demo, walked through by the program itself on a software rasteriser.
//!
//! `cargo run --release --features snapshots --example pictures` writes `assets/pictures/*.png`. It needs a Vulkan
//! driver, such as Mesa's software one, and no display.

#![expect(clippy::unwrap_used, reason = "a picture that cannot be made ends the program")]

#[path = "../tests/common/listener.rs"]
mod listener;
#[path = "../tests/common/runtime.rs"]
mod runtime;
#[path = "../tests/common/window.rs"]
mod window;

use std::path::Path;

use eframe::egui::vec2;
use egui_kittest::Harness;
use listener::options;
use modeldeck::backend::state::{DeploymentStateView, RuntimeView};
use window::{Answers, Window};

const WIDTH: f32 = 1280.0;
const HEIGHT: f32 = 800.0;
/// Rows answered before the picture of a working deployment is taken.
const SOME_ROWS: u64 = 60_000;

/// Takes the picture of a window as high as the page deserves.
fn save(window: &mut Window, name: &str, height: f32) {
    window.page.set_size(vec2(WIDTH, height));
    while let Some(toast) = window.first_that_begins("Close ") {
        window.click(&toast);
    }
    window.page.remove_cursor();
    window.page.run_ok();
    let picture = window.page.render().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures").join(format!("{name}.png"));
    picture.save(&path).unwrap();
    tracing::info!("{}", path.display());
}

fn main() {
    tracing_subscriber::fmt().init();
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("samples");
    let mut window = Window::build(
        Harness::builder().with_size([WIDTH, HEIGHT]).wgpu(),
        options(&workspace, runtime::runtime(), true),
        Answers::default(),
    );
    window.until("the samples", |a| a.state().samples && matches!(a.state().runtime, RuntimeView::Ready { .. }));
    save(&mut window, "overview", HEIGHT);
    window.click("Models");
    save(&mut window, "models", HEIGHT);
    window.click("Validate");
    window.until("the bindings", |a| {
        a.state().preparations.values().filter(|p| p.ready).count() == 3 && a.jobs().is_empty()
    });
    window.choose("Policy", "Careful binary");
    window.tick("Segments", "origin");
    window.click("Run validation");
    window.until("the result", |a| !a.state().runs.is_empty() && a.jobs().is_empty());
    save(&mut window, "validate", 1400.0);
    window.click("Curves");
    window.scroll_to("ROC curve");
    save(&mut window, "evidence", 1400.0);
    window.click("Gates and sign-off");
    window.until("the hashes", |a| !a.state().hashes.is_empty());
    window.write("Signed by", "Ada");
    window.write("Override", "A trial of two weeks, watched daily");
    window.scroll_to("Sign with an override");
    save(&mut window, "signoff", HEIGHT);
    window.click("Sign with an override");
    window.until("the sign-off", |a| !a.state().sign_offs.is_empty() && a.jobs().is_empty());
    window.click("Reports");
    window.click("Audit trail");
    window.until("the trail", |a| a.state().audit.page.is_some());
    window.click("Verify trail");
    window.until("the check", |a| a.state().audit.verified.is_some());
    save(&mut window, "reports", HEIGHT);
    window.click("Validate");
    window.click("Deploy this model…");
    window.click("20,000");
    window.click("Start deployment");
    window.until("answers", |a| a.live().stats.values().any(|s| s.rows_answered > SOME_ROWS));
    save(&mut window, "deploy", HEIGHT);
    window.click("max");
    window.click("Watch in Monitor");
    window.until("the end of the year", |a| {
        a.state().deployments.iter().all(|d| d.state == DeploymentStateView::Finished)
    });
    save(&mut window, "monitor", 1240.0);
    window.close();
}
