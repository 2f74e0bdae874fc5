//! `modeldeck validate --model M … --data D --target COLUMN`.

use std::time::Instant;

use super::args::{Args, Validate};
use super::console::{Console, Failure, Progress};
use super::summary::summary;
use crate::backend::write_whole;
use crate::data::read::{Dataset, ReadOptions, read_table};
use crate::model::binding::propose_without;
use crate::model::{BoundModel, ModelFile, RuntimeHome, Task, runtime};
use crate::report::html::validation_html;
use crate::validate::policy::{self, Policy};
use crate::validate::predictions::{ClassScore, Transform};
use crate::validate::{Candidate, Plan, Predictions, Report, ValidateError};

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
        categorical: args.categorical.clone(),
        numeric: args.numeric.clone(),
        max_rows: None,
    })
}

fn candidate(path: &std::path::Path, args: &Validate, dataset: &Dataset) -> Result<Candidate, Failure> {
    let file = ModelFile::open(path).map_err(Failure::input)?;
    let card = file.card.clone();
    let mut proposal = propose_without(&file.inspection, card.as_deref(), &dataset.table, &[args.target.as_str()]);
    if args.by_order
        && let Some(agreed) = proposal.agree_to_order()
    {
        proposal.binding = agreed;
    }
    for bind in &args.bind {
        let (input, column) = bind
            .split_once('=')
            .ok_or_else(|| Failure::Input(format!("--bind takes INPUT=COLUMN, and “{bind}” has no equals sign.")))?;
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
    let bound = BoundModel::bind(file, proposal.binding, &dataset.table).map_err(Failure::input)?;
    Ok(Candidate::of_model(bound))
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
    let began = Instant::now();
    // A policy with a mistake is told before a large table is read.
    policy(args)?;
    if args.models.is_empty() && args.prediction.is_none() && args.scores.is_empty() {
        return Err(Failure::Input(
            "Nothing to validate: name a model with --model, or predictions in the data with --prediction or --score."
                .to_owned(),
        ));
    }
    let dataset = read_table(&args.data, &options(args)?, &progress).map_err(Failure::input)?;
    let read_s = began.elapsed().as_secs_f64();
    let mut candidates =
        args.models.iter().map(|path| candidate(path, args, &dataset)).collect::<Result<Vec<_>, _>>()?;
    candidates.extend(predictions(args, &dataset));
    let runtime = if args.models.is_empty() {
        None
    } else {
        let home = RuntimeHome::user().map_err(Failure::input)?;
        Some(runtime::ensure_loaded(&home).map_err(Failure::input)?)
    };
    let mut plan = Plan::new(args.target.clone());
    plan.task = args.task.as_deref().and_then(Task::of_word);
    plan.positive.clone_from(&args.positive);
    plan.threshold = args.threshold;
    plan.level = args.level;
    plan.seed = all.seed;
    plan.segments.clone_from(&args.segments);
    plan.policy = policy(args)?;
    if let Some(threads) = all.threads {
        plan.threads = threads;
    }
    let report = crate::validate::run(&plan, &candidates, &dataset, read_s, runtime, &progress);
    console.end_progress();
    let report = report.map_err(|error| match error {
        ValidateError::Cancelled => Failure::Cancelled,
        other => Failure::input(other),
    })?;
    if let Some(place) = &args.report {
        write_whole(place, validation_html(&report).as_bytes()).map_err(|error| {
            let place = place.display();
            Failure::Input(format!("The report could not be written: {error}. Name another place for it: {place}"))
        })?;
    }
    if let Some(place) = &args.json {
        console.json(place, &report)?;
        if place == std::path::Path::new("-") {
            return verdict(&report, args);
        }
    }
    summary(&report, console);
    verdict(&report, args)
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
