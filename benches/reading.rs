//! Megabytes and rows per second of reading at once and of streaming, from CSV and Parquet, and the peak of memory.
//!
//! `cargo bench --bench reading -- [ROWS]`; 200,000 rows of 20 decimal numbers and a target unless told. Each way runs
//! in a process of its own, so that the peak is its own.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that fails says so by panicking")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use modeldeck::data::stream::Stream;
use modeldeck::data::{NoWatch, ReadOptions, read_table};
use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, ParquetWriter, Series};

const FEATURES: usize = 20;
const CHUNK_ROWS: usize = 65_536;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [way, path] = arguments.as_slice() {
        run(way, Path::new(path));
        return;
    }
    let rows = arguments.first().and_then(|rows| rows.parse().ok()).unwrap_or(200_000);
    let folder = tempfile::tempdir().unwrap();
    let (csv, grouped, single) =
        (folder.path().join("t.csv"), folder.path().join("t.parquet"), folder.path().join("one_group.parquet"));
    write_csv(&csv, rows);
    let mut frame = frame(rows);
    ParquetWriter::new(File::create(&grouped).unwrap()).finish(&mut frame).unwrap();
    ParquetWriter::new(File::create(&single).unwrap()).with_row_group_size(Some(rows)).finish(&mut frame).unwrap();
    drop(frame);
    println!("{rows} rows × {} columns", FEATURES + 1);
    for path in [&csv, &grouped, &single] {
        for way in ["read", "stream", "ahead"] {
            let status =
                std::process::Command::new(std::env::current_exe().unwrap()).arg(way).arg(path).status().unwrap();
            assert!(status.success(), "{way} of {}", path.display());
        }
    }
}

/// A number between 0 and 1 that looks random, the same every time.
fn noise(seed: usize) -> f64 {
    let mut x = (seed as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

fn write_csv(path: &Path, rows: usize) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let names: Vec<String> = (0..FEATURES).map(|at| format!("f{at}")).collect();
    writeln!(file, "{},y", names.join(",")).unwrap();
    let mut line = String::new();
    for row in 0..rows {
        line.clear();
        for at in 0..FEATURES {
            write!(line, "{},", noise(row * FEATURES + at) * 4.0 - 2.0).unwrap();
        }
        writeln!(file, "{line}{}", usize::from(noise(row) > 0.7)).unwrap();
    }
}

fn frame(rows: usize) -> DataFrame {
    let mut columns: Vec<_> = (0..FEATURES)
        .map(|at| {
            let values: Vec<f64> = (0..rows).map(|row| noise(row * FEATURES + at) * 4.0 - 2.0).collect();
            Series::new(format!("f{at}").as_str().into(), values).into_column()
        })
        .collect();
    let target: Vec<i64> = (0..rows).map(|row| i64::from(noise(row) > 0.7)).collect();
    columns.push(Series::new("y".into(), target).into_column());
    DataFrame::new_infer_height(columns).unwrap()
}

fn run(way: &str, path: &Path) {
    let options = ReadOptions::default();
    let size = std::fs::metadata(path).unwrap().len() as f64 / 1e6;
    let started = Instant::now();
    let mut opened = 0.0;
    let rows = if way == "read" {
        read_table(path, &options, &NoWatch).unwrap().table.rows()
    } else {
        let mut stream = Stream::open(path, &options, None, CHUNK_ROWS, &NoWatch).unwrap();
        opened = started.elapsed().as_secs_f64();
        let mut rows = 0;
        if way == "stream" {
            while let Some(chunk) = stream.next(&NoWatch).unwrap() {
                rows += chunk.rows();
            }
        } else {
            let mut ahead = stream.ahead(2);
            while let Some(chunk) = ahead.next(&NoWatch).unwrap() {
                rows += chunk.rows();
            }
        }
        rows
    };
    let seconds = started.elapsed().as_secs_f64();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    println!(
        "{name:18} {way:7} {seconds:6.3} s (look {opened:.3} s)  {:6.0} MB/s  {:9.0} rows/s  cpu {:.2} s  peak {} MiB",
        size / seconds,
        rows as f64 / seconds,
        processor_seconds(),
        peak_mib()
    );
}

/// The most memory the process held, in MiB; 0 where the system does not tell.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Processor time of all threads in seconds; 0 where the system does not tell.
fn processor_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}
