//! `modeldeck runtime status|install|use PATH`.

use super::args::RuntimeVerb;
use super::console::{Console, Failure, Progress};
use crate::model::RuntimeHome;
use crate::model::runtime::{self, RuntimePlace, RuntimeStatus};

pub(super) fn run(what: &RuntimeVerb, console: &Console) -> Result<(), Failure> {
    let home = RuntimeHome::user().map_err(Failure::input)?;
    match what {
        RuntimeVerb::Status => match runtime::status(&home) {
            RuntimeStatus::Ready(place) => {
                describe(console, &place);
                Ok(())
            }
            RuntimeStatus::Missing { way_out, looked_in } => {
                for place in looked_in {
                    console.say(&format!("not used: {} {}", place.why_not, place.path.display()));
                }
                Err(Failure::Input(way_out))
            }
            RuntimeStatus::Broken { sentence, .. } => Err(Failure::Input(sentence)),
        },
        RuntimeVerb::Install => {
            let progress = Progress { console, what: "Installing ONNX Runtime" };
            let place = runtime::install(&home, &progress);
            console.end_progress();
            describe(console, &place.map_err(Failure::input)?);
            Ok(())
        }
        RuntimeVerb::Use { path } => {
            describe(console, &runtime::use_library(&home, path).map_err(Failure::input)?);
            Ok(())
        }
    }
}

fn describe(console: &Console, place: &RuntimePlace) {
    console.say(&format!("ONNX Runtime {}, {}", place.version, place.source.words()));
    console.say(&format!("sha256 {}", place.sha256));
    console.say(&place.path.display().to_string());
}
