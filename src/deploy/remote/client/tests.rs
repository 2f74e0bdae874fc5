use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::model::tensor::{Tensor, TensorData};

const ANSWER: &str = r#"{"outputs":[{"name":"p","shape":[1,1],"datatype":"FP32","data":[0.25]}]}"#;

/// A server that gives one scripted answer a request, each on a connection of its own, and tells the ids it was asked
/// with. An empty answer closes the connection.
fn scripted(answers: Vec<(u16, &'static str)>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (told, ids) = channel();
    let serving = move || {
        for (status, answer) in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            told.send(body["id"].as_str().unwrap().to_owned()).ok();
            if !answer.is_empty() {
                let head =
                    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", answer.len());
                reader.get_mut().write_all(head.as_bytes()).unwrap();
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    };
    std::thread::Builder::new().name("scripted".to_owned()).spawn(serving).unwrap();
    (address, ids)
}

fn settings(endpoints: Vec<String>, retries: usize) -> RemoteSettings {
    RemoteSettings { endpoints, model: "m".to_owned(), version: None, timeout_ms: 2_000, retries }
}

fn inputs() -> Vec<NamedTensor> {
    vec![NamedTensor { name: "x".into(), tensor: Tensor::new(vec![1, 1], TensorData::Float32(vec![1.0])).unwrap() }]
}

#[test]
fn a_failed_try_is_repeated_with_the_same_id() {
    let (address, ids) = scripted(vec![(503, "busy"), (200, ""), (200, ANSWER)]);
    let mut model = RemoteModel::new(settings(vec![address], 3)).unwrap();
    let outputs = model.infer("id-1", &inputs(), 1).unwrap();
    assert_eq!(outputs[0].tensor.data(), &TensorData::Float32(vec![0.25]));
    assert_eq!(ids.iter().take(3).collect::<Vec<_>>(), ["id-1", "id-1", "id-1"]);
}

#[test]
fn a_refusal_is_final_and_told() {
    let (address, ids) = scripted(vec![(400, r#"{"error":"no such input"}"#)]);
    let mut model = RemoteModel::new(settings(vec![address], 3)).unwrap();
    let error = model.infer("a", &inputs(), 1).unwrap_err();
    assert!(matches!(&error, RemoteError::Refused { status: 400, why, .. } if why == "no such input"), "{error}");
    assert_eq!(ids.iter().count(), 1);
}

#[test]
fn another_endpoint_answers_when_one_is_gone() {
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let (there, _ids) = scripted(vec![(200, ANSWER), (200, ANSWER)]);
    let mut model = RemoteModel::new(settings(vec![gone.clone(), there], 1)).unwrap();
    for id in ["a", "b"] {
        assert_eq!(model.infer(id, &inputs(), 1).unwrap().len(), 1);
    }
    let mut alone = RemoteModel::new(settings(vec![gone], 1)).unwrap();
    let error = alone.infer("c", &inputs(), 1).unwrap_err();
    assert!(matches!(error, RemoteError::Unreachable { tries: 2, .. }), "{error}");
}

#[test]
fn an_endpoint_that_hangs_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let settings = RemoteSettings { timeout_ms: 30, ..settings(vec![address], 0) };
    let error = RemoteModel::new(settings).unwrap().infer("a", &inputs(), 1).unwrap_err();
    assert!(error.to_string().contains("within 30 ms"), "{error}");
}

#[test]
fn addresses_are_understood_or_refused() {
    let built = endpoint("http://localhost:8080/base/", "/v2/models/a/infer").unwrap();
    assert_eq!((built.port, built.path.as_str()), (8080, "/base/v2/models/a/infer"));
    for wrong in ["", "localhost:80", "https://host", "http://", "http://h/?q=1"] {
        assert!(endpoint(wrong, "/").is_err(), "{wrong}");
    }
    assert_eq!(escaped("a b/ü"), "a%20b%2F%C3%BC");
    assert_eq!(RemoteModel::new(settings(Vec::new(), 0)).unwrap_err(), RemoteError::NoEndpoint);
}
