//! A deployment that is being set up: what a person filled in, what is wrong with it, the request it becomes.

use crate::app::panels::overview::next::proposed;
use crate::app::panels::validate::threshold::kept;
use crate::backend::command::{DatasetId, DeployRequest, ModelId, RunId};
use crate::backend::serving::{HttpRequest, Source};
use crate::backend::state::{DatasetView, DeploymentView, RunView, RuntimeView};
use crate::backend::{Approval, State};
use crate::data::Kind;
use crate::deploy::sizing::Setting;
use crate::deploy::{FeedSettings, WorkerSettings};
use crate::monitor::Chunking;
use crate::validate::ModelResult;

/// How the stream is cut, as it is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cut {
    #[default]
    Usual,
    Rows,
    Day,
    Week,
    Month,
}

/// Where requests come from, as it is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Origin {
    #[default]
    Replay,
    Http,
}

/// The field a problem belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Model,
    Feed,
    Time,
    Worker,
    Chunking,
    /// A field of [`HttpRequest`], by its name.
    Http(&'static str),
    /// Those who will call.
    Consumers,
    /// The whole form.
    All,
}

/// What a person filled in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) run: RunId,
    pub(super) model: ModelId,
    pub(super) origin: Origin,
    /// The endpoint, when other programs call.
    pub(super) http: HttpRequest,
    pub(super) feed: Option<DatasetId>,
    pub(super) time: Option<String>,
    pub(super) workers: f64,
    pub(super) threads: f64,
    pub(super) batch_rows: f64,
    pub(super) queue_batches: f64,
    /// Rows a second; `None` is as fast as it goes.
    pub(super) rate: Option<f64>,
    pub(super) repeat: bool,
    pub(super) cut: Cut,
    pub(super) cut_rows: f64,
    /// Score from which a row counts as positive; `None` takes the one of the validation.
    pub(super) threshold: Option<f64>,
}

/// More workers than this are taken for a slip of the hand.
const MOST_WORKERS: f64 = 64.0;

/// Rows a second of a new draft: fast enough for a year in a minute, slow enough to watch.
pub(super) const USUAL_RATE: f64 = 5_000.0;

impl Draft {
    /// A draft with sensible values for a model of a run.
    pub(super) fn new(state: &State, run: RunId, model: &str) -> Self {
        let name = result(state, run, model).map_or_else(|| "deployment".to_owned(), |(_, r)| r.name.clone());
        let mut draft = Self {
            name: free_name(state, &name),
            run,
            model: model.to_owned(),
            origin: Origin::Replay,
            http: HttpRequest { name: called(&name), port: free_port(state), ..HttpRequest::default() },
            feed: None,
            time: None,
            workers: 1.0,
            threads: 1.0,
            batch_rows: 512.0,
            queue_batches: 8.0,
            rate: Some(USUAL_RATE),
            repeat: false,
            cut: Cut::Usual,
            cut_rows: 2_000.0,
            threshold: kept(state, run, model),
        };
        draft.feed = likely_feed(state, &draft).map(|d| d.id.clone());
        draft.feed_changed(state);
        draft
    }

    /// The draft for the newest run there is.
    pub(super) fn newest(state: &State) -> Option<Self> {
        let (run, result) = state.runs.iter().find_map(|run| proposed(state, run).map(|result| (run, result)))?;
        Some(Self::new(state, run.id, &result.sha256))
    }

    /// A draft like a deployment that was.
    pub(super) fn like(state: &State, deployment: &DeploymentView) -> Self {
        let request = &deployment.request;
        let (cut, cut_rows) = cut_of(request.chunking.as_ref());
        let usual = Self::new(state, request.run, &request.model);
        let (origin, http) = match &request.source {
            Source::Replay => (Origin::Replay, usual.http),
            Source::Http(http) => (Origin::Http, (**http).clone()),
        };
        let replayed = (!request.feed_dataset.is_empty()).then(|| request.feed_dataset.clone());
        Self {
            name: free_name(state, &request.name),
            run: request.run,
            model: request.model.clone(),
            origin,
            http,
            feed: replayed.or(usual.feed),
            time: request.time_column.clone(),
            workers: request.worker.workers as f64,
            threads: request.worker.intra_threads as f64,
            batch_rows: request.worker.batch_rows as f64,
            queue_batches: request.worker.queue_batches as f64,
            rate: request.feed.rows_per_second,
            repeat: request.feed.repeat,
            cut,
            cut_rows,
            threshold: request.threshold,
        }
    }

    /// Takes what follows from another feed: its column of times.
    pub(super) fn feed_changed(&mut self, state: &State) {
        self.time = self.feed_view(state).and_then(|d| d.time_column.clone());
        if self.time.is_none() && matches!(self.cut, Cut::Day | Cut::Week | Cut::Month) {
            self.cut = Cut::Usual;
        }
    }

    /// The dataset that is fed.
    pub(super) fn feed_view<'a>(&self, state: &'a State) -> Option<&'a DatasetView> {
        let id = self.feed.as_ref()?;
        state.datasets.iter().find(|d| &d.id == id).map(|d| &**d)
    }

    /// The run and the model's result in it.
    pub(super) fn result<'a>(&self, state: &'a State) -> Option<(&'a RunView, &'a ModelResult)> {
        result(state, self.run, &self.model)
    }

    /// What keeps it from starting, each with its field.
    pub(super) fn problems(&self, state: &State) -> Vec<(Field, String)> {
        let mut found = Vec::new();
        let mut say = |field, text: String| found.push((field, text));
        if let Some(why) = &state.workspace.read_only {
            say(Field::All, format!("Nothing can be kept in this workspace: {why}"));
        }
        if !matches!(state.runtime, RuntimeView::Ready { .. }) {
            say(Field::All, "ONNX Runtime is not ready. Install it with the button at the top.".to_owned());
        }
        if self.name.trim().is_empty() {
            say(Field::Name, "Give the deployment a name".to_owned());
        } else if state.deployments.iter().any(|d| d.request.name == self.name.trim()) {
            say(Field::Name, "Another deployment has this name".to_owned());
        }
        match (self.result(state), state.models.iter().find(|m| m.id == self.model)) {
            (None, _) => say(Field::Model, "Choose a validated model".to_owned()),
            (Some(_), None) => say(Field::Model, "The model is no longer in this workspace".to_owned()),
            (Some((run, _)), Some(model)) => {
                if let Some(why) = &model.problem {
                    say(Field::Model, why.clone());
                }
                if let Some(why) = Approval::of(state, self.run, &self.model).and_then(|a| a.refusal()) {
                    say(Field::Model, why);
                }
                match state.datasets.iter().find(|d| d.id == run.dataset).map(|d| &**d) {
                    None => say(
                        Field::Model,
                        format!(
                            "The reference “{}” is no longer in this workspace. Add it again, or validate on another dataset.",
                            run.dataset_name
                        ),
                    ),
                    Some(DatasetView { problem: Some(why), .. }) => say(Field::Model, why.clone()),
                    Some(_) => {}
                }
            }
        }
        if self.origin == Origin::Http {
            found.extend(self.http_problems());
            return found;
        }
        match self.feed_view(state) {
            None => say(Field::Feed, "Choose the data to replay".to_owned()),
            Some(DatasetView { problem: Some(why), .. }) => say(Field::Feed, why.clone()),
            Some(feed) => {
                let missing = self.missing_columns(state, feed);
                if !missing.is_empty() {
                    let words = missing.iter().take(4).copied().collect::<Vec<_>>().join(", ");
                    let more = if missing.len() > 4 { ", …" } else { "" };
                    say(Field::Feed, format!("It lacks columns that feed the model: {words}{more}"));
                }
                if let Some(time) = &self.time
                    && !feed.schema.iter().any(|c| &c.name == time)
                {
                    say(Field::Time, format!("“{}” has no column “{time}”", feed.name));
                }
            }
        }
        if self.time.is_none() && matches!(self.cut, Cut::Day | Cut::Week | Cut::Month) {
            say(Field::Chunking, "Chunks by date need a column of times".to_owned());
        }
        if self.workers > MOST_WORKERS {
            say(Field::Worker, format!("At most {MOST_WORKERS} workers: each holds the model once more"));
        }
        if self.queue_batches < self.workers {
            say(Field::Worker, "The queue must hold at least one batch for each worker".to_owned());
        }
        found
    }

    /// What is wrong with the endpoint and with those who will call.
    fn http_problems(&self) -> Vec<(Field, String)> {
        let mut found: Vec<(Field, String)> =
            self.http.problems().into_iter().map(|(field, words)| (Field::Http(field), words)).collect();
        for consumer in &self.http.consumers {
            for (_, words) in consumer.problems() {
                let words = match consumer.name.trim() {
                    "" => words,
                    name => format!("“{name}”: {words}"),
                };
                found.push((Field::Consumers, words));
            }
        }
        if matches!(self.cut, Cut::Day | Cut::Week | Cut::Month) {
            found.push((Field::Chunking, "Calls are cut into chunks by rows".to_owned()));
        }
        found
    }

    /// The columns that the model is fed from, as it was validated.
    pub(super) fn columns(&self, state: &State) -> Vec<String> {
        let bound = self.result(state).map(|(_, result)| &result.binding);
        let columns: Vec<String> = bound.map(|b| b.columns().map(ToOwned::to_owned).collect()).unwrap_or_default();
        if columns.is_empty() {
            return inputs(state, &self.model).into_iter().map(ToOwned::to_owned).collect();
        }
        columns
    }

    /// Takes over a setting that was measured.
    pub(super) fn take_setting(&mut self, setting: &Setting) {
        match self.origin {
            Origin::Http => {
                let settings = &mut self.http.settings;
                settings.workers = setting.workers;
                settings.intra_threads = setting.threads;
                settings.max_batch = setting.max_batch;
                settings.max_wait_us = setting.max_wait_us;
            }
            // A replay sends batches of its own; one row each would only slow it down.
            Origin::Replay => (self.workers, self.threads) = (setting.workers as f64, setting.threads as f64),
        }
    }

    /// Columns of the binding that the feed does not have.
    fn missing_columns<'a>(&self, state: &'a State, feed: &DatasetView) -> Vec<&'a str> {
        let Some((run, _)) = self.result(state) else { return Vec::new() };
        let Some(reference) = state.datasets.iter().find(|d| d.id == run.dataset) else { return Vec::new() };
        let inputs: Vec<&str> = inputs(state, &self.model);
        reference
            .schema
            .iter()
            .map(|c| c.name.as_str())
            .filter(|name| inputs.contains(name) && !feed.schema.iter().any(|c| c.name == *name))
            .collect()
    }

    /// The request it becomes.
    ///
    /// # Errors
    /// The first problem.
    pub(super) fn request(&self, state: &State) -> Result<DeployRequest, String> {
        if let Some((_, problem)) = self.problems(state).into_iter().next() {
            return Err(problem);
        }
        Ok(self.built())
    }

    /// The request as far as it is filled in.
    pub(super) fn built(&self) -> DeployRequest {
        if self.origin == Origin::Http {
            return self.built_http();
        }
        DeployRequest {
            source: Source::Replay,
            name: self.name.trim().to_owned(),
            run: self.run,
            model: self.model.clone(),
            feed_dataset: self.feed.clone().unwrap_or_default(),
            worker: WorkerSettings {
                workers: self.workers as _,
                intra_threads: self.threads as _,
                batch_rows: self.batch_rows as _,
                queue_batches: self.queue_batches as _,
            },
            feed: FeedSettings { rows_per_second: self.rate, repeat: self.repeat, start_row: 0 },
            chunking: chunking(self.cut, self.cut_rows),
            time_column: self.time.clone(),
            threshold: self.threshold,
        }
    }

    fn built_http(&self) -> DeployRequest {
        let http = HttpRequest {
            name: self.http.name.trim().to_owned(),
            address: self.http.address.trim().to_owned(),
            ..self.http.clone()
        };
        let settings = &http.settings;
        DeployRequest {
            name: self.name.trim().to_owned(),
            run: self.run,
            model: self.model.clone(),
            feed_dataset: DatasetId::new(),
            worker: WorkerSettings {
                workers: settings.workers,
                intra_threads: settings.intra_threads,
                batch_rows: settings.max_batch,
                queue_batches: settings.queue_calls,
            },
            feed: FeedSettings::default(),
            chunking: chunking(self.cut, self.cut_rows),
            time_column: None,
            threshold: self.threshold,
            source: Source::Http(Box::new(http)),
        }
    }

    /// What the readiness list is asked for: all but the name for people, which changes nothing.
    pub(super) fn question(&self) -> DeployRequest {
        DeployRequest { name: String::new(), ..self.built() }
    }
}

/// The name that callers use, from one for people: what an address carries as it is.
fn called(name: &str) -> String {
    let plain = name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-");
    let plain = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if plain.is_empty() { "model".to_owned() } else { plain }
}

/// A port that no deployment at work listens on.
fn free_port(state: &State) -> u16 {
    let mut port = HttpRequest::default().port;
    let taken = |port: u16| {
        let of = |source: &Source| matches!(source, Source::Http(http) if http.port == port);
        state.deployments.iter().any(|d| d.live && of(&d.request.source))
    };
    while taken(port) && port < u16::MAX {
        port += 1;
    }
    port
}

fn chunking(cut: Cut, rows: f64) -> Option<Chunking> {
    match cut {
        Cut::Usual => None,
        Cut::Rows => Some(Chunking::Rows(rows as _)),
        Cut::Day => Some(Chunking::Day),
        Cut::Week => Some(Chunking::Week),
        Cut::Month => Some(Chunking::Month),
    }
}

fn cut_of(chunking: Option<&Chunking>) -> (Cut, f64) {
    let usual = 2_000.0;
    match chunking {
        Some(Chunking::Rows(rows)) => (Cut::Rows, *rows as f64),
        Some(Chunking::Day) => (Cut::Day, usual),
        Some(Chunking::Week) => (Cut::Week, usual),
        Some(Chunking::Month) => (Cut::Month, usual),
        None => (Cut::Usual, usual),
    }
}

fn result<'a>(state: &'a State, run: RunId, model: &str) -> Option<(&'a RunView, &'a ModelResult)> {
    let run = state.runs.iter().find(|r| r.id == run)?;
    let result = run.report.models.iter().find(|m| m.sha256 == model)?;
    Some((&**run, result))
}

/// Names of what a model takes: its inputs, or the columns of its matrix.
fn inputs<'a>(state: &'a State, model: &str) -> Vec<&'a str> {
    let Some(model) = state.models.iter().find(|m| m.id == model) else { return Vec::new() };
    let ports = model.inspection.inputs.iter().map(|p| p.name.as_str());
    let features = model.card.iter().flat_map(|c| c.feature_names());
    ports.chain(features).collect()
}

/// The name, with a number behind it when it is taken.
fn free_name(state: &State, name: &str) -> String {
    let taken = |name: &str| state.deployments.iter().any(|d| d.request.name == name);
    let stem = name.rsplit_once(" #").filter(|(_, n)| n.parse::<u32>().is_ok()).map_or(name, |(stem, _)| stem);
    if !taken(stem) {
        return stem.to_owned();
    }
    // One more than there are deployments is enough to find a free one.
    let most = state.deployments.len() + 2;
    (2..=most).map(|n| format!("{stem} #{n}")).find(|name| !taken(name)).unwrap_or_else(|| stem.to_owned())
}

/// The dataset most likely meant as the feed: one with all the columns the model needs that is neither the reference
/// nor unusable; with times that come after the reference's before others, the largest first.
fn likely_feed<'a>(state: &'a State, draft: &Draft) -> Option<&'a DatasetView> {
    let reference = draft.result(state).map(|(run, _)| run.dataset.as_str());
    let reference_view = state.datasets.iter().find(|d| Some(d.id.as_str()) == reference);
    let end = reference_view.and_then(|d| times(d)).map(|t| t.1);
    let target = reference_view.and_then(|d| d.target.as_deref());
    state
        .datasets
        .iter()
        .map(|d| &**d)
        .filter(|d| d.problem.is_none() && Some(d.id.as_str()) != reference)
        .filter(|d| draft.missing_columns(state, d).is_empty())
        .filter(|d| target.is_none_or(|t| d.schema.iter().any(|c| c.name == t)))
        .max_by_key(|d| (end.zip(times(d)).is_some_and(|(end, feed)| feed.0 >= end), d.rows))
}

/// First and last time of a dataset, milliseconds since 1970.
fn times(dataset: &DatasetView) -> Option<(f64, f64)> {
    let name = dataset.time_column.as_ref()?;
    let column = dataset.profile.as_ref()?.iter().find(|c| &c.name == name && c.kind == Kind::Time)?;
    column.min.zip(column.max)
}
