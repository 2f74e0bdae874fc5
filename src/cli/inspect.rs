//! `modeldeck inspect MODEL`.

use super::args::Inspect;
use super::console::{Console, Failure};
use crate::model::ModelFile;

pub(super) fn run(args: &Inspect, console: &Console) -> Result<(), Failure> {
    let file = ModelFile::open(&args.model).map_err(Failure::input)?;
    if let Some(place) = &args.json {
        return console.json(place, file.inspection.as_ref());
    }
    let found = &file.inspection;
    console.say(&format!("{}  {} bytes", found.path.display(), found.size_bytes));
    console.say(&format!("sha256 {}", found.sha256));
    let opsets: Vec<_> = found.opsets.iter().map(|(domain, version)| format!("{domain} {version}")).collect();
    console.say(&format!("IR {}, opsets {}", found.ir_version, opsets.join(", ")));
    if let Some(producer) = &found.producer {
        console.say(&format!("made by {producer}"));
    }
    console.say(&format!("task {}", found.task.word()));
    if let Some(classes) = &found.classes {
        console.say(&format!("classes {}", classes.join(", ")));
    }
    for input in &found.inputs {
        console.say(&format!("input {}", input.describe()));
    }
    for output in &found.outputs {
        console.say(&format!("output {}", output.describe()));
    }
    let operators: Vec<_> = found.operators.iter().map(|(name, times)| format!("{name} × {times}")).collect();
    console.say(&format!("operators {}", operators.join(", ")));
    console.say(&format!("parameters {}", found.parameters));
    for problem in &found.problems {
        console.say(&format!("problem: {problem}"));
    }
    Ok(())
}
