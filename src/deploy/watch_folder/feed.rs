//! The feed: looks, takes, hands on, and keeps the ledger.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::{Ledger, LedgerError, Outcome, Taken};
use super::look::{Look, Resting};
use crate::data::fingerprint::of_file_watched;
use crate::data::{DataError, ReadOptions, Table, Watch, export, read_table};
use crate::deploy::capture::SteadyClock;
use crate::deploy::heartbeat::{Heartbeat, HeartbeatStatus};

const SET_ASIDE: &str = "set_aside";
const ANSWERED: &str = "answered";
/// A file that does not open is given at least so many settle times before it is bad.
const PATIENCE: u32 = 10;

/// Settings of a watched folder.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct WatchedFolder {
    /// The folder; those in it are not looked into.
    pub folder: PathBuf,
    /// Time between two looks, in milliseconds.
    pub interval_ms: u64,
    /// How long size and time of change must rest, in milliseconds.
    pub settle_ms: u64,
    /// How often a file is expected at least, in seconds; without, the rhythm is learned.
    pub expected_seconds: Option<u64>,
    /// Whether answers are written to `answered/NAME.csv`.
    pub write_answers: bool,
    /// How files are read.
    pub read: ReadOptions,
}

impl Default for WatchedFolder {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            interval_ms: 1_000,
            settle_ms: 2_000,
            expected_seconds: None,
            write_answers: false,
            read: ReadOptions::default(),
        }
    }
}

/// A file that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// Its rows.
    pub table: Arc<Table>,
    /// Whether handing it on was begun before and interrupted: some of its rows may have been answered already, under
    /// the same ids.
    pub again: bool,
    /// What a person should know about the reading, as sentences.
    pub notes: Vec<String>,
}

impl Arrival {
    /// The id of the request that starts with this row: the same whenever the file is taken, another for any other
    /// file or content.
    pub fn request_id(&self, row: usize) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        format!("{name}#{}#{row}", self.sha256.get(..16).unwrap_or(&self.sha256))
    }
}

/// Why a file could not be handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The file is at fault: it is set aside with this reason.
    Bad(String),
    /// The file is not at fault, as when no answer can be kept: it is taken again later.
    Later(String),
}

/// What one look brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Polled {
    /// Names of files whose rows were handed on.
    pub done: Vec<String>,
    /// Names of files that were set aside, with why.
    pub set_aside: Vec<(String, String)>,
    /// Names of files that are still being written, or shall be taken later, with why.
    pub waiting: Vec<(String, String)>,
}

/// How the feed fares.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FolderStatus {
    /// Its rhythm, volume and columns.
    pub heartbeat: HeartbeatStatus,
    /// Files whose rows were handed on, with those of earlier runs.
    pub files: u64,
    /// Files that were set aside, with those of earlier runs.
    pub set_aside: u64,
    /// Files that wait.
    pub waiting: u64,
    /// Why the folder could not be looked at, at the last look.
    pub problem: Option<String>,
}

/// A watched folder and its ledger.
pub struct FolderFeed {
    settings: WatchedFolder,
    ledger: Ledger,
    look: Look,
    heartbeat: Heartbeat,
    clock: SteadyClock,
    waiting: u64,
    problem: Option<String>,
}

/// What became of one file.
enum Step {
    /// Handed on, with so many rows.
    Done(u64),
    SetAside(String),
    Waiting(String),
    Known,
}

impl FolderFeed {
    /// Watches a folder with the ledger at a path, better outside of the folder.
    ///
    /// # Errors
    /// When the ledger cannot be used.
    pub fn open(settings: WatchedFolder, ledger: &Path) -> Result<Self, LedgerError> {
        let ledger = Ledger::open(ledger)?;
        let mut heartbeat = Heartbeat::new(settings.expected_seconds.map(Duration::from_secs), Instant::now());
        if let Some(last) = ledger.entries().map(|taken| taken.at_ms).max() {
            heartbeat.came_before(last);
        }
        let clock = SteadyClock::new();
        Ok(Self { settings, ledger, look: Look::default(), heartbeat, clock, waiting: 0, problem: None })
    }

    /// Looks once at the folder and hands on what may be taken. `now` only ever grows; `handle` gives the answers of a
    /// file, if there are any to be written.
    ///
    /// # Errors
    /// When the ledger cannot be written: then it is not known any more what was taken, and the feed must stop.
    pub fn poll(
        &mut self,
        now: Instant,
        handle: &mut dyn FnMut(&Arrival) -> Result<Option<Table>, Trouble>,
        watch: &dyn Watch,
    ) -> Result<Polled, LedgerError> {
        let mut polled = Polled::default();
        let files = match self.look.files(&self.settings.folder, now) {
            Ok(files) => files,
            Err(e) => {
                self.problem = Some(format!(
                    "The folder cannot be looked at ({e}). Check that it is there and may be read: {}",
                    self.settings.folder.display()
                ));
                return Ok(polled);
            }
        };
        self.problem = None;
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        for file in files {
            if watch.cancelled() {
                break;
            }
            let name = file.name.clone();
            match self.take(&file, &names, handle, watch)? {
                Step::Known => {}
                Step::Done(rows) => {
                    self.heartbeat.arrived(now, self.clock.now_ms(), rows);
                    polled.done.push(name);
                }
                Step::SetAside(why) => polled.set_aside.push((name, why)),
                Step::Waiting(why) => polled.waiting.push((name, why)),
            }
        }
        self.waiting = polled.waiting.len() as u64;
        Ok(polled)
    }

    /// Polls at the interval until `stop` says so, or its other end is gone; `each` hears what a look brought.
    ///
    /// # Errors
    /// Those of [`FolderFeed::poll`].
    pub fn run(
        &mut self,
        stop: &crossbeam_channel::Receiver<()>,
        handle: &mut dyn FnMut(&Arrival) -> Result<Option<Table>, Trouble>,
        each: &mut dyn FnMut(&Polled, FolderStatus),
        watch: &dyn Watch,
    ) -> Result<(), LedgerError> {
        loop {
            let polled = self.poll(Instant::now(), handle, watch)?;
            each(&polled, self.status(Instant::now()));
            let interval = Duration::from_millis(self.settings.interval_ms.max(10));
            if stop.recv_timeout(interval) != Err(crossbeam_channel::RecvTimeoutError::Timeout) || watch.cancelled() {
                return Ok(());
            }
        }
    }

    /// How it fares.
    pub fn status(&self, now: Instant) -> FolderStatus {
        let count = |outcome: Outcome| self.ledger.entries().filter(|taken| taken.outcome == outcome).count() as u64;
        FolderStatus {
            heartbeat: self.heartbeat.status(now),
            files: count(Outcome::Done),
            set_aside: count(Outcome::SetAside),
            waiting: self.waiting,
            problem: self.problem.clone(),
        }
    }

    fn entry(&self, file: &Resting, sha256: &str, outcome: Outcome, rows: u64, reason: Option<String>) -> Taken {
        Taken {
            name: file.name.clone(),
            size: file.stamp.size,
            modified_ns: file.stamp.modified_ns,
            sha256: sha256.to_owned(),
            outcome,
            rows,
            at_ms: self.clock.now_ms(),
            reason,
        }
    }

    fn take(
        &mut self,
        file: &Resting,
        names: &[String],
        handle: &mut dyn FnMut(&Arrival) -> Result<Option<Table>, Trouble>,
        watch: &dyn Watch,
    ) -> Result<Step, LedgerError> {
        if file.path == self.ledger.path() {
            return Ok(Step::Known);
        }
        let known = self.ledger.resting(&file.name, file.stamp.size, file.stamp.modified_ns);
        if known.is_some_and(|taken| taken.outcome != Outcome::Begun) {
            return Ok(Step::Known);
        }
        let settle = Duration::from_millis(self.settings.settle_ms);
        if file.rested < settle {
            return Ok(Step::Waiting("It may still be written.".to_owned()));
        }
        let print = match of_file_watched(&file.path, watch) {
            Ok(print) => print,
            Err(error) => return Ok(self.unreadable(file, &error)),
        };
        let known = self.ledger.find(&file.name, &print.sha256);
        if let Some(done) = known.filter(|taken| taken.outcome != Outcome::Begun) {
            // Touched or copied onto itself: the new time is remembered, so that it is not hashed at each look.
            let entry = Taken { modified_ns: file.stamp.modified_ns, ..done.clone() };
            self.ledger.add(entry)?;
            return Ok(Step::Known);
        }
        let again = known.is_some();
        // A rename keeps the time of change, while a new file that happens to hold the same has its own.
        let gone = |taken: &Taken| !names.contains(&taken.name);
        let renamed = file.stamp.modified_ns.is_some()
            && self
                .ledger
                .with_content(&print.sha256)
                .any(|taken| taken.modified_ns == file.stamp.modified_ns && gone(taken));
        if !again && renamed {
            self.ledger.add(self.entry(file, &print.sha256, Outcome::Done, 0, Some("renamed".to_owned())))?;
            return Ok(Step::Known);
        }
        let data = match read_table(&file.path, &self.settings.read, watch) {
            Ok(data) => data,
            Err(DataError::Cancelled) => return Ok(Step::Waiting("It was put off.".to_owned())),
            Err(error @ (DataError::Changed { .. } | DataError::Gone { .. } | DataError::NotFound { .. })) => {
                return Ok(self.unreadable(file, &error));
            }
            Err(error) if may_be_unfinished(&error) && file.rested < settle.saturating_mul(PATIENCE) => {
                return Ok(Step::Waiting(error.to_string()));
            }
            Err(error) => return self.set_aside(file, &print.sha256, 0, error.to_string()),
        };
        if data.fingerprint.sha256 != print.sha256 {
            self.look.disturb(&file.name);
            return Ok(Step::Waiting("It was written to while it was read.".to_owned()));
        }
        let rows = data.table.rows() as u64;
        if !again {
            self.ledger.add(self.entry(file, &print.sha256, Outcome::Begun, rows, None))?;
        }
        let arrival = Arrival {
            path: file.path.clone(),
            sha256: print.sha256.clone(),
            table: data.table,
            again,
            notes: data.notes,
        };
        self.heartbeat.saw(&arrival.table);
        match handle(&arrival) {
            Err(Trouble::Later(why)) => Ok(Step::Waiting(why)),
            Err(Trouble::Bad(why)) => self.set_aside(file, &print.sha256, rows, why),
            Ok(answers) => {
                if let Some(answers) = answers.filter(|_| self.settings.write_answers)
                    && let Err(why) = self.write_answers(&file.name, &answers)
                {
                    // Its rows were answered and kept, so handing them on again writes the answers without harm.
                    return Ok(Step::Waiting(why));
                }
                self.ledger.add(self.entry(file, &print.sha256, Outcome::Done, rows, None))?;
                Ok(Step::Done(rows))
            }
        }
    }

    /// A file that cannot be hashed: it went, moved on, or may not be read.
    fn unreadable(&mut self, file: &Resting, error: &DataError) -> Step {
        self.look.disturb(&file.name);
        Step::Waiting(error.to_string())
    }

    fn write_answers(&self, name: &str, answers: &Table) -> Result<(), String> {
        let folder = self.settings.folder.join(ANSWERED);
        std::fs::create_dir_all(&folder)
            .map_err(|e| format!("The folder for answers cannot be made ({e}): {}", folder.display()))?;
        export::write_table(&folder.join(format!("{name}.csv")), answers).map_err(|e| e.to_string())
    }

    fn set_aside(&mut self, file: &Resting, sha256: &str, rows: u64, why: String) -> Result<Step, LedgerError> {
        // Where it cannot be moved it stays, and the ledger alone keeps it from being taken again.
        let moved = move_aside(&self.settings.folder, file, &why);
        let reason = match moved {
            Ok(()) => why.clone(),
            Err(e) => format!("{why} It could not be moved to the folder “{SET_ASIDE}” ({e})."),
        };
        self.ledger.add(self.entry(file, sha256, Outcome::SetAside, rows, Some(reason.clone())))?;
        Ok(Step::SetAside(reason))
    }
}

fn move_aside(folder: &Path, file: &Resting, why: &str) -> std::io::Result<()> {
    let aside = folder.join(SET_ASIDE);
    std::fs::create_dir_all(&aside)?;
    let mut goal = aside.join(&file.name);
    let mut number = 2;
    while goal.exists() {
        goal = aside.join(format!("{number}-{}", file.name));
        number += 1;
    }
    let mut reason = goal.clone().into_os_string();
    reason.push(".reason.txt");
    std::fs::write(&reason, format!("{why}\n"))?;
    std::fs::rename(&file.path, &goal)
}

/// Whether more bytes could still make the file a good one.
fn may_be_unfinished(error: &DataError) -> bool {
    matches!(
        error,
        DataError::Empty { .. }
            | DataError::NoRows { .. }
            | DataError::TruncatedParquet { .. }
            | DataError::NotParquet { .. }
            | DataError::BadParquet { .. }
            | DataError::BadArrow { .. }
            | DataError::BadWorkbook { .. }
            | DataError::BadArchive { .. }
            | DataError::BadJson { .. }
            | DataError::OpenQuote { .. }
            | DataError::Unreadable { .. }
    )
}
