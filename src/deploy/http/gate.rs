//! Who may ask: programs of this machine, or callers that show the token.

use hyper::header::{AUTHORIZATION, HOST, HeaderValue, ORIGIN};
use hyper::{HeaderMap, StatusCode};

use super::Token;
use super::failure::Failure;

/// Paths that are open to all: they say nothing of a model.
const OPEN: [&str; 6] = ["/v2/health/live", "/v2/health/ready", "/ping", "/health", "/docs", "/openapi.json"];

/// Lets a request pass or says why not.
pub(super) fn pass(path: &str, headers: &HeaderMap, token: Option<&Token>) -> Result<(), Failure> {
    let Some(token) = token else { return of_this_machine(headers) };
    if OPEN.contains(&path) {
        return Ok(());
    }
    let shown = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).and_then(|value| {
        let (scheme, shown) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then_some(shown)
    });
    if shown.is_some_and(|shown| token.is(shown)) {
        return Ok(());
    }
    let why = "This endpoint wants its token. Send it in the header “Authorization: Bearer …”.";
    Err(Failure { challenge: true, ..Failure::new(StatusCode::UNAUTHORIZED, why) })
}

/// Keeps web pages of others out: a browser on this machine reaches this machine's address too.
fn of_this_machine(headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    let host = text(HOST);
    if let Some(host) = host
        && !is_local(host)
    {
        let why = "This endpoint answers this machine only. Ask it as 127.0.0.1 or localhost.";
        return Err(Failure::new(StatusCode::FORBIDDEN, why));
    }
    if let Some(origin) = text(ORIGIN)
        && !origin.strip_prefix("http://").is_some_and(|origin| is_local(origin) && host == Some(origin))
    {
        let why = "This endpoint answers no web page but its own. Ask it from a program.";
        return Err(Failure::new(StatusCode::FORBIDDEN, why));
    }
    Ok(())
}

/// Whether a host, with or without a port, is this machine.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _port)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(path: &str, headers: &[(&'static str, &'static str)], token: Option<&Token>) -> u16 {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<hyper::header::HeaderName>().unwrap(), HeaderValue::from_static(value)))
            .collect();
        pass(path, &headers, token).map_or_else(|failure| failure.status.as_u16(), |()| 200)
    }

    #[test]
    fn web_pages_of_others_are_kept_out_without_a_token() {
        let cases: [(&[(&str, &str)], u16); 9] = [
            (&[], 200),
            (&[("host", "127.0.0.1:8000")], 200),
            (&[("host", "localhost")], 200),
            (&[("host", "[::1]:80")], 200),
            (&[("host", "evil.example:8000")], 403),
            (&[("host", "127.0.0.1.evil.example")], 403),
            (&[("host", "localhost:1"), ("origin", "http://localhost:1")], 200),
            (&[("host", "localhost:1"), ("origin", "http://localhost:2")], 403),
            (&[("host", "localhost:1"), ("origin", "null")], 403),
        ];
        for (headers, expected) in cases {
            assert_eq!(status("/v2", headers, None), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_token_opens_and_health_needs_none() {
        let token = Token::new("0123456789abcdef").unwrap();
        type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u16);
        let cases: [Case<'_>; 6] = [
            ("/v2", &[], 401),
            ("/v2", &[("authorization", "Bearer 0123456789abcdef")], 200),
            ("/v2", &[("authorization", "bearer 0123456789abcdef"), ("origin", "https://a.example")], 200),
            ("/v2", &[("authorization", "Bearer 0123456789abcdex")], 401),
            ("/v2", &[("authorization", "Basic 0123456789abcdef")], 401),
            ("/v2/health/live", &[], 200),
        ];
        for (path, headers, expected) in cases {
            assert_eq!(status(path, headers, Some(&token)), expected, "{headers:?}");
        }
    }
}
