//! The runtime library for tests: installed once on this machine, shared by all test programs, never skipped.

#![expect(clippy::panic, reason = "a test that fails says so by panicking")]

use modeldeck::model::runtime::{self, RuntimeHome, Unwatched};
use std::sync::OnceLock;

/// The home with the installed library, loaded into this process.
///
/// The folder is that of `MODELDECK_RUNTIME_HOME`, else the user's data folder. Two test programs that come here at
/// once wait for each other.
pub fn runtime() -> RuntimeHome {
    static HOME: OnceLock<RuntimeHome> = OnceLock::new();
    HOME.get_or_init(|| {
        // Nothing outside the folder, so that every machine tests the same build.
        let home = RuntimeHome::user().unwrap_or_else(|error| panic!("{error}")).alone();
        // Installing forgets a library the developer chose, so it is done only where there is none.
        if runtime::look(&home).ready().is_none()
            && let Err(error) = runtime::install(&home, &Unwatched)
        {
            panic!("The tests need ONNX Runtime. {error}");
        }
        if let Err(error) = runtime::ensure_loaded(&home) {
            panic!("The tests need ONNX Runtime. {error}");
        }
        home
    })
    .clone()
}
