//! Refusals as HTTP statuses and JSON.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::deploy::serve::Refusal;

/// A request that is not answered: its status and the sentence for the caller.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) why: String,
    /// Whether the caller is asked for a token.
    pub(super) challenge: bool,
}

impl Failure {
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), challenge: false }
    }

    pub(super) fn bad(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, why)
    }

    /// The work of a request ended without a result, which only a defect can cause.
    pub(super) fn lost() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The request was lost inside the program. Send it again.")
    }

    pub(super) fn too_late() -> Self {
        Refusal::TooLate.into()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::UnknownModel { .. } | Refusal::UnknownVersion { .. } => StatusCode::NOT_FOUND,
            Refusal::BadInput { .. } => StatusCode::BAD_REQUEST,
            Refusal::QueueFull => StatusCode::TOO_MANY_REQUESTS,
            Refusal::TooLate => StatusCode::GATEWAY_TIMEOUT,
            Refusal::NotReady { .. } | Refusal::NotKept { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Failed { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, refusal.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = json(&serde_json::json!({ "error": self.why }));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        // A caller who is told to come back is told when.
        if matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A JSON answer.
pub(super) fn json(document: &serde_json::Value) -> Response {
    text(document.to_string(), "application/json")
}

/// An answer with a content type.
pub(super) fn text(body: impl Into<Body>, content_type: &'static str) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
