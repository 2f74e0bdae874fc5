//! Deletion of a person's rows on demand.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use polars::prelude::{BooleanChunked, DataFrame, DataType, NewChunkedArray as _, PolarsResult};

use super::error::CaptureError;
use super::ids;
use super::info::SegmentInfo;
use super::keeper::{Capture, Inner};
use super::names::{self, Listing};
use super::parquet::{self, GROUP_LINES, Segment, guarded};
use super::repair;
use crate::data::Watch;
use crate::data::fingerprint::sha256_of;

/// Whose rows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// All rows of a request.
    Request {
        /// Its id.
        id: String,
    },
    /// One row of a request.
    Prediction {
        /// The request's id.
        id: String,
        /// The row, from 0.
        row: usize,
    },
    /// All rows with a value in a column, such as a customer's number.
    Value {
        /// The column.
        column: String,
        /// The value, as text; compared as a number in a column of numbers.
        value: String,
    },
}

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Deleted {
    /// Requests of which rows were deleted.
    pub requests: u64,
    /// Rows.
    pub rows: u64,
    /// Segments that were written anew or removed.
    pub segments: u64,
}

/// Hears predictions, as request id and row, that are about to be deleted; a sentence when that cannot be.
pub type Gone<'a> = dyn FnMut(&[(String, u32)]) -> Result<(), String> + 'a;

impl Capture {
    /// Deletes the rows that any of the selections names, from journal and segments, and leaves an entry in
    /// `deletions.jsonl` with hashes in place of ids and values. Records that come meanwhile are kept.
    ///
    /// `gone` hears the predictions, as request id and row, just before they go, so that what hangs on them, such as
    /// [labels](crate::deploy::labels::Labels::delete), goes with them.
    ///
    /// # Errors
    /// When a segment cannot be read or written, `gone` fails, or `watch` cancels; what was deleted so far stays
    /// deleted, and the deletion can be asked for again.
    pub fn delete(
        &self,
        selections: &[Selection],
        gone: &mut Gone<'_>,
        watch: &dyn Watch,
    ) -> Result<Deleted, CaptureError> {
        let inner = self.inner();
        let _held = inner.maintenance.lock();
        inner.roll_and_seal()?;
        let deleted = delete_in(inner, selections, gone, watch);
        inner.list_indexes()?;
        let deleted = deleted?;
        log(inner, selections, &deleted)?;
        Ok(deleted)
    }
}

fn delete_in(
    inner: &Inner,
    selections: &[Selection],
    gone: &mut Gone<'_>,
    watch: &dyn Watch,
) -> Result<Deleted, CaptureError> {
    let mut deleted = Deleted::default();
    let listing = Listing::of(&inner.folder)?;
    let numbers: Vec<u64> =
        listing.segments.keys().filter(|number| !listing.journals.contains_key(number)).copied().collect();
    for (done, number) in numbers.iter().enumerate() {
        if watch.cancelled() {
            return Err(CaptureError::Cancelled);
        }
        watch.progress(done as f32 / numbers.len().max(1) as f32);
        let index = listing.indexes.get(number);
        if !may_hold(index.map(std::path::PathBuf::as_path), selections)? {
            continue;
        }
        let mut changed = false;
        for path in listing.segments.get(number).into_iter().flatten() {
            let Some(segment) = Segment::open(path)? else { continue };
            let frame = segment.read(0, segment.lines(), None)?;
            let keep = guarded(path, || kept(&frame, selections))?;
            let going = guarded(path, || going(&frame, &keep))?;
            if keep.all() {
                continue;
            }
            gone(&going).map_err(|reason| CaptureError::segment(path, reason))?;
            // Without its index a number is looked through, and gets a new one at the next start at the latest.
            if let Some(index) = index.filter(|_| !changed) {
                names::remove(index)?;
            }
            changed = true;
            deleted.rows += keep.iter().filter(|keep| *keep == Some(false)).count() as u64;
            deleted.requests += guarded(path, || touched(&frame, &keep))?;
            deleted.segments += 1;
            rewrite(path, &frame, &keep)?;
        }
        if changed {
            repair::make_index(&inner.folder, *number, &Listing::of(&inner.folder)?)?;
        }
    }
    watch.progress(1.0);
    Ok(deleted)
}

/// Whether the segments of an index can hold any of the rows; without index they can.
fn may_hold(index: Option<&Path>, selections: &[Selection]) -> Result<bool, CaptureError> {
    let Some(index) = index else { return Ok(true) };
    for selection in selections {
        let held = match selection {
            Selection::Value { .. } => true,
            Selection::Request { id } | Selection::Prediction { id, .. } => ids::rows(index, ids::hash(id))?.is_some(),
        };
        if held {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Which lines stay.
fn kept(frame: &DataFrame, selections: &[Selection]) -> PolarsResult<BooleanChunked> {
    let mut keep = vec![true; frame.height()];
    for selection in selections {
        match selection {
            Selection::Request { id } => {
                for (keep, found) in keep.iter_mut().zip(frame.column("id")?.str()?.iter()) {
                    *keep &= found != Some(id.as_str());
                }
            }
            Selection::Prediction { id, row } => {
                let rows = frame.column("row")?.i32()?.iter();
                for ((keep, found), at) in keep.iter_mut().zip(frame.column("id")?.str()?.iter()).zip(rows) {
                    *keep &= found != Some(id.as_str()) || at.and_then(|at| usize::try_from(at).ok()) != Some(*row);
                }
            }
            Selection::Value { column, value } => {
                let Ok(column) = frame.column(column) else { continue };
                match column.dtype() {
                    DataType::String => {
                        for (keep, found) in keep.iter_mut().zip(column.str()?.iter()) {
                            *keep &= found != Some(value.as_str());
                        }
                    }
                    DataType::Boolean => {
                        for (keep, found) in keep.iter_mut().zip(column.bool()?.iter()) {
                            *keep &= found.map(|found| found.to_string()).as_deref() != Some(value.trim());
                        }
                    }
                    dtype if dtype.is_integer() && value.trim().parse::<i128>().is_ok() => {
                        // As text, since decimal numbers cannot hold every 64-bit number.
                        let wanted = value.trim().parse::<i128>().map_or_else(|_| String::new(), |n| n.to_string());
                        let texts = column.cast(&DataType::String)?;
                        for (keep, found) in keep.iter_mut().zip(texts.str()?.iter()) {
                            *keep &= found != Some(wanted.as_str());
                        }
                    }
                    dtype if dtype.is_primitive_numeric() => {
                        let Ok(wanted) = value.trim().parse::<f64>() else { continue };
                        // A value that a person types for a 32-bit column is the 32-bit number nearest to it.
                        let narrow = *dtype == DataType::Float32;
                        let wanted = if narrow { f64::from(wanted as f32) } else { wanted };
                        let numbers = column.cast(&DataType::Float64)?;
                        for (keep, found) in keep.iter_mut().zip(numbers.f64()?.iter()) {
                            *keep &= found != Some(wanted);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(BooleanChunked::from_slice("keep".into(), &keep))
}

/// The predictions of lines that do not stay.
fn going(frame: &DataFrame, keep: &BooleanChunked) -> PolarsResult<Vec<(String, u32)>> {
    let (ids, rows) = (frame.column("id")?.str()?, frame.column("row")?.i32()?);
    let lines = ids.iter().zip(rows.iter()).zip(keep.iter()).filter(|(_, keep)| *keep == Some(false));
    Ok(lines.filter_map(|((id, row), _)| Some((id?.to_owned(), u32::try_from(row?).ok()?))).collect())
}

/// Requests of which some line does not stay.
fn touched(frame: &DataFrame, keep: &BooleanChunked) -> PolarsResult<u64> {
    let sequences = frame.column("sequence")?.i64()?;
    let gone = sequences.iter().zip(keep.iter()).filter(|(_, keep)| *keep == Some(false));
    Ok(gone.map(|(sequence, _)| sequence).collect::<BTreeSet<_>>().len() as u64)
}

fn rewrite(path: &Path, frame: &DataFrame, keep: &BooleanChunked) -> Result<(), CaptureError> {
    let (rest, info) = guarded(path, || {
        let rest = frame.filter(keep)?;
        let info = info_of(&rest)?;
        Ok((rest, info))
    })?;
    if rest.height() == 0 {
        return names::remove(path);
    }
    let starts = (0..rest.height()).step_by(GROUP_LINES);
    parquet::write(path, &info, starts.map(|start| Ok(rest.slice(start as i64, GROUP_LINES))))
}

fn info_of(frame: &DataFrame) -> PolarsResult<SegmentInfo> {
    let mut info = SegmentInfo::empty();
    let (sequences, times) = (frame.column("sequence")?.i64()?, frame.column("time")?.datetime()?);
    let (versions, outcomes) = (frame.column("version")?.str()?, frame.column("outcome")?.str()?);
    let lines = sequences.iter().zip(times.physical().iter()).zip(versions.iter()).zip(outcomes.iter());
    let mut before = None;
    for (((sequence, time), version), outcome) in lines {
        info.lines += 1;
        // Lines are sorted by sequence.
        if before == Some(sequence) {
            continue;
        }
        before = Some(sequence);
        info.requests += 1;
        info.failed += u64::from(outcome == Some("failed"));
        let sequence = sequence.and_then(|sequence| u64::try_from(sequence).ok()).unwrap_or_default();
        info.saw(sequence, time.unwrap_or_default(), version.unwrap_or_default());
    }
    Ok(info)
}

fn log(inner: &Inner, selections: &[Selection], deleted: &Deleted) -> Result<(), CaptureError> {
    let what: Vec<serde_json::Value> = selections
        .iter()
        .map(|selection| match selection {
            Selection::Request { id } => serde_json::json!({"request": sha256_of(id.as_bytes())}),
            Selection::Prediction { id, row } => {
                serde_json::json!({"request": sha256_of(id.as_bytes()), "row": row})
            }
            Selection::Value { column, value } => {
                serde_json::json!({"column": column, "value": sha256_of(value.as_bytes())})
            }
        })
        .collect();
    let entry = serde_json::json!({
        "at_ms": inner.clock.now_ms(), "sha256_of": what,
        "requests": deleted.requests, "rows": deleted.rows, "segments": deleted.segments,
    });
    let path = inner.folder.join(names::DELETIONS);
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::options().create(true).append(true).open(&path)?;
        file.write_all(format!("{entry}\n").as_bytes())?;
        file.sync_data()
    };
    write().map_err(|e| CaptureError::io("The deletion was done, but its entry cannot be written", &path, &e))
}
