//! What serving costs beside the model itself: one request at a time, 64 at once with and without batching, and with a
//! recorder that writes.
//!
//! The model is a forest of 300 trees of depth 10 over 20 columns, made here. `overhead/ask` less `overhead/bare` is what
//! a request costs in-process, two hand-overs between threads included. `clients_64` keeps 64 requests under way: each
//! answer sends the next, as an asynchronous server does; `one_by_one` is the same without batching.

#![expect(clippy::unwrap_used, reason = "a bench that fails says so by panicking")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use modeldeck::deploy::serve::{
    Call, CallRecord, Front as _, Hub, ModelPlan, Origin, Recorder, RunnerFactory, ServeSettings, VersionState,
};
use modeldeck::model::onnx::{
    Attribute, Dimension, Graph, Model, Node, OperatorSet, Shape, TensorType, Type, ValueInfo,
};
use modeldeck::model::runtime::{self, Runtime, RuntimeHome, ensure_loaded};
use modeldeck::model::tensor::{NamedTensor, Tensor, TensorData};
use modeldeck::model::{ModelFile, Runner, SessionSettings};
use modeldeck::stats::random::SplitMix64;
use prost::Message as _;

const COLUMNS: usize = 20;
const TREES: i64 = 300;
const DEPTH: u32 = 10;
const CLIENTS: u64 = 64;

fn port(name: &str, width: i64) -> ValueInfo {
    let dim = [None, Some(width)].map(|dim_value| Dimension { dim_value, dim_param: None }).to_vec();
    let tensor = TensorType { elem_type: Some(1), shape: Some(Shape { dim }) };
    ValueInfo { name: Some(name.to_owned()), r#type: Some(Type { tensor_type: Some(tensor), ..Type::default() }) }
}

/// An attribute with its type, which the reading half of the messages leaves out: field 20, a varint.
fn typed(attribute: &Attribute, kind: u8) -> Vec<u8> {
    let mut bytes = attribute.encode_to_vec();
    bytes.extend([0xa0, 0x01, kind]);
    bytes
}

fn delimited(tag: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(tag << 3 | 2);
    prost::encoding::encode_varint(payload.len() as u64, out);
    out.extend_from_slice(payload);
}

/// Complete trees with random thresholds and leaves.
fn forest() -> ModelFile {
    let mut random = SplitMix64::new(1);
    let (inner, nodes) = ((1_i64 << DEPTH) - 1, (1_i64 << (DEPTH + 1)) - 1);
    let mut whole: Vec<(&str, Vec<i64>)> =
        ["nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"]
            .map(|name| (name, Vec::new()))
            .to_vec();
    let (mut values, mut modes) = (Vec::new(), Vec::new());
    let (mut leaf_trees, mut leaf_nodes, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for tree in 0..TREES {
        for node in 0..nodes {
            let is_inner = node < inner;
            let row = if is_inner {
                [tree, node, random.below(COLUMNS) as i64, 2 * node + 1, 2 * node + 2]
            } else {
                leaf_trees.push(tree);
                leaf_nodes.push(node);
                weights.push(random.normal() as f32);
                [tree, node, 0, 0, 0]
            };
            for ((_, column), value) in whole.iter_mut().zip(row) {
                column.push(value);
            }
            values.push(if is_inner { random.normal() as f32 } else { 0.0 });
            modes.push(if is_inner { b"BRANCH_LEQ".to_vec() } else { b"LEAF".to_vec() });
        }
    }
    let named = |name: &str| Attribute { name: Some(name.to_owned()), ..Attribute::default() };
    let zeros = vec![0; leaf_nodes.len()];
    whole.extend([("target_treeids", leaf_trees), ("target_nodeids", leaf_nodes), ("target_ids", zeros)]);
    let mut attributes: Vec<Vec<u8>> =
        whole.into_iter().map(|(name, ints)| typed(&Attribute { ints, ..named(name) }, 7)).collect();
    attributes.push(typed(&Attribute { floats: values, ..named("nodes_values") }, 6));
    attributes.push(typed(&Attribute { floats: weights, ..named("target_weights") }, 6));
    attributes.push(typed(&Attribute { strings: modes, ..named("nodes_modes") }, 8));
    attributes.push(typed(&Attribute { i: Some(1), ..named("n_targets") }, 2));
    let mut node = Node {
        input: vec!["X".to_owned()],
        output: vec!["y".to_owned()],
        op_type: Some("TreeEnsembleRegressor".to_owned()),
        domain: Some("ai.onnx.ml".to_owned()),
        attribute: Vec::new(),
    }
    .encode_to_vec();
    for attribute in attributes {
        delimited(5, &attribute, &mut node);
    }
    let mut graph = Vec::new();
    delimited(1, &node, &mut graph);
    let ports = Graph {
        name: Some("forest".to_owned()),
        input: vec![port("X", COLUMNS as i64)],
        output: vec![port("y", 1)],
        ..Graph::default()
    };
    graph.extend(ports.encode_to_vec());
    let opset =
        |domain: Option<&str>, version| OperatorSet { domain: domain.map(str::to_owned), version: Some(version) };
    let model = Model {
        ir_version: Some(8),
        opset_import: vec![opset(None, 17), opset(Some("ai.onnx.ml"), 3)],
        ..Model::default()
    };
    let mut bytes = model.encode_to_vec();
    delimited(7, &graph, &mut bytes);
    ModelFile::from_bytes(bytes, Path::new("forest.onnx")).unwrap()
}

fn loaded() -> &'static Runtime {
    let home = RuntimeHome::user().unwrap().alone();
    if runtime::look(&home).ready().is_none() {
        runtime::install(&home, &runtime::Unwatched).unwrap();
    }
    ensure_loaded(&home).unwrap()
}

fn session() -> SessionSettings {
    SessionSettings { intra_threads: 1, ..SessionSettings::default() }
}

fn rows(count: usize, seed: u64) -> Vec<NamedTensor> {
    let mut random = SplitMix64::new(seed);
    let cells = (0..count * COLUMNS).map(|_| random.normal() as f32).collect();
    let tensor = Tensor::new(vec![count, COLUMNS], TensorData::Float32(cells)).unwrap();
    vec![NamedTensor { name: "X".into(), tensor }]
}

/// Requests of one row each that go different ways through the trees, as real ones do: the same row again and again would
/// be read from the processor's cache.
fn inputs() -> Vec<Vec<NamedTensor>> {
    (0..4_096).map(|seed| rows(1, seed)).collect()
}

fn call(inputs: Vec<NamedTensor>) -> Call {
    Call {
        id: "bench".into(),
        model: "forest".into(),
        version: None,
        inputs,
        wanted: Vec::new(),
        received: Instant::now(),
        received_at_ms: 0,
        deadline: None,
        origin: Origin { feed: "bench".into(), consumer: None },
        sticky: None,
    }
}

struct Discarding;

impl Recorder for Discarding {
    fn keep(&mut self, _records: &[CallRecord<'_>]) -> Result<(), String> {
        Ok(())
    }
}

/// Writes the numbers of each request and answer in one write a batch, as the least any capture does.
struct Writing {
    file: File,
    buffer: Vec<u8>,
}

impl Recorder for Writing {
    fn keep(&mut self, records: &[CallRecord<'_>]) -> Result<(), String> {
        self.buffer.clear();
        for record in records {
            self.buffer.extend(record.sequence.to_le_bytes());
            self.buffer.extend(record.call.id.as_bytes());
            for tensor in record.call.inputs.iter().chain(record.outcome.unwrap_or_default()) {
                if let TensorData::Float32(cells) = tensor.tensor.data() {
                    self.buffer.extend(cells.iter().flat_map(|cell| cell.to_le_bytes()));
                }
            }
        }
        self.file.write_all(&self.buffer).map_err(|error| error.to_string())
    }
}

fn hub(file: &ModelFile, recorder: Box<dyn Recorder>, settings: ServeSettings) -> Arc<Hub> {
    let hub = Hub::default();
    hub.add_model(ModelPlan::new("forest", recorder)).unwrap();
    let factory = RunnerFactory { file: file.clone(), bound: None, session: session(), runtime: loaded() };
    hub.add_version("forest", "1", Arc::new(factory), settings).unwrap();
    assert_eq!(hub.wait_loaded("forest", "1", Duration::from_mins(1)).unwrap(), VersionState::Ready);
    hub.promote("forest", "1", None).unwrap();
    Arc::new(hub)
}

fn overhead(c: &mut Criterion, file: &ModelFile) {
    let (ones, mut at) = (inputs(), 0);
    let mut one = || {
        at = (at + 1) % ones.len();
        ones[at].clone()
    };
    let mut group = c.benchmark_group("overhead");
    let mut runner = Runner::open(file, session(), loaded()).unwrap();
    group.bench_function("bare", |b| b.iter(|| runner.run(&one()).unwrap()));
    let many = rows(CLIENTS as usize, 7);
    group.bench_function("bare_64_rows", |b| b.iter(|| runner.run(&many).unwrap()));
    for (name, look_us) in [("ask", 0), ("ask_while_the_worker_looks", 50)] {
        let settings = ServeSettings { look_us, ..ServeSettings::default() };
        let hub = hub(file, Box::new(Discarding), settings);
        group.bench_function(name, |b| b.iter(|| hub.ask(call(one())).unwrap()));
    }
    group.finish();
}

/// Requests that are left to send, and where the end is told.
struct Load {
    hub: Arc<Hub>,
    inputs: Vec<Vec<NamedTensor>>,
    left: AtomicU64,
    under_way: AtomicU64,
    done: crossbeam_channel::Sender<()>,
}

fn next(load: &Arc<Load>) {
    let sent = load.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
    if let Ok(left) = sent {
        let inputs = load.inputs[left as usize % load.inputs.len()].clone();
        let again = Arc::clone(load);
        let reply = Box::new(move |answer: Result<_, _>| {
            assert!(answer.is_ok());
            next(&again);
        });
        load.hub.submit(call(inputs), reply);
    } else if load.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
        load.done.send(()).unwrap();
    }
}

/// The time for so many requests with 64 of them under way.
fn run(hub: &Arc<Hub>, requests: u64) -> Duration {
    let (done, all) = crossbeam_channel::bounded(1);
    let load = Arc::new(Load {
        hub: Arc::clone(hub),
        inputs: inputs(),
        left: AtomicU64::new(requests),
        under_way: AtomicU64::new(CLIENTS),
        done,
    });
    let start = Instant::now();
    for _ in 0..CLIENTS {
        next(&load);
    }
    all.recv().unwrap();
    start.elapsed()
}

fn clients(c: &mut Criterion, file: &ModelFile) {
    let mut group = c.benchmark_group("clients_64");
    group.throughput(Throughput::Elements(1));
    for (name, max_batch, intra_threads) in
        [("one_by_one", 1, 1), ("batched", 64, 1), ("one_by_one_two_threads", 1, 2), ("batched_two_threads", 64, 2)]
    {
        let settings = ServeSettings { max_batch, intra_threads, ..ServeSettings::default() };
        let hub = hub(file, Box::new(Discarding), settings);
        group.bench_function(name, |b| b.iter_custom(|requests| run(&hub, requests)));
    }
    let folder = tempfile::tempdir().unwrap();
    let recorder = Writing { file: File::create(folder.path().join("capture")).unwrap(), buffer: Vec::new() };
    let hub = hub(file, Box::new(recorder), ServeSettings { max_batch: 64, ..ServeSettings::default() });
    group.bench_function("batched_and_written", |b| b.iter_custom(|requests| run(&hub, requests)));
    group.finish();
}

fn serving(c: &mut Criterion) {
    let file = forest();
    overhead(c, &file);
    clients(c, &file);
}

criterion_group!(benches, serving);
criterion_main!(benches);
