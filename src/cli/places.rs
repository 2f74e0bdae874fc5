//! Where things are kept, and which workspace was the last.

use std::path::{Path, PathBuf};

use super::console::Failure;

/// The user's data folder.
pub(super) fn data_folder() -> Result<PathBuf, Failure> {
    directories::ProjectDirs::from("", "", "modeldeck").map(|dirs| dirs.data_dir().to_path_buf()).ok_or_else(|| {
        Failure::Input(
            "There is no home folder to keep things in. Set HOME, or name a folder with --workspace.".to_owned(),
        )
    })
}

/// The workspace to open: the named one, else the last one, else the usual one.
pub(super) fn workspace(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_path_buf());
    }
    let data = data_folder()?;
    let last = std::fs::read_to_string(data.join("last_workspace")).ok().map(|text| PathBuf::from(text.trim()));
    Ok(last.filter(|path| path.is_dir()).unwrap_or_else(|| data.join("workspaces").join("default")))
}

/// Keeps which workspace was opened, for the next start.
pub(super) fn remember(workspace: &Path) {
    let Ok(data) = data_folder() else { return };
    let absolute = std::path::absolute(workspace).unwrap_or_else(|_| workspace.to_path_buf());
    let kept = std::fs::create_dir_all(&data).and_then(|()| {
        crate::backend::write_whole(&data.join("last_workspace"), absolute.to_string_lossy().as_bytes())
    });
    if let Err(error) = kept {
        tracing::warn!("the next start will not know which workspace was open: {error}");
    }
}

/// The folder of the sample stories: beside the program, in its share folder, or in the source tree.
pub(super) fn samples() -> Option<PathBuf> {
    let program = std::env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent);
    let places = [
        beside.map(|folder| folder.join("sample_models")),
        beside.map(|folder| folder.join("../share/modeldeck/sample_models")),
        std::env::var_os("CARGO_MANIFEST_DIR").map(|folder| Path::new(&folder).join("sample_models")),
        Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models")),
    ];
    places.into_iter().flatten().find(|folder| folder.join("samples.json").is_file())
}
