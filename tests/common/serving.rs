//! Scripted engines, recorders that remember, and calls, for tests of serving.

#![expect(clippy::unwrap_used, clippy::panic, clippy::panic_in_result_fn, reason = "helpers of tests fail like tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use modeldeck::data::Table;
use modeldeck::deploy::serve::{
    Answer, Call, CallRecord, Description, EngineError, Front as _, Hub, MemoryLabels, ModelPlan, Origin, Recorder,
    Refusal, ServeEvent, ServeSettings, TensorEngine, TensorEngineFactory, VersionState,
};
use modeldeck::model::tensor::{NamedTensor, Tensor, TensorData};
use modeldeck::model::{DType, Port};
use parking_lot::{Condvar, Mutex};

/// Far more than any step takes: a test that comes near it hangs.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something holds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Holds engines until it is opened, and counts those who came.
#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    moved: Condvar,
    came: AtomicUsize,
}

impl Gate {
    pub fn pass(&self) {
        self.came.fetch_add(1, Ordering::SeqCst);
        let mut open = self.open.lock();
        while !*open {
            self.moved.wait(&mut open);
        }
    }

    pub fn open(&self) {
        *self.open.lock() = true;
        self.moved.notify_all();
    }

    pub fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

/// Rows of `x`, before they are answered.
pub type Script = dyn Fn(&[f32]) -> Result<(), EngineError> + Send + Sync;
/// How often an engine was opened, before it is opened again.
pub type Opening = dyn Fn(usize) -> Result<(), String> + Send + Sync;

/// Engines that answer `y` = `x` + `plus` a row, after a script had its say.
pub struct Scripted {
    pub plus: f32,
    pub script: Arc<Script>,
    pub opening: Box<Opening>,
    pub opened: AtomicUsize,
    /// Whether there is one `y` for all rows.
    pub one_for_all: bool,
}

struct Adding {
    plus: f32,
    script: Arc<Script>,
    one_for_all: bool,
}

impl TensorEngine for Adding {
    fn run(&mut self, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>, EngineError> {
        let TensorData::Float32(x) = inputs[0].tensor.data() else { panic!("{inputs:?}") };
        (self.script)(x)?;
        let mut y: Vec<f32> = x.iter().map(|x| x + self.plus).collect();
        if self.one_for_all {
            y = vec![y.iter().sum()];
        }
        let shape = vec![y.len(), 1];
        Ok(vec![NamedTensor { name: "y".into(), tensor: Tensor::new(shape, TensorData::Float32(y)).unwrap() }])
    }
}

impl TensorEngineFactory for Scripted {
    fn describe(&self) -> Description {
        let port = |name: &str| Port { name: name.to_owned(), dtype: DType::Float32, shape: vec![None, Some(1)] };
        Description { inputs: vec![port("x")], outputs: vec![port("y")], ..Description::default() }
    }

    fn open(&self, _intra_threads: usize) -> Result<Box<dyn TensorEngine>, String> {
        (self.opening)(self.opened.fetch_add(1, Ordering::SeqCst))?;
        let (plus, one_for_all) = (self.plus, self.one_for_all);
        Ok(Box::new(Adding { plus, script: Arc::clone(&self.script), one_for_all }))
    }

    fn encode(&self, _table: &Table) -> Result<Vec<NamedTensor>, EngineError> {
        Err(EngineError::Input { field: "inputs".to_owned(), why: "There is no binding.".to_owned() })
    }
}

/// Engines that add, with a script.
pub fn scripted(plus: f32, script: impl Fn(&[f32]) -> Result<(), EngineError> + Send + Sync + 'static) -> Scripted {
    Scripted {
        plus,
        script: Arc::new(script),
        opening: Box::new(|_| Ok(())),
        opened: AtomicUsize::new(0),
        one_for_all: false,
    }
}

/// Engines that add.
pub fn adding(plus: f32) -> Scripted {
    scripted(plus, |_| Ok(()))
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub sequence: u64,
    pub id: String,
    pub version: String,
    pub outcome: Result<usize, String>,
}

/// A recorder that remembers, and fails when it is told to.
#[derive(Clone, Default)]
pub struct Memory {
    pub kept: Arc<Mutex<Vec<Kept>>>,
    pub broken: Arc<AtomicBool>,
}

impl Recorder for Memory {
    fn keep(&mut self, records: &[CallRecord<'_>]) -> Result<(), String> {
        if self.broken.load(Ordering::SeqCst) {
            return Err("The disk is full.".to_owned());
        }
        let kept = records.iter().map(|record| Kept {
            sequence: record.sequence,
            id: record.call.id.to_string(),
            version: record.version.to_owned(),
            outcome: record.outcome.map(<[NamedTensor]>::len).map_err(str::to_owned),
        });
        self.kept.lock().extend(kept);
        Ok(())
    }
}

impl Memory {
    /// What was kept, in the order of admission, after a look that no number is missing or doubled.
    pub fn in_order(&self) -> Vec<Kept> {
        let mut kept = self.kept.lock().clone();
        kept.sort_by_key(|kept| kept.sequence);
        for (at, kept) in kept.iter().enumerate() {
            assert_eq!(kept.sequence, at as u64, "a record is missing or doubled");
        }
        kept
    }
}

/// A hub with one model “m”, its recorder and what it said.
pub struct Setup {
    pub hub: Hub,
    pub memory: Memory,
    pub events: Arc<Mutex<Vec<ServeEvent>>>,
}

/// A hub with a model “m”, changed before it is added.
pub fn setup_with(change: impl FnOnce(&mut ModelPlan)) -> Setup {
    let (memory, events) = (Memory::default(), Arc::new(Mutex::new(Vec::new())));
    let heard = Arc::clone(&events);
    let hub = Hub::new(Arc::new(move |event| heard.lock().push(event)), Arc::new(MemoryLabels::default()));
    let mut plan = ModelPlan::new("m", Box::new(memory.clone()));
    change(&mut plan);
    hub.add_model(plan).unwrap();
    Setup { hub, memory, events }
}

/// A hub with a model “m”.
pub fn setup() -> Setup {
    setup_with(|_| {})
}

impl Setup {
    /// Adds a version and waits until it is ready.
    pub fn add(&self, version: &str, factory: impl TensorEngineFactory + 'static, settings: ServeSettings) {
        self.hub.add_version("m", version, Arc::new(factory), settings).unwrap();
        assert_eq!(self.hub.wait_loaded("m", version, PATIENCE).unwrap(), VersionState::Ready);
    }

    /// The same, and makes it the champion.
    pub fn serve(self, version: &str, factory: impl TensorEngineFactory + 'static, settings: ServeSettings) -> Self {
        self.add(version, factory, settings);
        self.hub.promote("m", version, None).unwrap();
        self
    }

    /// Sends a call, whose answer comes by the channel.
    pub fn send(&self, call: Call) -> Receiver<Result<Answer, Refusal>> {
        let (give, given): (Sender<_>, _) = crossbeam_channel::bounded(4);
        self.hub.submit(call, Box::new(move |answer| give.send(answer).unwrap()));
        given
    }
}

/// A call of `x`, one value a row.
pub fn call(id: &str, x: &[f32]) -> Call {
    let tensor = Tensor::new(vec![x.len(), 1], TensorData::Float32(x.to_vec())).unwrap();
    call_of(id, vec![NamedTensor { name: "x".into(), tensor }])
}

/// A call of these inputs.
pub fn call_of(id: &str, inputs: Vec<NamedTensor>) -> Call {
    Call {
        id: id.into(),
        model: "m".into(),
        version: None,
        inputs,
        wanted: Vec::new(),
        received: Instant::now(),
        received_at_ms: 0,
        deadline: None,
        origin: Origin { feed: "test".into(), consumer: None },
        sticky: None,
    }
}

/// The `y` of an answer.
pub fn y(answer: &Answer) -> Vec<f32> {
    let TensorData::Float32(y) = answer.outputs[0].tensor.data() else { panic!("{answer:?}") };
    y.clone()
}
