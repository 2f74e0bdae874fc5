//! Taking a model to a cluster: the files that Triton Inference Server and `KServe` read.
//!
//! Nothing is sent anywhere; files are written into a folder that a person carries on.

mod kserve;
mod triton;

use std::path::{Path, PathBuf};

use crate::model::ModelFile;

/// How a model is to run there, from a sizing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClusterSettings {
    /// The name it is called by; letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Its version, a whole number from 1, as Triton wants it.
    pub version: u32,
    /// Rows that are answered together at most; 0 leaves each request alone.
    pub max_batch: usize,
    /// Microseconds that a request may wait for others.
    pub max_wait_us: u64,
    /// Copies of the model, each with its own thread.
    pub instances: usize,
    /// Threads inside one copy.
    pub threads: usize,
    /// Memory that was measured, bytes; `None` when it was not.
    pub peak_bytes: Option<u64>,
    /// Where the cluster finds the model repository, such as `pvc://models/repository`.
    pub storage_uri: String,
}

/// Why a model cannot be taken to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// The name cannot be used there.
    #[error(
        "“{name}” cannot be a name in a cluster: use letters, digits, “-”, “_” and “.”, beginning with a letter or digit."
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A port has a type that the protocol does not know.
    #[error(
        "The {what} “{port}” is {dtype}, which Triton cannot serve. Export the model with plain tensors, for example without ZipMap."
    )]
    Type {
        /// Input or output.
        what: &'static str,
        /// Its name.
        port: String,
        /// Its type in ONNX's words.
        dtype: String,
    },
    /// A file could not be written.
    #[error("The files could not be written: {reason}. {}", path.display())]
    Write {
        /// What the system said.
        reason: String,
        /// Where.
        path: PathBuf,
    },
    /// Something of that name is there already.
    #[error("There is already something at this place; choose another folder or name. {}", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
}

/// Writes a Triton model repository and a `KServe` manifest for a model into a folder, and gives the files' places.
///
/// The folder gets `repository/NAME/config.pbtxt`, `repository/NAME/VERSION/model.onnx` and `NAME.kserve.yaml`. They
/// are made beside it and moved into place, so that nothing half-written is left.
///
/// # Errors
/// When the name or a port does not fit, something is there already, or a file cannot be written.
pub fn export(model: &ModelFile, settings: &ClusterSettings, folder: &Path) -> Result<Vec<PathBuf>, ClusterError> {
    if !is_name(&settings.name) {
        return Err(ClusterError::Name { name: settings.name.clone() });
    }
    let config = triton::config(&model.inspection, settings)?;
    let manifest = kserve::manifest(settings);
    let repository = folder.join("repository").join(&settings.name);
    let manifest_path = folder.join(format!("{}.kserve.yaml", settings.name));
    for path in [&repository, &manifest_path] {
        if path.exists() {
            return Err(ClusterError::Exists { path: path.clone() });
        }
    }
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error: std::io::Error| ClusterError::Write { reason: error.to_string(), path }
    };
    std::fs::create_dir_all(folder.join("repository")).map_err(failed(folder))?;
    let made = tempfile::Builder::new().prefix(".modeldeck-").tempdir_in(folder).map_err(failed(folder))?;
    let version = made.path().join("model").join(settings.version.to_string());
    std::fs::create_dir_all(&version).map_err(failed(&version))?;
    std::fs::write(version.join("model.onnx"), &model.bytes).map_err(failed(&version))?;
    std::fs::write(made.path().join("model/config.pbtxt"), config).map_err(failed(made.path()))?;
    std::fs::write(made.path().join("manifest.yaml"), manifest).map_err(failed(made.path()))?;
    std::fs::rename(made.path().join("model"), &repository).map_err(failed(&repository))?;
    std::fs::rename(made.path().join("manifest.yaml"), &manifest_path).map_err(failed(&manifest_path))?;
    Ok(vec![
        repository.join("config.pbtxt"),
        repository.join(settings.version.to_string()).join("model.onnx"),
        manifest_path,
    ])
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 63
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests;
