//! The readiness list of a deployment: gathers what it is judged by, and judges it on a job's thread.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use super::approval::Approval;
use super::command::DeployRequest;
use super::event::JobTopic;
use super::jobs::Outcome;
use super::service::{Service, now_ms};
use super::serving::{HttpRequest, Source};
use super::sign_offs::policy_of;
use super::sizing::measured_with;
use super::state::{ReadinessView, RuntimeView};
use crate::deploy::http::Token;
use crate::deploy::machine::{Machine, free_bytes};
use crate::deploy::readiness::{Approved, CaptureFacts, Facts, FeedFacts, Measured, Readiness, try_address};
use crate::model::Inspection;
use crate::validate::governance::{ChecklistItem, checklist};
use crate::workspace::Workspace;

/// Bytes that a kept row takes beside its columns: id, time, version, latency and answer.
const ROW_BYTES: f64 = 48.0;
/// Bytes that a kept value takes: most are numbers of eight bytes.
const VALUE_BYTES: f64 = 8.0;
/// Rows a second that are reckoned with where nobody said how many come.
const UNKNOWN_LOAD: f64 = 10.0;
/// Seconds of an hour.
const HOUR: f64 = 3_600.0;

/// Where requests are to come from, before anything was tried.
enum Origin {
    /// A dataset of the workspace, or why there is none.
    Dataset(FeedFacts, Option<PathBuf>),
    /// Other programs.
    Http(Box<HttpRequest>),
}

/// What the list is made from, as far as the backend's thread knows it.
pub(super) struct Gathered {
    inspection: Arc<Inspection>,
    runtime: Result<String, String>,
    workers: (usize, usize),
    measured: Option<Measured>,
    approved: Approved,
    needs_sign_off: bool,
    card: Vec<ChecklistItem>,
    columns: Vec<String>,
    origin: Origin,
    captures: Option<PathBuf>,
    rows_per_second: f64,
}

impl Gathered {
    /// Tries what must be tried (the port, the file with the token, the disk) and goes through the list.
    pub(super) fn judged(self) -> Readiness {
        let mut endpoint = None;
        let mut consumers = Vec::new();
        let served = matches!(self.origin, Origin::Http(_));
        let feed = match self.origin {
            Origin::Dataset(mut feed, path) => {
                if feed.problem.is_none() && path.is_some_and(|path| !path.is_file()) {
                    feed.problem = Some("Its file is no longer where it was.".to_owned());
                }
                feed
            }
            Origin::Http(http) => {
                endpoint = address(&http).map(|address| (address, try_address(address)));
                consumers.clone_from(&http.consumers);
                let name = "HTTP calls".to_owned();
                FeedFacts { name, problem: problem_of(&http), columns: None, every_s: None }
            }
        };
        let capture = self.captures.map(|folder| CaptureFacts {
            free_bytes: free_bytes(&folder),
            row_bytes: ROW_BYTES + VALUE_BYTES * self.columns.len() as f64,
            rows_per_second: self.rows_per_second,
            can_wait: !served,
        });
        Readiness::of(&Facts {
            model: &self.inspection,
            runtime: self.runtime.as_deref().map_err(String::as_str),
            machine: Machine::look(),
            workers: self.workers,
            measured: self.measured,
            approved: self.approved,
            needs_sign_off: self.needs_sign_off,
            card: &self.card,
            columns: &self.columns,
            feeds: &[feed],
            endpoint,
            capture,
            consumers: &consumers,
        })
    }
}

fn address(http: &HttpRequest) -> Option<SocketAddr> {
    Some(SocketAddr::new(http.address.parse::<IpAddr>().ok()?, http.port))
}

/// Why callers could not be let in.
fn problem_of(http: &HttpRequest) -> Option<String> {
    if let Some((_, why)) = http.problems().into_iter().next() {
        return Some(format!("{why}."));
    }
    let path = http.token_file.as_ref()?;
    match std::fs::read_to_string(path) {
        Ok(text) => Token::new(&text).err().map(|error| error.to_string()),
        Err(error) => Some(format!("The file with the token could not be read: {error}. {}", path.display())),
    }
}

fn approved(approval: Option<Approval>) -> Approved {
    match approval {
        None => Approved::NotValidated,
        Some(Approval::Signed(view)) => {
            let who = view.signed.who.clone();
            match &view.signed.override_reason {
                Some(reason) => Approved::Overridden { who, reason: reason.clone() },
                None => Approved::Signed { who },
            }
        }
        Some(Approval::Unsigned(policy)) => Approved::Unsigned { policy },
        Some(Approval::Unjudged) => Approved::Unjudged,
        Some(Approval::Refused(policy)) => Approved::Refused { policy },
    }
}

impl Service {
    /// What the list for a deployment is made from; `None` when there is no such model.
    pub(super) fn gather(&self, request: &DeployRequest) -> Option<Gathered> {
        let state = &self.state;
        let model = state.models.iter().find(|m| m.id == request.model)?;
        let run = state.runs.iter().find(|r| r.id == request.run);
        let result = run.and_then(|r| r.report.models.iter().find(|m| m.sha256 == request.model));
        let columns: Vec<String> =
            result.map(|r| r.binding.columns().map(ToOwned::to_owned).collect()).unwrap_or_default();
        let runtime = match &state.runtime {
            RuntimeView::Ready { version, .. } => Ok(version.clone()),
            RuntimeView::Unknown | RuntimeView::Working => Err("It is still being looked for.".to_owned()),
            RuntimeView::Missing { .. } => Err("ONNX Runtime is not installed.".to_owned()),
            RuntimeView::Broken { why } => Err(why.clone()),
        };
        let (workers, max_batch, origin, rows_per_second) = match &request.source {
            Source::Http(http) => {
                let load: f64 = http.consumers.iter().map(crate::deploy::readiness::Consumer::rows_per_second).sum();
                let load = if load > 0.0 { load } else { UNKNOWN_LOAD };
                let settings = &http.settings;
                let workers = (settings.workers, settings.intra_threads);
                (workers, settings.max_batch, Origin::Http(http.clone()), load)
            }
            Source::Replay => {
                let most = result.map_or(f64::INFINITY, |r| r.rows_per_second);
                let rate = request.feed.rows_per_second.unwrap_or(most).min(most.max(1.0));
                let (feed, rows) = self.feed_facts(request);
                let rate = if request.feed.repeat { rate } else { rate.min(rows as f64 / HOUR) };
                let worker = &request.worker;
                let workers = (worker.workers, worker.intra_threads);
                (workers, worker.batch_rows, feed, if rate.is_finite() { rate } else { UNKNOWN_LOAD })
            }
        };
        let sizing = state.sizing.get(&request.model).and_then(|view| view.sizing.as_ref());
        Some(Gathered {
            inspection: Arc::clone(&model.inspection),
            runtime,
            workers,
            measured: sizing.and_then(|sizing| measured_with(sizing, workers, max_batch)),
            approved: approved(Approval::of(state, request.run, &request.model)),
            needs_sign_off: run.and_then(|r| policy_of(&r.report)).is_some_and(|policy| policy.require_sign_off),
            card: checklist(model.card.as_deref()),
            columns,
            origin,
            captures: self.workspace.as_ref().map(Workspace::captures_folder),
            rows_per_second,
        })
    }

    /// The dataset that is to be replayed, and its rows.
    fn feed_facts(&self, request: &DeployRequest) -> (Origin, usize) {
        let Some(feed) = self.state.datasets.iter().find(|d| d.id == request.feed_dataset) else {
            let problem = Some("No dataset is chosen to be replayed.".to_owned());
            let facts = FeedFacts { name: "replay".to_owned(), problem, columns: None, every_s: None };
            return (Origin::Dataset(facts, None), 0);
        };
        let facts = FeedFacts {
            name: feed.name.clone(),
            problem: feed.problem.clone(),
            columns: Some(feed.schema.iter().map(|column| column.name.clone()).collect()),
            every_s: None,
        };
        (Origin::Dataset(facts, Some(feed.path.clone())), feed.rows)
    }

    /// Goes through the list for a deployment that is being set up, as a job; an earlier question is put aside.
    pub(super) fn check_readiness(&mut self, request: DeployRequest) {
        self.jobs.cancel_topic(&JobTopic::Readiness);
        let Some(gathered) = self.gather(&request) else { return };
        self.start_job(JobTopic::Readiness, "Checking readiness", move |_| -> Outcome {
            let list = gathered.judged();
            Box::new(move |service| {
                let at_ms = now_ms();
                service.state.readiness = Some(Arc::new(ReadinessView { request, at_ms, list }));
                service.touch();
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_cannot_be_read_or_is_weak_keeps_callers_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let http = HttpRequest { token_file: Some(path.clone()), ..HttpRequest::default() };
        assert!(problem_of(&http).is_some_and(|why| why.contains("could not be read")));
        std::fs::write(&path, "short").unwrap();
        assert!(problem_of(&http).is_some_and(|why| why.contains("shorter than 16")));
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        assert_eq!(problem_of(&http), None);
        let open = HttpRequest { address: "0.0.0.0".to_owned(), ..HttpRequest::default() };
        assert!(problem_of(&open).is_some_and(|why| why.ends_with('.')));
    }
}
