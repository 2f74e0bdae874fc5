//! `modeldeck serve`, `size` and `export` as a shell sees them: the real program, real sockets, real files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

#[path = "common/runtime.rs"]
mod runtime;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use modeldeck::data::NoWatch;
use modeldeck::deploy::capture::{CaptureReader, Span};
use serde_json::Value;

fn sample(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models").join(path)
}

fn modeldeck() -> Command {
    runtime::runtime();
    Command::new(env!("CARGO_BIN_EXE_modeldeck"))
}

fn refused(arguments: &[&str]) -> String {
    let output = modeldeck().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A served model; ended by force when it is let go.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut command = modeldeck();
        command.args(["serve", "--quiet", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut why = String::new();
            child.stderr.take().unwrap().read_to_string(&mut why).ok();
            panic!("it said {line:?}: {why}")
        });
        Self { child, address: said["listening"].as_str().unwrap().to_owned() }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Asks it to end, as a service manager does, and waits.
    #[cfg(unix)]
    fn end(mut self) -> Output {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let until = Instant::now() + Duration::from_secs(30);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "it did not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let status = self.child.wait().unwrap();
        let mut stderr = Vec::new();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        Output { status, stdout: Vec::new(), stderr }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

const ROWS: &str = r#"{"dataframe_split":{"columns":["COLUMNS"],"data":[VALUES]}}"#;

/// One row of April's flights as `MLflow` writes it, by the columns that the endpoint names.
fn flight(served: &Served) -> String {
    let (status, body) = served.ask("GET", "/v2/models/flights", "");
    assert_eq!(status, 200, "{body}");
    let table = modeldeck::data::read_table(
        &sample("flights/april.parquet"),
        &modeldeck::data::ReadOptions::default(),
        &NoWatch,
    )
    .unwrap()
    .table;
    let names: Vec<&str> = table.columns().iter().map(|column| column.name.as_str()).collect();
    let values: Vec<Value> = table
        .columns()
        .iter()
        .map(|column| match (column.number(0), column.display(0)) {
            (Some(number), _) => Value::from(number),
            (None, Some(text)) => Value::from(text),
            (None, None) => Value::Null,
        })
        .collect();
    ROWS.replace("\"COLUMNS\"", serde_json::to_string(&names).unwrap().trim_matches(['[', ']']))
        .replace("VALUES", &serde_json::to_string(&values).unwrap())
}

#[test]
#[cfg(unix)]
fn a_served_model_answers_keeps_and_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let one = format!("flights={}", sample("flights/gradient_boosting.onnx").display());
    let two = format!("flights={}@second", sample("flights/logistic.onnx").display());
    let capture = folder.path().join("capture");
    let served = Served::start(&["--model", &one, "--model", &two, "--capture", &capture.display().to_string()]);
    assert_eq!(served.ask("GET", "/v2/health/ready", "").0, 200);
    let row = flight(&served);
    for _ in 0..3 {
        let (status, answer) = served.ask("POST", "/invocations", &row);
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["predictions"].as_array().unwrap().len(), 1, "{answer}");
    }
    let (status, answer) = served.ask("POST", "/v2/models/unknown/infer", "{}");
    assert_eq!(status, 404, "{answer}");
    let ended = served.end();
    assert!(ended.status.success(), "{:?}", String::from_utf8_lossy(&ended.stderr));

    let reader = CaptureReader::open(&capture.join("flights")).unwrap();
    let mut chunks = reader.chunks(Span::All, 100).unwrap();
    let kept = chunks.next(&NoWatch).unwrap().unwrap();
    assert_eq!(kept.rows(), 3);
    let said = |column: &str| kept.column(column).unwrap().display(0).unwrap();
    assert_eq!(
        (said("model"), said("version"), said("outcome")),
        ("flights".into(), "second".into(), "answered".into())
    );
}

#[test]
fn what_cannot_be_served_is_said_in_a_sentence() {
    let model = format!("m={}", sample("digits/logistic.onnx").display());
    assert!(refused(&["serve", "--model", "nothing"]).contains("NAME=PATH"));
    assert!(refused(&["serve", "--model", "m=missing.onnx"]).contains("missing.onnx"));
    assert!(refused(&["serve", "--model", &model, "--listen", "0.0.0.0:0"]).contains("open"));
    let open = refused(&["serve", "--model", &model, "--listen", "0.0.0.0:0", "--open-to-network"]);
    assert!(open.contains("token"), "{open}");
    assert!(refused(&["serve", "--model", &model, "--workers", "0"]).contains("workers"));
    let first = format!("{model}@a");
    assert!(refused(&["serve", "--model", &first, "--model", &first]).contains("two versions"));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = refused(&["serve", "--model", &model, "--listen", &address.to_string()]);
    assert!(port.contains(&address.port().to_string()), "{port}");
}

#[test]
fn a_sizing_tells_what_was_measured_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("sizing.json");
    let output = modeldeck()
        .args(["size", "--quiet", "--seconds", "0.02", "--threads", "1", "--target-rps", "5", "--rows", "2"])
        .arg("--model")
        .arg(sample("digits/logistic.onnx"))
        .arg("--data")
        .arg(sample("digits/validate.parquet"))
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sizing: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!((sizing["schema_version"].as_u64(), sizing["rows"].as_u64()), (Some(1), Some(2)));
    assert_eq!(sizing["points"].as_array().unwrap().len(), 3);
    assert!(sizing["advice"]["reached"].as_bool().unwrap(), "{sizing}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("For 5 requests a second"));

    let to = folder.path().join("cluster");
    let exported = modeldeck()
        .args(["export", "--name", "digits", "--model"])
        .arg(sample("digits/logistic.onnx"))
        .arg("--sizing")
        .arg(&json)
        .arg("--to")
        .arg(&to)
        .output()
        .unwrap();
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    assert!(to.join("repository/digits/config.pbtxt").is_file() && to.join("digits.kserve.yaml").is_file());
}
