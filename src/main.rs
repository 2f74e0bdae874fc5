//! Arguments → window or headless command; nothing else.

use std::process::ExitCode;
use std::time::Instant;

#[expect(unsafe_code, reason = "the variable must be set before the library it silences is loaded")]
fn silence_telemetry() {
    // SAFETY: first statement of the program; no other thread exists yet.
    unsafe { std::env::set_var("ORT_DISABLE_TELEMETRY", "1") };
}

fn main() -> ExitCode {
    silence_telemetry();
    let began = Instant::now();
    modeldeck::cli::main(began)
}
