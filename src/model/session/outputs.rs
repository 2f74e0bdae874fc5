//! Reading a model's outputs into scores, in whatever layout they come.

use super::feed::Batch;
use super::plan::{Form, ScoreForm};
use super::scores::{NO_LABEL, Scores, SkippedRow};
use super::source::{LabelCells, Outputs};
use crate::model::error::ModelError;
use crate::model::signature::Task;
use ort::value::{DynMapValueType, DynSequenceValueType, TensorElementType, ValueType};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Reads outputs into scores, batch after batch.
#[derive(Debug)]
pub(super) struct Reader {
    form: Form,
    task: Task,
    classes: Vec<String>,
    by_number: BTreeMap<i64, u32>,
    /// Labels come in runs, so the last answer is often the next.
    last_number: Option<(i64, u32)>,
    by_text: HashMap<String, u32>,
    /// Whether scores outside 0 to 1 were seen: from then on all are turned into probabilities.
    is_raw: bool,
    /// Whether the raw scores of two classes come in the opposite order of the labels, as from some support vector
    /// machines; told from the first batch with raw scores.
    is_mirrored: Option<bool>,
    matrix: Vec<f32>,
}

impl Reader {
    pub(super) fn new(form: Form, task: Task, classes: Option<Vec<String>>) -> Self {
        let mut reader = Self {
            form,
            task,
            classes: Vec::new(),
            by_number: BTreeMap::new(),
            last_number: None,
            by_text: HashMap::new(),
            is_raw: false,
            is_mirrored: None,
            matrix: Vec::new(),
        };
        for class in classes.unwrap_or_default() {
            reader.add_class(class);
        }
        reader
    }

    /// Writes what is known of the answers before there are any.
    pub(super) fn describe(&self, scores: &mut Scores) {
        scores.task = match (&self.form, self.task) {
            (Form::Value(_), Task::Unknown) => Task::Regression,
            (_, task) => task,
        };
        scores.classes.clone_from(&self.classes);
    }

    fn add_class(&mut self, class: String) -> u32 {
        let index = self.classes.len() as u32;
        if let Ok(number) = class.parse() {
            self.by_number.insert(number, index);
        }
        self.by_text.insert(class.clone(), index);
        self.classes.push(class);
        index
    }

    fn class_of_number(&mut self, number: i64) -> u32 {
        match self.last_number {
            Some((last, index)) if last == number => return index,
            _ => {}
        }
        let index = match self.by_number.get(&number) {
            Some(index) => *index,
            None => self.add_class(number.to_string()),
        };
        self.last_number = Some((number, index));
        index
    }

    fn class_of_text(&mut self, text: &str) -> u32 {
        match self.by_text.get(text) {
            Some(index) => *index,
            None => self.add_class(text.to_owned()),
        }
    }

    /// Appends the answers of one batch. `skips` are places in the batch, in any order, the first reason counting.
    pub(super) fn read<O: Outputs + ?Sized>(
        &mut self,
        outputs: &O,
        batch: &Batch,
        skips: &[(usize, Arc<str>)],
        scores: &mut Scores,
    ) -> Result<(), ModelError> {
        let start = scores.rows;
        match self.form.clone() {
            Form::Value(name) => {
                let mut numbers = std::mem::take(&mut self.matrix);
                let width = outputs.matrix(&name, batch, &mut numbers, Some(&mut scores.values))?;
                self.matrix = numbers;
                if width != 1 {
                    return Err(outputs.wrong(&name, batch));
                }
            }
            Form::Classes { label, scores: form } => {
                let width = match form {
                    Some(form) => self.read_scores(outputs, &form, label.is_some(), batch, scores)?,
                    None => 0,
                };
                if scores.rows > 0 && scores.width != width {
                    return Err(ModelError::OutputShape {
                        output: label.unwrap_or_default(),
                        found: format!("{width} scores a row after {} before", scores.width),
                        rows: batch.len(),
                    });
                }
                scores.width = width;
                match label {
                    Some(name) => {
                        self.read_labels(outputs, &name, batch, scores)?;
                        if self.is_raw && width == 2 {
                            self.unmirror(scores, start, batch.len());
                        }
                    }
                    None => choose_labels(scores, start, width, batch.len()),
                }
            }
        }
        scores.rows += batch.len();
        if scores.classes != self.classes {
            scores.classes.clone_from(&self.classes);
        }
        scores.task = match (self.task, scores.width) {
            (Task::Unknown, 2) => Task::Binary,
            (Task::Unknown, n) if n > 2 => Task::Multiclass,
            (Task::Unknown, 0) if matches!(self.form, Form::Value(_)) => Task::Regression,
            (task, _) => task,
        };
        skip_rows(scores, start, batch, skips);
        Ok(())
    }

    fn read_labels<O: Outputs + ?Sized>(
        &mut self,
        outputs: &O,
        name: &str,
        batch: &Batch,
        scores: &mut Scores,
    ) -> Result<(), ModelError> {
        let cells = outputs.labels(name, batch)?;
        if cells.len() != batch.fed {
            return Err(outputs.wrong(name, batch));
        }
        macro_rules! numbers {
            ($cells:expr) => {
                for cell in $cells.iter().take(batch.len()) {
                    let class = self.class_of_number(i64::from(*cell));
                    scores.labels.push(class);
                }
            };
        }
        match cells {
            LabelCells::Int64(cells) => numbers!(cells),
            LabelCells::Int32(cells) => numbers!(cells),
            LabelCells::Int16(cells) => numbers!(cells),
            LabelCells::Int8(cells) => numbers!(cells),
            LabelCells::UInt32(cells) => numbers!(cells),
            LabelCells::UInt16(cells) => numbers!(cells),
            LabelCells::UInt8(cells) => numbers!(cells),
            LabelCells::Bool(cells) => {
                let [no, yes] = self.bool_names();
                for cell in cells.iter().take(batch.len()) {
                    let class = self.class_of_text(if *cell { yes } else { no });
                    scores.labels.push(class);
                }
            }
            LabelCells::Text(cells) => {
                for cell in cells.iter().take(batch.len()) {
                    let class = self.class_of_text(cell);
                    scores.labels.push(class);
                }
            }
        }
        Ok(())
    }

    /// Puts raw scores into the order of the labels, when they contradict them.
    fn unmirror(&mut self, scores: &mut Scores, start: usize, rows: usize) {
        let Some(cells) = scores.probabilities.get_mut(start * 2..(start + rows) * 2) else { return };
        let labels = scores.labels.get(start..start + rows).unwrap_or_default();
        let is_mirrored = *self.is_mirrored.get_or_insert_with(|| {
            let contradicts = |(row, label): (&[f32], &u32)| match row {
                [a, b] if a != b => Some((b > a) != (*label == 1)),
                _ => None,
            };
            let votes: Vec<bool> = cells.chunks_exact(2).zip(labels).filter_map(contradicts).collect();
            votes.iter().filter(|v| **v).count() * 2 > votes.len()
        });
        if is_mirrored {
            for row in cells.chunks_exact_mut(2) {
                row.swap(0, 1);
            }
        }
    }

    /// How true and false are called among the classes.
    fn bool_names(&self) -> [&'static str; 2] {
        for names in [["False", "True"], ["false", "true"]] {
            if names.iter().any(|n| self.by_text.contains_key(*n)) {
                return names;
            }
        }
        ["0", "1"]
    }

    /// Appends probabilities and returns how many there are a row; 0 when the scores cannot be used but labels can.
    fn read_scores<O: Outputs + ?Sized>(
        &mut self,
        outputs: &O,
        form: &ScoreForm,
        has_label: bool,
        batch: &Batch,
        scores: &mut Scores,
    ) -> Result<usize, ModelError> {
        let mut cells = std::mem::take(&mut self.matrix);
        let width = match form {
            ScoreForm::Matrix(name) => outputs.matrix(name, batch, &mut cells, None)?,
            ScoreForm::Columns(names) => columns(outputs, names, batch, &mut cells)?,
            ScoreForm::Maps(name) => self.maps(outputs, name, batch, &mut cells)?,
        };
        let known = self.classes.len();
        let is_positive_only = width == 1 && (known == 2 || (known == 0 && self.task == Task::Binary));
        let classes = if is_positive_only { 2 } else { width };
        if (known > 0 && known < classes && !has_label) || (known == 0 && classes >= 2) {
            for index in known..classes {
                self.add_class(index.to_string());
            }
        }
        if classes < 2 || classes != self.classes.len() {
            self.matrix = cells;
            if !has_label {
                return Err(ModelError::NoUsableOutput { found: format!("{width} scores a row for {known} classes") });
            }
            if width > 1 {
                scores.note(&format!(
                    "The model gives {width} scores a row for {} classes, so only its labels are used.",
                    self.classes.len()
                ));
            }
            return Ok(0);
        }
        let real = batch.len() * width;
        let cells_in_use = cells.get(..real).unwrap_or_default();
        let (low, high) = cells_in_use.iter().fold((0.0_f32, 1.0_f32), |(low, high), p| (low.min(*p), high.max(*p)));
        self.is_raw |= low < -1e-4 || high > 1.0001;
        if self.is_raw {
            scores.raw_scores = true;
            scores.note("The model gives raw scores; they were turned into probabilities by the logistic function or softmax, which are not calibrated.");
        }
        scores.probabilities.reserve(batch.len() * classes);
        if is_positive_only {
            for score in cells_in_use {
                let p = if self.is_raw { logistic(*score) } else { score.clamp(0.0, 1.0) };
                scores.probabilities.extend([1.0 - p, p]);
            }
        } else if self.is_raw {
            for row in cells_in_use.chunks_exact(width) {
                softmax(row, &mut scores.probabilities);
            }
        } else {
            scores.probabilities.extend(cells_in_use.iter().map(|p| p.clamp(0.0, 1.0)));
        }
        self.matrix = cells;
        Ok(classes)
    }

    /// One map a row; classes that are new are added.
    fn maps<O: Outputs + ?Sized>(
        &mut self,
        outputs: &O,
        name: &str,
        batch: &Batch,
        cells: &mut Vec<f32>,
    ) -> Result<usize, ModelError> {
        let wrong = || outputs.wrong(name, batch);
        let view = outputs
            .value(name)
            .ok_or_else(wrong)?
            .view()
            .downcast::<DynSequenceValueType>()
            .map_err(|_error| wrong())?;
        let maps = view.try_extract_sequence::<DynMapValueType>().map_err(|_error| wrong())?;
        if maps.len() != batch.fed {
            return Err(wrong());
        }
        cells.clear();
        let mut width = self.classes.len();
        for (row, map) in maps.iter().take(batch.len()).enumerate() {
            let is_text = matches!(map.dtype(), ValueType::Map { key: TensorElementType::String, .. });
            let pairs: Vec<(u32, f32)> = if is_text {
                let pairs = map.try_extract_key_values::<String, f32>().map_err(|_error| wrong())?;
                pairs.into_iter().map(|(k, p)| (self.class_of_text(&k), p)).collect()
            } else {
                let pairs = map.try_extract_key_values::<i64, f32>().map_err(|_error| wrong())?;
                pairs.into_iter().map(|(k, p)| (self.class_of_number(k), p)).collect()
            };
            if row == 0 {
                width = self.classes.len();
                cells.resize(batch.len() * width, f32::NAN);
            }
            for (class, p) in pairs {
                // Every row of a ZipMap has the same keys; a new one later on means that it is something else.
                let slot =
                    usize::try_from(class).ok().filter(|c| *c < width).and_then(|c| cells.get_mut(row * width + c));
                *slot.ok_or_else(wrong)? = p;
            }
        }
        Ok(width)
    }
}

/// One output a class, side by side.
fn columns<O: Outputs + ?Sized>(
    outputs: &O,
    names: &[String],
    batch: &Batch,
    cells: &mut Vec<f32>,
) -> Result<usize, ModelError> {
    let width = names.len();
    let mut column = Vec::new();
    cells.clear();
    cells.resize(batch.len() * width, f32::NAN);
    for (index, name) in names.iter().enumerate() {
        if outputs.matrix(name, batch, &mut column, None)? != 1 {
            return Err(outputs.wrong(name, batch));
        }
        for (slot, cell) in cells.iter_mut().skip(index).step_by(width).zip(&column) {
            *slot = *cell;
        }
    }
    Ok(width)
}

fn logistic(score: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(score)).exp())) as f32
}

/// Softmax; two scores that mirror each other are one decision value, whose probability is the logistic function's.
fn softmax(scores: &[f32], out: &mut Vec<f32>) {
    if let [a, b] = scores
        && (a + b).abs() <= 1e-5 * b.abs().max(1.0)
    {
        let p = logistic(*b);
        out.extend([1.0 - p, p]);
        return;
    }
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = scores.iter().map(|s| f64::from(s - max).exp()).sum();
    out.extend(scores.iter().map(|s| (f64::from(s - max).exp() / sum) as f32));
}

/// The class with the highest probability; the first of equals, except that an even chance of two counts as positive.
fn choose_labels(scores: &mut Scores, start: usize, width: usize, rows: usize) {
    let Some(cells) = scores.probabilities.get(start * width..(start + rows) * width) else { return };
    for row in cells.chunks_exact(width.max(1)) {
        let label = match row {
            [_, positive] => u32::from(*positive >= 0.5),
            row => {
                let best = row
                    .iter()
                    .enumerate()
                    .fold((0, f32::NEG_INFINITY), |best, (i, p)| if *p > best.1 { (i, *p) } else { best });
                best.0 as u32
            }
        };
        scores.labels.push(label);
    }
}

/// Blanks the rows that were skipped, and those for which the model gave no number.
fn skip_rows(scores: &mut Scores, start: usize, batch: &Batch, skips: &[(usize, Arc<str>)]) {
    let width = scores.width;
    let is_whole = |numbers: &[f32]| numbers.iter().fold(true, |whole, p| whole & !p.is_nan());
    if skips.is_empty()
        && scores.probabilities.get(start * width..).is_none_or(is_whole)
        && scores.values.get(start..).is_none_or(|v| !v.iter().any(|v| v.is_nan()))
    {
        return;
    }
    let mut reasons: Vec<(usize, Arc<str>)> = Vec::new();
    for (row, why) in skips.iter().filter(|(row, _)| *row < batch.len()) {
        reasons.push((*row, Arc::clone(why)));
    }
    let mut silent: Option<Arc<str>> = None;
    for row in 0..batch.len() {
        let at = start + row;
        let is_silent = scores.values.get(at).is_some_and(|v| v.is_nan())
            || (width > 0
                && scores
                    .probabilities
                    .get(at * width..(at + 1) * width)
                    .is_some_and(|p| p.iter().any(|p| p.is_nan())));
        if is_silent {
            let why = silent.get_or_insert_with(|| "the model gave no number".into());
            reasons.push((row, Arc::clone(why)));
        }
    }
    // A stable sort keeps the input's reason before the model's silence that follows from it.
    reasons.sort_by_key(|(row, _)| *row);
    reasons.dedup_by_key(|(row, _)| *row);
    for (row, why) in reasons {
        let at = start + row;
        if let Some(label) = scores.labels.get_mut(at) {
            *label = NO_LABEL;
        }
        if let Some(value) = scores.values.get_mut(at) {
            *value = f64::NAN;
        }
        if let Some(cells) = scores.probabilities.get_mut(at * width..(at + 1) * width) {
            cells.fill(f32::NAN);
        }
        scores.skipped.push(SkippedRow { row: batch.rows.start + row, why });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_become_probabilities() {
        let mut out = Vec::new();
        softmax(&[-2.0, 2.0], &mut out);
        assert!((out[1] - logistic(2.0)).abs() < 1e-7);
        out.clear();
        softmax(&[1.0, 2.0, 3.0], &mut out);
        assert!((out.iter().sum::<f32>() - 1.0).abs() < 1e-6 && (out[2] - 0.665_240_9).abs() < 1e-6);
    }

    #[test]
    fn silent_and_skipped_rows_keep_their_place() {
        let mut scores = Scores {
            width: 2,
            rows: 3,
            labels: vec![0, 1, 1],
            probabilities: vec![1.0, 0.0, f32::NAN, 0.5, 0.0, 1.0],
            ..Scores::default()
        };
        let why: Arc<str> = "gap".into();
        let batch = Batch { rows: 10..13, fed: 3 };
        skip_rows(&mut scores, 0, &batch, &[(2, Arc::clone(&why)), (2, "second".into())]);
        assert_eq!(scores.labels, [0, NO_LABEL, NO_LABEL]);
        let skipped: Vec<(usize, &str)> = scores.skipped.iter().map(|s| (s.row, &*s.why)).collect();
        assert_eq!(skipped, [(11, "the model gave no number"), (12, "gap")]);
    }

    #[test]
    fn mirrored_raw_scores_follow_the_labels() {
        let mut reader = Reader::new(Form::Value(String::new()), Task::Binary, None);
        let mut scores = Scores { labels: vec![1, 0], probabilities: vec![0.8, 0.2, 0.1, 0.9], ..Scores::default() };
        reader.unmirror(&mut scores, 0, 2);
        assert_eq!(scores.probabilities, [0.2, 0.8, 0.9, 0.1]);
        assert_eq!(reader.is_mirrored, Some(true));
    }

    #[test]
    fn labels_follow_the_highest_probability() {
        let mut scores = Scores { probabilities: vec![0.5, 0.5, 0.6, 0.4], ..Scores::default() };
        choose_labels(&mut scores, 0, 2, 2);
        assert_eq!(scores.labels, [1, 0]);
        let mut scores = Scores { probabilities: vec![0.1, 0.6, 0.3], ..Scores::default() };
        choose_labels(&mut scores, 0, 3, 1);
        assert_eq!(scores.labels, [1]);
    }
}
