//! Clients that send what they should not.

use std::io::Write as _;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use super::client::{World, read};

#[test]
fn wrong_requests_get_400_with_the_field() {
    let world = World::plain();
    let cases: [(&str, &[u8], &str); 14] = [
        (
            "sum",
            br#"{"inputs":[{"name":"z","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"#,
            "“z”: the model has no",
        ),
        ("sum", br#"{"inputs":[{"name":"x","shape":[1,4],"datatype":"INT64","data":[1,2,3,4]}]}"#, "“x”: its datatype"),
        ("sum", br#"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":["a",2,3,4]}]}"#, "“x”: a text"),
        ("sum", br#"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[NaN,2,3,4]}]}"#, "“x”: “NaN”"),
        ("sum", br#"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[Infinity,2,3,4]}]}"#, "“Infinity”"),
        (
            "sum",
            br#"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1e99,2,3,4]}]}"#,
            "beyond the range",
        ),
        ("sum", br#"{"inputs":[{"name":"x","shape":[-1,4],"datatype":"FP32","data":[1,2,3,4]}]}"#, "-1 in a shape"),
        (
            "sum",
            br#"{"inputs":[{"name":"x","shape":[4611686018427387905,4],"datatype":"FP32","data":[1,2,3,4]}]}"#,
            "“x”: the product of its shape",
        ),
        (
            "sum",
            br#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#,
            "does not fit FP32 [-1, 4]",
        ),
        ("sum", br#"{"inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[1,2,3,4]}]}"#, "4 values where"),
        (
            "words",
            br#"{"inputs":[{"name":"s","shape":[1],"datatype":"BYTES","data":["a\u0000b"]}]}"#,
            "“s”: a text with a NUL",
        ),
        (
            "words",
            b"{\"inputs\":[{\"name\":\"s\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"\xff\"]}]}",
            "not UTF-8",
        ),
        (
            "words",
            br#"{"inputs":[{"name":"s","shape":[1],"datatype":"BYTES","data":["a"]}],"outputs":[{"name":"no"}]}"#,
            "“no”: the model has no such output",
        ),
        ("sum", br#"{"inputs":[]}"#, "“x”: it is missing"),
    ];
    for (model, body, expected) in cases {
        let response = world.send("POST", &format!("/v2/models/{model}/infer"), &[], body);
        assert_eq!(response.status, 400, "{}", response.text());
        assert!(response.error().contains(expected), "{expected}: {}", response.error());
    }
    let length = [("Inference-Header-Content-Length", "99999999999")];
    let response = world.send("POST", "/v2/models/sum/infer", &length, b"{}");
    assert!(response.status == 400 && response.error().contains("the body has 2"), "{}", response.text());
    let length = [("Inference-Header-Content-Length", "-1")];
    assert_eq!(world.send("POST", "/v2/models/sum/infer", &length, b"{}").status, 400);
    let timeout = [("x-request-timeout-ms", "soon")];
    assert_eq!(world.send("POST", "/v2/models/sum/infer", &timeout, b"{}").status, 400);
    let gzip = [("Content-Encoding", "gzip")];
    assert_eq!(world.send("POST", "/v2/models/sum/infer", &gzip, b"{}").status, 415);
    assert!(world.front.calls.lock().unwrap().is_empty());
}

#[test]
fn half_a_request_is_no_request() {
    let world = World::plain();
    for (part, cut) in [
        ("POST /v2/models/sum/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le", "in the headers"),
        (
            "POST /v2/models/sum/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{\"inputs\":[",
            "in the body",
        ),
        (
            "POST /v2/models/sum/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"i",
            "in a chunk",
        ),
        ("NONSENSE\r\n\r\n", "of no protocol"),
        ("\0\u{1}\u{2}\r\n\r\n", "of bytes"),
    ] {
        let mut stream = world.connect();
        stream.write_all(part.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        if let Some(response) = read(&mut stream) {
            assert_eq!(response.status, 400, "{cut}");
        }
    }
    assert!(world.front.calls.lock().unwrap().is_empty());
    assert_eq!(world.get("/v2/health/live").status, 200);
}

#[test]
fn a_gigabyte_is_refused_before_it_is_sent_and_while_it_is() {
    let world = World::new(|settings| settings.max_body_bytes = 1 << 20);
    let mut stream = world.connect();
    let head = "POST /v2/models/sum/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1073741824\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let response = read(&mut stream).unwrap();
    assert_eq!(response.status, 413);
    assert!(response.error().contains("larger than 1048576 bytes"));
    // Without a length it is noticed when the limit is passed.
    let mut stream = world.connect();
    let head = "POST /v2/models/sum/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".to_vec(), vec![b' '; 65536], b"\r\n".to_vec()].concat();
    let began = Instant::now();
    while stream.write_all(&chunk).is_ok() && began.elapsed() < Duration::from_secs(10) {}
    assert!(began.elapsed() < Duration::from_secs(10), "it is read on for a moment only");
    assert!(read(&mut stream).is_none_or(|response| response.status == 413));
    // One that ends soon hears the reason.
    let response = world.send("POST", "/v2/models/sum/infer", &[], &vec![b' '; 5 << 20]);
    assert_eq!(response.status, 413);
    assert_eq!(world.get("/v2/health/live").status, 200);
}

#[test]
fn large_bodies_together_are_bounded() {
    let world = World::new(|settings| settings.max_buffered_bytes = 1 << 20);
    let body = vec![b' '; 3 << 20];
    let response = world.send("POST", "/v2/models/sum/infer", &[], &body);
    assert_eq!(response.status, 503);
    assert!(response.error().contains("large requests"));
    // What was held is given back.
    let body = vec![b' '; 900 << 10];
    for _ in 0..3 {
        assert_eq!(world.send("POST", "/v2/models/sum/infer", &[], &body).status, 400);
    }
}

#[test]
fn slow_headers_and_slow_bodies_are_given_up() {
    let world = World::new(|settings| {
        settings.header_timeout = Duration::from_millis(300);
        settings.body_timeout = Duration::from_millis(200);
        settings.request_timeout = Duration::from_millis(600);
    });
    let began = Instant::now();
    let mut stream = world.connect();
    for byte in b"POST /v2/models/sum/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(read(&mut stream).is_none_or(|response| response.status == 408));
    assert!(began.elapsed() < Duration::from_secs(5));
    let head = "POST /v2/models/sum/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n";
    // One that stops, and one that goes on byte by byte.
    let mut stream = world.connect();
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read(&mut stream).unwrap().status, 408);
    let mut stream = world.connect();
    stream.write_all(head.as_bytes()).unwrap();
    let began = Instant::now();
    for _ in 0..20 {
        if stream.write_all(b" ").is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(read(&mut stream).is_none_or(|response| response.status == 408));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn headers_are_bounded() {
    let world = World::plain();
    let long = "a".repeat(40_000);
    let mut stream = world.connect();
    stream.write_all(format!("GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {long}\r\n\r\n").as_bytes()).ok();
    assert!(read(&mut stream).is_none_or(|response| response.status == 431));
    let many: String = "X: a\r\n".repeat(2000);
    let mut stream = world.connect();
    stream.write_all(format!("GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\n{many}\r\n").as_bytes()).ok();
    assert!(read(&mut stream).is_none_or(|response| response.status == 431));
    assert_eq!(world.get("/v2").status, 200);
}
