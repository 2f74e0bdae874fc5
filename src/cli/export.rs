//! `modeldeck export --model M --name N --to DIR`.

use super::args::Export;
use super::console::{Console, Failure};
use crate::deploy::cluster::{ClusterSettings, export};
use crate::deploy::sizing::Sizing;
use crate::model::ModelFile;

/// Runs the command.
pub(super) fn run(args: &Export, console: &Console) -> Result<(), Failure> {
    let file = ModelFile::open(&args.model).map_err(Failure::input)?;
    let sizing: Option<Sizing> = match &args.sizing {
        None => None,
        Some(path) => {
            let unreadable = |why: String| {
                Failure::Input(format!(
                    "The sizing could not be read: {why}. Write it with modeldeck size --json. {}",
                    path.display()
                ))
            };
            let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
            Some(serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?)
        }
    };
    let advised = sizing.as_ref().and_then(|sizing| sizing.advice.setting);
    let settings = ClusterSettings {
        name: args.name.clone(),
        version: args.version,
        max_batch: advised.map_or(64, |setting| setting.max_batch),
        max_wait_us: advised.map_or(0, |setting| setting.max_wait_us),
        instances: advised.map_or(1, |setting| setting.workers),
        threads: advised.map_or(1, |setting| setting.threads),
        peak_bytes: sizing.as_ref().and_then(|sizing| sizing.advice.peak_bytes),
        storage_uri: args.storage_uri.clone(),
    };
    for path in export(&file, &settings, &args.to).map_err(Failure::input)? {
        console.say(&path.display().to_string());
    }
    Ok(())
}
