//! An infer request from its bytes to the bytes of its answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request};

use super::app::{App, Arrival, Asked, version_of};
use super::body;
use super::failure::{Failure, text};
use super::routes::Place;
use super::v2::{Rendered, parse_infer, render};
use crate::deploy::serve::Answer;

/// Where the length of the JSON part stands.
const HEADER_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

pub(super) async fn infer(
    State(app): State<Arc<App>>,
    place: Place,
    request: Request<Body>,
) -> Result<Response, Failure> {
    let (head, body) = request.into_parts();
    let arrival = Arrival::now(&head.headers)?;
    let _leave = app.enter()?;
    let deadline = arrival.deadline(app.settings.request_timeout, None);
    let held = body::read(&app, &head.headers, body, deadline).await?;
    let version = version_of(&*app.front, &place.model, place.version.as_deref())?;
    let header_length = header_length(&head.headers)?;
    let bytes = held.bytes.clone();
    // Binary tensors are copied, which is far quicker than reading numbers.
    let effort = header_length.map_or(bytes.len(), |json| json.min(bytes.len()).saturating_add(bytes.len() / 8));
    let infer = app
        .work(effort, move || {
            let infer = parse_infer(header_length, &bytes, &version.inputs)?;
            infer.wanted.check(&version.outputs)?;
            Ok::<_, crate::deploy::serve::Refusal>(infer)
        })
        .await??;
    let call = app.call(
        &arrival,
        Asked {
            id: infer.id.as_deref().or(arrival.id.as_deref()),
            model: &place.model,
            version: place.version.as_deref(),
            inputs: infer.inputs,
            wanted: infer.wanted.outputs.iter().map(|output| Arc::clone(&output.name)).collect(),
            timeout: infer.timeout,
            sticky: infer.sticky.as_deref(),
        },
    );
    let answer = app.ask(call).await?;
    let size = size(&answer);
    let rendered = app.work(size, move || render(&answer, &infer.wanted)).await?;
    Ok(response(rendered))
}

/// About the bytes of an answer.
pub(super) fn size(answer: &Answer) -> usize {
    // A number takes about twelve bytes as text.
    answer.outputs.iter().map(|output| output.tensor.data().len()).sum::<usize>().saturating_mul(12)
}

fn header_length(headers: &HeaderMap) -> Result<Option<usize>, Failure> {
    let Some(value) = headers.get(HEADER_LENGTH) else { return Ok(None) };
    let length = value.to_str().ok().and_then(|text| text.trim().parse::<usize>().ok());
    length.map(Some).ok_or_else(|| {
        Failure::bad("“Inference-Header-Content-Length”: it is no whole number. Send the length of the JSON part.")
    })
}

fn response(rendered: Rendered) -> Response {
    let Some(length) = rendered.header_length else { return text(rendered.body, "application/json") };
    let mut response = Response::new(Body::from(rendered.body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(HEADER_LENGTH, HeaderValue::from(length));
    response
}
