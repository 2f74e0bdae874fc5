//! The `OpenAPI` document, and the page that shows it.

use axum::response::Response;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use super::failure::text;

/// The document, with a mark where the program's version belongs.
const OPENAPI: &str = include_str!("../../../assets/http/openapi.json");
const DOCS: &str = include_str!("../../../assets/http/docs.html");

/// The `OpenAPI` document.
pub(super) fn openapi() -> String {
    OPENAPI.replacen("@VERSION@", env!("CARGO_PKG_VERSION"), 1)
}

/// The page; it loads nothing but the document.
pub(super) fn docs() -> Response {
    let mut response = text(DOCS, "text/html; charset=utf-8");
    response.headers_mut().insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    );
    response
}
