//! `modeldeck size --model M --data D`.

use super::args::{Args, Size};
use super::console::{Console, Failure, Progress};
use crate::data::read::{ReadOptions, read_table};
use crate::deploy::machine::Machine;
use crate::deploy::service::{SIZED, sized};
use crate::deploy::sizing::{Setting, Sizing, SizingPlan, Target, size};
use crate::model::binding::propose_without;
use crate::model::{BoundModel, ModelFile, RuntimeHome, runtime};
use crate::stats::grouped;

/// Rows of the table that are asked about, in turn.
const ASKED: usize = 1_024;

/// Runs the command.
pub(super) fn run(args: &Size, all: &Args, console: &Console) -> Result<(), Failure> {
    let positive = |value: Option<f64>, name: &str| match value {
        Some(value) if !(value.is_finite() && value > 0.0) => {
            Err(Failure::Input(format!("{name} must be more than 0, not {value}.")))
        }
        _ => Ok(()),
    };
    positive(args.target_rps, "--target-rps")?;
    positive(args.target_p95_ms, "--target-p95-ms")?;
    positive(Some(args.seconds), "--seconds")?;
    let rows = args.rows.max(1);
    let progress = Progress { console, what: "Sizing" };
    let file = ModelFile::open(&args.model).map_err(Failure::input)?;
    let home = RuntimeHome::user().map_err(Failure::input)?;
    let runtime = runtime::ensure_loaded(&home).map_err(Failure::input)?;
    let options = ReadOptions { max_rows: Some(ASKED.max(rows)), ..ReadOptions::default() };
    let table = read_table(&args.data, &options, &progress).map_err(Failure::input)?.table;
    let mut proposal = propose_without(&file.inspection, file.card.as_deref(), &table, &[]);
    if args.by_order
        && let Some(agreed) = proposal.agree_to_order()
    {
        proposal.binding = agreed;
    }
    for bind in &args.bind {
        let (input, column) = bind
            .split_once('=')
            .ok_or_else(|| Failure::Input(format!("--bind takes INPUT=COLUMN, and “{bind}” has no equals sign.")))?;
        proposal.binding.set(input, column);
    }
    let bound = BoundModel::bind(file.clone(), proposal.binding, &table).map_err(Failure::input)?;
    let mut requests = Vec::new();
    for from in (0..table.rows().saturating_sub(rows - 1)).step_by(rows) {
        requests.push(bound.tensors(&table, from..from + rows).map_err(Failure::input)?);
    }
    let cores = all.threads.unwrap_or_else(|| Machine::look().cores);
    let target = Target { requests_per_second: args.target_rps, p95_ms: args.target_p95_ms };
    let plan = SizingPlan { seconds: args.seconds, ..SizingPlan::usual(cores, target) };
    let start = |setting: &Setting| sized(&file, setting, runtime);
    let sizing = size(&plan, SIZED, &requests, &start, &progress).map_err(Failure::Input)?;
    console.end_progress();
    if let Some(place) = &args.json {
        console.json(place, &sizing)?;
    }
    if args.json.as_deref() != Some(std::path::Path::new("-")) {
        console.say(&table_of(&sizing));
        console.say(&sizing.advice.sentence);
    }
    Ok(())
}

fn table_of(sizing: &Sizing) -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "workers threads batch  start ms  requests/s      rows/s  at req/s    p50 ms    p95 ms    p99 ms  memory MiB\n",
    );
    for point in &sizing.points {
        let count = |value: f64| grouped::grouped(&format!("{value:.0}"));
        writeln!(
            text,
            "{:>7} {:>7} {:>5} {:>9.0} {:>11} {:>11} {:>9} {:>9.2} {:>9.2} {:>9.2} {:>11}",
            point.setting.workers,
            point.setting.threads,
            point.setting.max_batch,
            point.start_ms,
            count(point.requests_per_second),
            count(point.rows_per_second),
            count(point.load),
            point.p50_ms,
            point.p95_ms,
            point.p99_ms,
            point.peak_bytes >> 20,
        )
        .ok();
    }
    text
}
