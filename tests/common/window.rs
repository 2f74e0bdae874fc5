//! The whole window without a screen, over a live backend.

#![allow(clippy::unwrap_used, clippy::allow_attributes, dead_code, reason = "what is missing fails the program")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eframe::App as _;
use eframe::egui::Key;
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, HarnessBuilder};
use modeldeck::app::context::Picked;
use modeldeck::app::dialogs::{Ask, Dialogs};
use modeldeck::app::{App, theme};
use modeldeck::backend::state::RuntimeView;
use modeldeck::backend::{Backend, BackendOptions};

/// Dialogs that answer with the paths they were given, in their order.
#[derive(Clone, Debug, Default)]
pub struct Answers(Arc<Mutex<Vec<Vec<PathBuf>>>>);

impl Answers {
    pub fn of(answers: impl IntoIterator<Item = Vec<PathBuf>>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self(Arc::new(Mutex::new(answers)))
    }
}

impl Dialogs for Answers {
    fn available(&self) -> bool {
        true
    }

    fn ask(&self, ask: Ask, reply: crossbeam_channel::Sender<Picked>, wake: Box<dyn Fn() + Send>) {
        let paths = self.0.lock().unwrap().pop().unwrap_or_default();
        if let Some(picked) = ask.answer(paths) {
            reply.send(picked).unwrap();
        }
        wake();
    }
}

fn is_control(node: &egui_kittest::Node<'_>) -> bool {
    use Role::{Button, CheckBox, RadioButton, Tab};
    matches!(node.accesskit_node().role(), Button | CheckBox | RadioButton | Tab)
}

/// Whether the file that may be added was looked at.
pub fn previewed(app: &App) -> bool {
    app.state().preview.as_ref().is_some_and(|view| view.seen.is_some() && !view.pending)
}

/// A window of this size over a backend of its own.
pub struct Window {
    pub page: Harness<'static, App>,
}

impl Window {
    pub fn open(size: [f32; 2], options: BackendOptions, answers: Answers) -> Self {
        Self::build(Harness::builder().with_size(size), options, answers)
    }

    pub fn build(builder: HarnessBuilder<App>, options: BackendOptions, answers: Answers) -> Self {
        let backend = Backend::start(options).unwrap();
        let page = builder
            .with_max_steps(30)
            .with_context_setup(theme::install)
            .build_eframe(move |cc| App::new(&cc.egui_ctx, backend, Box::new(answers)));
        Self { page }
    }

    /// Draws until the program is in a state.
    pub fn until(&mut self, what: &str, reached: impl Fn(&App) -> bool) {
        let end = Instant::now() + Duration::from_mins(2);
        self.page.step();
        while !reached(self.page.state()) {
            let notices = &self.page.state().state().notices;
            assert!(Instant::now() < end, "{what} did not come; what was said: {notices:?}");
            std::thread::sleep(Duration::from_millis(5));
            self.page.step();
        }
        self.page.run_ok();
    }

    /// Waits for ONNX Runtime and opens Models.
    pub fn begin(&mut self) {
        self.until("ONNX Runtime", |a| matches!(a.state().runtime, RuntimeView::Ready { .. }));
        self.click("Models");
    }

    /// Adds the model files that the next answer of the dialogs names, so many; Models is open.
    pub fn add_models(&mut self, files: usize) {
        let models = self.page.state().state().models.len() + files;
        self.click("Add model…");
        self.until("the models", |a| a.state().models.len() == models);
    }

    /// Adds the table that the next answer of the dialogs names, as its preview offers it; Models is open.
    pub fn add_dataset(&mut self) {
        let datasets = self.page.state().state().datasets.len() + 1;
        self.click("Add dataset…");
        self.until("the preview", previewed);
        self.click("Add");
        self.until("the dataset", |a| a.state().datasets.len() == datasets && a.jobs().is_empty());
    }

    pub fn has(&self, label: &str) -> bool {
        self.page.query_all_by_label_contains(label).next().is_some()
    }

    /// The name of the first control that begins with these words.
    pub fn first_that_begins(&self, words: &str) -> Option<String> {
        let mut found = self.page.query_all_by_label_contains(words).filter(is_control);
        found.find_map(|n| n.accesskit_node().label().filter(|l| l.starts_with(words)))
    }

    /// Scrolls until what has this name is seen.
    pub fn scroll_to(&mut self, label: &str) {
        self.page.get_by_label(label).scroll_to_me();
        self.page.run_ok();
    }

    /// Clicks the one control of this name, wherever the page must scroll to.
    pub fn click(&mut self, label: &str) {
        for only_show in [true, false] {
            self.page.run_ok();
            let panel = self.page.state().panel();
            let controls: Vec<_> = self.page.query_all_by_label(label).filter(|n| is_control(n)).collect();
            assert_eq!(controls.len(), 1, "controls called “{label}” on {panel:?}");
            if only_show { controls[0].scroll_to_me() } else { controls[0].click() }
        }
        self.page.run_ok();
    }

    /// Writes into the one field of this name.
    pub fn write(&mut self, field: &str, words: &str) {
        self.page.get_by_role_and_label(Role::TextInput, field).scroll_to_me();
        self.page.run_ok();
        self.page.get_by_role_and_label(Role::TextInput, field).focus();
        self.page.run_ok();
        self.page.get_by_role_and_label(Role::TextInput, field).type_text(words);
        self.page.run_ok();
    }

    /// Whether the one control of this name cannot be pressed.
    pub fn is_off(&self, label: &str) -> bool {
        let controls: Vec<_> = self.page.query_all_by_label(label).filter(is_control).collect();
        assert_eq!(controls.len(), 1, "controls called “{label}”");
        controls[0].accesskit_node().is_disabled()
    }

    /// Opens a list by its name and takes the option that begins with these words.
    pub fn choose(&mut self, list: &str, option: &str) {
        self.page.get_by_role_and_label(Role::ComboBox, list).scroll_to_me();
        self.page.run_ok();
        self.page.get_by_role_and_label(Role::ComboBox, list).click();
        self.page.run_ok();
        let begins = |n: &egui_kittest::Node<'_>| n.accesskit_node().label().is_some_and(|l| l.starts_with(option));
        let options: Vec<_> =
            self.page.query_all_by_label_contains(option).filter(|n| is_control(n) && begins(n)).collect();
        assert_eq!(options.len(), 1, "“{option}” in “{list}”");
        options[0].click();
        drop(options);
        self.page.run_ok();
    }

    /// Opens a list by its name and ticks one of its options.
    pub fn tick(&mut self, list: &str, option: &str) {
        self.page.get_by_role_and_label(Role::ComboBox, list).click();
        self.page.run_ok();
        self.page.get_by_role_and_label(Role::CheckBox, option).click();
        self.page.run_ok();
        self.page.key_press(Key::Escape);
        self.page.run_ok();
    }

    /// Closes the program as the window's frame does.
    pub fn close(mut self) {
        self.page.state_mut().on_exit(None);
    }
}
