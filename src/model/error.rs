//! What can go wrong with a model or with the runtime library, each as a sentence with a way out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A model file could not be used, bound or run.
///
/// Every message says what failed, why, and what to do; a path, where there is one, comes last.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// There is no such file.
    #[error("The model file does not exist. It may have been moved or renamed: choose it again. File: {}", .path.display())]
    NotFound {
        /// The file asked for.
        path: PathBuf,
    },
    /// The path is a folder.
    #[error("This is a folder, not a model. Choose the .onnx file inside it. Folder: {}", .path.display())]
    Directory {
        /// The folder.
        path: PathBuf,
    },
    /// The file has no bytes.
    #[error("The model file is empty, so there is nothing to load. Export the model again. File: {}", .path.display())]
    Empty {
        /// The empty file.
        path: PathBuf,
    },
    /// The operating system would not give the bytes.
    #[error("The model file could not be read: {reason}. Check that the file may be read and that the disk is connected. File: {}", .path.display())]
    Unreadable {
        /// The system's words.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// The bytes are something else than an ONNX model.
    #[error("This is not an ONNX model: {what}. {way_out} File: {}", .path.display())]
    NotOnnx {
        /// What the file seems to be.
        what: String,
        /// How to get an ONNX model from it.
        way_out: String,
        /// The file.
        path: PathBuf,
    },
    /// The file starts as an ONNX model and breaks off or is damaged.
    #[error("The model file is cut off or damaged: it starts as an ONNX model, but not all of it is there. Copy or export it again. File: {}", .path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
    },
    /// The ONNX format version is newer than the runtime takes.
    #[error(
        "The model is written in ONNX format (IR) version {found}, and the runtime takes at most {max}. Save it again with ir_version={max} or lower, for example `model.ir_version = {max}; onnx.save(model, …)`."
    )]
    IrTooNew {
        /// The version of the file.
        found: i64,
        /// The newest version the runtime takes.
        max: i64,
    },
    /// An operator set is newer than the runtime takes.
    #[error(
        "The model uses operator set {found} of {domain}, and the runtime takes at most {max}. Export it again with target_opset={max} or lower."
    )]
    OpsetTooNew {
        /// The operator set's domain.
        domain: String,
        /// The version of the file.
        found: i64,
        /// The newest version the runtime takes.
        max: i64,
    },
    /// The model needs an operator the runtime does not have.
    #[error(
        "The model needs the operator “{operator}” of {domain}, which the runtime does not have. Export the model with standard operators only (ai.onnx and ai.onnx.ml)."
    )]
    UnknownOperator {
        /// The operator.
        operator: String,
        /// Its domain.
        domain: String,
    },
    /// Weights lie in a file beside the model, and it is not there.
    #[error(
        "The model keeps its weights in a second file, “{file}”, which is not beside it. Copy that file into the folder of the model, or save the model again as one file."
    )]
    ExternalDataMissing {
        /// The file named in the model.
        file: String,
    },
    /// No output is a label, a probability or a number for each row.
    #[error(
        "The model has no output that can be used: {found}. It needs a label, probabilities or one number for each row. Export it with a classifier's or regressor's standard outputs."
    )]
    NoUsableOutput {
        /// The outputs that are there.
        found: String,
    },
    /// The model has no input that a table can fill.
    #[error(
        "The model's input “{input}” is {dtype}, which a table's columns cannot fill. Export the model with number, text or true/false inputs."
    )]
    UnsupportedInput {
        /// The input.
        input: String,
        /// Its type as ONNX writes it.
        dtype: String,
    },
    /// Two parts of the model disagree on a type, so that it cannot be loaded.
    #[error(
        "The model cannot be loaded because two of its parts disagree on a number type ({detail}). When exporting from pandas, declare number columns as FloatTensorType, or convert them to float32 first."
    )]
    TypeConflict {
        /// The runtime's words, shortened.
        detail: String,
    },
    /// The runtime refused the model for another reason.
    #[error(
        "ONNX Runtime could not load the model: {reason}. Check it with `onnx.checker.check_model`, then export it again."
    )]
    Load {
        /// The runtime's words.
        reason: String,
    },
    /// The operating system lacks the locale that a text operator asks for.
    #[error(
        "The model cleans text with a locale that this system does not have ({locale}). Generate the locale on this system, or export the text step with an empty locale."
    )]
    Locale {
        /// The locale asked for.
        locale: String,
    },
    /// Inputs without a column.
    #[error("No column feeds {}. Choose a column for each, or use a table that has them.", quoted(.inputs))]
    Unbound {
        /// The inputs.
        inputs: Vec<String>,
    },
    /// A column that feeds an input is not in the table.
    #[error(
        "The table has no column “{column}”, which the model's input “{input}” needs. Rename the column in the data, or choose another column for this input."
    )]
    MissingColumn {
        /// The column.
        column: String,
        /// The input it feeds.
        input: String,
    },
    /// A binding problem that must be solved first.
    #[error("{sentence}")]
    Binding {
        /// The problem in words.
        sentence: String,
    },
    /// The model wants another number of columns.
    #[error(
        "The model's input “{input}” takes {expected} columns, and {found} are bound to it. Bind exactly {expected}, in the order of training."
    )]
    WrongWidth {
        /// The input.
        input: String,
        /// Columns the model takes.
        expected: i64,
        /// Columns bound.
        found: i64,
    },
    /// A tensor does not fit the model.
    #[error("The model's input “{input}” cannot be fed so. {why}")]
    BadInput {
        /// The input.
        input: String,
        /// What is wrong and what would be right; a sentence.
        why: String,
    },
    /// A row of a table cannot be fed.
    #[error("Row {row} cannot be fed: {why}. Give the value, or choose what stands in for it in the binding.")]
    Row {
        /// The row, counted from 1.
        row: usize,
        /// Why, as a phrase.
        why: String,
    },
    /// An output is of a type that is no tensor of numbers, truths or texts.
    #[error(
        "The model's output “{output}” is {found}, which cannot be answered with. Export the model so that it gives tensors of numbers or texts."
    )]
    UnsupportedOutput {
        /// The output.
        output: String,
        /// Its type.
        found: String,
    },
    /// The model failed while scoring.
    #[error(
        "The model failed while scoring {rows} rows from row {first}: {reason}. Look at the values of these rows; if they are fine, export the model again."
    )]
    Run {
        /// The first row of the batch, counted from 1.
        first: usize,
        /// Rows in the batch.
        rows: usize,
        /// The runtime's words.
        reason: String,
    },
    /// An output had another shape than one value a row.
    #[error(
        "The model's output “{output}” came back as {found} for {rows} rows, so that it is not clear which value belongs to which row. Export the model so that each row gives one result."
    )]
    OutputShape {
        /// The output.
        output: String,
        /// The shape or type found.
        found: String,
        /// Rows fed.
        rows: usize,
    },
    /// The runtime library is missing or unfit.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// The runtime library could not be found, fetched, checked or loaded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RuntimeError {
    /// No library in any of the usual places.
    #[error(
        "ONNX Runtime is not installed, so models cannot be run yet. Install it with `modeldeck runtime install`, or choose a library you have with `modeldeck runtime use PATH`."
    )]
    Missing,
    /// The user's data folder is unknown.
    #[error(
        "There is no home folder to keep ONNX Runtime in. Set MODELDECK_RUNTIME_HOME to a folder that can be written."
    )]
    NoHome,
    /// Neither Python with pip nor npm is there.
    #[error(
        "ONNX Runtime is fetched with Python's pip or with npm, and neither was found. Install Python 3 with pip, or fetch onnxruntime {version} on another machine and choose its library with `modeldeck runtime use PATH`."
    )]
    NoTools {
        /// The version wanted.
        version: String,
    },
    /// The package tool could not reach the network.
    #[error(
        "ONNX Runtime could not be fetched because the network did not answer ({detail}). Connect to the network or set the proxy, then try again; without a network choose a library with `modeldeck runtime use PATH`."
    )]
    NoNetwork {
        /// The tool's words.
        detail: String,
    },
    /// The package tool ran and failed.
    #[error(
        "{tool} could not fetch ONNX Runtime: {detail}. Try again later, or choose a library with `modeldeck runtime use PATH`."
    )]
    Fetch {
        /// The tool.
        tool: String,
        /// Its words.
        detail: String,
    },
    /// The fetched package is not the one that was pinned.
    #[error(
        "The fetched package {package} is not the expected one (SHA-256 {found} instead of {expected}), so it was thrown away. A proxy or mirror may have changed it: try another network, or choose a library with `modeldeck runtime use PATH`."
    )]
    WrongPackageHash {
        /// The package.
        package: String,
        /// The pinned hash.
        expected: String,
        /// What came.
        found: String,
    },
    /// The library inside the package is not the one that was pinned.
    #[error(
        "The library inside the package is not the expected one (SHA-256 {found} instead of {expected}), so it was not installed. Try again; if it stays so, choose a library with `modeldeck runtime use PATH`."
    )]
    WrongLibraryHash {
        /// The pinned hash.
        expected: String,
        /// What came.
        found: String,
    },
    /// The package cannot be opened or lacks the library.
    #[error(
        "The fetched package could not be unpacked: {detail}. Try again; if it stays so, choose a library with `modeldeck runtime use PATH`."
    )]
    BadPackage {
        /// What was wrong.
        detail: String,
    },
    /// There is no pinned build for this machine.
    #[error(
        "There is no ready build of ONNX Runtime {version} for {platform}. Choose a library of version 1.20 or newer with `modeldeck runtime use PATH`."
    )]
    NoBuild {
        /// The version wanted.
        version: String,
        /// System and processor.
        platform: String,
    },
    /// There is no such library file.
    #[error("There is no library file at this place. Choose the file itself (libonnxruntime.so, onnxruntime.dll or libonnxruntime.dylib). File: {}", .path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// The file is no library at all.
    #[error("This file is not a library for this system: {found}. Choose libonnxruntime.so, onnxruntime.dll or libonnxruntime.dylib. File: {}", .path.display())]
    NotALibrary {
        /// What it is.
        found: String,
        /// The path.
        path: PathBuf,
    },
    /// The library is for another processor or system.
    #[error("This library is made for {found}, and this machine is {wanted}. Fetch the build for {wanted}. File: {}", .path.display())]
    OtherMachine {
        /// What the library is made for.
        found: String,
        /// What this machine is.
        wanted: String,
        /// The path.
        path: PathBuf,
    },
    /// The library breaks off.
    #[error("This library is cut off: it should have at least {expected} bytes and has {found}. Copy or install it again. File: {}", .path.display())]
    TruncatedLibrary {
        /// Bytes its header promises.
        expected: u64,
        /// Bytes it has.
        found: u64,
        /// The path.
        path: PathBuf,
    },
    /// A library, but not ONNX Runtime.
    #[error("This library is not ONNX Runtime: it lacks the entry point OrtGetApiBase. Choose libonnxruntime.so, onnxruntime.dll or libonnxruntime.dylib. File: {}", .path.display())]
    NotOnnxRuntime {
        /// The path.
        path: PathBuf,
    },
    /// The library is older than the program can use.
    #[error("This is ONNX Runtime {found}, and version 1.20 or newer is needed. Install the current one with `modeldeck runtime install`. File: {}", .path.display())]
    TooOld {
        /// The version found.
        found: String,
        /// The path.
        path: PathBuf,
    },
    /// The library could not be loaded, or the trial process died.
    #[error("The library could not be loaded: {reason}. Install it again with `modeldeck runtime install`. File: {}", .path.display())]
    Damaged {
        /// What happened.
        reason: String,
        /// The path.
        path: PathBuf,
    },
    /// The trial process did not end in time.
    #[error("The library did not load within {seconds} seconds, so it is not used. Install the known one with `modeldeck runtime install`. File: {}", .path.display())]
    Hangs {
        /// The limit.
        seconds: u64,
        /// The path.
        path: PathBuf,
    },
    /// A library cannot be tried out because the program cannot start itself.
    #[error("The library could not be tried out in a process of its own, so it is not loaded: {reason}. Start the program from its own file, or set MODELDECK_PROBE to it. File: {}", .path.display())]
    NoProbe {
        /// Why not.
        reason: String,
        /// The library.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("The disk is full, so ONNX Runtime could not be stored. Free about 100 MB and try again. Folder: {}", .path.display())]
    DiskFull {
        /// The folder written to.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{what} failed: {reason}. Check that the folder may be written. Path: {}", .path.display())]
    Io {
        /// What was tried.
        what: String,
        /// The system's words.
        reason: String,
        /// The path.
        path: PathBuf,
    },
    /// Loading worked, starting did not.
    #[error(
        "ONNX Runtime was loaded but did not start: {reason}. Restart the program; if it stays so, install it again with `modeldeck runtime install`."
    )]
    Start {
        /// The runtime's words.
        reason: String,
    },
    /// The person stopped the installation.
    #[error("The installation was cancelled. Nothing was changed.")]
    Cancelled,
}

impl RuntimeError {
    /// The error of a file operation; a full disk gets its own sentence.
    pub fn io(what: impl Into<String>, path: &Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path: path.to_path_buf() }
            }
            _ => Self::Io { what: what.into(), reason: error.to_string(), path: path.to_path_buf() },
        }
    }
}

/// Names in quotation marks with commas, at most five.
pub(crate) fn quoted(names: &[String]) -> String {
    let mut text = names.iter().take(5).map(|n| format!("“{n}”")).collect::<Vec<_>>().join(", ");
    if let Some(more) = names.len().checked_sub(5).filter(|n| *n > 0) {
        // Writing into a String cannot fail.
        write!(text, " and {more} more").ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_its_own_sentence() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = RuntimeError::io("Writing the library", Path::new("runtime"), &full);
        assert!(matches!(error, RuntimeError::DiskFull { .. }));
        assert!(error.to_string().starts_with("The disk is full"), "{error}");
    }

    #[test]
    fn long_lists_of_names_are_shortened() {
        let names: Vec<String> = (0..7).map(|i| format!("c{i}")).collect();
        assert_eq!(quoted(&names), "“c0”, “c1”, “c2”, “c3”, “c4” and 2 more");
    }
}
