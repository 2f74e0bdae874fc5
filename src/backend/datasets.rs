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
use crate::data::profile::profile;
use crate::data::read::{Dataset, ReadOptions, read_table};
use crate::data::schema::{ColumnSchema, Role, infer_roles};
use crate::stats::grouped::rows;
use crate::workspace::DatasetRecord;
use crate::workspace::audit::AuditKind;

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
    pub(super) dataset: Dataset,
}

/// Reads and describes a file.
pub(super) fn read_described(path: &Path, known: &Known, handle: &JobHandle) -> Result<Read, String> {
    let options = known.reading.options.clone();
    let dataset = read_table(path, &options, handle).map_err(|error| error.to_string())?;
    let mut schema = infer_roles(&dataset.table);
    apply_roles(&mut schema, &known.reading.roles);
    let role = |role: Role| schema.iter().find(|c| c.role == role).map(|c| c.name.clone());
    let has = |name: &Option<String>| name.clone().filter(|n| dataset.table.column(n).is_some());
    let described = Described {
        target: has(&known.target).or_else(|| role(Role::Target)),
        time_column: has(&known.time_column).or_else(|| role(Role::Timestamp)),
        profile: profile(&dataset.table),
        notes: dataset.notes.clone(),
        options,
        schema,
    };
    let record = DatasetRecord {
        id: dataset.fingerprint.sha256.clone(),
        name: file_name(path),
        path: path.to_path_buf(),
        rows: dataset.table.rows() as u64,
        fingerprint: serde_json::to_value(&dataset.fingerprint).map_err(|e| e.to_string())?,
        schema: serde_json::to_value(&described).map_err(|e| e.to_string())?,
        added_at_ms: now_ms(),
    };
    let view = view(&record, &described, dataset.fingerprint.size_bytes);
    Ok(Read { view, record, dataset })
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
        self.start_job(JobTopic::Dataset, name, move |handle| -> Outcome {
            let read = read_described(&path, &Known { reading, ..Known::default() }, handle);
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
        let Read { view, record, dataset } = read;
        if self.with_workspace(|w| w.add_dataset(&record)).is_none() {
            return false;
        }
        let what = serde_json::json!({ "name": view.name, "rows": view.rows });
        self.record(AuditKind::DatasetAdded, view.id.clone(), what);
        self.keep_table(view.id.clone(), dataset);
        self.state.datasets.push(Arc::new(view));
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
            None => Source::File(view.id.clone(), view.path.clone(), Box::new(view.options.clone())),
        })
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
    File(DatasetId, PathBuf, Box<ReadOptions>),
}

impl Source {
    /// The table.
    pub(super) fn dataset(self, handle: &JobHandle) -> Result<Dataset, String> {
        match self {
            Self::Read(dataset) => {
                dataset.fingerprint.still_matches(&dataset.path).map_err(|error| error.to_string())?;
                Ok(dataset)
            }
            Self::File(id, path, options) => {
                let dataset = read_table(&path, &options, handle).map_err(|error| error.to_string())?;
                if dataset.fingerprint.sha256 == id {
                    Ok(dataset)
                } else {
                    Err(format!(
                        "The file has changed since it was added, so results would not be comparable. Add it again as a new dataset. {}",
                        path.display()
                    ))
                }
            }
        }
    }
}
