//! One record of a journal: a request with its answer, or the names of a version's columns.

use std::time::Duration;

use super::bytes::{Take, put_tensor, put_text, put_u32};
use super::layout::CaptureLayout;
use crate::deploy::serve::CallRecord;
use crate::model::tensor::NamedTensor;

const LAYOUT: u8 = 1;
const CALL: u8 = 2;
const BEGIN: u8 = 3;

/// A request as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeptCall {
    pub(super) sequence: u64,
    pub(super) received_at_ms: i64,
    pub(super) latency: Duration,
    pub(super) id: String,
    pub(super) model: String,
    pub(super) version: String,
    pub(super) feed: String,
    pub(super) consumer: Option<String>,
    pub(super) inputs: Vec<NamedTensor>,
    pub(super) outcome: Result<Vec<NamedTensor>, String>,
}

impl KeptCall {
    /// Rows of its largest tensor.
    pub(super) fn rows(&self) -> usize {
        rows_of(self.inputs.iter().chain(self.outcome.iter().flatten()))
    }
}

/// Rows of the largest of some tensors; 0 without any.
pub(super) fn rows_of<'a>(tensors: impl IntoIterator<Item = &'a NamedTensor>) -> usize {
    tensors.into_iter().map(|named| named.tensor.rows()).max().unwrap_or(0)
}

/// What a payload holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    /// Stands first: sequences from this one on were not given before the journal began.
    Begin { next_sequence: u64 },
    /// How the columns of a version are named, from here on.
    Layout { version: String, layout: CaptureLayout },
    /// A request.
    Call(Box<KeptCall>),
}

pub(super) fn put_begin(out: &mut Vec<u8>, next_sequence: u64) {
    out.push(BEGIN);
    out.extend_from_slice(&next_sequence.to_le_bytes());
}

pub(super) fn put_layout(out: &mut Vec<u8>, version: &str, layout: &CaptureLayout) {
    out.push(LAYOUT);
    put_text(out, version);
    // Names in lists cannot fail to become JSON.
    out.extend_from_slice(&serde_json::to_vec(layout).unwrap_or_default());
}

pub(super) fn put_call(out: &mut Vec<u8>, record: &CallRecord<'_>) {
    let call = record.call;
    out.push(CALL);
    out.extend_from_slice(&record.sequence.to_le_bytes());
    out.extend_from_slice(&call.received_at_ms.to_le_bytes());
    out.extend_from_slice(&u64::try_from(record.latency.as_nanos()).unwrap_or(u64::MAX).to_le_bytes());
    put_text(out, &call.id);
    put_text(out, &call.model);
    put_text(out, record.version);
    put_text(out, &call.origin.feed);
    out.push(u8::from(call.origin.consumer.is_some()));
    if let Some(consumer) = &call.origin.consumer {
        put_text(out, consumer);
    }
    put_tensors(out, &call.inputs);
    out.push(u8::from(record.outcome.is_ok()));
    match record.outcome {
        Ok(outputs) => put_tensors(out, outputs),
        Err(why) => put_text(out, why),
    }
}

fn put_tensors(out: &mut Vec<u8>, tensors: &[NamedTensor]) {
    put_u32(out, tensors.len());
    for named in tensors {
        put_tensor(out, named);
    }
}

fn tensors(bytes: &mut Take<'_>) -> Option<Vec<NamedTensor>> {
    let count = bytes.u32()?;
    (0..count).map(|_| bytes.tensor()).collect()
}

/// What a payload holds; `None` when it makes no sense.
pub(super) fn read(payload: &[u8]) -> Option<Entry> {
    let mut bytes = Take(payload);
    match bytes.u8()? {
        BEGIN => Some(Entry::Begin { next_sequence: bytes.u64()? }),
        LAYOUT => {
            let version = bytes.text()?.to_owned();
            Some(Entry::Layout { version, layout: serde_json::from_slice(bytes.0).ok()? })
        }
        CALL => {
            let call = KeptCall {
                sequence: bytes.u64()?,
                received_at_ms: bytes.i64()?,
                latency: Duration::from_nanos(bytes.u64()?),
                id: bytes.text()?.to_owned(),
                model: bytes.text()?.to_owned(),
                version: bytes.text()?.to_owned(),
                feed: bytes.text()?.to_owned(),
                consumer: if bytes.u8()? == 1 { Some(bytes.text()?.to_owned()) } else { None },
                inputs: tensors(&mut bytes)?,
                outcome: if bytes.u8()? == 1 { Ok(tensors(&mut bytes)?) } else { Err(bytes.text()?.to_owned()) },
            };
            bytes.0.is_empty().then(|| Entry::Call(Box::new(call)))
        }
        _ => None,
    }
}
