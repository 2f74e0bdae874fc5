//! The rows behind a finished result: those of a cell of the confusion matrix, the worst ones, errors along a column.
//!
//! A result keeps no row of the data. What is asked for is scored again with the plan and the binding that the report
//! kept, so that the rows are those the numbers came from.

use std::sync::Arc;

use super::command::{ModelId, RunId, WhichRows};
use super::datasets::{Source, Taken};
use super::event::JobTopic;
use super::jobs::Outcome;
use super::service::Service;
use crate::data::Table;
use crate::data::part::Part;
use crate::data::read::Dataset;
use crate::data::watch::Watch;
use crate::model::{Binding, BoundModel, ModelFile, Runtime};
use crate::validate::measure::Answers;
use crate::validate::streamed::{File, streamed_answers};
use crate::validate::views::{ResidualsAgainst, cell_rows, residuals_against};
use crate::validate::{Candidate, CandidateAnswers, ModelResult, Plan, Predictions, ValidateError, candidate_answers};

/// Rows of a cell that are shown; the total is told.
pub const ROWS_SHOWN: usize = 500;
/// Columns shown of a table of which nothing is known to feed the answers.
const COLUMNS_SHOWN: usize = 40;

/// What the score of a worst row is, in words.
const OF_THE_TRUTH: &str = "probability of the truth";

/// What was last looked up in the rows behind results. Each part names the run and the model it belongs to.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// Rows of a cell of the confusion matrix.
    pub cell: Option<Arc<RowsView>>,
    /// The worst rows with the values of their columns.
    pub worst: Option<Arc<RowsView>>,
    /// Errors along a column.
    pub against: Option<Arc<AgainstView>>,
    /// Why the last test of robustness gave nothing.
    pub robustness: Option<Arc<RobustnessFailure>>,
}

/// Rows behind a result.
#[derive(Clone, Debug, PartialEq)]
pub struct RowsView {
    /// The run.
    pub run: RunId,
    /// The model.
    pub model: ModelId,
    /// Which rows.
    pub which: WhichRows,
    /// How many there are; no more than [`ROWS_SHOWN`] are shown.
    pub total: u64,
    /// What [`ShownRow::score`] is, for people; empty where there is none.
    pub score_name: String,
    /// The columns that feed the model.
    pub columns: Vec<String>,
    /// The rows: of a cell the surest first, of the worst the largest loss first.
    pub rows: Vec<ShownRow>,
    /// Why there are none, as a sentence with a way out.
    pub problem: Option<String>,
}

/// One row of the data with its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownRow {
    /// Number of the row in the table, from 0.
    pub row: u32,
    /// The true class by the name people use, or the target.
    pub truth: String,
    /// The predicted class, or the prediction.
    pub prediction: String,
    /// A probability, 0 to 1; [`RowsView::score_name`] says of what.
    pub score: Option<f64>,
    /// What the row lost, for the worst.
    pub loss: Option<f64>,
    /// The values of [`RowsView::columns`].
    pub values: Vec<RowValue>,
}

/// One value as it stands in the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowValue {
    /// As a person would write it; empty when missing.
    pub text: String,
    /// For sorting: the number, or milliseconds since 1970; `None` for text and missing.
    pub number: Option<f64>,
}

/// A regression's errors along a column.
#[derive(Clone, Debug, PartialEq)]
pub struct AgainstView {
    /// The run.
    pub run: RunId,
    /// The model.
    pub model: ModelId,
    /// The column.
    pub column: String,
    /// What was found, or why nothing, as a sentence with a way out.
    pub found: Result<ResidualsAgainst, String>,
}

/// A test of robustness that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobustnessFailure {
    /// The run.
    pub run: RunId,
    /// The model.
    pub model: ModelId,
    /// Why, as a sentence with a way out.
    pub why: String,
}

/// The answers of one model of a run, kept while they are looked at.
#[derive(Debug)]
pub(super) struct Answered {
    run: RunId,
    model: ModelId,
    answers: Arc<CandidateAnswers>,
}

/// The setting that keeps which columns stood for a candidate, by the candidate's key.
pub(super) fn columns_key(candidate: &str) -> String {
    format!("predictions {candidate}")
}

/// Where a candidate's answers come from.
#[derive(Clone)]
enum Origin {
    Model(Box<ModelFile>, Binding),
    Columns(Predictions),
}

/// What a job needs to ask a run's candidate again.
pub(super) struct Behind {
    origin: Origin,
    pub(super) plan: Plan,
    pub(super) source: Source,
    pub(super) runtime: Option<&'static Runtime>,
}

impl Behind {
    /// The candidate, bound as it was.
    fn candidate(origin: Origin, table: &Table) -> Result<Candidate, ValidateError> {
        match origin {
            Origin::Model(file, binding) => Ok(Candidate::of_model(BoundModel::bind(*file, binding, table)?)),
            Origin::Columns(predictions) => Ok(Candidate::of_columns(predictions)),
        }
    }

    /// The table and the candidate on it.
    pub(super) fn opened(self, watch: &dyn Watch) -> Result<(Candidate, Plan, Dataset), String> {
        let dataset = self.source.dataset(watch)?;
        let candidate = Self::candidate(self.origin, &dataset.table).map_err(|error| error.to_string())?;
        Ok((candidate, self.plan, dataset))
    }

    /// The candidate's answers, and where the values of its rows are.
    fn answers(self, watch: &dyn Watch) -> Result<(CandidateAnswers, Source), String> {
        let runtime = self.runtime;
        if let Some(file) = self.source.in_parts() {
            let read = File { path: &file.path, options: &file.options, reference: None };
            let bind = |dataset: &Dataset| Ok(vec![Self::candidate(self.origin.clone(), &dataset.table)?]);
            let answers = streamed_answers(&self.plan, read, &bind, runtime, watch);
            return Ok((answers.map_err(|error| error.to_string())?, self.source));
        }
        let (candidate, plan, dataset) = self.opened(watch)?;
        let answers = candidate_answers(&plan, &candidate, &dataset, runtime, watch);
        Ok((answers.map_err(|error| error.to_string())?, Source::Read(dataset)))
    }
}

/// Answers that are known, or what it takes to have them.
enum Asked {
    Known(Arc<CandidateAnswers>, Box<Source>),
    Again(Box<Behind>),
}

impl Asked {
    /// The work that is left: having the answers, then reading the values beside them.
    fn parts<'a>(&self, watch: &'a dyn Watch) -> [Part<'a>; 2] {
        let scoring = if matches!(self, Self::Known(..)) { 0.0 } else { 0.7 };
        [Part { watch, from: 0.0, span: scoring }, Part { watch, from: scoring, span: 1.0 - scoring }]
    }

    fn answers(self, watch: &dyn Watch) -> Result<(Arc<CandidateAnswers>, Source), String> {
        match self {
            Self::Known(answers, source) => Ok((answers, *source)),
            Self::Again(behind) => behind.answers(watch).map(|(answers, source)| (Arc::new(answers), source)),
        }
    }
}

/// The columns whose values are shown beside a row: those that feed the model, else those beside the target.
fn shown_columns(binding: &Binding, target: &str, all: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in binding.columns() {
        if all.iter().any(|known| known == name) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        let others = all.iter().filter(|name| *name != target);
        names = others.take(COLUMNS_SHOWN).cloned().collect();
    }
    names
}

fn values(taken: &Taken, columns: &[String], row: u32) -> Vec<RowValue> {
    let value = |name: &String| {
        let column = taken.table.column(name)?;
        let row = taken.place(row as usize)?;
        Some(RowValue { text: column.display(row).unwrap_or_default(), number: column.number(row) })
    };
    columns.iter().map(|name| value(name).unwrap_or_default()).collect()
}

/// Puts the values of the columns to the rows; gives the whole table when it was read for them.
fn fill(view: &mut RowsView, source: Source, watch: &dyn Watch) -> Result<Option<Dataset>, String> {
    let rows = view.rows.iter().map(|row| row.row as usize).collect();
    let taken = source.take(&view.columns, Some(rows), watch)?;
    for row in &mut view.rows {
        row.values = values(&taken, &view.columns, row.row);
    }
    Ok(taken.whole)
}

/// The name people use for a class.
fn class_name(result: &ModelResult, class: usize) -> String {
    let named = result.class_names.get(class).or_else(|| result.classes.get(class));
    named.cloned().unwrap_or_else(|| class.to_string())
}

/// The name people use for a class that is known by its label; anything else stays as it is.
fn name_of_label(result: &ModelResult, label: &str) -> String {
    let place = result.classes.iter().position(|class| class == label);
    place.map_or_else(|| label.to_owned(), |place| class_name(result, place))
}

/// The rows of a cell, without the values of their columns.
fn rows_of_cell(
    view: &mut RowsView,
    answers: &CandidateAnswers,
    columns: &[String],
    result: &ModelResult,
    target: &str,
) {
    let WhichRows::Cell { was, said, threshold } = view.which else { return };
    let threshold = threshold.or(result.threshold).unwrap_or(answers.threshold);
    let (total, found) = cell_rows(&answers.answers, &answers.rows, answers.positive, threshold, was, said, ROWS_SHOWN);
    let score = |row: u32, confidence: Option<f64>| match &answers.answers {
        Answers::Binary { scores, probabilities: true, .. } => {
            answers.rows.binary_search(&row).ok().and_then(|at| scores.get(at)).copied()
        }
        _ => confidence,
    };
    view.total = total;
    view.score_name = match &answers.answers {
        Answers::Binary { .. } => format!("score of {}", class_name(result, answers.positive)),
        _ => format!("probability of {}", class_name(result, said)),
    };
    view.columns = shown_columns(&result.binding, target, columns);
    let (truth, prediction) = (class_name(result, was), class_name(result, said));
    view.rows = found
        .into_iter()
        .map(|found| ShownRow {
            row: found.row,
            truth: truth.clone(),
            prediction: prediction.clone(),
            score: score(found.row, found.confidence),
            loss: None,
            values: Vec::new(),
        })
        .collect();
}

fn worst_rows(view: &mut RowsView, columns: &[String], result: &ModelResult, target: &str) {
    let worst = result.views.as_ref().map_or(&[][..], |views| &views.worst);
    view.total = worst.len() as u64;
    OF_THE_TRUTH.clone_into(&mut view.score_name);
    view.columns = shown_columns(&result.binding, target, columns);
    view.rows = worst
        .iter()
        .map(|row| ShownRow {
            row: row.row,
            truth: name_of_label(result, &row.truth),
            prediction: name_of_label(result, &row.prediction),
            score: row.truth_probability,
            loss: Some(row.loss),
            values: Vec::new(),
        })
        .collect();
}

/// The worst rows as the result keeps them, without the values of their columns.
pub fn worst_without_values(run: RunId, result: &ModelResult) -> RowsView {
    let mut view = RowsView::empty(run, &result.sha256, WhichRows::Worst);
    worst_rows(&mut view, &[], result, "");
    view
}

impl RowsView {
    fn empty(run: RunId, model: &str, which: WhichRows) -> Self {
        let (score_name, columns, rows) = (String::new(), Vec::new(), Vec::new());
        Self { run, model: model.to_owned(), which, total: 0, score_name, columns, rows, problem: None }
    }
}

impl Service {
    /// The result of a run's model.
    fn result_of(&self, run: RunId, model: &str) -> Result<(Arc<super::state::RunView>, ModelResult), String> {
        let gone = "The validation is no longer in this workspace. Run it again.";
        let view = self.state.runs.iter().find(|r| r.id == run).ok_or(gone)?;
        let result = view.report.models.iter().find(|m| m.sha256 == model).ok_or(gone)?;
        Ok((Arc::clone(view), result.clone()))
    }

    /// What it takes to ask a run's candidate again.
    pub(super) fn behind(&self, run: RunId, model: &str) -> Result<Behind, String> {
        let (view, result) = self.result_of(run, model)?;
        let plan = view.report.plan.clone().ok_or(
            "This validation was made by an older version that did not keep how it was run. Run it again to see more of it.",
        )?;
        let source = self.source(&view.dataset)?;
        let kept = self.state.settings.get(&columns_key(model));
        if let Some(columns) = kept.and_then(|value| serde_json::from_value::<Predictions>(value.clone()).ok()) {
            return Ok(Behind { origin: Origin::Columns(columns), plan, source, runtime: Runtime::loaded() });
        }
        if result.binding.inputs.is_empty() {
            return Err("Which columns held these predictions was not kept. Run the validation again.".to_owned());
        }
        if Runtime::loaded().is_none() {
            return Err("ONNX Runtime is needed to ask the model again. Install it from the Overview panel.".to_owned());
        }
        let file = Box::new(self.open_kept_model(model)?);
        Ok(Behind { origin: Origin::Model(file, result.binding), plan, source, runtime: Runtime::loaded() })
    }

    fn asked(&self, run: RunId, model: &str) -> Result<Asked, String> {
        if let Some(known) = self.answered.as_ref().filter(|a| a.run == run && a.model == model) {
            let (view, _) = self.result_of(run, model)?;
            return Ok(Asked::Known(Arc::clone(&known.answers), Box::new(self.source(&view.dataset)?)));
        }
        self.behind(run, model).map(|behind| Asked::Again(Box::new(behind)))
    }

    fn keep_answers(&mut self, run: RunId, model: &str, answers: Arc<CandidateAnswers>, whole: Option<Dataset>) {
        self.answered = Some(Answered { run, model: model.to_owned(), answers });
        self.keep_whole(whole);
    }

    fn keep_whole(&mut self, whole: Option<Dataset>) {
        if let Some(dataset) = whole {
            self.keep_table(dataset.fingerprint.sha256.clone(), dataset);
        }
    }

    /// Looks up rows behind a result.
    pub(super) fn show_rows(&mut self, run: RunId, model: &str, which: WhichRows) {
        match which {
            WhichRows::Cell { .. } => self.show_cell(run, model, which),
            WhichRows::Worst => self.show_worst(run, model),
        }
    }

    fn show_cell(&mut self, run: RunId, model: &str, which: WhichRows) {
        // A newer question makes an older one pointless.
        self.jobs.cancel_topic(&JobTopic::Rows);
        let mut view = RowsView::empty(run, model, which);
        let asked = self
            .result_of(run, model)
            .and_then(|(run_view, result)| Ok((result, run_view.report.target.clone(), self.asked(run, model)?)));
        let (result, target, asked) = match asked {
            Ok(found) => found,
            Err(why) => {
                view.problem = Some(why);
                self.state.looked.cell = Some(Arc::new(view));
                return self.touch();
            }
        };
        let model = model.to_owned();
        self.start_job(JobTopic::Rows, "Looking up rows", move |handle| -> Outcome {
            let [scoring, reading] = asked.parts(handle);
            let answered = asked.answers(&scoring).and_then(|(answers, source)| {
                rows_of_cell(&mut view, &answers, &source.columns(), &result, &target);
                Ok((answers, fill(&mut view, source, &reading)?))
            });
            Box::new(move |service| {
                match answered {
                    Ok((answers, whole)) => service.keep_answers(run, &model, answers, whole),
                    Err(why) => view.problem = Some(why),
                }
                service.state.looked.cell = Some(Arc::new(view));
                service.touch();
            })
        });
    }

    fn show_worst(&mut self, run: RunId, model: &str) {
        self.jobs.cancel_topic(&JobTopic::Worst);
        let mut view = RowsView::empty(run, model, WhichRows::Worst);
        let asked = self.result_of(run, model).and_then(|(run_view, result)| {
            Ok((run_view.report.target.clone(), result, self.source(&run_view.dataset)?))
        });
        let (target, result, source) = match asked {
            Ok(found) => found,
            Err(why) => {
                view.problem = Some(why);
                self.state.looked.worst = Some(Arc::new(view));
                return self.touch();
            }
        };
        self.start_job(JobTopic::Worst, "Looking up the worst rows", move |handle| -> Outcome {
            worst_rows(&mut view, &source.columns(), &result, &target);
            let filled = fill(&mut view, source, handle);
            Box::new(move |service| {
                match filled {
                    Ok(whole) => service.keep_whole(whole),
                    Err(why) => view.problem = Some(why),
                }
                service.state.looked.worst = Some(Arc::new(view));
                service.touch();
            })
        });
    }

    /// Works out a regression's errors along a column.
    pub(super) fn residuals_against(&mut self, run: RunId, model: &str, column: String) {
        self.jobs.cancel_topic(&JobTopic::Residuals);
        let level = self.result_of(run, model).map_or(0.95, |(view, _)| view.report.level);
        let asked = match self.asked(run, model) {
            Ok(asked) => asked,
            Err(why) => return self.residuals_found(run, model, column, Err(why)),
        };
        let model = model.to_owned();
        let name = format!("Errors along {column}");
        self.start_job(JobTopic::Residuals, name, move |handle| -> Outcome {
            let [scoring, reading] = asked.parts(handle);
            let answered = asked.answers(&scoring).and_then(|(answers, source)| {
                Ok((answers, source.take(std::slice::from_ref(&column), None, &reading)?))
            });
            let found = match &answered {
                Ok((answers, taken)) => along(answers, &taken.table, &column, level),
                Err(why) => Err(why.clone()),
            };
            Box::new(move |service| {
                if let Ok((answers, taken)) = answered {
                    service.keep_answers(run, &model, answers, taken.whole);
                }
                service.residuals_found(run, &model, column, found);
            })
        });
    }

    fn residuals_found(&mut self, run: RunId, model: &str, column: String, found: Result<ResidualsAgainst, String>) {
        self.state.looked.against = Some(Arc::new(AgainstView { run, model: model.to_owned(), column, found }));
        self.touch();
    }
}

fn along(answers: &CandidateAnswers, table: &Table, column: &str, level: f64) -> Result<ResidualsAgainst, String> {
    let column = table.column(column).ok_or_else(|| crate::data::convert::not_found(column, table).to_string())?;
    residuals_against(&answers.answers, &answers.rows, column, level)
        .ok_or_else(|| "Only the errors of a regression can be seen along a column.".to_owned())
}
