//! A plain client over a socket, which can also misbehave.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use modeldeck::deploy::http::{Endpoint, EndpointSettings};

use super::front::Plain;

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The sentence of an error.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// An endpoint with the plain models.
pub struct World {
    pub endpoint: Endpoint,
    pub front: Arc<Plain>,
}

impl World {
    pub fn new(change: impl FnOnce(&mut EndpointSettings)) -> Self {
        let mut settings = EndpointSettings::default();
        change(&mut settings);
        let front = Arc::new(Plain::default());
        let endpoint = Endpoint::start(settings, front.clone()).unwrap();
        Self { endpoint, front }
    }

    pub fn plain() -> Self {
        Self::new(|_settings| ())
    }

    pub fn at(&self) -> SocketAddr {
        self.endpoint.address()
    }

    pub fn connect(&self) -> TcpStream {
        connect(self.at())
    }

    pub fn get(&self, path: &str) -> Response {
        self.send("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, body: &str) -> Response {
        self.send("POST", path, &[], body.as_bytes())
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut stream = self.connect();
        write(&mut stream, method, path, headers, body);
        read(&mut stream).unwrap()
    }
}

pub fn connect(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

pub fn write(stream: &mut TcpStream, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
}

/// Reads one response; `None` when the connection was closed without one.
pub fn read(stream: &mut TcpStream) -> Option<Response> {
    let mut bytes = Vec::new();
    let mut part = vec![0; 65536];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut response = Response { status, head, body: bytes[end + 4..].to_vec() };
    let length: usize = response.header("content-length").map_or(0, |length| length.parse().unwrap());
    while response.body.len() < length {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(read) => response.body.extend_from_slice(&part[..read]),
        }
    }
    Some(response)
}
