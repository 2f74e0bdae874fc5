//! Reports: what was found, what was signed, and who did what. It draws and asks; hashes, checks and files are the
//! backend's.

mod runs;
mod sign_offs;
#[cfg(test)]
mod tests;
mod trail;

use eframe::egui::Ui;

use super::page;
use crate::app::action::Panel;
use crate::app::context::PanelContext;
use crate::app::theme::SPACE_S;
use crate::app::widgets::{pending_state, tabs};

const HINT: &str = "choose a validation to save or verify it; “Audit trail” lists who did what and shows any change.";

/// What the page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Validations,
    SignOffs,
    Trail,
}

/// The page of reports.
#[derive(Debug, Default)]
pub struct ReportsPanel {
    tab: Tab,
    runs: runs::Runs,
    sign_offs: sign_offs::SignOffs,
    trail: trail::Trail,
}

impl ReportsPanel {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        page::head(ui, ctx, Panel::Reports.name(), HINT, |_| {});
        if !ctx.state.workspace.ready {
            pending_state(ui, "Opening the workspace", None::<fn(&mut Ui)>);
            return;
        }
        let options =
            [(Tab::Validations, "Validation reports"), (Tab::SignOffs, "Sign-offs"), (Tab::Trail, "Audit trail")];
        tabs(ui, "Reports", &mut self.tab, &options);
        ui.add_space(SPACE_S);
        page::body(ui, "reports page", |ui| match self.tab {
            Tab::Validations => self.runs.ui(ui, ctx),
            Tab::SignOffs => self.sign_offs.ui(ui, ctx),
            Tab::Trail => self.trail.ui(ui, ctx),
        });
    }
}
