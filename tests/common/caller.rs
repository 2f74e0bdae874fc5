//! A caller of an endpoint, by HTTP/1.1 over a plain socket.

#![allow(clippy::unwrap_used, clippy::allow_attributes, dead_code, reason = "what is missing fails the program")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

/// Sends a request and gives the status and the body of its answer.
pub fn ask(address: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    ask_as(address, "", method, path, body)
}

/// The same, under an id of the caller's own; an empty one leaves it to the endpoint.
pub fn ask_as(address: &str, id: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let id = if id.is_empty() { String::new() } else { format!("X-Request-Id: {id}\r\n") };
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\n{id}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the endpoint ended in the middle of {head:?}");
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    (status, text)
}

/// The same, for JSON that must be answered well.
pub fn post(address: &str, path: &str, body: &Value) -> Value {
    let (status, text) = ask(address, "POST", path, &body.to_string());
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Rows of a dataset as `dataframe_split`.
pub fn split(columns: &[String], rows: &[Vec<Value>]) -> Value {
    json!({ "dataframe_split": { "columns": columns, "data": rows } })
}
