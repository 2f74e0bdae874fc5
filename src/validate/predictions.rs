//! Predictions that were made already, as columns of the data, so that any model of any framework can be judged.

use serde::{Deserialize, Serialize};

use super::aligned::{Aligned, target_column};
use super::error::ValidateError;
use super::measure::Answers;
use super::plan::Plan;
use super::report::SkippedRows;
use crate::data::convert::not_found;
use crate::data::read::Dataset;
use crate::data::table::MISSING_CODE;
use crate::data::target::{Labels, class_labels, numbers};
use crate::data::{Column, Kind, Table, Values};
use crate::model::Task;
use crate::stats::grouped;

/// Whole numbers with no more distinct values than this are taken for classes when nobody says otherwise.
const FEW_CLASSES: usize = 20;
/// How far the probabilities of a row may sum from 1 before that is told.
const SUM_TOLERANCE: f64 = 1e-3;

/// Which columns hold the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predictions {
    /// The column with the predicted class or number.
    pub prediction: Option<String>,
    /// The columns with scores.
    pub scores: Vec<ClassScore>,
    /// How scores become probabilities; `None` takes them as they are and refuses what is none.
    #[serde(default)]
    pub transform: Option<Transform>,
}

/// One column with scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassScore {
    /// The class they are for; `None` for the positive class of a binary task.
    pub class: Option<String>,
    /// The column.
    pub column: String,
}

/// How raw scores become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// 1 / (1 + e^−score), for the log-odds of one class.
    Sigmoid,
    /// e^score over the sum of all classes' e^score.
    Softmax,
}

impl Transform {
    /// The transform of a word, `sigmoid` or `softmax`.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "sigmoid" => Some(Self::Sigmoid),
            "softmax" => Some(Self::Softmax),
            _ => None,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Sigmoid => "The scores were turned into probabilities by the logistic function, as asked for.",
            Self::Softmax => "The scores were turned into probabilities by softmax, as asked for.",
        }
    }
}

impl ClassScore {
    /// Reads `COLUMN` or `CLASS=COLUMN`; a column whose own name holds an equals sign is found first.
    pub fn parse(words: &str, table: &Table) -> Self {
        if table.column(words).is_none()
            && let Some((class, column)) = words.split_once('=')
        {
            return Self { class: Some(class.to_owned()), column: column.to_owned() };
        }
        Self { class: None, column: words.to_owned() }
    }
}

impl Predictions {
    /// The name for people.
    pub fn name(&self) -> String {
        let column = self.prediction.as_ref().or_else(|| self.scores.first().map(|s| &s.column));
        column.map_or_else(|| "Predictions".to_owned(), |column| format!("Predictions in “{column}”"))
    }

    /// The columns in use.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.prediction.iter().map(String::as_str).chain(self.scores.iter().map(|s| s.column.as_str()))
    }

    /// A key as a model's file has one: SHA-256, hexadecimal, over the data's and what of it was taken.
    pub fn key(&self, data_sha256: &str) -> String {
        let what = serde_json::to_string(self).unwrap_or_default();
        crate::data::fingerprint::sha256_of(format!("{data_sha256}\n{what}").as_bytes())
    }

    /// What the answers are, from the plan, else from the columns.
    ///
    /// # Errors
    /// When a column is not in the table, or none is named.
    pub fn task(&self, plan: &Plan, table: &Table) -> Result<Task, ValidateError> {
        let find = |name: &str| table.column(name).ok_or_else(|| ValidateError::Data(not_found(name, table)));
        for column in self.columns() {
            find(column)?;
        }
        if let Some(task) = plan.task {
            return Ok(task);
        }
        if self.scores.len() > 2 {
            return Ok(Task::Multiclass);
        }
        if !self.scores.is_empty() {
            return Ok(Task::Binary);
        }
        let Some(prediction) = &self.prediction else {
            return Err(ValidateError::Setting("Name a column with predictions or scores.".to_owned()));
        };
        let (said, truth) = (find(prediction)?, find(&plan.target)?);
        if fractional(said) || fractional(truth) {
            return Ok(Task::Regression);
        }
        let classes = joined(&class_labels(truth), Some(&class_labels(said))).len();
        let numbers = said.kind() == Kind::Number && truth.kind() == Kind::Number;
        Ok(match classes {
            0..=2 => Task::Binary,
            n if numbers && n > FEW_CLASSES => Task::Regression,
            _ => Task::Multiclass,
        })
    }

    /// The answers beside the truth.
    pub(super) fn align(&self, plan: &Plan, dataset: &Dataset) -> Result<Aligned, ValidateError> {
        let table = &dataset.table;
        let task = self.task(plan, table)?;
        let truth = target_column(plan, dataset)?;
        let said = self.prediction.as_deref().and_then(|name| table.column(name));
        match task {
            Task::Regression => Self::regression(plan, truth, said),
            Task::Binary | Task::Multiclass => self.classes(plan, table, truth, said, task),
            Task::Clustering | Task::Unknown => {
                Err(ValidateError::Task { model: self.name(), task: task.word().to_owned() })
            }
        }
    }

    fn regression(plan: &Plan, truth: &Column, said: Option<&Column>) -> Result<Aligned, ValidateError> {
        let Some(said) = said else {
            let sentence = "Name the column with the predicted numbers, as --prediction COLUMN.";
            return Err(ValidateError::Setting(sentence.to_owned()));
        };
        let (truth, said) = (numbers(truth)?, numbers(said)?);
        let without_target = truth.iter().filter(|t| !t.is_finite()).count();
        let (mut target, mut prediction, mut rows, mut missing) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (row, (t, p)) in truth.iter().zip(&said).enumerate() {
            if !t.is_finite() {
                continue;
            }
            if !p.is_finite() {
                missing += 1;
                continue;
            }
            target.push(*t);
            prediction.push(*p);
            rows.push(row as u32);
        }
        Ok(Aligned {
            answers: Answers::Regression { target, prediction },
            rows,
            without_target,
            skipped: skipped([("the prediction is missing or infinite", missing)]),
            classes: Vec::new(),
            positive: None,
            threshold: plan.threshold.unwrap_or(0.5),
            notes: Vec::new(),
        })
    }

    fn classes(
        &self,
        plan: &Plan,
        table: &Table,
        truth: &Column,
        said: Option<&Column>,
        task: Task,
    ) -> Result<Aligned, ValidateError> {
        let truth = class_labels(truth);
        let said = said.map(class_labels);
        let mut classes = joined(&truth, said.as_ref());
        for class in self.scores.iter().filter_map(|s| s.class.as_ref()) {
            let scored = Labels { codes: Vec::new(), names: vec![class.clone()] };
            if scored.match_classes(&classes).class_of_label.first().copied().flatten().is_none() {
                classes.push(class.clone());
            }
        }
        if task == Task::Binary && classes.len() == 1 {
            // The other class must have a name, though no row has it.
            let zero_or_one = match classes.first().map(String::as_str) {
                Some("1") => Some("0"),
                Some("0") => Some("1"),
                Some("true") => Some("false"),
                Some("false") => Some("true"),
                _ => None,
            };
            let only = classes.first().cloned().unwrap_or_default();
            classes.push(zero_or_one.map_or_else(|| format!("not {only}"), ToOwned::to_owned));
            classes.sort();
        }
        let truth_codes = codes_in(&truth, &classes);
        let said_codes = said.as_ref().map(|labels| codes_in(labels, &classes));
        let gathered = Gathered { without_target: truth.missing(), truth: truth_codes, said: said_codes, classes };
        if task == Task::Binary { self.binary(plan, table, gathered) } else { self.multiclass(plan, table, gathered) }
    }

    fn binary(&self, plan: &Plan, table: &Table, found: Gathered) -> Result<Aligned, ValidateError> {
        let positive = self.positive(plan, &found.classes)?;
        let one = self.positive_score(&found.classes, positive);
        let mut notes = Vec::new();
        let mut values = match &one {
            None => None,
            Some((column, _)) => Some(numbers_of(table, column)?),
        };
        if let (Some(values), Some((column, mirrored))) = (&mut values, &one) {
            match self.transform {
                Some(Transform::Softmax) => {
                    let pair: Option<Vec<Vec<f64>>> = (self.scores.len() == 2)
                        .then(|| self.scores.iter().map(|s| numbers_of(table, &s.column)).collect())
                        .transpose()?;
                    let Some(pair) = pair else {
                        let sentence = "Softmax needs a score for each class; use sigmoid for the score of one class.";
                        return Err(ValidateError::Setting(sentence.to_owned()));
                    };
                    let other: usize = usize::from(self.scores.first().is_some_and(|s| &s.column == column));
                    for (value, other) in values.iter_mut().zip(pair.get(other).into_iter().flatten()) {
                        *value = sigmoid(*value - other);
                    }
                }
                Some(Transform::Sigmoid) => values.iter_mut().for_each(|v| *v = sigmoid(*v)),
                None => within_unit(column, values)?,
            }
            if *mirrored {
                for v in values.iter_mut() {
                    *v = 1.0 - *v;
                }
            }
        }
        notes.extend(self.transform.filter(|_| values.is_some()).map(|t| t.sentence().to_owned()));
        let (mut scores, mut is, mut rows, mut missing) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let mut decided: Option<Vec<bool>> = (values.is_some() && found.said.is_some()).then(Vec::new);
        for (row, truth) in found.truth.iter().enumerate() {
            let Some(truth) = truth else { continue };
            let said = found.said.as_ref().map(|said| said.get(row).copied().flatten());
            let score = match (&values, said) {
                (Some(values), _) => values.get(row).copied().filter(|v| v.is_finite()),
                (None, Some(said)) => said.map(|class| f64::from(u8::from(class as usize == positive))),
                (None, None) => None,
            };
            let Some(score) = score else {
                missing += 1;
                continue;
            };
            scores.push(score);
            is.push(*truth as usize == positive);
            rows.push(row as u32);
            if let (Some(decided), Some(said)) = (&mut decided, said) {
                decided.push(said.is_some_and(|class| class as usize == positive));
            }
        }
        let threshold = match (plan.threshold, decided) {
            (Some(threshold), _) => threshold,
            (None, Some(decided)) => threshold_of(&scores, &decided, &mut notes).unwrap_or(0.5),
            (None, None) => 0.5,
        };
        Ok(Aligned {
            answers: Answers::Binary { scores, positive: is, probabilities: values.is_some() },
            rows,
            without_target: found.without_target,
            skipped: skipped([("the prediction or score is missing or infinite", missing)]),
            classes: found.classes,
            positive: Some(positive),
            threshold,
            notes,
        })
    }

    fn positive(&self, plan: &Plan, classes: &[String]) -> Result<usize, ValidateError> {
        if classes.len() > 2 {
            return Err(ValidateError::Setting(format!(
                "The target and the predictions hold {} classes, and one score can judge two only. Name a score for each class, as --score CLASS=COLUMN, or say --task multiclass. The classes: {}",
                classes.len(),
                classes.iter().take(8).cloned().collect::<Vec<_>>().join(", ")
            )));
        }
        let named = plan.positive.as_ref();
        let Some(named) =
            named.or_else(|| self.scores.iter().find_map(|s| s.class.as_ref()).filter(|_| self.scores.len() == 1))
        else {
            return Ok(1.min(classes.len().saturating_sub(1)));
        };
        let label = Labels { codes: Vec::new(), names: vec![named.clone()] };
        label.match_classes(classes).class_of_label.first().copied().flatten().ok_or_else(|| ValidateError::Positive {
            positive: named.clone(),
            model: self.name(),
            classes: classes.join(", "),
        })
    }

    /// The column with the positive class's score, or with the other one's, which is then mirrored.
    fn positive_score(&self, classes: &[String], positive: usize) -> Option<(String, bool)> {
        let class_of = |score: &ClassScore| {
            let named = score.class.as_ref()?;
            let label = Labels { codes: Vec::new(), names: vec![named.clone()] };
            label.match_classes(classes).class_of_label.first().copied().flatten()
        };
        let of_positive = self.scores.iter().find(|s| class_of(s).is_none_or(|class| class == positive));
        of_positive.map(|s| (s.column.clone(), false)).or_else(|| self.scores.first().map(|s| (s.column.clone(), true)))
    }

    fn multiclass(&self, plan: &Plan, table: &Table, found: Gathered) -> Result<Aligned, ValidateError> {
        let k = found.classes.len();
        let mut notes = Vec::new();
        let mut columns: Vec<Option<Vec<f64>>> = vec![None; k];
        for score in &self.scores {
            let Some(class) = &score.class else {
                return Err(ValidateError::Setting(format!(
                    "Say which class the scores in “{}” are for, as --score CLASS={}.",
                    score.column, score.column
                )));
            };
            let label = Labels { codes: Vec::new(), names: vec![class.clone()] };
            let place = label.match_classes(&found.classes).class_of_label.first().copied().flatten();
            if let Some(slot) = place.and_then(|place| columns.get_mut(place)) {
                *slot = Some(numbers_of(table, &score.column)?);
            }
        }
        let scored = !self.scores.is_empty();
        if scored && let Some(missing) = columns.iter().position(Option::is_none) {
            return Err(ValidateError::Setting(format!(
                "The class “{0}” occurs and has no column with its scores. Add --score {0}=COLUMN.",
                found.classes.get(missing).map_or("", String::as_str)
            )));
        }
        if scored && self.transform != Some(Transform::Softmax) {
            for (score, column) in self.scores.iter().zip(columns.iter_mut().flatten()) {
                match self.transform {
                    Some(_) => column.iter_mut().for_each(|v| *v = sigmoid(*v)),
                    None => within_unit(&score.column, column)?,
                }
            }
        }
        notes.extend(self.transform.filter(|_| scored).map(|t| t.sentence().to_owned()));
        let (mut is, mut said, mut probabilities, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut missing, mut odd_sums) = (0, 0);
        let mut row_values = vec![0.0; k];
        for (row, truth) in found.truth.iter().enumerate() {
            let Some(truth) = truth else { continue };
            if scored {
                for (slot, column) in row_values.iter_mut().zip(&columns) {
                    *slot = column.as_ref().and_then(|c| c.get(row).copied()).unwrap_or(f64::NAN);
                }
                if row_values.iter().any(|v| !v.is_finite()) {
                    missing += 1;
                    continue;
                }
                if self.transform == Some(Transform::Softmax) {
                    softmax(&mut row_values);
                }
                odd_sums += u64::from((row_values.iter().sum::<f64>() - 1.0).abs() > SUM_TOLERANCE);
            }
            let label = match &found.said {
                Some(labels) => labels.get(row).copied().flatten(),
                None => largest(&row_values),
            };
            let Some(label) = label else {
                missing += 1;
                continue;
            };
            is.push(*truth);
            said.push(label);
            rows.push(row as u32);
            if scored {
                probabilities.extend_from_slice(&row_values);
            }
        }
        if odd_sums > 0 {
            notes.push(format!(
                "The scores of {} do not sum to 1, so they are no probabilities over the classes; log loss and areas take them as they are.",
                grouped::rows(odd_sums)
            ));
        }
        Ok(Aligned {
            answers: Answers::Multiclass { truth: is, said, probabilities, k },
            rows,
            without_target: found.without_target,
            skipped: skipped([("the prediction or a score is missing or infinite", missing)]),
            classes: found.classes,
            positive: None,
            threshold: plan.threshold.unwrap_or(0.5),
            notes,
        })
    }
}

/// Truth and predicted classes as places among all classes.
struct Gathered {
    truth: Vec<Option<u32>>,
    said: Option<Vec<Option<u32>>>,
    without_target: usize,
    classes: Vec<String>,
}

fn skipped<const N: usize>(counts: [(&str, u64); N]) -> Vec<SkippedRows> {
    counts
        .into_iter()
        .filter(|(_, rows)| *rows > 0)
        .map(|(reason, rows)| SkippedRows { reason: reason.to_owned(), rows })
        .collect()
}

fn numbers_of(table: &Table, column: &str) -> Result<Vec<f64>, ValidateError> {
    let found = table.column(column).ok_or_else(|| ValidateError::Data(not_found(column, table)))?;
    numbers(found).map_err(ValidateError::from)
}

fn fractional(column: &Column) -> bool {
    matches!(&column.values, Values::Float(list) if list.iter().any(|x| x.is_finite() && x.fract() != 0.0))
}

/// The target's classes and those that only the predictions have: the target's way of writing wins.
fn joined(truth: &Labels, said: Option<&Labels>) -> Vec<String> {
    let mut classes = truth.names.clone();
    if let Some(said) = said {
        let matched = said.match_classes(&classes);
        let new = said.names.iter().zip(matched.class_of_label).filter(|(_, place)| place.is_none());
        classes.extend(new.map(|(name, _)| name.clone()));
        if classes.len() > truth.names.len() {
            let as_numbers: Option<Vec<f64>> = classes.iter().map(|c| c.parse().ok()).collect();
            match as_numbers {
                Some(_) => classes.sort_by(|a, b| {
                    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
                    number(a).total_cmp(&number(b))
                }),
                None => classes.sort(),
            }
        }
    }
    classes
}

fn codes_in(labels: &Labels, classes: &[String]) -> Vec<Option<u32>> {
    let matched = labels.match_classes(classes);
    let place = |code: u32| matched.class_of_label.get(code as usize).copied().flatten().map(|place| place as u32);
    labels.codes.iter().map(|code| if *code == MISSING_CODE { None } else { place(*code) }).collect()
}

/// # Errors
/// When a value is outside of 0 to 1; what is missing or infinite is another's business.
fn within_unit(column: &str, values: &[f64]) -> Result<(), ValidateError> {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let outside = finite().filter(|v| !(0.0..=1.0).contains(v)).count();
    if outside == 0 {
        return Ok(());
    }
    Err(ValidateError::NoProbabilities {
        column: column.to_owned(),
        outside,
        low: finite().fold(f64::INFINITY, f64::min),
        high: finite().fold(f64::NEG_INFINITY, f64::max),
    })
}

fn sigmoid(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

fn softmax(scores: &mut [f64]) {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for score in scores.iter_mut() {
        *score = (*score - top).exp();
    }
    let sum: f64 = scores.iter().sum();
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

/// The place of the largest value; the first of equal ones.
fn largest(values: &[f64]) -> Option<u32> {
    let mut best: Option<(usize, f64)> = None;
    for (place, value) in values.iter().enumerate() {
        if best.is_none_or(|(_, most)| *value > most) {
            best = Some((place, *value));
        }
    }
    best.map(|(place, _)| place as u32)
}

/// The score that parts the rows said positive from the others, when one does.
fn threshold_of(scores: &[f64], decided: &[bool], notes: &mut Vec<String>) -> Option<f64> {
    let of = |wanted: bool| scores.iter().zip(decided).filter(move |(_, d)| **d == wanted).map(|(s, _)| *s);
    let lowest = of(true).fold(f64::INFINITY, f64::min);
    let highest = of(false).fold(f64::NEG_INFINITY, f64::max);
    if lowest > highest && lowest.is_finite() {
        // 0.5 is what most programs use, and is named where it explains the column as well.
        let usual = highest < 0.5 && 0.5 <= lowest;
        return Some(if usual { 0.5 } else { lowest });
    }
    let differ = scores.iter().zip(decided).filter(|(s, d)| (**s >= 0.5) != **d).count() as u64;
    if differ > 0 && lowest.is_finite() {
        notes.push(format!(
            "The predicted class disagrees with “score of at least 0.5” in {}, and no threshold explains it; classes are judged by the score.",
            grouped::rows(differ)
        ));
    }
    None
}

#[cfg(test)]
#[path = "predictions_tests.rs"]
mod tests;
