//! `modeldeck validate --model M … --data D --target COLUMN`.

use std::time::Instant;

use super::args::{Args, Validate};
use super::console::{Console, Failure, Progress};
use crate::backend::write_whole;
use crate::data::read::{Dataset, ReadOptions, read_table};
use crate::model::binding::propose_without;
use crate::model::{BoundModel, ModelFile, RuntimeHome, Task, runtime};
use crate::report::html::validation_html;
use crate::stats::grouped;
use crate::validate::policy::{self, Policy};
use crate::validate::report::metric_order;
use crate::validate::{Candidate, ModelResult, Plan, Report, ValidateError};

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
    Ok(Candidate { bound, card })
}

/// Runs the command.
pub(super) fn run(args: &Validate, all: &Args, console: &Console) -> Result<(), Failure> {
    let progress = Progress { console, what: "Validating" };
    let began = Instant::now();
    // A policy with a mistake is told before a large table is read.
    policy(args)?;
    let dataset = read_table(&args.data, &options(args)?, &progress).map_err(Failure::input)?;
    let read_s = began.elapsed().as_secs_f64();
    let candidates = args.models.iter().map(|path| candidate(path, args, &dataset)).collect::<Result<Vec<_>, _>>()?;
    let home = RuntimeHome::user().map_err(Failure::input)?;
    let runtime = runtime::ensure_loaded(&home).map_err(Failure::input)?;
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
    print(&report, console);
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

fn print(report: &Report, console: &Console) {
    for model in &report.models {
        print_model(model, console);
    }
    for c in &report.comparison {
        let interval = c.low.zip(c.high).map_or_else(String::new, |(low, high)| format!(" [{low:.4}, {high:.4}]"));
        let p = c.p_value.map_or_else(String::new, |p| format!("  p = {p:.2e}"));
        console.say(&format!("{} − {}: {} {:+.4}{interval}{p}  ({})", c.a, c.b, c.metric, c.difference, c.method));
    }
    if let Some(recommended) = &report.recommendation {
        console.say(&format!("Take {}. {}", recommended.name, recommended.reason));
    }
}

fn print_gates(model: &ModelResult, console: &Console) {
    for gate in &model.gates {
        let mark = match (gate.applies, gate.passed, gate.required) {
            (false, ..) => "does not apply",
            (_, true, _) => "pass",
            (_, false, true) => "FAIL",
            (_, false, false) => "advice not met",
        };
        let segment = gate.segment.as_ref().map_or_else(String::new, |(c, v)| format!(" at {c} = {v}"));
        let reason = gate.reason.as_ref().map_or_else(String::new, |r| format!("  ({r})"));
        let is = gate.value.map(|v| format!(", is {v:.4}")).unwrap_or_default();
        let asked = format!("{} {}", gate.metric, gate.condition);
        console.say(&format!("  gate {mark}: {}{segment}: {asked}{is}{reason}", gate.name));
    }
    if !model.gates.is_empty() {
        console.say(&format!("  verdict: {}", model.verdict));
    }
}

fn print_parts(model: &ModelResult, console: &Console) {
    for segment in &model.segments {
        let metrics = segment.metrics.iter().filter_map(|(name, m)| Some(format!("{name} {:.4}", m.value?)));
        let metrics: Vec<String> = metrics.collect();
        console.say(&format!("  {}: {}, {}", segment.place(), grouped::rows(segment.rows as u64), metrics.join(", ")));
    }
    for weak in model.weak_segments.iter().take(5) {
        console.say(&format!(
            "  weak where {}: loss {:.4} on {}, {:.4} elsewhere, p = {:.1e} after correction for {}",
            weak.place(),
            weak.loss,
            grouped::rows(weak.rows as u64),
            weak.loss_elsewhere,
            weak.p_corrected,
            weak.looked_at
        ));
    }
}

fn print_model(model: &ModelResult, console: &Console) {
    console.say(&format!(
        "{}: {}, {} without target, {} a second",
        model.name,
        grouped::rows(model.rows as u64),
        model.rows_without_target,
        grouped::rows(model.rows_per_second as u64)
    ));
    for skipped in &model.skipped {
        console.say(&format!("  left out {} rows: {}", skipped.rows, skipped.reason));
    }
    for note in &model.notes {
        console.say(&format!("  note: {note}"));
    }
    for name in metric_order(model.task) {
        let Some(metric) = model.metrics.get(*name) else { continue };
        let value = metric.value.map_or_else(|| "–".to_owned(), |v| format!("{v:.4}"));
        let interval =
            metric.low.zip(metric.high).map_or_else(String::new, |(low, high)| format!("[{low:.4}, {high:.4}]"));
        let training = model.training.get(*name).map_or_else(String::new, |t| format!("training {t:.4}"));
        let reason = metric.reason.clone().unwrap_or_default();
        console.say(format!("  {name:<22}{value:>12}  {interval:<20}  {training} {reason}").trim_end());
    }
    print_parts(model, console);
    print_gates(model, console);
}
