//! The command line's words.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Takes a machine-learning model from a file to a watched deployment.
#[derive(Debug, Parser)]
#[command(name = "modeldeck", version, about, disable_help_subcommand = true)]
pub(super) struct Args {
    /// Folder that keeps models, results and captures (default: the last one, in the user's data folder)
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) workspace: Option<PathBuf>,
    /// Threads for scoring (default: all cores)
    #[arg(long, global = true, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// No progress
    #[arg(long, global = true)]
    pub(super) quiet: bool,
    /// Seed of everything drawn by chance
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Files to add when the window opens
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Install ONNX Runtime if it is missing, and open the window on the sample workspace
    Demo,
    /// The ONNX Runtime library
    Runtime {
        #[command(subcommand)]
        what: RuntimeVerb,
    },
    /// Read a model file: signature, metadata, operators, problems
    Inspect(Inspect),
    /// The audit trail of the workspace: who did what, in a chain that shows any change
    Audit {
        #[command(subcommand)]
        what: AuditVerb,
    },
    /// Measure models on data they never saw
    Validate(Box<Validate>),
    /// Answer requests of other programs by HTTP, in the words of the Open Inference Protocol and of `MLflow`
    Serve(Box<Serve>),
    /// Measure what a model carries on this machine, and which settings reach a target
    Size(Size),
    /// Write the files with which Triton and `KServe` serve a model
    Export(Export),
    /// Run the validation of a report again; ends with status 1 when anything is not as it was
    Verify(Verify),
}

#[derive(Debug, Subcommand)]
pub(super) enum RuntimeVerb {
    /// Say which library is used, or what is wrong with it
    Status,
    /// Download the pinned library, check it, keep it
    Install,
    /// Use a library of your own
    Use {
        /// The library file
        path: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AuditVerb {
    /// Check every entry; ends with status 1 when something was changed, removed or added
    Verify {
        /// Write the result as JSON (`-` for standard output)
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// List the entries, newest first
    Show {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        /// Only entries of this kind, such as validated
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// Write the result as JSON (`-` for standard output)
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Inspect {
    /// The ONNX file
    pub(super) model: PathBuf,
    /// Write the result as JSON (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// The JSON of a validation
    pub(super) report: PathBuf,
    /// The table it was made on (default: where the report says)
    #[arg(long, value_name = "FILE")]
    pub(super) data: Option<PathBuf>,
    /// The model; name each of several, in the report's order (default: where the report says)
    #[arg(long = "model", value_name = "FILE")]
    pub(super) models: Vec<PathBuf>,
    /// Write the result as JSON (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Validate {
    /// An ONNX file; name several to compare them
    #[arg(long = "model", value_name = "MODEL")]
    pub(super) models: Vec<PathBuf>,
    /// Judge predictions that stand in the data: the column with the predicted class or number
    #[arg(long, value_name = "COLUMN")]
    pub(super) prediction: Option<String>,
    /// The column with the scores of the positive class, or of a class; name several for several classes
    #[arg(long = "score", value_name = "COLUMN|CLASS=COLUMN")]
    pub(super) scores: Vec<String>,
    /// How the scores in columns become probabilities (default: they are)
    #[arg(long, value_parser = ["sigmoid", "softmax"])]
    pub(super) score_transform: Option<String>,
    /// The table to measure on
    #[arg(long, value_name = "FILE")]
    pub(super) data: PathBuf,
    /// The column that holds the truth
    #[arg(long, value_name = "COLUMN")]
    pub(super) target: String,
    /// What the models answer (default: what their files say)
    #[arg(long, value_parser = ["binary", "multiclass", "regression"])]
    pub(super) task: Option<String>,
    /// The class that counts as positive
    #[arg(long, value_name = "CLASS")]
    pub(super) positive: Option<String>,
    /// Score from which a row counts as positive (default: the card's, else 0.5)
    #[arg(long, value_name = "T")]
    pub(super) threshold: Option<f64>,
    /// Feed a model input from a column
    #[arg(long = "bind", value_name = "INPUT=COLUMN")]
    pub(super) bind: Vec<String>,
    /// Skip and count rows with a value that the model cannot take, instead of refusing the table
    #[arg(long)]
    pub(super) skip_rows: bool,
    /// Take the columns of a one-matrix model in file order
    #[arg(long)]
    pub(super) by_order: bool,
    /// Tell the metrics apart by the values of this column; name several for several tables
    #[arg(long = "segment", value_name = "COLUMN")]
    pub(super) segments: Vec<String>,
    /// Data the models were trained or accepted on: overlap, new categories and class balance are told
    #[arg(long, value_name = "FILE")]
    pub(super) reference: Option<PathBuf>,
    /// What each column may be used for (a TOML file), judged by the policy's rules on data (default: what the
    /// workspace named with --workspace keeps for these columns)
    #[arg(long, value_name = "FILE")]
    pub(super) register: Option<PathBuf>,
    /// Test how noise, missing values and swaps of each feature lower the main metric
    #[arg(long)]
    pub(super) robustness: bool,
    /// The model that answers today, for gates against the champion; it is measured as one more candidate
    #[arg(long, value_name = "MODEL")]
    pub(super) champion: Option<PathBuf>,
    /// Judge the models by the gates of a policy (a TOML file)
    #[arg(long, value_name = "FILE")]
    pub(super) gates: Option<PathBuf>,
    /// Write a report: one self-contained HTML file, a PDF, JSON, or every table as CSV in an archive
    #[arg(long, value_name = "FILE.html|.pdf|.json|.zip")]
    pub(super) report: Option<PathBuf>,
    /// Write every table of the report as a CSV file into this folder
    #[arg(long, value_name = "DIR")]
    pub(super) tables: Option<PathBuf>,
    /// End with status 1 when a model fails its gates
    #[arg(long, value_parser = ["gates"])]
    pub(super) fail_on: Option<String>,
    /// Level of the intervals
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub(super) level: f64,
    /// Column delimiter of a text file (default: detected)
    #[arg(long, value_name = "CHAR")]
    pub(super) delimiter: Option<char>,
    /// Decimal mark of a text file, `,` or `.` (default: detected)
    #[arg(long, value_name = "CHAR")]
    pub(super) decimal: Option<char>,
    /// Encoding of a text file (default: detected)
    #[arg(long, value_name = "NAME")]
    pub(super) encoding: Option<String>,
    /// Whether the first row holds the names of the columns (default: detected)
    #[arg(long, value_parser = ["yes", "no"])]
    pub(super) header: Option<String>,
    /// Sheet of a workbook (default: the first that has cells)
    #[arg(long, value_name = "NAME")]
    pub(super) sheet: Option<String>,
    /// Read this column as text
    #[arg(long, value_name = "COLUMN")]
    pub(super) categorical: Vec<String>,
    /// Read this column as numbers
    #[arg(long, value_name = "COLUMN")]
    pub(super) numeric: Vec<String>,
    /// Write the result as JSON (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// A model with the name that callers use; name several for several models or versions. Of the versions of a name
    /// the last one answers requests that name none
    #[arg(long = "model", value_name = "NAME=PATH[@VERSION]", required = true)]
    pub(super) models: Vec<String>,
    /// Address and port; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(super) listen: std::net::SocketAddr,
    /// Let other machines call; needs --token-file
    #[arg(long)]
    pub(super) open_to_network: bool,
    /// File with the token that callers must show as `Authorization: Bearer …`
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Worker threads of each version
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) workers: usize,
    /// Rows that are run at once at most
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(super) max_batch: usize,
    /// Milliseconds that a request may wait for others to be run with
    #[arg(long, value_name = "MS", default_value_t = 0.0)]
    pub(super) max_wait_ms: f64,
    /// Refuse requests when the queue is full, instead of letting them wait
    #[arg(long)]
    pub(super) refuse_when_full: bool,
    /// Keep every request with its answer in this folder, a folder in it for each model
    #[arg(long, value_name = "DIR")]
    pub(super) capture: Option<PathBuf>,
    /// Let what is kept survive power loss too; slower
    #[arg(long, requires = "capture")]
    pub(super) fsync: bool,
    /// Remove kept requests that are older than this many days
    #[arg(long, value_name = "DAYS", requires = "capture")]
    pub(super) keep_days: Option<u32>,
    /// Remove the oldest kept requests when they take more than this many mebibytes
    #[arg(long, value_name = "MIB", requires = "capture")]
    pub(super) keep_mib: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Size {
    /// The ONNX file
    #[arg(long, value_name = "MODEL")]
    pub(super) model: PathBuf,
    /// A table with rows to ask about
    #[arg(long, value_name = "FILE")]
    pub(super) data: PathBuf,
    /// Requests a second to be carried
    #[arg(long, value_name = "N")]
    pub(super) target_rps: Option<f64>,
    /// Milliseconds within which 95 of 100 requests are to be answered
    #[arg(long, value_name = "MS")]
    pub(super) target_p95_ms: Option<f64>,
    /// Rows in each request
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) rows: usize,
    /// Seconds of each of the two loads on each setting
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    pub(super) seconds: f64,
    /// Feed a model input from a column
    #[arg(long = "bind", value_name = "INPUT=COLUMN")]
    pub(super) bind: Vec<String>,
    /// Take the columns of a one-matrix model in file order
    #[arg(long)]
    pub(super) by_order: bool,
    /// Write the result as JSON (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The ONNX file
    #[arg(long, value_name = "MODEL")]
    pub(super) model: PathBuf,
    /// The name that callers will use
    #[arg(long, value_name = "NAME")]
    pub(super) name: String,
    /// The folder that gets the files
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
    /// Its version, a whole number
    #[arg(long = "as-version", value_name = "N", default_value_t = 1)]
    pub(super) version: u32,
    /// The JSON of a sizing, whose advice sets instances, threads and batches
    #[arg(long, value_name = "FILE")]
    pub(super) sizing: Option<PathBuf>,
    /// Where the cluster finds the model repository
    #[arg(long, value_name = "URI", default_value = "pvc://models/repository")]
    pub(super) storage_uri: String,
}
