//! `modeldeck verify REPORT.json`: runs a kept validation again and says what is not as it was.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Args, Verify};
use super::console::{Console, Failure, Progress};
use crate::data::estimate::HELD_BYTES;
use crate::data::read::ReadOptions;
use crate::model::{ModelFile, Runtime, RuntimeHome, runtime};
use crate::validate::again::{differences, places, plan_of, run_file_again};
use crate::validate::signoff::{Difference, Part};
use crate::validate::streamed::File;
use crate::validate::{Report, ValidateError};

/// Version of the JSON of this command.
const SCHEMA_VERSION: u32 = 1;
/// A report has no rows in it; a larger file is another one by mistake.
const LARGEST_BYTES: u64 = 512 << 20;

/// Runs the command.
pub(super) fn run(args: &Verify, all: &Args, console: &Console) -> Result<(), Failure> {
    let kept = read_report(&args.report)?;
    plan_of(&kept).map_err(Failure::input)?;
    let files = models(args, &kept)?;
    let data = args.data.clone().unwrap_or_else(|| PathBuf::from(&kept.data.path));
    if !data.is_file() {
        let way = if args.data.is_some() { "Name the file it was made on" } else { "Name its place with --data" };
        return Err(Failure::Input(format!("The data file of the report is not there. {way}: {}", data.display())));
    }
    let home = RuntimeHome::user().map_err(Failure::input)?;
    let runtime = runtime::ensure_loaded(&home).map_err(Failure::input)?;
    let progress = Progress { console, what: "Verifying" };
    let again = computed(&kept, &files, &data, all.threads, runtime, &progress);
    console.end_progress();
    let again = match again {
        Ok(again) => again,
        Err(ValidateError::Cancelled) => return Err(Failure::Cancelled),
        Err(error) => return Err(Failure::Input(format!("The report cannot be computed again. {error}"))),
    };
    let mut found = Vec::new();
    for (now, was) in places(&kept).into_iter().enumerate() {
        found.push((was, differences(None, (&kept, was), (&again, now)).map_err(Failure::input)?));
    }
    let same = found.iter().all(|(_, differences)| differences.is_empty());
    if let Some(place) = &args.json {
        console.json(place, &written(&args.report, &kept, &again, &found, same))?;
    }
    if args.json.as_deref() != Some(Path::new("-")) {
        say(&kept, &again, &found, console);
    }
    if same { Ok(()) } else { Err(Failure::Gates) }
}

fn read_report(path: &Path) -> Result<Report, Failure> {
    let read = || -> Result<Report, String> {
        let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
        if size > LARGEST_BYTES {
            return Err("it is too large to be one".to_owned());
        }
        let text = std::fs::read(path).map_err(|e| e.to_string())?;
        let report: Report = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
        let known = crate::validate::report::SCHEMA_VERSION;
        if report.schema_version > known {
            let newer = report.schema_version;
            return Err(format!("it is of version {newer}, and this program reads up to {known}; use a newer one"));
        }
        Ok(report)
    };
    read().map_err(|why| {
        Failure::Input(format!(
            "The file is no report that can be read ({why}). Name the JSON of a validation: {}",
            path.display()
        ))
    })
}

/// The model files in the report's order: those that were named, by content where it is known, else the report's own.
fn models(args: &Verify, kept: &Report) -> Result<Vec<ModelFile>, Failure> {
    let results: Vec<_> = places(kept).into_iter().filter_map(|place| kept.models.get(place)).collect();
    if args.models.is_empty() {
        let own = results.iter().map(|result| {
            let path = Path::new(&result.path);
            if !path.is_file() {
                return Err(Failure::Input(format!(
                    "The model “{}” of the report is not there. Name its place with --model: {}",
                    result.name,
                    path.display()
                )));
            }
            ModelFile::open(path).map_err(Failure::input)
        });
        return own.collect();
    }
    let named = args.models.iter().map(|path| ModelFile::open(path).map_err(Failure::input));
    let mut named = named.collect::<Result<Vec<_>, _>>()?;
    if named.len() != results.len() {
        return Err(Failure::Input(format!(
            "The report judges {} models, and {} were named. Name each with --model, in the report's order.",
            results.len(),
            named.len()
        )));
    }
    // A file whose content is known goes to its place; what is left fills the rest in order.
    let mut found: Vec<Option<ModelFile>> = results
        .iter()
        .map(|result| {
            let place = named.iter().position(|file| file.sha256 == result.sha256)?;
            Some(named.remove(place))
        })
        .collect();
    let mut rest = named.into_iter();
    for place in found.iter_mut().filter(|place| place.is_none()) {
        *place = rest.next();
    }
    Ok(found.into_iter().flatten().collect())
}

/// The report again: at once when the table is small, else chunk by chunk, as `validate` does.
fn computed(
    kept: &Report,
    files: &[ModelFile],
    data: &Path,
    threads: Option<usize>,
    runtime: &'static Runtime,
    progress: &Progress<'_>,
) -> Result<Report, ValidateError> {
    let mut kept = kept.clone();
    if let (Some(threads), Some(plan)) = (threads, kept.plan.as_mut()) {
        plan.threads = threads;
    }
    let options = ReadOptions::default();
    let file = File { path: data, options: &options, reference: None };
    run_file_again(&kept, files, file, HELD_BYTES, runtime, progress)
}

fn is_data(difference: &Difference) -> bool {
    matches!(difference, Difference::Hash { part: Part::Data, .. })
}

fn written(path: &Path, kept: &Report, again: &Report, found: &[(usize, Vec<Difference>)], same: bool) -> Value {
    let models: Vec<Value> = found
        .iter()
        .zip(&again.models)
        .filter_map(|((place, differences), now)| {
            let was = kept.models.get(*place)?;
            let sentences: Vec<String> = differences.iter().map(Difference::sentence).collect();
            Some(json!({
                "name": was.name, "sha256": was.sha256, "sha256_now": now.sha256, "same": differences.is_empty(),
                "differences": differences, "sentences": sentences,
            }))
        })
        .collect();
    json!({
        "schema_version": SCHEMA_VERSION, "path": path, "same": same,
        "data": { "path": again.data.path, "sha256": kept.data.sha256, "sha256_now": again.data.sha256 },
        "models": models,
    })
}

fn say(kept: &Report, again: &Report, found: &[(usize, Vec<Difference>)], console: &Console) {
    let skipped = kept.models.len() - found.len();
    if kept.data.sha256 != again.data.sha256 {
        console.say("The data file is another one");
    }
    for (place, differences) in found {
        let name = kept.models.get(*place).map_or("", |model| model.name.as_str());
        if differences.is_empty() {
            console.say(&format!("{name}: same files, same numbers"));
            continue;
        }
        console.say(&format!("{name}: not as it was"));
        for difference in differences.iter().filter(|d| !is_data(d)) {
            console.say(&format!("  {}", difference.sentence()));
        }
    }
    if skipped > 0 {
        console.say(&format!("{skipped} of the results are of predictions in columns and were left out"));
    }
}
