//! Headless commands: the same work as the window's, by the same code, for shells and schedules.
//!
//! This room reads arguments, writes results to standard output and progress to standard error, and decides the
//! exit status. It computes nothing of its own.

mod args;
mod audit;
mod console;
mod export;
mod inspect;
mod places;
mod runtime;
mod serve;
mod size;
mod summary;
mod validate;
mod verify;
mod window;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser as _;

use self::args::{Args, Verb};
use self::console::{Console, Failure};

/// Runs the program on the process's arguments.
pub fn main(began: Instant) -> ExitCode {
    // The parent looks only at the exit status and at a signal, so nothing else may run in this child.
    let mut raw = std::env::args_os().skip(1);
    if raw.next().is_some_and(|first| first == "--probe-runtime") {
        let status = raw.next().map_or(2, |path| crate::model::runtime::probe::probe_main(path.as_ref()));
        return ExitCode::from(u8::try_from(status).unwrap_or(2));
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let wanted_help = !error.use_stderr();
            error.print().ok();
            return if wanted_help { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    console::log_to_stderr(args.quiet);
    let console = Console::new(args.quiet);
    match run(&args, &console, began) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Input(sentence)) => {
            console.complain(&sentence);
            ExitCode::from(2)
        }
        Err(Failure::Cancelled) => ExitCode::from(130),
        Err(Failure::Gates) => ExitCode::from(1),
    }
}

fn run(args: &Args, console: &Console, began: Instant) -> Result<(), Failure> {
    match &args.verb {
        None => window::last(args, began),
        Some(Verb::Demo) => window::demo(args, began),
        Some(Verb::Runtime { what }) => runtime::run(what, console),
        Some(Verb::Inspect(inspect)) => inspect::run(inspect, console),
        Some(Verb::Audit { what }) => audit::run(what, args, console),
        Some(Verb::Validate(validate)) => validate::run(validate, args, console),
        Some(Verb::Serve(serve)) => serve::run(serve, args, console),
        Some(Verb::Size(size)) => size::run(size, args, console),
        Some(Verb::Export(export)) => export::run(export, console),
        Some(Verb::Verify(verify)) => verify::run(verify, args, console),
    }
}
