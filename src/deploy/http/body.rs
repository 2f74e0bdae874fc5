//! The body of a request, bounded in size, in time, and in what all of them hold together.

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, EXPECT};
use hyper::{HeaderMap, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::app::App;
use super::failure::Failure;

/// Bytes of a body that count as small: it is held without asking and read on the spot.
pub(super) const SMALL: usize = 64 << 10;

/// How long a body that is too large is read on.
const DRAIN: Duration = Duration::from_millis(500);

/// Bytes of one permit of what is held.
pub(super) const PERMIT: usize = 1 << 10;

/// A body, and the leave to hold it.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _leave: Option<OwnedSemaphorePermit>,
}

/// Reads a body until its end or a limit.
pub(super) async fn read(app: &App, headers: &HeaderMap, body: Body, deadline: Instant) -> Result<Held, Failure> {
    let limit = app.settings.max_body_bytes;
    let claimed = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if claimed.is_some_and(|claimed: u64| claimed > limit as u64) {
        // A caller that waits for a word before it sends is told at once, any other when it has sent.
        if !headers.contains_key(EXPECT) {
            drain(body).await;
        }
        return Err(too_large(limit));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding.as_bytes() != b"identity") {
        let why = "Compressed bodies are not read. Send it as it is.";
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
    }
    let mut body = body;
    let mut first = Bytes::new();
    let mut all: Vec<u8> = Vec::new();
    let mut leave: Option<OwnedSemaphorePermit> = None;
    loop {
        let until = deadline.min(Instant::now() + app.settings.body_timeout);
        let Ok(frame) = tokio::time::timeout_at(until.into(), body.frame()).await else {
            let why = "The body came too slowly. Send it faster, or in smaller parts.";
            return Err(Failure::new(StatusCode::REQUEST_TIMEOUT, why));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| {
            Failure::bad(format!("The body ended too early or is broken ({error}). Send the whole of it."))
        })?;
        // Trailers mean nothing here.
        let Ok(part) = frame.into_data() else { continue };
        let size = first.len() + all.len() + part.len();
        if size > limit {
            drain(body).await;
            return Err(too_large(limit));
        }
        if size > SMALL {
            let wanted = size.div_ceil(PERMIT) - leave.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let more = u32::try_from(wanted)
                .ok()
                .and_then(|wanted| app.room.clone().try_acquire_many_owned(wanted).ok())
                .ok_or_else(|| {
                    let why = "Too many large requests are here at once. Try again in a moment.";
                    Failure::new(StatusCode::SERVICE_UNAVAILABLE, why)
                })?;
            match &mut leave {
                None => leave = Some(more),
                Some(leave) => leave.merge(more),
            }
        }
        if first.is_empty() && all.is_empty() {
            first = part;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&part);
        }
    }
    let bytes = if all.is_empty() { first } else { Bytes::from(all) };
    Ok(Held { bytes, _leave: leave })
}

/// Reads on for a moment without keeping anything: a caller that is still sending when the connection is closed would
/// see a broken connection, and not the reason.
async fn drain(mut body: Body) {
    let rest = async { while let Some(Ok(_frame)) = body.frame().await {} };
    tokio::time::timeout(DRAIN, rest).await.ok();
}

fn too_large(limit: usize) -> Failure {
    let why = format!("The body is larger than {limit} bytes. Send fewer rows at once, or raise the endpoint's limit.");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, why)
}
