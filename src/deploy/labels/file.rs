//! Labels from a file of any format that is read.

use std::path::Path;

use super::KnowsIds;
use super::error::LabelError;
use super::store::Labels;
use crate::data::{Column, ReadOptions, Table, Watch, read_table};
use crate::deploy::serve::{Label, LabelsTaken};

/// Labels that are taken together.
const TOGETHER: usize = 5_000;
const ID: &str = "id";
const PREDICTION: &str = "prediction_id";
const TRUTH: &str = "truth";
const ROW: &str = "row";

/// What became of a file of labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileTaken {
    /// Its labels.
    pub taken: LabelsTaken,
    /// Rows without id or truth, passed over.
    pub without: usize,
    /// What was found, assumed or left out, as sentences.
    pub notes: Vec<String>,
}

impl Labels {
    /// Takes the labels of a file with the columns `id` and `truth`, and `row` when requests had several rows; or
    /// `prediction_id` (`id:row`) in place of `id` and `row`.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column or names a row that is none, labels cannot be kept, and when
    /// `watch` cancels; labels before that are kept, and the file can be taken again.
    pub fn take_file(&self, path: &Path, known: &dyn KnowsIds, watch: &dyn Watch) -> Result<FileTaken, LabelError> {
        // Ids and classes that look like numbers stay as they are written, so the names are looked at first.
        let first = read_table(path, &ReadOptions { max_rows: Some(1), ..ReadOptions::default() }, watch)?;
        let texts = [ID, PREDICTION, TRUTH].into_iter().filter(|name| first.table.column(name).is_some());
        let options = ReadOptions { categorical: texts.map(str::to_owned).collect(), ..ReadOptions::default() };
        let data = read_table(path, &options, watch)?;
        let places = Places::of(&data.table, path)?;
        let mut out = FileTaken { notes: data.notes.clone(), ..FileTaken::default() };
        let rows = data.table.rows();
        for start in (0..rows).step_by(TOGETHER) {
            if watch.cancelled() {
                return Err(crate::data::DataError::Cancelled.into());
            }
            let mut labels = Vec::with_capacity(TOGETHER);
            for at in start..rows.min(start + TOGETHER) {
                match places.label(at, path)? {
                    Some(label) => labels.push(label),
                    None => out.without += 1,
                }
            }
            let taken = self.take(&labels, known)?;
            out.taken.joined += taken.joined;
            out.taken.repeated += taken.repeated;
            out.taken.unknown_count += taken.unknown_count;
            let room = 100_usize.saturating_sub(out.taken.unknown.len());
            out.taken.unknown.extend(taken.unknown.into_iter().take(room));
            watch.progress(at_most(start + TOGETHER, rows));
        }
        Ok(out)
    }
}

fn at_most(done: usize, all: usize) -> f32 {
    (done as f32 / all.max(1) as f32).min(1.0)
}

struct Places<'a> {
    id: &'a Column,
    /// Whether the id has the row behind a colon.
    with_row: bool,
    row: Option<&'a Column>,
    truth: &'a Column,
}

impl<'a> Places<'a> {
    fn of(table: &'a Table, path: &Path) -> Result<Self, LabelError> {
        let missing = |column| LabelError::NoColumn { column, path: path.to_owned() };
        let truth = table.column(TRUTH).ok_or_else(|| missing(TRUTH))?;
        let id = table.column(ID);
        let with_row = id.is_none();
        let id = id.or_else(|| table.column(PREDICTION)).ok_or_else(|| missing(ID))?;
        Ok(Self { id, with_row, row: table.column(ROW), truth })
    }

    fn label(&self, at: usize, path: &Path) -> Result<Option<Label>, LabelError> {
        let (Some(id), Some(truth)) = (self.id.display(at), self.truth.display(at)) else { return Ok(None) };
        let bad = |value: &str| LabelError::BadRow { line: at + 1, value: value.to_owned(), path: path.to_owned() };
        if self.with_row {
            let (id, row) = id.rsplit_once(':').ok_or_else(|| bad(&id))?;
            return Ok(Some(Label { id: id.to_owned(), row: row.parse().map_err(|_| bad(row))?, truth }));
        }
        let row = match self.row.and_then(|column| column.display(at)) {
            Some(text) => text.trim().parse().map_err(|_| bad(&text))?,
            None => 0,
        };
        Ok(Some(Label { id, row, truth }))
    }
}
