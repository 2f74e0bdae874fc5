//! Everything a person can do, once: buttons, shortcuts and the command palette all come from here.

use eframe::egui::{Key, KeyboardShortcut, Modifiers};

/// The panels of the rail, from top to bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Panel {
    /// Every model's stage and health.
    #[default]
    Overview,
    /// Models and datasets.
    Models,
    /// Validation runs.
    Validate,
    /// Workers and feeds.
    Deploy,
    /// Live charts and alerts.
    Monitor,
    /// Kept validations, sign-offs and the audit trail.
    Reports,
}

impl Panel {
    /// All panels in rail order.
    pub const ALL: [Self; 6] =
        [Self::Overview, Self::Models, Self::Validate, Self::Deploy, Self::Monitor, Self::Reports];

    /// The name in the rail.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Models => "Models",
            Self::Validate => "Validate",
            Self::Deploy => "Deploy",
            Self::Monitor => "Monitor",
            Self::Reports => "Reports",
        }
    }
}

/// An action of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Shows a panel.
    GoTo(Panel),
    /// Opens a dialog for model files.
    AddModel,
    /// Opens a dialog for a data file.
    AddDataset,
    /// Opens a dialog for a policy file.
    AddPolicy,
    /// Puts the sample stories into the workspace.
    OpenSamples,
    /// Downloads ONNX Runtime.
    InstallRuntime,
    /// Opens a dialog for a runtime library.
    ChooseRuntime,
    /// Runs the validation that is set up.
    RunValidation,
    /// Starts the deployment that is set up.
    StartDeployment,
    /// Holds or goes on with the shown deployment.
    PauseOrResume,
    /// Feeds one batch to the shown deployment.
    StepFeed,
    /// Ends the shown deployment.
    StopDeployment,
    /// Asks all running jobs to end.
    CancelJobs,
    /// Dark to light and back.
    ToggleTheme,
    /// Shows or hides the notification history.
    ToggleNotices,
    /// Shows or hides the command palette.
    TogglePalette,
    /// Larger text.
    ZoomIn,
    /// Smaller text.
    ZoomOut,
    /// Closes the window.
    Quit,
}

impl Action {
    /// All actions, in the order the palette lists them.
    pub fn all() -> impl Iterator<Item = Self> {
        Panel::ALL.into_iter().map(Self::GoTo).chain([
            Self::AddModel,
            Self::AddDataset,
            Self::AddPolicy,
            Self::OpenSamples,
            Self::RunValidation,
            Self::StartDeployment,
            Self::PauseOrResume,
            Self::StepFeed,
            Self::StopDeployment,
            Self::InstallRuntime,
            Self::ChooseRuntime,
            Self::CancelJobs,
            Self::ToggleTheme,
            Self::ToggleNotices,
            Self::TogglePalette,
            Self::ZoomIn,
            Self::ZoomOut,
            Self::Quit,
        ])
    }

    /// What the palette and buttons call it.
    pub fn text(self) -> String {
        match self {
            Self::GoTo(panel) => format!("Go to {}", panel.name()),
            Self::AddModel => "Add model…".to_owned(),
            Self::AddDataset => "Add dataset…".to_owned(),
            Self::AddPolicy => "Add policy…".to_owned(),
            Self::OpenSamples => "Open samples".to_owned(),
            Self::InstallRuntime => "Install ONNX Runtime".to_owned(),
            Self::ChooseRuntime => "Choose ONNX Runtime library…".to_owned(),
            Self::RunValidation => "Run validation".to_owned(),
            Self::StartDeployment => "Start deployment".to_owned(),
            Self::PauseOrResume => "Pause or resume deployment".to_owned(),
            Self::StepFeed => "Step one batch".to_owned(),
            Self::StopDeployment => "Stop deployment".to_owned(),
            Self::CancelJobs => "Cancel running jobs".to_owned(),
            Self::ToggleTheme => "Switch light and dark".to_owned(),
            Self::ToggleNotices => "Show notifications".to_owned(),
            Self::TogglePalette => "Search or run a command…".to_owned(),
            Self::ZoomIn => "Zoom in".to_owned(),
            Self::ZoomOut => "Zoom out".to_owned(),
            Self::Quit => "Quit".to_owned(),
        }
    }

    /// The keys that do it.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        match self {
            Self::GoTo(Panel::Overview) => command(Key::Num1),
            Self::GoTo(Panel::Models) => command(Key::Num2),
            Self::GoTo(Panel::Validate) => command(Key::Num3),
            Self::GoTo(Panel::Deploy) => command(Key::Num4),
            Self::GoTo(Panel::Monitor) => command(Key::Num5),
            Self::GoTo(Panel::Reports) => command(Key::Num6),
            Self::AddModel => command(Key::O),
            Self::AddDataset => command(Key::D),
            Self::RunValidation => command(Key::Enter),
            Self::PauseOrResume => command(Key::P),
            Self::StepFeed => command(Key::Period),
            Self::ToggleTheme => command(Key::T),
            Self::ToggleNotices => command(Key::N),
            Self::TogglePalette => command(Key::K),
            _ => None,
        }
    }

    /// Whether the words of `query` all occur in the action's text, whatever their order and case.
    pub fn matches(self, query: &str) -> bool {
        let text = self.text().to_lowercase();
        query.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_actions_share_text_or_keys() {
        let mut texts = std::collections::BTreeSet::new();
        let mut keys = Vec::new();
        for action in Action::all() {
            assert!(texts.insert(action.text()), "{action:?}");
            if let Some(shortcut) = action.shortcut() {
                assert!(!keys.contains(&shortcut), "{action:?}");
                keys.push(shortcut);
            }
        }
    }

    #[test]
    fn the_palette_finds_words_in_any_order() {
        assert!(Action::AddModel.matches("MODEL add"));
        assert!(!Action::AddModel.matches("dataset"));
        assert!(Action::AddModel.matches(""));
    }
}
