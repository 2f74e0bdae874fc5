//! What all requests share: the models, the limits, the counters.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use hyper::{HeaderMap, Request, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tower::ServiceExt as _;

use super::body::{PERMIT, SMALL};
use super::connections::Connections;
use super::failure::Failure;
use super::tally::Tally;
use super::{EndpointSettings, EndpointStats, gate};
use crate::deploy::serve::{Answer, Call, Front, ModelInfo, Origin, Part, Refusal, VersionInfo};
use crate::model::tensor::NamedTensor;

/// Characters of a name in a header at most.
const MAX_HEADER_NAME: usize = 256;

/// How much longer than its deadline a request is waited for: the models say themselves that it is too late.
const GRACE: Duration = Duration::from_millis(50);

/// What all requests share.
pub(super) struct App {
    pub(super) front: Arc<dyn Front>,
    pub(super) settings: EndpointSettings,
    pub(super) connections: Arc<Connections>,
    pub(super) tally: Tally,
    /// Leave to hold bodies, in parts of [`PERMIT`] bytes.
    pub(super) room: Arc<Semaphore>,
    /// Leave to wait for an answer.
    requests: Arc<Semaphore>,
    /// Leave to load or unload: one at a time, so that the others' bodies still find a thread.
    pub(super) changes: Semaphore,
    ids: Ids,
    feed: Arc<str>,
}

impl App {
    pub(super) fn new(front: Arc<dyn Front>, settings: EndpointSettings, connections: Arc<Connections>) -> Self {
        Self {
            room: Arc::new(Semaphore::new((settings.max_buffered_bytes / PERMIT).clamp(1, Semaphore::MAX_PERMITS))),
            requests: Arc::new(Semaphore::new(settings.max_requests.min(Semaphore::MAX_PERMITS))),
            changes: Semaphore::new(1),
            front,
            settings,
            connections,
            tally: Tally::default(),
            ids: Ids::new(),
            feed: Arc::from("http"),
        }
    }

    pub(super) fn stats(&self) -> EndpointStats {
        let waiting = self.settings.max_requests.saturating_sub(self.requests.available_permits());
        self.tally.stats(self.connections.len(), waiting)
    }

    /// Answers one request, whatever it is.
    pub(super) async fn answer(&self, router: Router, request: Request<Body>) -> Response {
        let passed = gate::pass(request.uri().path(), request.headers(), self.settings.token.as_ref());
        let response = match passed {
            Err(failure) => failure.into_response(),
            Ok(()) => router.oneshot(request).await.unwrap_or_else(|never| match never {}),
        };
        self.tally.status(response.status());
        response
    }

    /// Leave to wait for an answer, or the refusal when too many do.
    pub(super) fn enter(&self) -> Result<OwnedSemaphorePermit, Failure> {
        self.requests.clone().try_acquire_owned().map_err(|_full| {
            let why = "Too many requests wait for their answer. Try again in a moment.";
            Failure::new(StatusCode::SERVICE_UNAVAILABLE, why)
        })
    }

    /// Asks a model and waits for its answer until the deadline.
    pub(super) async fn ask(&self, call: Call) -> Result<Answer, Failure> {
        let deadline = call.deadline;
        let received = call.received;
        let rows = call.inputs.first().map_or(0, |input| input.tensor.rows());
        let (sender, receiver) = oneshot::channel();
        // The receiver may have given up; then nobody misses the answer.
        self.front.submit(call, Box::new(move |outcome| drop(sender.send(outcome))));
        let outcome = match deadline {
            None => receiver.await,
            Some(deadline) => tokio::time::timeout_at((deadline + GRACE).into(), receiver)
                .await
                .map_err(|_elapsed| Failure::too_late())?,
        };
        let answer = outcome.map_err(|_lost| Failure::lost())??;
        self.tally.answered(&answer, rows, received.elapsed(), now_ms());
        Ok(answer)
    }

    /// Runs work that may take long: beside the connections when it is large, at once when it is small.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        size: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        if size <= SMALL {
            return Ok(work());
        }
        beside(work).await
    }

    /// A call with what its headers say.
    pub(super) fn call(&self, arrival: &Arrival, what: Asked<'_>) -> Call {
        Call {
            id: what.id.map_or_else(|| self.ids.next(), Arc::from),
            model: Arc::from(what.model),
            version: what.version.map(Arc::from),
            inputs: what.inputs,
            wanted: what.wanted,
            received: arrival.received,
            received_at_ms: arrival.received_at_ms,
            deadline: Some(arrival.deadline(self.settings.request_timeout, what.timeout)),
            origin: Origin { feed: Arc::clone(&self.feed), consumer: arrival.consumer.clone() },
            sticky: what.sticky.map(Arc::from).or_else(|| arrival.sticky.clone()),
        }
    }
}

/// Runs work on a thread of its own.
pub(super) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|_panicked| Failure::lost())
}

/// What a caller asks.
pub(super) struct Asked<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) model: &'a str,
    pub(super) version: Option<&'a str>,
    pub(super) inputs: Vec<NamedTensor>,
    pub(super) wanted: Vec<Arc<str>>,
    pub(super) timeout: Option<Duration>,
    pub(super) sticky: Option<&'a str>,
}

/// When a request came and what its headers say.
pub(super) struct Arrival {
    pub(super) received: Instant,
    received_at_ms: i64,
    timeout: Option<Duration>,
    consumer: Option<Arc<str>>,
    sticky: Option<Arc<str>>,
    /// The id in the header, for protocols that have none in the body.
    pub(super) id: Option<Arc<str>>,
}

impl Arrival {
    pub(super) fn now(headers: &HeaderMap) -> Result<Self, Failure> {
        let timeout = match header(headers, "x-request-timeout-ms")? {
            None => None,
            Some(text) => {
                Some(text.parse::<u64>().ok().filter(|ms| *ms > 0).map(Duration::from_millis).ok_or_else(|| {
                    Failure::bad("“x-request-timeout-ms”: it is no whole number from 1. Send milliseconds.")
                })?)
            }
        };
        Ok(Self {
            received: Instant::now(),
            received_at_ms: now_ms(),
            timeout,
            consumer: header(headers, "x-consumer")?.map(Arc::from),
            sticky: header(headers, "x-sticky-id")?.map(Arc::from),
            id: header(headers, "x-request-id")?.map(Arc::from),
        })
    }

    /// When the answer is of no use any more; a caller may ask for less time than the endpoint gives, not for more.
    pub(super) fn deadline(&self, limit: Duration, asked: Option<Duration>) -> Instant {
        let waits = [self.timeout, asked].into_iter().flatten().fold(limit, Duration::min);
        self.received.checked_add(waits).unwrap_or(self.received)
    }
}

/// A short text of a header.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Failure> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if text.len() <= MAX_HEADER_NAME => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        _ => {
            let why = format!("“{name}”: it is longer than {MAX_HEADER_NAME} characters or no plain text. Shorten it.");
            Err(Failure::bad(why))
        }
    }
}

pub(super) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

/// Ids for requests that bring none: unlike those of any earlier start of the program.
struct Ids {
    start: u64,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        Self { start: RandomState::new().hash_one(now_ms()), next: AtomicU64::new(0) }
    }

    fn next(&self) -> Arc<str> {
        Arc::from(format!("{:016x}-{:x}", self.start, self.next.fetch_add(1, Ordering::Relaxed)))
    }
}

/// The version of a model that a request means: the named one, or the champion.
pub(super) fn version_of(front: &dyn Front, model: &str, version: Option<&str>) -> Result<VersionInfo, Refusal> {
    let (mut info, at) = found(front, model, version)?;
    Ok(info.versions.swap_remove(at))
}

/// The same, with all that is known of the model.
pub(super) fn chosen(
    front: &dyn Front,
    model: &str,
    version: Option<&str>,
) -> Result<(ModelInfo, VersionInfo), Refusal> {
    let (info, at) = found(front, model, version)?;
    let version = info.versions.get(at).cloned();
    version.map(|version| (info, version)).ok_or_else(|| Refusal::UnknownModel { model: shown(model) })
}

/// A model and the place of a version of it.
fn found(front: &dyn Front, model: &str, version: Option<&str>) -> Result<(ModelInfo, usize), Refusal> {
    let info = front.model(model).ok_or_else(|| Refusal::UnknownModel { model: shown(model) })?;
    let first = (!info.versions.is_empty()).then_some(0);
    let at = match version {
        Some(version) => info.versions.iter().position(|known| &*known.version == version),
        None => info.versions.iter().position(|known| known.part == Part::Champion).or(first),
    };
    if let Some(at) = at {
        return Ok((info, at));
    }
    let known: Vec<&str> = info.versions.iter().take(20).map(|known| &*known.version).collect();
    Err(match version {
        Some(version) => Refusal::UnknownVersion {
            model: model.to_owned(),
            version: shown(version),
            known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
        },
        None => Refusal::NotReady { model: model.to_owned(), why: "it has no version. Deploy one.".to_owned() },
    })
}

/// A name of a caller's as it is shown in an error.
fn shown(name: &str) -> String {
    name.chars().take(200).collect()
}
