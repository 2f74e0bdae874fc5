//! Reports as files, through the command line: HTML, PDF, JSON, an archive of tables, a folder of tables.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "common/runtime.rs"]
mod runtime;

use std::path::Path;
use std::process::{Command, Output};

fn flights(more: &[&str]) -> Output {
    runtime::runtime();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let models = ["logistic", "gradient_boosting"].map(|name| format!("sample_models/flights/{name}.onnx"));
    Command::new(env!("CARGO_BIN_EXE_modeldeck"))
        .current_dir(root)
        .args(["validate", "--model", &models[0], "--model", &models[1]])
        .args(["--data", "sample_models/flights/april.parquet", "--target", "late", "--segment", "origin", "--quiet"])
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn the_ending_of_the_report_chooses_its_format() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let tables = place("tables");
    let output = flights(&["--report", &place("r.pdf"), "--tables", &tables]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let pdf = std::fs::read(place("r.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 2_000_000, "{} bytes", pdf.len());

    let mut names: Vec<String> =
        std::fs::read_dir(&tables).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in ["metrics.csv", "segments.csv", "comparison.csv", "checks.csv", "roc.csv", "worst_rows.csv"] {
        assert!(names.iter().any(|n| n == name), "{name} of {names:?}");
    }
    let metrics = std::fs::read_to_string(Path::new(&tables).join("metrics.csv")).unwrap();
    assert!(metrics.starts_with("model,metric,value,low,high,level,interval,reason,training,baseline\n"));

    let output = flights(&["--report", &place("r.zip")]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(place("r.zip")).unwrap()).unwrap();
    assert_eq!(archive.len(), names.len());
    let mut packed = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("metrics.csv").unwrap(), &mut packed).unwrap();
    assert_eq!(packed, metrics);

    let output = flights(&["--report", &place("r.html")]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let html = std::fs::read_to_string(place("r.html")).unwrap();
    assert!(html.len() < 1_000_000 && html.contains("Data checks") && html.contains("Practically equal"));
    assert!(!html.contains("<script") && !html.contains("http"));
}

#[test]
fn an_unknown_ending_is_told_before_anything_is_measured() {
    let output = flights(&["--report", "report.docx"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("“.docx” is no format of a report") && said.contains(".pdf"), "{said}");
    assert!(!Path::new("report.docx").exists());
}
