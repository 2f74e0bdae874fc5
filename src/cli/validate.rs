//! `modeldeck validate --model M … --data D --target COLUMN`.

use std::path::Path;
use std::time::Instant;

use super::args::{Args, Validate};
use super::console::{Console, Failure, Progress};
use super::summary::summary;
use crate::backend::write_whole;
use crate::data::estimate::{HELD_BYTES, is_larger};
use crate::data::layout::layout_key;
use crate::data::read::{Dataset, ReadOptions, read_table};
use crate::data::watch::NoWatch;
use crate::model::binding::propose_without;
use crate::model::{BoundModel, ModelFile, Runtime, RuntimeHome, Task, runtime};
use crate::report::files::Format;
use crate::report::tables;
use crate::validate::governance::{Register, parse_register};
use crate::validate::policy::{self, Policy};
use crate::validate::predictions::{ClassScore, Transform};
use crate::validate::robustness::{RobustnessSettings, robustness};
use crate::validate::streamed::{File, run_streamed};
use crate::validate::{self, Candidate, Data, Origin, Plan, Predictions, Report, ValidateError};
use crate::workspace::{OpenOptions, Workspace};

fn options(args: &Validate) -> Result<ReadOptions, Failure> {
    let decimal_comma = match args.decimal {
        None => None,
        Some(',') => Some(true),
        Some('.') => Some(false),
        Some(other) => {
            return Err(Failure::Input(format!("“{other}” is no decimal mark. Use --decimal , or --decimal .")));
        }
    };
    let delimiter = match args.delimiter {
        None => None,
        Some(c) if c.is_ascii() => Some(c as u8),
        Some(other) => {
            return Err(Failure::Input(format!("“{other}” cannot be a delimiter; it must be a plain character.")));
        }
    };
    Ok(ReadOptions {
        delimiter,
        decimal_comma,
        encoding: args.encoding.clone(),
        header: args.header.as_deref().map(|word| word == "yes"),
        sheet: args.sheet.clone(),
        categorical: args.categorical.clone(),
        numeric: args.numeric.clone(),
        max_rows: None,
    })
}

fn candidate(file: ModelFile, args: &Validate, dataset: &Dataset) -> Result<Candidate, ValidateError> {
    let card = file.card.clone();
    let mut proposal = propose_without(&file.inspection, card.as_deref(), &dataset.table, &[args.target.as_str()]);
    if args.by_order
        && let Some(agreed) = proposal.agree_to_order()
    {
        proposal.binding = agreed;
    }
    for bind in &args.bind {
        let (input, column) = bind.split_once('=').ok_or_else(|| {
            ValidateError::Setting(format!("--bind takes INPUT=COLUMN, and “{bind}” has no equals sign."))
        })?;
        if !file.inspection.inputs.iter().any(|port| port.name == input) {
            continue;
        }
        proposal.binding.set(input, column);
    }
    if args.skip_rows {
        for input in &file.inspection.inputs {
            proposal.binding.set_skip_unreadable(&input.name, true);
        }
    }
    Ok(Candidate::of_model(BoundModel::bind(file, proposal.binding, &dataset.table)?))
}

/// The predictions in columns, when the person names some.
fn predictions(args: &Validate, dataset: &Dataset) -> Option<Candidate> {
    let named = args.prediction.is_some() || !args.scores.is_empty();
    named.then(|| {
        Candidate::of_columns(Predictions {
            prediction: args.prediction.clone(),
            scores: args.scores.iter().map(|words| ClassScore::parse(words, &dataset.table)).collect(),
            transform: args.score_transform.as_deref().and_then(Transform::of_word),
        })
    })
}

/// Runs the command.
pub(super) fn run(args: &Validate, all: &Args, console: &Console) -> Result<(), Failure> {
    let progress = Progress { console, what: "Validating" };
    let mut plan = plan(args, all)?;
    if args.models.is_empty() && args.prediction.is_none() && args.scores.is_empty() {
        return Err(Failure::Input(
            "Nothing to validate: name a model with --model, or predictions in the data with --prediction or --score."
                .to_owned(),
        ));
    }
    // An ending that names no format is told before anything is measured.
    let format = args.report.as_deref().map(Format::of).transpose().map_err(Failure::input)?;
    let options = options(args)?;
    let files = args.models.iter().map(|path| ModelFile::open(path).map_err(Failure::input));
    let mut files = files.collect::<Result<Vec<_>, _>>()?;
    if let Some(path) = &args.champion {
        let champion = ModelFile::open(path).map_err(Failure::input)?;
        plan.champion = Some(champion.sha256.clone());
        if files.iter().all(|file| file.sha256 != champion.sha256) {
            files.push(champion);
        }
    }
    let runtime = if files.is_empty() {
        None
    } else {
        let home = RuntimeHome::user().map_err(Failure::input)?;
        Some(runtime::ensure_loaded(&home).map_err(Failure::input)?)
    };
    let reference = args.reference.as_ref().map(|path| read_table(path, &options, &progress).map_err(Failure::input));
    let reference = reference.transpose()?;
    let job = Job { args, plan, options, files, runtime, reference };
    let report = job.report(&progress);
    console.end_progress();
    let report = report.map_err(|error| match error {
        ValidateError::Cancelled => Failure::Cancelled,
        other => Failure::input(other),
    })?;
    write_reports(&report, args, format)?;
    if let Some(place) = &args.json {
        console.json(place, &report)?;
        if place == Path::new("-") {
            return verdict(&report, args);
        }
    }
    summary(&report, console);
    verdict(&report, args)
}

/// Writes the report and its tables where they were asked for.
fn write_reports(report: &Report, args: &Validate, format: Option<Format>) -> Result<(), Failure> {
    if let Some((place, format)) = args.report.as_ref().zip(format) {
        let bytes = format.bytes(report, &[]).map_err(Failure::input)?;
        write_whole(place, &bytes).map_err(|error| {
            let place = place.display();
            Failure::Input(format!("The report could not be written: {error}. Name another place for it: {place}"))
        })?;
    }
    let Some(folder) = &args.tables else { return Ok(()) };
    let failed = |error: std::io::Error| {
        let folder = folder.display();
        Failure::Input(format!("The tables could not be written: {error}. Name another folder for them: {folder}"))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, text) in tables::all(report) {
        write_whole(&folder.join(name), text.as_bytes()).map_err(failed)?;
    }
    Ok(())
}

fn plan(args: &Validate, all: &Args) -> Result<Plan, Failure> {
    let mut plan = Plan::new(args.target.clone());
    plan.task = args.task.as_deref().and_then(Task::of_word);
    plan.positive.clone_from(&args.positive);
    plan.threshold = args.threshold;
    plan.level = args.level;
    plan.seed = all.seed;
    plan.segments.clone_from(&args.segments);
    // Policy and register come first: a mistake in them is told before a large table is read.
    plan.policy = policy(args)?;
    plan.register = match register(args)? {
        None => kept_register(args, all.workspace.as_deref())?,
        named => named,
    };
    if let Some(threads) = all.threads {
        plan.threads = threads;
    }
    Ok(plan)
}

/// Everything that was asked for, read as far as it can be without the data.
struct Job<'a> {
    args: &'a Validate,
    plan: Plan,
    options: ReadOptions,
    files: Vec<ModelFile>,
    runtime: Option<&'static Runtime>,
    reference: Option<Dataset>,
}

impl Job<'_> {
    fn bind(&self, dataset: &Dataset) -> Result<Vec<Candidate>, ValidateError> {
        let bound = self.files.iter().map(|file| candidate(file.clone(), self.args, dataset));
        bound.chain(predictions(self.args, dataset).map(Ok)).collect()
    }

    /// Reads, scores and measures: at once when the table is small, else chunk by chunk.
    fn report(&self, progress: &Progress<'_>) -> Result<Report, ValidateError> {
        let path = &self.args.data;
        let reference = self.reference.as_ref().map(|dataset| dataset.table.as_ref());
        let large = is_larger(path, &self.options, HELD_BYTES);
        if large && !self.args.robustness {
            let file = File { path, options: &self.options, reference };
            return run_streamed(&self.plan, file, &|dataset| self.bind(dataset), self.runtime, progress);
        }
        let began = Instant::now();
        let dataset = read_table(path, &self.options, progress)?;
        let read_s = began.elapsed().as_secs_f64();
        let candidates = self.bind(&dataset)?;
        let data = Data { dataset: &dataset, reference, read_s };
        let mut report = validate::run(&self.plan, &candidates, data, self.runtime, progress)?;
        if self.args.robustness
            && let Some(runtime) = self.runtime
        {
            for (model, candidate) in report.models.iter_mut().zip(&candidates) {
                if matches!(candidate.origin, Origin::Model(_)) {
                    let settings = RobustnessSettings::default();
                    let found = robustness(candidate, &self.plan, &dataset, &settings, runtime, progress)?;
                    model.robustness = Some(found);
                }
            }
        }
        Ok(report)
    }
}

/// The register that was named.
fn register(args: &Validate) -> Result<Option<Register>, Failure> {
    let Some(path) = &args.register else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Input(format!(
            "The data-use register could not be read: {error}. Name a TOML file with columns: {}",
            path.display()
        ))
    })?;
    parse_register(&text).map(Some).map_err(|error| Failure::Input(format!("{error} File: {}", path.display())))
}

/// The register that a named workspace keeps for the columns of the data.
fn kept_register(args: &Validate, workspace: Option<&Path>) -> Result<Option<Register>, Failure> {
    let Some(folder) = workspace else { return Ok(None) };
    if !Workspace::is_in(folder) {
        let folder = folder.display();
        return Err(Failure::Input(format!(
            "There is no workspace, so there is no data-use register. Name its folder with --workspace, or a file with --register: {folder}"
        )));
    }
    let head = ReadOptions { max_rows: Some(1), ..options(args)? };
    let head = read_table(&args.data, &head, &NoWatch).map_err(Failure::input)?;
    let names: Vec<&str> = head.table.columns().iter().map(|column| column.name.as_str()).collect();
    let reading = OpenOptions { read_only: true, ..OpenOptions::default() };
    let kept = Workspace::open_with(folder, reading).map_err(Failure::input)?;
    let Some(value) = kept.register(&layout_key(&names, None)).map_err(Failure::input)? else { return Ok(None) };
    serde_json::from_value(value).map(Some).map_err(|error| {
        Failure::Input(format!(
            "The data-use register of the workspace cannot be read by this version ({error}). Name a TOML file with --register, or write it anew in the window: {}",
            folder.display()
        ))
    })
}

/// The policy that was named.
fn policy(args: &Validate) -> Result<Option<Policy>, Failure> {
    let Some(path) = &args.gates else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Input(format!(
            "The policy could not be read: {error}. Name a TOML file with gates: {}",
            path.display()
        ))
    })?;
    let parsed = policy::parse(&text);
    parsed.map(Some).map_err(|error| Failure::Input(format!("{error} File: {}", path.display())))
}

fn verdict(report: &Report, args: &Validate) -> Result<(), Failure> {
    let failed = report.models.iter().any(|model| model.verdict == "fail");
    if failed && args.fail_on.is_some() { Err(Failure::Gates) } else { Ok(()) }
}
