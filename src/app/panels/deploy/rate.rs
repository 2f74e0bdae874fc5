//! The rate of a feed: usual rates, and as fast as it goes.

use eframe::egui::Ui;

use crate::app::widgets::{number_field, segmented, text};
use crate::backend::command::DeploymentId;
use crate::backend::state::DeploymentView;

/// One of the usual rates, or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preset {
    Rows(u32),
    Max,
    Other,
}

const PRESETS: [(Preset, &str); 5] = [
    (Preset::Rows(100), "100"),
    (Preset::Rows(1_000), "1,000"),
    (Preset::Rows(5_000), "5,000"),
    (Preset::Rows(20_000), "20,000"),
    (Preset::Max, "max"),
];

fn of(rate: Option<f64>) -> Preset {
    let Some(rate) = rate else { return Preset::Max };
    PRESETS
        .iter()
        .map(|(preset, _)| *preset)
        .find(|preset| matches!(preset, Preset::Rows(rows) if f64::from(*rows) == rate))
        .unwrap_or(Preset::Other)
}

/// A choice of the usual rates, rows a second; `None` is as fast as it goes. Gives whether it changed.
pub(super) fn presets(ui: &mut Ui, name: &str, rate: &mut Option<f64>) -> bool {
    let mut chosen = of(*rate);
    if !segmented(ui, name, &mut chosen, &PRESETS) {
        return false;
    }
    match chosen {
        Preset::Rows(rows) => *rate = Some(f64::from(rows)),
        Preset::Max => *rate = None,
        Preset::Other => {}
    }
    true
}

/// The rate that was asked for a working deployment: shown until the deployment says the same, so that a number that
/// is being typed or dragged does not jump back, and sent once it is settled.
#[derive(Debug, Default)]
pub(super) struct Wish {
    of: DeploymentId,
    told: Option<f64>,
    /// Rows a second; `None` is as fast as it goes.
    pub(super) rate: Option<f64>,
    unsent: bool,
}

impl Wish {
    /// Draws the control; gives whether `rate` is to be set.
    pub(super) fn ui(&mut self, ui: &mut Ui, deployment: &DeploymentView) -> bool {
        let told = deployment.request.feed.rows_per_second;
        if self.of != deployment.id || self.told != told {
            *self = Self { of: deployment.id.clone(), told, rate: told, unsent: false };
        }
        let mut settled = true;
        ui.horizontal_wrapped(|ui| {
            text::caption(ui, "Rows a second");
            if presets(ui, "Rate of the feed", &mut self.rate) {
                self.unsent = true;
            }
            if let Some(mut value) = self.rate {
                let field = number_field(ui, "Rate", &mut value, 1.0..=1_000_000.0, "rows/s");
                if field.changed() {
                    self.rate = Some(value.round());
                    self.unsent = true;
                }
                settled = !field.dragged() && !field.has_focus();
            }
        });
        let send = self.unsent && settled;
        self.unsent &= !send;
        send
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_ones_own_is_no_preset() {
        assert_eq!(of(None), Preset::Max);
        assert_eq!(of(Some(5_000.0)), Preset::Rows(5_000));
        assert_eq!(of(Some(7_500.0)), Preset::Other);
    }
}
