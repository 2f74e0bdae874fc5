//! Datasets of the workspace: reading, describing, keeping tables in memory while they are used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::DatasetId;
use super::event::JobTopic;
use super::jobs::{JobHandle, Outcome};
use super::models::file_name;
use super::previews::Reading;
use super::service::{Service, now_ms};
use super::state::DatasetView;
use crate::data::Table;
use crate::data::estimate::is_larger;
use crate::data::profile::profile;
use crate::data::read::{Dataset, ReadOptions, read_table};
use crate::data::sample::{read_rows, read_sample};
use crate::data::schema::{ColumnSchema, Role, infer_roles};
use crate::data::watch::Watch;
use crate::stats::grouped::{grouped, rows};
use crate::workspace::DatasetRecord;
use crate::workspace::audit::AuditKind;

/// Bytes of the rows that are drawn of a table that is too large to be held.
const SAMPLE_BYTES: u64 = 48 << 20;

/// What is kept of a dataset beside its fingerprint.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Described {
    schema: Vec<crate::data::schema::ColumnSchema>,
    profile: Vec<crate::data::profile::ColumnProfile>,
    notes: Vec<String>,
    target: Option<String>,
    time_column: Option<String>,
    options: ReadOptions,
    one_in: Option<usize>,
}

/// What the sample index, or a person, knows of a dataset beforehand.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) target: Option<String>,
    pub(super) time_column: Option<String>,
    pub(super) reading: Reading,
}

/// A dataset that was read and described on a job's thread.
pub(super) struct Read {
    pub(super) view: DatasetView,
    pub(super) record: DatasetRecord,
    pub(super) seen: Seen,
}

/// What was seen of a dataset.
pub(super) struct Seen {
    /// All rows, or evenly drawn ones of a table that is too large to be held.
    pub(super) dataset: Dataset,
    /// Rows of the whole file.
    pub(super) rows: usize,
    /// One row in so many is in `dataset`.
    pub(super) one_in: usize,
}

impl Seen {
    fn whole(dataset: Dataset) -> Self {
        Self { rows: dataset.table.rows(), dataset, one_in: 1 }
    }

    fn sample(path: &Path, options: &ReadOptions, watch: &dyn Watch) -> Result<Self, String> {
        let sample = read_sample(path, options, SAMPLE_BYTES, watch).map_err(|error| error.to_string())?;
        Ok(Self { dataset: sample.dataset, rows: sample.rows, one_in: sample.one_in })
    }
}

/// Reads and describes a file. Of one whose table would take more than `held_bytes`, rows are drawn.
pub(super) fn read_described(path: &Path, known: &Known, held_bytes: u64, handle: &JobHandle) -> Result<Read, String> {
    let options = known.reading.options.clone();
    let large = is_larger(path, &options, held_bytes);
    let seen = if large {
        Seen::sample(path, &options, handle)?
    } else {
        Seen::whole(read_table(path, &options, handle).map_err(|error| error.to_string())?)
    };
    let dataset = &seen.dataset;
    let mut notes = dataset.notes.clone();
    if large {
        notes.push(large_words(seen.one_in));
    }
    let mut schema = infer_roles(&dataset.table);
    apply_roles(&mut schema, &known.reading.roles);
    let role = |role: Role| schema.iter().find(|c| c.role == role).map(|c| c.name.clone());
    let has = |name: &Option<String>| name.clone().filter(|n| dataset.table.column(n).is_some());
    let described = Described {
        target: has(&known.target).or_else(|| role(Role::Target)),
        time_column: has(&known.time_column).or_else(|| role(Role::Timestamp)),
        profile: profile(&dataset.table),
        notes,
        options,
        schema,
        one_in: large.then_some(seen.one_in),
    };
    let record = DatasetRecord {
        id: dataset.fingerprint.sha256.clone(),
        name: file_name(path),
        path: path.to_path_buf(),
        rows: seen.rows as u64,
        fingerprint: serde_json::to_value(&dataset.fingerprint).map_err(|e| e.to_string())?,
        schema: serde_json::to_value(&described).map_err(|e| e.to_string())?,
        added_at_ms: now_ms(),
    };
    let view = view(&record, &described, dataset.fingerprint.size_bytes);
    Ok(Read { view, record, seen })
}

fn large_words(one_in: usize) -> String {
    let counted = match one_in {
        0 | 1 => String::new(),
        n => format!(" What is counted and drawn here comes from one row in {}.", grouped(&n.to_string())),
    };
    format!("The table is too large to be held in memory, so a validation reads it in parts.{counted}")
}

fn view(record: &DatasetRecord, described: &Described, size_bytes: u64) -> DatasetView {
    DatasetView {
        id: record.id.clone(),
        name: record.name.clone(),
        path: record.path.clone(),
        rows: record.rows as usize,
        size_bytes,
        schema: Arc::new(described.schema.clone()),
        profile: (!described.profile.is_empty()).then(|| Arc::new(described.profile.clone())),
        notes: described.notes.clone(),
        problem: None,
        target: described.target.clone(),
        time_column: described.time_column.clone(),
        options: described.options.clone(),
        one_in: described.one_in,
    }
}

/// Puts a person's roles in the place of guessed ones. One column is the target and one the timestamp: a guess gives
/// way to the person's choice.
fn apply_roles(schema: &mut [ColumnSchema], roles: &[(String, Role)]) {
    for only in [Role::Target, Role::Timestamp] {
        if roles.iter().any(|(_, role)| *role == only) {
            let instead = if only == Role::Target { Role::Feature } else { Role::Ignore };
            schema.iter_mut().filter(|column| column.role == only).for_each(|column| column.role = instead);
        }
    }
    for (name, role) in roles {
        if let Some(column) = schema.iter_mut().find(|column| &column.name == name) {
            column.role = *role;
        }
    }
}

impl Service {
    /// Reads a table and adds it.
    pub(super) fn add_dataset(&mut self, path: PathBuf) {
        self.read_dataset(path, Reading::default());
    }

    /// Reads a table as a person decided and adds it.
    pub(super) fn read_dataset(&mut self, path: PathBuf, reading: Reading) {
        let name = format!("Reading {}", file_name(&path));
        let held = self.options.held_bytes;
        self.start_job(JobTopic::Dataset, name, move |handle| -> Outcome {
            let read = read_described(&path, &Known { reading, ..Known::default() }, held, handle);
            Box::new(move |service| match read {
                Ok(read) => {
                    if service.state.datasets.iter().any(|d| d.id == read.view.id) {
                        service.warn(format!(
                            "“{}” is already here: the file has the same content. {}",
                            read.view.name,
                            read.view.path.display()
                        ));
                        return;
                    }
                    let text = format!("Added “{}”: {}", read.view.name, rows(read.view.rows as u64));
                    if service.keep_dataset(read) {
                        service.info(text);
                    }
                }
                Err(why) => service.error(why),
            })
        });
    }

    /// Keeps a dataset that was read; `true` when it was kept.
    pub(super) fn keep_dataset(&mut self, read: Read) -> bool {
        let Read { view, record, seen } = read;
        if self.with_workspace(|w| w.add_dataset(&record)).is_none() {
            return false;
        }
        let what = serde_json::json!({ "name": view.name, "rows": view.rows });
        self.record(AuditKind::DatasetAdded, view.id.clone(), what);
        let id = view.id.clone();
        self.state.datasets.push(Arc::new(view));
        self.keep_seen(id, seen);
        self.load_registers();
        self.touch();
        true
    }

    /// A kept dataset as the window shows it; a changed or lost file is said in its place.
    pub(super) fn load_dataset(record: &DatasetRecord) -> DatasetView {
        let described = serde_json::from_value::<Described>(record.schema.clone()).unwrap_or_default();
        let fingerprint = fingerprint_of(record);
        let mut shown = view(record, &described, fingerprint.as_ref().map_or(0, |f| f.size_bytes));
        shown.problem = match fingerprint {
            Some(fingerprint) => fingerprint.still_matches(&record.path).err().map(|error| error.to_string()),
            None => Some("What is kept of this dataset cannot be read. Remove it and add the file again.".to_owned()),
        };
        shown
    }

    /// Takes a dataset out; the file stays.
    pub(super) fn remove_dataset(&mut self, id: &str) {
        let Some(dataset) = self.state.datasets.iter().find(|d| d.id == id).cloned() else { return };
        if self.state.deployments.iter().any(|d| d.live && d.request.feed_dataset == id) {
            self.error(format!(
                "“{}” feeds a deployment. Stop the deployment first, then remove the dataset.",
                dataset.name
            ));
            return;
        }
        if self.with_workspace(|w| w.remove_dataset(id)).is_some() {
            self.state.datasets.retain(|d| d.id != id);
            self.load_registers();
            self.tables.retain(|(key, _)| key != id);
            self.samples.retain(|(key, _)| key != id);
            self.state.preparations.retain(|_, p| p.asked.dataset != id);
            if self.state.preparation.as_ref().is_some_and(|p| p.asked.dataset == id) {
                self.state.preparation = None;
            }
            self.record(AuditKind::DatasetRemoved, id, serde_json::json!({ "name": dataset.name }));
            self.info(format!("Removed “{}”; the file stays", dataset.name));
            self.touch();
        }
    }

    /// What a job needs to have the table of a dataset: the table, or the file to read.
    pub(super) fn source(&self, id: &str) -> Result<Source, String> {
        let view =
            self.state.datasets.iter().find(|d| d.id == id).ok_or("The dataset is no longer in this workspace.")?;
        Ok(match self.table(id) {
            Some(dataset) => Source::Read(dataset.clone()),
            None => Source::File(FileSource {
                id: view.id.clone(),
                path: view.path.clone(),
                options: Box::new(view.options.clone()),
                columns: view.schema.iter().map(|column| column.name.clone()).collect(),
                large: view.one_in.is_some().then(|| Large {
                    rows: view.rows,
                    one_in: view.one_in.unwrap_or(1),
                    sample: self.samples.iter().find(|(key, _)| key == id).map(|(_, sample)| sample.clone()),
                }),
            }),
        })
    }

    /// Whether a dataset is too large to be held in memory.
    pub(super) fn is_large(&self, id: &str) -> bool {
        self.state.datasets.iter().any(|d| d.id == id && d.one_in.is_some())
    }

    /// Says in its place that a dataset's file changed or is gone.
    pub(super) fn dataset_problem(&mut self, id: &str, problem: Option<String>) {
        if let Some(place) = self.state.datasets.iter_mut().find(|d| d.id == id)
            && place.problem != problem
        {
            Arc::make_mut(place).problem = problem;
            self.touch();
        }
    }
}

fn fingerprint_of(record: &DatasetRecord) -> Option<crate::data::fingerprint::Fingerprint> {
    serde_json::from_value(record.fingerprint.clone()).ok()
}

/// Where a job gets a table from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// It is in memory.
    Read(Dataset),
    /// It must be read, and must be what it was.
    File(FileSource),
}

/// A file of the workspace.
#[derive(Clone, Debug)]
pub(super) struct FileSource {
    id: DatasetId,
    pub(super) path: PathBuf,
    pub(super) options: Box<ReadOptions>,
    columns: Vec<String>,
    /// It is read in parts.
    large: Option<Large>,
}

/// A table that is too large to be held.
#[derive(Clone, Debug)]
struct Large {
    rows: usize,
    one_in: usize,
    /// Drawn rows, when they are in memory.
    sample: Option<Dataset>,
}

/// Some columns of some rows of a dataset.
pub(super) struct Taken {
    /// The table that holds them; [`Self::place`] says where.
    pub(super) table: Arc<Table>,
    /// The rows that were taken, ascending; `None` when all are there.
    rows: Option<Vec<usize>>,
    /// The whole table, when it was read.
    pub(super) whole: Option<Dataset>,
}

impl Taken {
    /// Where a row of the dataset stands in the table.
    pub(super) fn place(&self, row: usize) -> Option<usize> {
        match &self.rows {
            None => Some(row),
            Some(rows) => rows.binary_search(&row).ok(),
        }
    }
}

impl FileSource {
    /// Refuses content that is not what it was when the file was added.
    pub(super) fn same(&self, sha256: &str) -> Result<(), String> {
        if sha256 == self.id {
            return Ok(());
        }
        Err(format!(
            "The file has changed since it was added, so results would not be comparable. Add it again as a new dataset. {}",
            self.path.display()
        ))
    }

    fn read(&self, watch: &dyn Watch) -> Result<Dataset, String> {
        let dataset = read_table(&self.path, &self.options, watch).map_err(|error| error.to_string())?;
        self.same(&dataset.fingerprint.sha256)?;
        Ok(dataset)
    }
}

impl Source {
    /// The file, where it is to be read in parts.
    pub(super) fn in_parts(&self) -> Option<&FileSource> {
        match self {
            Self::File(file) if file.large.is_some() => Some(file),
            _ => None,
        }
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> Vec<String> {
        match self {
            Self::Read(dataset) => dataset.table.columns().iter().map(|column| column.name.clone()).collect(),
            Self::File(file) => file.columns.clone(),
        }
    }

    /// The whole table, however large it is.
    pub(super) fn dataset(self, watch: &dyn Watch) -> Result<Dataset, String> {
        match self {
            Self::Read(dataset) => {
                dataset.fingerprint.still_matches(&dataset.path).map_err(|error| error.to_string())?;
                Ok(dataset)
            }
            Self::File(file) => file.read(watch),
        }
    }

    /// The table, or drawn rows of one that is too large to be held.
    pub(super) fn seen(self, watch: &dyn Watch) -> Result<Seen, String> {
        let Self::File(file) = &self else { return self.dataset(watch).map(Seen::whole) };
        match &file.large {
            None => file.read(watch).map(Seen::whole),
            Some(Large { sample: Some(sample), rows, one_in }) => {
                sample.fingerprint.still_matches(&file.path).map_err(|error| error.to_string())?;
                Ok(Seen { dataset: sample.clone(), rows: *rows, one_in: *one_in })
            }
            Some(_) => {
                let seen = Seen::sample(&file.path, &file.options, watch)?;
                file.same(&seen.dataset.fingerprint.sha256)?;
                Ok(seen)
            }
        }
    }

    /// Some columns, of the rows with these numbers or of all.
    pub(super) fn take(self, columns: &[String], rows: Option<Vec<usize>>, watch: &dyn Watch) -> Result<Taken, String> {
        let Some(file) = self.in_parts() else {
            let whole = self.dataset(watch)?;
            return Ok(Taken { table: Arc::clone(&whole.table), rows: None, whole: Some(whole) });
        };
        let mut rows = rows;
        if let Some(rows) = &mut rows {
            rows.sort_unstable();
            rows.dedup();
        }
        let read = read_rows(&file.path, &file.options, columns, rows.as_deref(), watch);
        let read = read.map_err(|error| error.to_string())?;
        file.same(&read.fingerprint.sha256)?;
        Ok(Taken { table: read.table, rows, whole: None })
    }
}
