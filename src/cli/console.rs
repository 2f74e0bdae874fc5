//! Standard output and error, with progress on a terminal and silence on a pipe.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use tracing_subscriber::filter::LevelFilter;

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// Bad input or usage; one sentence.
    Input(String),
    /// The person stopped it.
    Cancelled,
    /// The result is there, and a model fails its gates or the audit trail has problems.
    Gates,
}

impl Failure {
    /// A failure from anything that says what is wrong.
    pub(super) fn input(error: impl std::fmt::Display) -> Self {
        Self::Input(error.to_string())
    }
}

/// Where a command speaks.
#[derive(Debug)]
pub(super) struct Console {
    progress: bool,
    last: AtomicU32,
}

#[expect(clippy::unused_self, reason = "whoever speaks holds the console, so that nothing else prints")]
impl Console {
    pub(super) fn new(quiet: bool) -> Self {
        Self { progress: !quiet && std::io::stderr().is_terminal(), last: AtomicU32::new(u32::MAX) }
    }

    /// Writes to standard output; a reader that went away is no error worth a word.
    pub(super) fn say(&self, text: &str) {
        writeln!(std::io::stdout().lock(), "{text}").ok();
    }

    /// Writes one sentence to standard error.
    pub(super) fn complain(&self, text: &str) {
        writeln!(std::io::stderr().lock(), "modeldeck: {text}").ok();
    }

    /// Writes a result as JSON, to standard output for `-`, else whole or not at all to a file.
    pub(super) fn json(&self, place: &Path, value: &impl serde::Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(value).map_err(Failure::input)?;
        text.push('\n');
        if place == Path::new("-") {
            std::io::stdout().lock().write_all(text.as_bytes()).ok();
            return Ok(());
        }
        crate::backend::write_whole(place, text.as_bytes()).map_err(|error| {
            Failure::Input(format!(
                "The result could not be written: {error}. Choose another place or free some space. {}",
                place.display()
            ))
        })
    }

    /// Clears the progress line.
    pub(super) fn end_progress(&self) {
        if self.progress {
            write!(std::io::stderr().lock(), "\r\x1b[K").ok();
        }
    }

    /// Shows progress, at most once a percent.
    pub(super) fn show(&self, what: &str, done: f32) {
        let percent = (done * 100.0) as u32;
        if !self.progress || self.last.swap(percent, Ordering::Relaxed) == percent {
            return;
        }
        let filled = (percent.min(100) / 4) as usize;
        let mut error = std::io::stderr().lock();
        write!(error, "\r{what} [{}{}] {percent:3} %", "#".repeat(filled), " ".repeat(25 - filled)).ok();
        error.flush().ok();
    }
}

/// Progress of one piece of work on the console.
pub(super) struct Progress<'a> {
    pub(super) console: &'a Console,
    pub(super) what: &'a str,
}

impl crate::data::watch::Watch for Progress<'_> {
    fn progress(&self, done: f32) {
        self.console.show(self.what, done);
    }

    fn cancelled(&self) -> bool {
        false
    }
}

impl crate::model::runtime::Watch for Progress<'_> {
    fn step(&self, step: &crate::model::runtime::Step) {
        self.console.show(self.what, step.share());
    }
}

/// Sends log lines to standard error: the program's own from “info” up, others only when something is wrong.
pub(super) fn log_to_stderr(quiet: bool) {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let own = if quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    let filter =
        tracing_subscriber::filter::Targets::new().with_target("modeldeck", own).with_default(LevelFilter::ERROR);
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time().with_target(false))
        .with(filter)
        .try_init()
        .ok();
}
