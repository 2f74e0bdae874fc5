//! What is set up for the next validation: candidates, dataset, target and threshold, and whether it can run.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::context::PanelContext;
use crate::backend::command::{DatasetId, ModelId, Preparing};
use crate::backend::event::JobTopic;
use crate::backend::state::{DatasetView, ModelView, PolicyView, Preparation, RunView, RuntimeView};
use crate::backend::{Command, State};
use crate::data::schema::Role;
use crate::model::Task;
use crate::validate::predictions::ClassScore;
use crate::validate::{Plan, Predictions};

/// The threshold a person begins with when the card names none.
const USUAL_THRESHOLD: f64 = 0.5;
/// The level of intervals a person begins with.
const USUAL_LEVEL: f64 = 0.95;

/// The draft of a validation.
#[derive(Debug)]
pub(super) struct Setup {
    /// The candidates.
    pub(super) ticked: BTreeSet<ModelId>,
    /// Whether predictions that stand in the data are a candidate too.
    pub(super) said: bool,
    /// The column with the predicted class or number.
    pub(super) prediction: Option<String>,
    /// The column with the score of the positive class.
    pub(super) score: Option<String>,
    /// The data.
    pub(super) dataset: Option<DatasetId>,
    /// Data the models were trained or accepted on, to compare the data with.
    pub(super) reference: Option<DatasetId>,
    /// The target, once a person chose one.
    pub(super) target: Option<String>,
    /// Whether `threshold` is used instead of the card's.
    pub(super) own_threshold: bool,
    /// Score from which a row counts as positive.
    pub(super) threshold: f64,
    /// Level of the intervals, 0 to 1.
    pub(super) level: f64,
    /// Columns by whose values the metrics are told apart.
    pub(super) segments: BTreeSet<String>,
    /// The policy that judges, by name.
    pub(super) policy: Option<String>,
    /// What the person wants of the policy editor, until it is taken.
    pub(super) policy_wish: Option<super::policy::Wish>,
    /// A person changed something, so the defaults stay away.
    pub(super) touched: bool,
    revision: Option<u64>,
    /// What was asked, and whether ONNX Runtime was there to estimate the cost.
    asked: BTreeMap<ModelId, (Preparing, bool)>,
    /// The candidate whose binding is shown, once a person chose one.
    pub(super) bound: Option<ModelId>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            ticked: BTreeSet::new(),
            said: false,
            prediction: None,
            score: None,
            dataset: None,
            reference: None,
            target: None,
            own_threshold: false,
            threshold: USUAL_THRESHOLD,
            level: USUAL_LEVEL,
            segments: BTreeSet::new(),
            policy: None,
            policy_wish: None,
            touched: false,
            revision: None,
            asked: BTreeMap::new(),
            bound: None,
        }
    }
}

impl Setup {
    /// The setup for a model that has no run yet.
    pub(super) fn of_model(state: &State, model: &str) -> Self {
        let mut setup = Self { dataset: default_dataset(state), touched: true, ..Self::default() };
        setup.ticked.insert(model.to_owned());
        setup
    }

    /// The setup that a run had, as far as its parts are still there.
    pub(super) fn of_run(state: &State, run: &RunView) -> Self {
        let here = state.datasets.iter().any(|d| d.id == run.dataset);
        let models = run.report.models.iter().map(|m| m.sha256.clone());
        Self {
            ticked: models.filter(|id| state.models.iter().any(|m| &m.id == id)).collect(),
            dataset: if here { Some(run.dataset.clone()) } else { default_dataset(state) },
            target: here.then(|| run.report.target.clone()),
            level: run.report.level,
            touched: true,
            ..Self::default()
        }
    }

    /// Brings the setup in line with the workspace: what went away leaves it, and before a person changes anything
    /// it is what most will want.
    pub(super) fn settle(&mut self, state: &State) {
        if self.revision == Some(state.revision) {
            return;
        }
        self.revision = Some(state.revision);
        self.ticked.retain(|id| state.models.iter().any(|m| &m.id == id));
        if self.dataset.as_ref().is_some_and(|id| !state.datasets.iter().any(|d| &d.id == id)) {
            self.dataset = None;
        }
        if self.reference.as_ref().is_some_and(|id| !state.datasets.iter().any(|d| &d.id == id)) {
            self.reference = None;
        }
        if self.policy(state).is_none() {
            self.policy = None;
        }
        if self.dataset.is_none() {
            self.dataset = default_dataset(state);
        }
        if !self.touched {
            self.ticked = default_models(state);
            self.dataset = default_dataset(state);
        }
    }

    /// The candidates in the order of the workspace.
    pub(super) fn models<'a>(&self, state: &'a State) -> Vec<&'a ModelView> {
        state.models.iter().map(AsRef::as_ref).filter(|m| self.ticked.contains(&m.id)).collect()
    }

    /// The chosen dataset.
    pub(super) fn data<'a>(&self, state: &'a State) -> Option<&'a DatasetView> {
        state.datasets.iter().map(AsRef::as_ref).find(|d| Some(&d.id) == self.dataset.as_ref())
    }

    /// The target in use: chosen, else the first candidate's card's, else the dataset's.
    pub(super) fn target(&self, state: &State) -> Option<String> {
        let data = self.data(state)?;
        let card = || self.models(state).first().and_then(|m| m.card.as_ref()).and_then(|c| c.target.clone());
        let there = |name: &String| data.schema.iter().any(|c| &c.name == name);
        self.target.clone().filter(there).or_else(|| card().filter(there)).or_else(|| data.target.clone().filter(there))
    }

    /// The policy that judges.
    pub(super) fn policy<'a>(&self, state: &'a State) -> Option<&'a PolicyView> {
        let name = self.policy.as_ref()?;
        state.policies.iter().map(AsRef::as_ref).find(|p| &p.policy.name == name)
    }

    /// The task all candidates share.
    pub(super) fn task(&self, state: &State) -> Option<Task> {
        self.models(state).first().map(|m| m.inspection.task)
    }

    /// Why a model cannot be ticked.
    pub(super) fn unfit(&self, state: &State, model: &ModelView) -> Option<String> {
        if let Some(problem) = &model.problem {
            return Some(problem.clone());
        }
        let first = self.models(state).first().map(|m| (m.name.clone(), m.inspection.task));
        match first {
            Some((name, task)) if task != model.inspection.task && !self.ticked.contains(&model.id) => Some(format!(
                "Another task than {name}: {}, not {}. Untick the others first.",
                model.inspection.task.word(),
                task.word()
            )),
            _ => None,
        }
    }

    /// Takes the columns that look like predictions and scores, where a person chose none.
    pub(super) fn guess_predictions(&mut self, state: &State) {
        let Some(data) = self.data(state) else { return };
        let of = |role: Role| data.schema.iter().find(|c| c.role == role).map(|c| c.name.clone());
        let (prediction, score) = (of(Role::Prediction), of(Role::Score));
        self.prediction = self.prediction.take().or(prediction);
        self.score = self.score.take().or(score);
    }

    /// The predictions that are a candidate, from columns that are there.
    pub(super) fn predictions(&self, state: &State) -> Option<Predictions> {
        let data = self.data(state).filter(|_| self.said)?;
        let there = |name: &String| data.schema.iter().any(|c| &c.name == name);
        let score = |column: String| ClassScore { class: None, column };
        Some(Predictions {
            prediction: self.prediction.clone().filter(there),
            scores: self.score.clone().filter(there).map(score).into_iter().collect(),
            transform: None,
        })
    }

    fn wanted(&self, state: &State, model: &ModelView) -> Option<Preparing> {
        let model = model.id.clone();
        Some(Preparing { model, dataset: self.data(state)?.id.clone(), target: self.target(state) })
    }

    /// The candidate whose binding is shown: chosen, else the first.
    pub(super) fn bound_model<'a>(&self, state: &'a State) -> Option<&'a ModelView> {
        let models = self.models(state);
        let chosen = models.iter().find(|m| Some(&m.id) == self.bound.as_ref()).copied();
        chosen.or_else(|| models.first().copied())
    }

    /// Asks how the dataset fits each candidate, once a change and one after the other.
    pub(super) fn prepare(&mut self, ctx: &PanelContext<'_>) {
        let state = ctx.state;
        let ready = matches!(state.runtime, RuntimeView::Ready { .. });
        for model in self.models(state).into_iter().filter(|m| m.problem.is_none()) {
            let Some(wanted) = self.wanted(state, model) else { return };
            let wanted = (wanted, ready);
            if self.asked.get(&model.id) != Some(&wanted) {
                ctx.command(Command::Prepare(wanted.0.clone()));
                self.asked.insert(model.id.clone(), wanted);
                return;
            }
            if self.prepared_of(state, model).is_none() {
                return;
            }
        }
    }

    /// Asks again, after a failure.
    pub(super) fn prepare_again(&mut self) {
        self.asked.clear();
    }

    /// The backend's answer for the candidate whose binding is shown, when it is for this setup.
    pub(super) fn prepared<'a>(&self, state: &'a State) -> Option<&'a std::sync::Arc<Preparation>> {
        self.prepared_of(state, self.bound_model(state)?)
    }

    /// The backend's answer for a candidate, when it is for this setup.
    pub(super) fn prepared_of<'a>(
        &self,
        state: &'a State,
        model: &ModelView,
    ) -> Option<&'a std::sync::Arc<Preparation>> {
        let wanted = self.wanted(state, model)?;
        state.preparations.get(&model.id).filter(|p| {
            p.asked.dataset == wanted.dataset && (wanted.target.is_none() || wanted.target == p.asked.target)
        })
    }

    /// Why the validation cannot run now.
    pub(super) fn problem(&self, ctx: &PanelContext<'_>) -> Option<String> {
        let state = ctx.state;
        if ctx.job(&JobTopic::Validate).is_some() {
            return Some("A validation is running".to_owned());
        }
        let models = self.models(state);
        match &state.runtime {
            // Nothing is run where only columns are judged.
            _ if models.is_empty() && self.said => {}
            RuntimeView::Missing { way_out } => return Some(format!("ONNX Runtime is missing. {way_out}")),
            RuntimeView::Broken { why } => return Some(why.clone()),
            RuntimeView::Unknown | RuntimeView::Working => return Some("ONNX Runtime is being made ready".to_owned()),
            RuntimeView::Ready { .. } => {}
        }
        if models.is_empty() && !self.said {
            return Some("Tick at least one candidate".to_owned());
        }
        if let Some(broken) = models.iter().find_map(|m| m.problem.clone()) {
            return Some(broken);
        }
        let Some(data) = self.data(state) else { return Some("Choose a dataset".to_owned()) };
        if let Some(problem) = &data.problem {
            return Some(problem.clone());
        }
        if self.target(state).is_none() {
            return Some("Choose the column that holds the truth".to_owned());
        }
        if self.predictions(state).is_some_and(|said| said.columns().next().is_none()) {
            return Some("Choose the column with the predictions or their score".to_owned());
        }
        if models.is_empty() {
            return None;
        }
        models.iter().find_map(|model| {
            let why = self.unready(state, model)?;
            Some(if models.len() > 1 { format!("{}: {why}", model.name) } else { why })
        })
    }

    /// Why a candidate cannot be run on the dataset.
    fn unready(&self, state: &State, model: &ModelView) -> Option<String> {
        let Some(prepared) = self.prepared_of(state, model) else {
            return Some("The binding is being worked out".to_owned());
        };
        if let Some(problem) = &prepared.target_problem {
            return Some(problem.clone());
        }
        if !prepared.unbound.is_empty() {
            return Some(format!("Bind these inputs to a column first: {}", prepared.unbound.join(", ")));
        }
        if let Some(problem) = prepared.problems.iter().find(|p| p.blocks) {
            return Some(problem.sentence.clone());
        }
        (!prepared.ready).then(|| "This model cannot be bound to this dataset".to_owned())
    }

    /// Sends the validation off.
    ///
    /// # Errors
    /// Why it cannot run now, as a sentence.
    pub(super) fn run(&self, ctx: &PanelContext<'_>) -> Result<(), String> {
        if let Some(problem) = self.problem(ctx) {
            return Err(problem);
        }
        let (Some(dataset), Some(target)) = (self.dataset.clone(), self.target(ctx.state)) else {
            return Err("Choose a dataset and its target".to_owned());
        };
        let mut plan = Plan::new(target);
        plan.level = self.level;
        if self.own_threshold && self.task(ctx.state) == Some(Task::Binary) {
            plan.threshold = Some(self.threshold);
        }
        let there = |name: &&String| self.data(ctx.state).is_some_and(|d| d.schema.iter().any(|c| &c.name == *name));
        plan.segments = self.segments.iter().filter(there).cloned().collect();
        plan.policy = self.policy(ctx.state).map(|view| view.policy.clone());
        let models = self.models(ctx.state).iter().map(|m| m.id.clone()).collect();
        let said = self.predictions(ctx.state);
        // A table beside itself says nothing.
        let reference = self.reference.clone().filter(|id| id != &dataset);
        ctx.command(Command::Validate { models, said, dataset, reference, plan: Box::new(plan) });
        Ok(())
    }
}

/// The first usable model and those of its task and story: the candidates for one job.
fn default_models(state: &State) -> BTreeSet<ModelId> {
    let job = |m: &ModelView| (m.inspection.task, m.card.as_ref().and_then(|c| c.story.clone()));
    let mut usable = state.models.iter().filter(|m| m.problem.is_none()).peekable();
    let first = usable.peek().map(|m| job(m));
    usable.filter(|m| first.as_ref() == Some(&job(m))).map(|m| m.id.clone()).collect()
}

fn default_dataset(state: &State) -> Option<DatasetId> {
    let usable = || state.datasets.iter().filter(|d| d.problem.is_none());
    let april = usable().find(|d| state.samples && d.name.contains("april"));
    april.or_else(|| usable().next()).or_else(|| state.datasets.first()).map(|d| d.id.clone())
}
