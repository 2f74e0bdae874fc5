//! Commands that open the window.

use std::path::Path;
use std::time::Instant;

use super::args::Args;
use super::console::Failure;
use super::places;
use crate::backend::BackendOptions;
use crate::model::RuntimeHome;

/// Opens the window on the last workspace.
pub(super) fn last(args: &Args, began: Instant) -> Result<(), Failure> {
    let workspace = places::workspace(args.workspace.as_deref())?;
    open(args, &workspace, false, began)
}

/// Opens the window on the sample workspace, with ONNX Runtime fetched when it is missing.
pub(super) fn demo(args: &Args, began: Instant) -> Result<(), Failure> {
    let workspace = match &args.workspace {
        Some(named) => named.clone(),
        None => places::data_folder()?.join("workspaces").join("samples"),
    };
    open(args, &workspace, true, began)
}

fn open(args: &Args, workspace: &Path, demo: bool, began: Instant) -> Result<(), Failure> {
    let options = BackendOptions {
        workspace: workspace.to_path_buf(),
        runtime_home: RuntimeHome::user().map_err(Failure::input)?,
        samples: places::samples(),
        open_samples: demo,
        install_runtime: demo,
        files: args.files.clone(),
        held_bytes: crate::data::estimate::HELD_BYTES,
    };
    places::remember(workspace);
    crate::app::open_window(&options, began).map_err(Failure::input)
}
