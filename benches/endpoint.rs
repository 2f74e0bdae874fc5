//! Requests a second and latency of the HTTP endpoint, with the capture on, by a load that waits for nobody.
//!
//! `cargo bench --bench endpoint -- [MODEL.onnx]`: starts `modeldeck serve` on a free port, finds the most requests a
//! second that its connections carry, then asks at half of that in an open loop: every request has a moment when it is
//! due, and its latency counts from there, however late it could be sent. Then 1,000 rows at a time as binary tensors,
//! beside the bare model over the same rows. With `MODELDECK_PEER=HOST:PORT` a server that answers
//! `/v2/models/model/infer` for the same model is asked in the same way (`scripts/serving/mlserver_peer.py`).

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that fails says so by panicking")]

#[path = "../tests/common/runtime.rs"]
mod runtime;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use modeldeck::model::{ModelFile, Runtime};
use modeldeck::stats::random::SplitMix64;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

const CONNECTIONS: usize = 16;
const SECONDS: u64 = 4;
const ROWS: usize = 1_000;

/// One kind of request.
struct Asked {
    body: Bytes,
    /// Bytes of the JSON before the tensors; `None` without tensors.
    header: Option<usize>,
}

fn json(input: &str, width: usize) -> Asked {
    let mut random = SplitMix64::new(7);
    let values: Vec<String> = (0..width).map(|_| format!("{:.4}", random.unit())).collect();
    let body = format!(
        "{{\"inputs\":[{{\"name\":\"{input}\",\"shape\":[1,{width}],\"datatype\":\"FP32\",\"data\":[{}]}}]}}",
        values.join(",")
    );
    Asked { body: body.into(), header: None }
}

fn matrix(width: usize) -> Vec<f32> {
    let mut random = SplitMix64::new(7);
    (0..ROWS * width).map(|_| random.unit() as f32).collect()
}

fn binary(input: &str, width: usize) -> Asked {
    let values: Vec<u8> = matrix(width).iter().flat_map(|v| v.to_le_bytes()).collect();
    let mut head = String::new();
    write!(
        head,
        "{{\"parameters\":{{\"binary_data_output\":true}},\"inputs\":[{{\"name\":\"{input}\",\"shape\":[{ROWS},{width}],\
         \"datatype\":\"FP32\",\"parameters\":{{\"binary_data_size\":{}}}}}]}}",
        values.len()
    )
    .unwrap();
    let header = Some(head.len());
    let mut body = head.into_bytes();
    body.extend_from_slice(&values);
    Asked { body: body.into(), header }
}

type Connection = SendRequest<Full<Bytes>>;

async fn connect(address: SocketAddr) -> Connection {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn ask(connection: &mut Connection, asked: &Asked) {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri("/v2/models/model/infer")
        .header("host", "localhost")
        .header("content-type", "application/json");
    if let Some(header) = asked.header {
        request = request
            .header("inference-header-content-length", header.to_string())
            .header("content-type", "application/octet-stream");
    }
    connection.ready().await.unwrap();
    let answer = connection.send_request(request.body(Full::new(asked.body.clone())).unwrap()).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).unwrap()
}

/// Requests a second when every connection asks again as soon as it was answered.
async fn most(address: SocketAddr, asked: &Arc<Asked>, connections: usize) -> f64 {
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let began = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let asked = Arc::clone(asked);
        tasks.push(tokio::spawn(async move {
            let mut connection = connect(address).await;
            let mut count = 0_u64;
            while Instant::now() < until {
                ask(&mut connection, &asked).await;
                count += 1;
            }
            count
        }));
    }
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    count as f64 / began.elapsed().as_secs_f64()
}

/// Latency from the moment each request is due, in microseconds.
async fn open_loop(address: SocketAddr, asked: &Arc<Asked>, rate: f64) -> Histogram<u64> {
    let (due, mut queue) = tokio::sync::mpsc::unbounded_channel::<Instant>();
    let (free, mut idle) = tokio::sync::mpsc::unbounded_channel::<Connection>();
    for _ in 0..CONNECTIONS * 4 {
        free.send(connect(address).await).unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    // A thread of its own wakes within some ten microseconds; the runtime's clock has whole milliseconds.
    let pace = std::thread::Builder::new().name("pace".to_owned()).spawn(move || {
        let began = Instant::now();
        for turn in 0_u64.. {
            let at = began + Duration::from_nanos((turn as f64 / rate * 1e9) as u64);
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if stopped.load(Ordering::Relaxed) || due.send(at).is_err() {
                return;
            }
        }
    });
    let (told, mut latencies) = tokio::sync::mpsc::unbounded_channel::<u64>();
    let until = Instant::now() + Duration::from_secs(SECONDS * 2);
    while Instant::now() < until {
        let Some(at) = queue.recv().await else { break };
        let mut connection = idle.recv().await.unwrap();
        let (asked, free, told) = (Arc::clone(asked), free.clone(), told.clone());
        tokio::spawn(async move {
            ask(&mut connection, &asked).await;
            told.send(at.elapsed().as_micros() as u64).ok();
            free.send(connection).ok();
        });
    }
    stop.store(true, Ordering::Relaxed);
    drop((told, queue));
    pace.unwrap().join().unwrap();
    let mut all = histogram();
    while let Some(latency) = latencies.recv().await {
        all.saturating_record(latency);
    }
    all
}

fn line(text: &str) {
    println!("{text}");
}

fn milliseconds(histogram: &Histogram<u64>, share: f64) -> f64 {
    histogram.value_at_quantile(share) as f64 / 1_000.0
}

async fn measure(name: &str, address: SocketAddr, input: &str, width: usize, bare: Option<f64>) {
    let one = Arc::new(json(input, width));
    let one_by_one = most(address, &one, 1).await;
    let top = most(address, &one, CONNECTIONS).await;
    line(&format!(
        "{name}: one row as JSON, {top:.0} requests/s over {CONNECTIONS} connections, {one_by_one:.0} over one"
    ));
    let half = open_loop(address, &one, top / 2.0).await;
    line(&format!(
        "{name}: at {:.0} requests/s, latency {:.2} ms median, {:.2} ms p95, {:.2} ms p99, {:.2} ms longest ({} asked)",
        top / 2.0,
        milliseconds(&half, 0.5),
        milliseconds(&half, 0.95),
        milliseconds(&half, 0.99),
        half.max() as f64 / 1_000.0,
        half.len()
    ));
    let Some(bare) = bare else { return };
    let thousand = Arc::new(binary(input, width));
    let rows = most(address, &thousand, 2).await * ROWS as f64;
    line(&format!("{name}: {ROWS} rows as binary tensors, {rows:.0} rows/s, {:.2} of the bare model", rows / bare));
}

/// Rows a second of the model alone, `ROWS` at a time, with one thread.
fn bare(model: &Path, width: usize) -> f64 {
    let mut session = {
        runtime::runtime();
        Session::builder(Runtime::loaded().unwrap().environment())
    }
    .unwrap()
    .with_optimization_level(GraphOptimizationLevel::All)
    .unwrap()
    .with_intra_threads(1)
    .unwrap()
    .commit_from_file(model)
    .unwrap();
    let values = matrix(width);
    let began = Instant::now();
    let mut runs = 0;
    while began.elapsed() < Duration::from_secs(SECONDS) {
        let input = TensorRef::from_array_view((vec![ROWS as i64, width as i64], values.as_slice())).unwrap();
        session.run(ort::inputs![input]).unwrap();
        runs += 1;
    }
    (runs * ROWS) as f64 / began.elapsed().as_secs_f64()
}

/// The program under load; ended when it is let go.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn serve(model: &Path, capture: Option<&Path>) -> (Served, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modeldeck"));
    command.arg("serve").arg("--model").arg(format!("model={}", model.display())).args(["--listen", "127.0.0.1:0"]);
    if let Some(folder) = capture {
        command.arg("--capture").arg(folder);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    (Served(child), said["listening"].as_str().unwrap().parse().unwrap())
}

fn main() {
    let named = std::env::args().skip(1).find(|argument| argument != "--bench").map(PathBuf::from);
    let model = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/models/trees.onnx"));
    let file = ModelFile::open(&model).unwrap();
    let input = file.inspection.inputs.first().unwrap();
    let width = input.width().unwrap();
    let alone = bare(&model, width);
    line(&format!("bare model, one thread, {ROWS} rows at a time: {alone:.0} rows/s"));
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let kept = tempfile::tempdir().unwrap();
    {
        let (_served, address) = serve(&model, Some(kept.path()));
        client.block_on(measure("with capture", address, &input.name, width, Some(alone)));
    }
    {
        let (_served, address) = serve(&model, None);
        client.block_on(measure("without capture", address, &input.name, width, Some(alone)));
    }
    if let Ok(peer) = std::env::var("MODELDECK_PEER") {
        client.block_on(measure("peer", peer.parse().unwrap(), &input.name, width, None));
    }
}
