//! Infer requests as clients send them.

use serde_json::json;

use super::client::{World, read, write};
use super::front::types;

const SUM: &str = r#"{"id":"q1","inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,0.5,0,0,0]}]}"#;

#[test]
fn a_json_request_is_answered_in_json() {
    let world = World::plain();
    let response = world.post("/v2/models/sum/infer", SUM);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/json"));
    let outputs = json!([{ "name": "y", "shape": [2], "datatype": "FP32", "data": [10.0, 0.5] }]);
    let expected = json!({ "model_name": "sum", "model_version": "1", "id": "q1", "outputs": outputs });
    assert_eq!(response.json(), expected);
    let second = world.post("/v2/models/sum/versions/2/infer", SUM).json();
    assert_eq!((&second["model_version"], &second["outputs"][0]["data"]), (&json!("2"), &json!([100.0, 5.0])));
}

#[test]
fn a_request_without_an_id_gets_one_of_its_own() {
    let world = World::plain();
    let body = SUM.replace("\"id\":\"q1\",", "");
    let ids: Vec<_> = (0..2).map(|_| world.post("/v2/models/sum/infer", &body).json()["id"].clone()).collect();
    assert!(ids[0].as_str().is_some_and(|id| id.len() >= 16) && ids[0] != ids[1], "{ids:?}");
}

#[test]
fn binary_tensors_go_in_and_come_out() {
    let world = World::plain();
    let json = r#"{"inputs":[{"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":14}}],
        "outputs":[{"name":"upper","parameters":{"binary_data":true}},{"name":"length"}]}"#;
    let tail = [&[4, 0, 0, 0][..], "grü".as_bytes(), &[2, 0, 0, 0], b"ab"].concat();
    let body = [json.as_bytes(), &tail].concat();
    let length = json.len().to_string();
    let headers = [("Inference-Header-Content-Length", length.as_str())];
    let response = world.send("POST", "/v2/models/words/infer", &headers, &body);
    assert_eq!(response.status, 200, "{:?}", String::from_utf8_lossy(&response.body));
    assert_eq!(response.header("content-type"), Some("application/octet-stream"));
    let head: usize = response.header("inference-header-content-length").unwrap().parse().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&response.body[..head]).unwrap();
    assert_eq!(document["outputs"][0]["parameters"]["binary_data_size"], 14);
    assert_eq!(document["outputs"][1]["data"], json!([3, 2]));
    let expected = [&[4, 0, 0, 0][..], "GRÜ".as_bytes(), &[2, 0, 0, 0], b"AB"].concat();
    assert_eq!(response.body[head..], expected);
}

#[test]
fn a_raw_body_is_the_only_input() {
    let world = World::plain();
    let body: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let headers = [("Inference-Header-Content-Length", "0")];
    let response = world.send("POST", "/v2/models/sum/infer", &headers, &body);
    assert_eq!(response.status, 200, "{:?}", String::from_utf8_lossy(&response.body));
    assert!(response.body.ends_with(&10.0_f32.to_le_bytes()));
}

#[test]
fn every_type_goes_round() {
    let world = World::plain();
    for (datatype, _dtype) in types() {
        let data = match datatype.word() {
            "BOOL" => json!([true, false]),
            "BYTES" => json!(["ü\n", ""]),
            "FP16" | "FP32" | "FP64" => json!([0.5, -2.0]),
            _ => json!([1, 100]),
        };
        let input = json!({ "name": "x", "shape": [2], "datatype": datatype.word(), "data": data });
        let path = format!("/v2/models/echo_{}/infer", datatype.word().to_lowercase());
        let response = world.post(&path, &json!({ "inputs": [input] }).to_string());
        assert_eq!(response.json()["outputs"][0]["data"], data, "{}: {}", datatype.word(), response.text());
        assert_eq!(response.json()["outputs"][0]["shape"], json!([2, 1]));
    }
}

#[test]
fn what_a_request_says_of_itself_reaches_the_model() {
    let world = World::plain();
    let body = SUM.replace("\"id\":\"q1\"", r#""parameters":{"sticky":"anna","timeout":5000000}"#);
    let headers = [("x-consumer", "billing"), ("x-sticky-id", "otto"), ("x-request-id", "r7")];
    let response = world.send("POST", "/v2/models/sum/versions/2/infer", &headers, body.as_bytes());
    assert_eq!(response.json()["id"], "r7");
    let calls = world.front.calls.lock().unwrap();
    let call = &calls[0];
    assert_eq!(call.sticky.as_deref(), Some("anna"));
    assert_eq!((call.origin.consumer.as_deref(), &*call.origin.feed), (Some("billing"), "http"));
    assert_eq!(call.version.as_deref(), Some("2"));
    let left = call.deadline.unwrap() - call.received;
    assert_eq!(left.as_secs(), 5);
    assert!(call.received_at_ms > 1_700_000_000_000);
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let world = World::plain();
    let mut stream = world.connect();
    for n in 0..50 {
        let status = if n % 2 == 0 { 200 } else { 400 };
        let body = if n % 2 == 0 { SUM } else { "{" };
        write(&mut stream, "POST", "/v2/models/sum/infer", &[], body.as_bytes());
        assert_eq!(read(&mut stream).unwrap().status, status);
    }
    assert_eq!(world.endpoint.stats().succeeded, 25);
    assert_eq!(world.endpoint.stats().refused, 25);
}

#[test]
fn many_callers_get_their_own_answers() {
    let world = World::plain();
    std::thread::scope(|scope| {
        for caller in 0..16 {
            let world = &world;
            scope.spawn(move || {
                let mut stream = world.connect();
                for n in 0..50 {
                    let body = format!(
                        r#"{{"id":"{caller}-{n}","inputs":[{{"name":"x","shape":[1,4],"datatype":"FP32","data":[{caller},{n},0,0]}}]}}"#
                    );
                    write(&mut stream, "POST", "/v2/models/sum/infer", &[], body.as_bytes());
                    let answer = read(&mut stream).unwrap().json();
                    assert_eq!(answer["id"], format!("{caller}-{n}"));
                    assert_eq!(answer["outputs"][0]["data"][0], f64::from(caller + n));
                }
            });
        }
    });
}
