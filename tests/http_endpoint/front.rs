//! Models that compute something plain from their inputs, in place of real ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use modeldeck::data::{Table, Values};
use modeldeck::deploy::http::v2::Datatype;
use modeldeck::deploy::serve::{
    Answer, Call, Front, Label, LabelsTaken, ModelInfo, Part, Refusal, Reply, VersionInfo, VersionState,
};
use modeldeck::model::signature::{DType, Port};
use modeldeck::model::tensor::{NamedTensor, Tensor, TensorData};

/// The plain models.
#[derive(Default)]
pub struct Plain {
    unloaded: Mutex<BTreeSet<String>>,
    truths: Mutex<BTreeMap<(String, usize), Option<String>>>,
    /// The calls that came, without their tensors' data being of interest.
    pub calls: Mutex<Vec<Call>>,
}

fn port(name: &str, dtype: DType, shape: &[Option<i64>]) -> Port {
    Port { name: name.to_owned(), dtype, shape: shape.to_vec() }
}

fn named(name: &str, shape: Vec<usize>, data: TensorData) -> NamedTensor {
    NamedTensor { name: Arc::from(name), tensor: Tensor::new(shape, data).unwrap() }
}

/// Every type of the protocol with ONNX's.
pub fn types() -> Vec<(Datatype, DType)> {
    use DType as D;
    [
        D::Bool,
        D::UInt8,
        D::UInt16,
        D::UInt32,
        D::UInt64,
        D::Int8,
        D::Int16,
        D::Int32,
        D::Int64,
        D::Float16,
        D::Float32,
        D::Float64,
        D::String,
    ]
    .into_iter()
    .map(|dtype| (Datatype::of(&dtype).unwrap(), dtype))
    .collect()
}

impl Plain {
    fn signature(model: &str) -> Option<(Vec<Port>, Vec<Port>)> {
        let (f32, i64, text) = (DType::Float32, DType::Int64, DType::String);
        if let Some(word) = model.strip_prefix("echo_") {
            let (_, dtype) = types().into_iter().find(|(datatype, _)| datatype.word().to_lowercase() == word)?;
            return Some((vec![port("x", dtype.clone(), &[None, Some(1)])], vec![port("y", dtype, &[None, Some(1)])]));
        }
        Some(match model {
            // The sum of each row; version 2 gives ten times of it.
            "sum" => (vec![port("x", f32.clone(), &[None, Some(4)])], vec![port("y", f32, &[None])]),
            // Capitals and the number of characters.
            "words" => (
                vec![port("s", text.clone(), &[None])],
                vec![port("upper", text, &[None, Some(1)]), port("length", i64, &[None])],
            ),
            // Answers after as many milliseconds as the first value says.
            "slow" => (vec![port("ms", i64.clone(), &[None])], vec![port("ms", i64, &[None])]),
            "full" | "broken" | "lost" | "unkept" => {
                (vec![port("x", f32.clone(), &[None])], vec![port("y", f32, &[None])])
            }
            _ => return None,
        })
    }

    fn names() -> Vec<String> {
        let plain = ["broken", "full", "lost", "slow", "sum", "unkept", "words"].map(str::to_owned);
        let echoes = types().into_iter().map(|(datatype, _)| format!("echo_{}", datatype.word().to_lowercase()));
        plain.into_iter().chain(echoes).collect()
    }

    fn compute(call: &Call, version: &str) -> Result<Vec<NamedTensor>, Refusal> {
        let (shape, data) = call.inputs[0].tensor.clone().into_parts();
        let rows = shape[0];
        match &*call.model {
            "sum" => {
                let TensorData::Float32(values) = data else { panic!("the parser gave another type") };
                let factor = if version == "2" { 10.0 } else { 1.0 };
                let sums = values.chunks(4).map(|row| row.iter().sum::<f32>() * factor).collect();
                Ok(vec![named("y", vec![rows], TensorData::Float32(sums))])
            }
            "words" => {
                let TensorData::Text(values) = data else { panic!("the parser gave another type") };
                let lengths = values.iter().map(|word| word.chars().count() as i64).collect();
                let upper = values.iter().map(|word| word.to_uppercase()).collect();
                let outputs = vec![
                    named("upper", vec![rows, 1], TensorData::Text(upper)),
                    named("length", vec![rows], TensorData::Int64(lengths)),
                ];
                let wanted = |output: &NamedTensor| call.wanted.is_empty() || call.wanted.contains(&output.name);
                Ok(outputs.into_iter().filter(wanted).collect())
            }
            "full" => Err(Refusal::QueueFull),
            "broken" => Err(Refusal::Failed { why: "it always does. Use another model.".to_owned() }),
            "unkept" => Err(Refusal::NotKept { why: "the disk is full. Make room.".to_owned() }),
            "slow" => Ok(vec![named("ms", shape, data)]),
            _ => Ok(vec![named("y", shape, data)]),
        }
    }
}

impl Front for Plain {
    fn models(&self) -> Vec<ModelInfo> {
        let unloaded = self.unloaded.lock().unwrap();
        Self::names()
            .into_iter()
            .map(|name| {
                let (inputs, outputs) = Self::signature(&name).unwrap();
                let columns = match name.as_str() {
                    "sum" => ["a", "b", "c", "d"].map(|column| (column.to_owned(), true)).to_vec(),
                    "words" => vec![("word".to_owned(), false)],
                    _ => vec![("ms".to_owned(), true)],
                };
                let version = |version: &str, part| VersionInfo {
                    version: Arc::from(version),
                    state: if unloaded.contains(&name) { VersionState::Unloaded } else { VersionState::Ready },
                    part,
                    inputs: inputs.clone(),
                    outputs: outputs.clone(),
                    columns: columns.clone(),
                    classes: Vec::new(),
                };
                let mut versions = vec![version("1", Part::Champion)];
                if name == "sum" {
                    versions.push(version("2", Part::Standby));
                }
                ModelInfo { name: Arc::from(name.as_str()), versions }
            })
            .collect()
    }

    fn submit(&self, call: Call, reply: Reply) {
        self.calls.lock().unwrap().push(call.clone());
        if self.unloaded.lock().unwrap().contains(&*call.model) {
            let why = "it is unloaded. Load it first.".to_owned();
            return reply(Err(Refusal::NotReady { model: call.model.to_string(), why }));
        }
        if &*call.model == "lost" {
            return drop(reply);
        }
        let version: Arc<str> = call.version.clone().unwrap_or_else(|| Arc::from("1"));
        let outcome = Self::compute(&call, &version);
        if outcome.is_ok() {
            let mut truths = self.truths.lock().unwrap();
            for row in 0..call.inputs[0].tensor.rows() {
                truths.insert((call.id.to_string(), row), None);
            }
        }
        let wait = match call.inputs[0].tensor.data() {
            TensorData::Int64(values) if &*call.model == "slow" => values[0].max(0) as u64,
            _ => 0,
        };
        let answer = move || {
            reply(outcome.map(|outputs| Answer {
                id: call.id,
                model: call.model,
                version,
                outputs,
                latency: call.received.elapsed(),
            }));
        };
        if wait == 0 {
            return answer();
        }
        let later = move || {
            std::thread::sleep(Duration::from_millis(wait));
            answer();
        };
        std::thread::Builder::new().name("slow-model".to_owned()).spawn(later).unwrap();
    }

    fn encode(&self, model: &str, _version: Option<&str>, table: &Table) -> Result<Vec<NamedTensor>, Refusal> {
        let rows = table.rows();
        let number = |column: &str, row| table.column(column).and_then(|c| c.number(row)).unwrap_or(f64::NAN);
        Ok(vec![match model {
            "sum" => {
                let row = |row| ["a", "b", "c", "d"].map(|column| number(column, row) as f32);
                named("x", vec![rows, 4], TensorData::Float32((0..rows).flat_map(row).collect()))
            }
            "words" => {
                let column = table.column("word").unwrap();
                if !matches!(column.values, Values::Text { .. }) {
                    let why = "it must be text.".to_owned();
                    return Err(Refusal::BadInput { field: "word".to_owned(), why });
                }
                let words = (0..rows).map(|row| column.display(row).unwrap_or_default()).collect();
                named("s", vec![rows], TensorData::Text(words))
            }
            _ => named("ms", vec![rows], TensorData::Int64((0..rows).map(|row| number("ms", row) as i64).collect())),
        }])
    }

    fn load(&self, model: &str) -> Result<(), Refusal> {
        Self::signature(model).ok_or_else(|| Refusal::UnknownModel { model: model.to_owned() })?;
        self.unloaded.lock().unwrap().remove(model);
        Ok(())
    }

    fn unload(&self, model: &str) -> Result<(), Refusal> {
        Self::signature(model).ok_or_else(|| Refusal::UnknownModel { model: model.to_owned() })?;
        self.unloaded.lock().unwrap().insert(model.to_owned());
        Ok(())
    }

    fn feedback(&self, model: &str, labels: &[Label]) -> Result<LabelsTaken, Refusal> {
        Self::signature(model).ok_or_else(|| Refusal::UnknownModel { model: model.to_owned() })?;
        let mut taken = LabelsTaken::default();
        let mut truths = self.truths.lock().unwrap();
        for label in labels {
            match truths.get_mut(&(label.id.clone(), label.row)) {
                None => {
                    taken.unknown_count += 1;
                    taken.unknown.push(label.id.clone());
                }
                Some(truth) => match truth.replace(label.truth.clone()) {
                    None => taken.joined += 1,
                    Some(_) => taken.repeated += 1,
                },
            }
        }
        Ok(taken)
    }

    fn prometheus(&self) -> String {
        format!("# TYPE plain_calls counter\nplain_calls {}", self.calls.lock().unwrap().len())
    }
}
