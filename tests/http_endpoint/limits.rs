//! Limits of connections, requests and time, and the end of an endpoint.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use modeldeck::deploy::http::{Endpoint, EndpointError, EndpointSettings};

use super::client::{World, read, write};
use super::front::Plain;

fn slow(ms: i64) -> String {
    format!(r#"{{"inputs":[{{"name":"ms","shape":[1],"datatype":"INT64","data":[{ms}]}}]}}"#)
}

#[test]
fn refusals_of_models_have_their_statuses() {
    let world = World::plain();
    let body = r#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}"#;
    for (model, status) in [("full", 429), ("broken", 500), ("unkept", 503), ("lost", 500)] {
        let response = world.post(&format!("/v2/models/{model}/infer"), body);
        assert_eq!(response.status, status, "{model}: {}", response.text());
        assert!(response.error().ends_with('.'));
        assert_eq!(response.header("retry-after").is_some(), matches!(status, 429 | 503));
    }
}

#[test]
fn a_late_answer_is_504() {
    let world = World::new(|settings| settings.request_timeout = Duration::from_millis(300));
    let began = Instant::now();
    assert_eq!(world.post("/v2/models/slow/infer", &slow(3000)).status, 504);
    assert!(began.elapsed() < Duration::from_millis(2500));
    let headers = [("x-request-timeout-ms", "20")];
    let began = Instant::now();
    assert_eq!(world.send("POST", "/v2/models/slow/infer", &headers, slow(3000).as_bytes()).status, 504);
    assert!(began.elapsed() < Duration::from_millis(290));
    let body = slow(3000).replacen('{', r#"{"parameters":{"timeout":20000},"#, 1);
    assert_eq!(world.post("/v2/models/slow/infer", &body).status, 504);
    assert_eq!(world.post("/v2/models/slow/infer", &slow(1)).status, 200);
}

#[test]
fn too_many_requests_at_once_are_refused() {
    let world = World::new(|settings| settings.max_requests = 4);
    let mut waiting: Vec<_> = (0..4)
        .map(|_| {
            let mut stream = world.connect();
            write(&mut stream, "POST", "/v2/models/slow/infer", &[], slow(1500).as_bytes());
            stream
        })
        .collect();
    let began = Instant::now();
    while world.endpoint.stats().requests_waiting < 4 && began.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let refused = world.post("/v2/models/slow/infer", &slow(0));
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(world.get("/v2/health/live").status, 200);
    for stream in &mut waiting {
        assert_eq!(read(stream).unwrap().status, 200);
    }
    assert_eq!(world.post("/v2/models/slow/infer", &slow(0)).status, 200);
}

#[test]
fn hundreds_of_connections_make_room_for_one_that_asks() {
    let world = World::new(|settings| settings.max_connections = 64);
    let mut busy = world.connect();
    write(&mut busy, "POST", "/v2/models/slow/infer", &[], slow(2500).as_bytes());
    let idle: Vec<_> = (0..300)
        .map(|n| {
            let mut stream = world.connect();
            // Some begin a request and never end it.
            if n % 2 == 0 {
                stream.write_all(b"POST /v2/mod").ok();
            }
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(world.get("/v2/health/live").status, 200, "one that rests makes room");
    let stats = world.endpoint.stats();
    assert!(stats.connections <= 64 && stats.connections_displaced > 0 && stats.connections_refused > 100, "{stats:?}");
    assert_eq!(read(&mut busy).unwrap().status, 200, "one that answers is never closed");
    drop(idle);
}

#[test]
fn a_large_body_does_not_stall_small_requests() {
    let world = World::plain();
    let values = 3_000_000;
    let numbers = "0.123456,".repeat(values - 1);
    let body =
        format!(r#"{{"inputs":[{{"name":"x","shape":[{},4],"datatype":"FP32","data":[{numbers}1]}}]}}"#, values / 4);
    let mut stream = world.connect();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            write(&mut stream, "POST", "/v2/models/sum/infer", &[], body.as_bytes());
            read(&mut stream).unwrap()
        });
        let mut slowest = Duration::ZERO;
        while !sender.is_finished() {
            let began = Instant::now();
            assert_eq!(world.get("/v2/health/live").status, 200);
            slowest = slowest.max(began.elapsed());
        }
        let response = sender.join().unwrap();
        assert_eq!(response.status, 200);
        assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    });
}

#[test]
fn a_taken_port_is_said_in_a_sentence() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let settings = EndpointSettings { port, ..EndpointSettings::default() };
    let error = Endpoint::start(settings, Arc::new(Plain::default())).err().unwrap();
    assert!(matches!(error, EndpointError::PortTaken(_)));
    let sentence = format!("Port {port} of 127.0.0.1 is taken by another program. Choose another port");
    assert!(error.to_string().starts_with(&sentence), "{error}");
    let far = EndpointSettings { address: "0.0.0.0".parse().unwrap(), ..EndpointSettings::default() };
    assert!(Endpoint::start(far, Arc::new(Plain::default())).is_err());
}

#[test]
fn stopping_lets_requests_in_flight_finish_and_frees_the_port() {
    let World { endpoint, front } = World::plain();
    let at = endpoint.address();
    let mut busy = super::client::connect(at);
    write(&mut busy, "POST", "/v2/models/slow/infer", &[], slow(600).as_bytes());
    let idle = super::client::connect(at);
    let mut half = super::client::connect(at);
    half.write_all(b"GET /v2 HT").unwrap();
    while front.calls.lock().unwrap().is_empty() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let began = Instant::now();
    endpoint.stop();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(read(&mut busy).unwrap().status, 200);
    drop((idle, half));
    let settings = EndpointSettings { port: at.port(), ..EndpointSettings::default() };
    let again = Endpoint::start(settings, front).unwrap();
    assert_eq!(again.address(), at);
}

#[test]
fn stopping_does_not_wait_for_ever() {
    let World { endpoint, front } = World::new(|settings| settings.stop_timeout = Duration::from_millis(300));
    let mut busy = super::client::connect(endpoint.address());
    write(&mut busy, "POST", "/v2/models/slow/infer", &[], slow(20_000).as_bytes());
    while front.calls.lock().unwrap().is_empty() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let began = Instant::now();
    drop(endpoint);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(read(&mut busy).is_none());
}

/// For other programs to be tried against: it prints its address, and stands until its input ends.
#[test]
#[ignore = "a server for other programs, not a test"]
fn stand() {
    let port = std::env::var("MODELDECK_TEST_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(0);
    let world = World::new(|settings| settings.port = port);
    let mut out = std::io::stdout();
    writeln!(out, "http://{}", world.at()).unwrap();
    out.flush().unwrap();
    std::io::stdin().lines().for_each(drop);
}
