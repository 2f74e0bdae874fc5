//! Which models there are, and loading and unloading them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::Request;

use super::app::{App, Arrival, beside};
use super::failure::{Failure, json, text};
use super::routes::Place;
use super::{body, documents};
use crate::deploy::serve::Refusal;

/// What the body of a repository request may say.
#[derive(Debug, Default, serde::Deserialize)]
struct Said {
    #[serde(default)]
    ready: bool,
    #[serde(default)]
    parameters: serde_json::Map<String, serde_json::Value>,
}

pub(super) async fn index(State(app): State<Arc<App>>, request: Request<Body>) -> Result<Response, Failure> {
    let said = said(&app, request).await?;
    Ok(json(&documents::index(&app.front.models(), said.ready)))
}

pub(super) async fn load(
    State(app): State<Arc<App>>,
    place: Place,
    request: Request<Body>,
) -> Result<Response, Failure> {
    let said = said(&app, request).await?;
    if let Some(name) = said.parameters.keys().find(|name| *name == "config" || name.starts_with("file:")) {
        let shown: String = name.chars().take(100).collect();
        let why = "models are loaded as they were deployed. Leave it out, and deploy a new version instead.";
        return Err(Refusal::BadInput { field: shown, why: why.to_owned() }.into());
    }
    let _one = app.changes.acquire().await;
    let front = Arc::clone(&app.front);
    beside(move || front.load(&place.model)).await??;
    Ok(text("{}", "application/json"))
}

pub(super) async fn unload(
    State(app): State<Arc<App>>,
    place: Place,
    request: Request<Body>,
) -> Result<Response, Failure> {
    said(&app, request).await?;
    let _one = app.changes.acquire().await;
    let front = Arc::clone(&app.front);
    beside(move || front.unload(&place.model)).await??;
    Ok(text("{}", "application/json"))
}

async fn said(app: &App, request: Request<Body>) -> Result<Said, Failure> {
    let (head, body) = request.into_parts();
    let arrival = Arrival::now(&head.headers)?;
    let deadline = arrival.deadline(app.settings.request_timeout, None);
    let held = body::read(app, &head.headers, body, deadline).await?;
    if held.bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Said::default());
    }
    if held.bytes.len() > body::SMALL {
        return Err(Failure::bad("The body is too large for a repository request. Send {} or nothing."));
    }
    serde_json::from_slice(&held.bytes)
        .map_err(|error| Failure::bad(format!("The body is no repository request: {error}. Send {{}} or nothing.")))
}
