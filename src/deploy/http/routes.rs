//! Which path is answered by what.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use hyper::StatusCode;
use hyper::http::request::Parts;
use serde_json::json;

use super::app::{App, chosen};
use super::failure::{Failure, json, text};
use super::{documents, feedback, infer, mlflow, pages, repository, tally};
use crate::deploy::serve::VersionState;

/// The model and the version that a path names.
pub(super) struct Place {
    pub(super) model: String,
    pub(super) version: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Path(mut names) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state)
            .await
            .map_err(|_error| Failure::bad("The path is no UTF-8. Escape the name of the model as UTF-8."))?;
        Ok(Self { model: names.remove("model").unwrap_or_default(), version: names.remove("version") })
    }
}

/// All paths.
pub(super) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/v2", get(async || json(&documents::server())))
        .route("/v2/", get(async || json(&documents::server())))
        .route("/v2/health/live", get(async || json(&json!({ "live": true }))))
        .route("/v2/health/ready", get(server_ready))
        .route("/v2/models", get(models))
        .route("/v2/models/stats", get(all_stats))
        .route("/v2/repository/index", post(repository::index))
        .route("/v2/repository/models/{model}/load", post(repository::load))
        .route("/v2/repository/models/{model}/unload", post(repository::unload))
        .route("/v2/models/{model}/feedback", post(feedback::feedback))
        .route("/invocations", post(mlflow::only_model))
        .route("/models/{model}/invocations", post(mlflow::invocations))
        .route("/models/{model}/versions/{version}/invocations", post(mlflow::invocations))
        .route("/ping", get(server_ready))
        .route("/health", get(server_ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(async || text(pages::openapi(), "application/json")))
        .route("/docs", get(async || pages::docs()));
    for prefix in ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"] {
        router = router
            .route(prefix, get(metadata))
            .route(&format!("{prefix}/ready"), get(model_ready))
            .route(&format!("{prefix}/infer"), post(infer::infer))
            .route(&format!("{prefix}/stats"), get(stats))
            .route(&format!("{prefix}/config"), get(config));
    }
    router.fallback(unknown).method_not_allowed_fallback(wrong_method).with_state(app)
}

async fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "There is no such path here. The page /docs shows those that are.")
}

async fn wrong_method() -> Failure {
    let why = "This path does not take this method. The header “Allow” and the page /docs show which it takes.";
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, why)
}

async fn server_ready(State(app): State<Arc<App>>) -> Response {
    let models = app.front.models();
    let loading = models.iter().flat_map(|model| &model.versions).any(|v| v.state == VersionState::Loading);
    let mut response = json(&json!({ "ready": !loading }));
    if loading {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

async fn models(State(app): State<Arc<App>>) -> Response {
    let names: Vec<String> = app.front.models().iter().map(|model| model.name.to_string()).collect();
    json(&json!({ "models": names }))
}

async fn metadata(State(app): State<Arc<App>>, place: Place) -> Result<Response, Failure> {
    let (info, version) = chosen(&*app.front, &place.model, place.version.as_deref())?;
    Ok(json(&documents::model(&info, &version)))
}

async fn model_ready(State(app): State<Arc<App>>, place: Place) -> Result<Response, Failure> {
    let (info, version) = chosen(&*app.front, &place.model, place.version.as_deref())?;
    let ready = version.state == VersionState::Ready;
    let mut response = json(&json!({ "name": *info.name, "ready": ready }));
    if !ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

async fn config(State(app): State<Arc<App>>, place: Place) -> Result<Response, Failure> {
    let (info, version) = chosen(&*app.front, &place.model, place.version.as_deref())?;
    Ok(json(&documents::config(&info, &version)))
}

async fn stats(State(app): State<Arc<App>>, place: Place) -> Result<Response, Failure> {
    let (info, version) = chosen(&*app.front, &place.model, place.version.as_deref())?;
    let versions = if place.version.is_some() { vec![version] } else { info.versions.clone() };
    let stats: Vec<_> = versions
        .iter()
        .map(|version| documents::stats(&info, version, &app.tally.of_version(&info.name, &version.version)))
        .collect();
    Ok(json(&json!({ "model_stats": stats })))
}

async fn all_stats(State(app): State<Arc<App>>) -> Response {
    let stats: Vec<_> = app
        .front
        .models()
        .iter()
        .flat_map(|info| info.versions.iter().map(move |version| (info, version)))
        .map(|(info, version)| documents::stats(info, version, &app.tally.of_version(&info.name, &version.version)))
        .collect();
    json(&json!({ "model_stats": stats }))
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut lines = app.front.prometheus();
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines.push_str(&tally::prometheus(&app.stats()));
    text(lines, "text/plain; version=0.0.4; charset=utf-8")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::pages;

    #[test]
    fn the_openapi_document_has_every_path_that_is_answered() {
        let source = include_str!("routes.rs");
        let routed: BTreeSet<String> = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix(".route(\"")?.split('"').next())
            .filter(|path| !["/v2/", "/docs", "/openapi.json"].contains(path))
            .map(str::to_owned)
            .chain(["", "/ready", "/infer", "/stats", "/config"].iter().flat_map(|end| {
                ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"].map(|path| format!("{path}{end}"))
            }))
            .collect();
        let document: serde_json::Value = serde_json::from_str(&pages::openapi()).unwrap();
        let told: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(told, routed);
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
