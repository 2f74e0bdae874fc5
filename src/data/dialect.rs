//! How a text file is written: its encoding, delimiter, decimal mark and header, found from its beginning.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::read::ReadOptions;
use super::records::first_rows;
use super::{DataError, values};

/// Columns of one file; more are refused, as they come from a wrong delimiter or line end.
pub(crate) const MAX_COLUMNS: usize = 100_000;

const SAMPLE_BYTES: u64 = 1 << 20;
const MAX_SAMPLE_BYTES: u64 = 16 << 20;
const ROWS_LOOKED_AT: usize = 200;

/// What the beginning of a text file tells.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) encoding: &'static Encoding,
    /// Bytes of the byte order mark.
    pub(crate) mark: usize,
    /// Whether the encoding was guessed, so that it may be doubted later.
    pub(crate) guessed: bool,
    pub(crate) delimiter: u8,
    pub(crate) decimal_comma: bool,
    /// Whether the first row holds the names.
    pub(crate) header: bool,
    /// The names of the columns, each once.
    pub(crate) names: Vec<String>,
    /// Columns whose name is empty in the file.
    pub(crate) unnamed: Vec<usize>,
    /// The beginning of the file as text.
    pub(crate) sample: String,
    /// Whether the sample is the whole file.
    pub(crate) whole: bool,
    /// Bytes of the file the sample was made from.
    pub(crate) sample_bytes: usize,
}

impl Dialect {
    /// Looks at the beginning of a file. `doubted` says that it turned out not to be UTF-8 further on.
    pub(crate) fn of_file(path: &Path, options: &ReadOptions, doubted: bool) -> Result<Self, DataError> {
        let (bytes, whole) = beginning(path)?;
        let (encoding, mark, guessed) = encoding(&bytes, whole, options.encoding.as_deref(), path)?;
        let encoding = if doubted && guessed { WINDOWS_1252 } else { encoding };
        let sample = decode(encoding, bytes.get(mark..).unwrap_or_default(), whole);
        if let Some(at) = sample.bytes().position(|b| b == 0) {
            return Err(DataError::ZeroBytes { path: path.to_owned(), position: at as u64 });
        }
        if sample.trim().is_empty() {
            return Err(DataError::Empty { path: path.to_owned() });
        }
        let complete = whole || !sample.contains(['\n', '\r']);
        let delimiter = match options.delimiter {
            Some(delimiter) if matches!(delimiter, b'"' | b'\n' | b'\r') || !delimiter.is_ascii() => {
                return Err(DataError::BadDelimiter { delimiter });
            }
            Some(delimiter) => delimiter,
            None => delimiter_of(&sample, complete, path),
        };
        let rows = first_rows(&sample, delimiter, MAX_COLUMNS + 1, ROWS_LOOKED_AT, complete);
        let Some((columns, first)) = rows.first() else {
            return Err(DataError::OpenQuote { path: path.to_owned(), line: 1 });
        };
        if *columns > MAX_COLUMNS {
            return Err(DataError::TooManyColumns { path: path.to_owned(), columns: *columns, limit: MAX_COLUMNS });
        }
        if !whole && complete {
            let megabytes = bytes.len() >> 20;
            return Err(DataError::RowTooLong { path: path.to_owned(), line: 1, megabytes });
        }
        let decimal_comma = options.decimal_comma.unwrap_or_else(|| delimiter != b',' && decimal_comma(&rows));
        let header = options.header.unwrap_or_else(|| is_header(first, decimal_comma));
        let (names, unnamed) = names(first, header);
        let sample_bytes = bytes.len();
        Ok(Self {
            encoding,
            mark,
            guessed,
            delimiter,
            decimal_comma,
            header,
            names,
            unnamed,
            sample,
            whole,
            sample_bytes,
        })
    }

    /// The dialect of cells that are cut already, by the first row.
    pub(crate) fn of_cells(first: &[String], header: bool) -> Self {
        let (names, unnamed) = names(first, header);
        Self {
            encoding: UTF_8,
            mark: 0,
            guessed: false,
            delimiter: b',',
            decimal_comma: false,
            header,
            names,
            unnamed,
            sample: String::new(),
            whole: true,
            sample_bytes: 0,
        }
    }

    /// What was found that a person would not take for granted, as sentences.
    pub(crate) fn notes(&self, options: &ReadOptions) -> Vec<String> {
        let mut notes = Vec::new();
        if self.encoding != UTF_8 && options.encoding.is_none() {
            let doubt =
                if self.encoding == WINDOWS_1252 { "; if letters look wrong, choose another encoding" } else { "" };
            notes.push(format!("The text was read as {}{doubt}.", self.encoding.name()));
        }
        if self.delimiter != b',' && options.delimiter.is_none() && self.names.len() > 1 {
            notes.push(format!("Cells are separated by {}.", delimiter_word(self.delimiter)));
        }
        if self.decimal_comma && options.decimal_comma.is_none() {
            notes.push("Numbers are written with a decimal comma.".to_owned());
        }
        if !self.header && options.header.is_none() {
            let last = self.names.last().cloned().unwrap_or_default();
            notes.push(format!("The file has no row of names, so the columns are called column_1 to {last}."));
        }
        notes
    }
}

fn delimiter_word(delimiter: u8) -> String {
    match delimiter {
        b',' => "commas".to_owned(),
        b';' => "semicolons".to_owned(),
        b'\t' => "tabs".to_owned(),
        b'|' => "bars".to_owned(),
        other => format!("“{}”", char::from(other)),
    }
}

/// The first megabyte, and more when no line ends in it; whether that is the whole file.
fn beginning(path: &Path) -> Result<(Vec<u8>, bool), DataError> {
    let reading = |e: std::io::Error| DataError::reading(path, &e);
    let mut file = File::open(path).map_err(reading)?;
    let mut bytes = Vec::new();
    let mut wanted = SAMPLE_BYTES;
    loop {
        let read = (&mut file).take(wanted).read_to_end(&mut bytes).map_err(reading)?;
        if (read as u64) < wanted {
            return Ok((bytes, true));
        }
        if bytes.iter().any(|b| matches!(b, b'\n' | b'\r')) || bytes.len() as u64 >= MAX_SAMPLE_BYTES {
            let mut one = [0_u8];
            let more = file.read(&mut one).map_err(reading)?;
            bytes.extend(one.get(..more).unwrap_or_default());
            return Ok((bytes, more == 0));
        }
        wanted = bytes.len() as u64;
    }
}

/// The encoding, the length of the byte order mark, and whether it was guessed.
fn encoding(
    bytes: &[u8],
    whole: bool,
    wanted: Option<&str>,
    path: &Path,
) -> Result<(&'static Encoding, usize, bool), DataError> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Ok((encoding, mark, false));
    }
    if let Some(name) = wanted {
        let label = match name.to_lowercase().as_str() {
            "latin-1" => "latin1".to_owned(),
            "utf_8" => "utf-8".to_owned(),
            other => other.replace('_', "-"),
        };
        let encoding = Encoding::for_label_no_replacement(label.as_bytes())
            .ok_or_else(|| DataError::UnknownEncoding { encoding: name.to_owned() })?;
        return Ok((encoding, 0, false));
    }
    let start = bytes.get(..4096).unwrap_or(bytes);
    if start.contains(&0) {
        let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|b| **b == 0).count() * 2;
        let (even, odd) = (zeros(0), zeros(1));
        return match (even * 20 < start.len(), odd * 20 < start.len()) {
            (true, false) if odd * 2 > start.len() => Ok((UTF_16LE, 0, false)),
            (false, true) if even * 2 > start.len() => Ok((UTF_16BE, 0, false)),
            _ => not_text(bytes, path),
        };
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok((UTF_8, 0, true)),
        Err(error) if error.error_len().is_none() && !whole => Ok((UTF_8, 0, true)),
        Err(_) => {
            let controls = bytes.iter().filter(|b| matches!(b, 0..=8 | 14..=31 | 127)).count();
            if controls * 100 > bytes.len() { not_text(bytes, path) } else { Ok((WINDOWS_1252, 0, true)) }
        }
    }
}

/// Zero bytes in what is text otherwise are told apart from binary content.
fn not_text<T>(bytes: &[u8], path: &Path) -> Result<T, DataError> {
    let path = path.to_owned();
    let odd = bytes.iter().filter(|b| matches!(b, 1..=8 | 14..=31 | 127..)).count();
    match bytes.iter().position(|b| *b == 0) {
        Some(position) if odd * 10 < bytes.len() => Err(DataError::ZeroBytes { path, position: position as u64 }),
        _ => Err(DataError::NotATable { path }),
    }
}

fn decode(encoding: &'static Encoding, bytes: &[u8], whole: bool) -> String {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len()));
    // All input fits, so the result says nothing; letters that do not decode are counted when the file is read.
    let (_result, _read, _replaced) = decoder.decode_to_string(bytes, &mut text, whole);
    text
}

/// The delimiter that cuts the header into several cells and the most rows into as many.
fn delimiter_of(sample: &str, complete: bool, path: &Path) -> u8 {
    let tabs = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv") || e.eq_ignore_ascii_case("tab"));
    let candidates = if tabs { [b'\t', b',', b';', b'|'] } else { [b',', b';', b'\t', b'|'] };
    let mut best = (b',', 0.0);
    for delimiter in candidates {
        let rows = first_rows(sample, delimiter, 0, ROWS_LOOKED_AT, complete);
        let Some((columns, _)) = rows.first().filter(|(columns, _)| *columns > 1) else { continue };
        let alike = rows.iter().filter(|(cells, _)| cells == columns).count();
        // More cells decide between delimiters that both fit all rows, as in text with commas between tabs.
        let score = alike as f64 / rows.len() as f64 + (*columns as f64).ln() * 0.01;
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// Whether numbers have a decimal comma: more cells are such numbers than are numbers with a point.
fn decimal_comma(rows: &[(usize, Vec<String>)]) -> bool {
    let (mut commas, mut points) = (0_usize, 0_usize);
    for cell in rows.iter().flat_map(|(_, row)| row) {
        let cell = cell.trim();
        if cell.contains(',') {
            commas += usize::from(values::float(cell, true).is_some());
        } else if cell.contains('.') {
            points += usize::from(values::float(cell, false).is_some());
        }
    }
    commas > points
}

/// A first row of numbers only is data, unless it counts 0, 1, 2 … or 1, 2, 3 … as exports of bare matrices do.
pub(crate) fn is_header(first: &[String], decimal_comma: bool) -> bool {
    let filled: Vec<&str> = first.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let data = |cell: &&str| values::float(cell, decimal_comma).is_some() || values::time(cell).is_some();
    if filled.is_empty() || !filled.iter().all(data) {
        return !filled.is_empty();
    }
    let counts = |from: usize| filled.iter().enumerate().all(|(at, cell)| **cell == (at + from).to_string());
    filled.len() > 2 && (counts(0) || counts(1))
}

fn names(first: &[String], header: bool) -> (Vec<String>, Vec<usize>) {
    let given: std::collections::HashSet<&str> =
        if header { first.iter().map(String::as_str).collect() } else { [].into() };
    let mut unnamed = Vec::new();
    let names = first
        .iter()
        .enumerate()
        .map(|(at, name)| {
            if header && !name.trim().is_empty() {
                return name.clone();
            }
            unnamed.push(at);
            let mut made = format!("column_{}", at + 1);
            while given.contains(made.as_str()) {
                made.push('_');
            }
            made
        })
        .collect();
    (names, if header { unnamed } else { Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, bytes: &[u8]) -> Dialect {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Dialect::of_file(&path, &ReadOptions::default(), false).unwrap()
    }

    #[test]
    fn the_delimiter_is_the_one_that_cuts_all_rows_alike() {
        for (text, delimiter) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b\n1,5;2,5\n1,7;2\n", b';'),
            ("a\tb\n1,5\t2,5\n", b'\t'),
            ("a|b\nx;y,z|2\n", b'|'),
            ("text;more\n\"a;b\";c\nd, e, f;g\n", b';'),
            ("only\n1\n2\n", b','),
        ] {
            assert_eq!(of("a.csv", text.as_bytes()).delimiter, delimiter, "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_is_seen_only_where_commas_do_not_cut() {
        assert!(of("a.csv", b"a;b\n1,5;x\n").decimal_comma);
        assert!(!of("a.csv", b"a;b\n1.5;x, y\n").decimal_comma);
        assert!(!of("a.csv", b"a,b\n\"1,5\",2\n").decimal_comma);
    }

    #[test]
    fn a_first_row_of_numbers_is_data() {
        assert!(!of("a.csv", b"5.1,3.5,0\n4.9,3.0,1\n").header);
        assert!(of("a.csv", b"0,1,2\n5,0,9\n").header);
        assert!(of("a.csv", b"1,2,target\n5,0,9\n").header);
        assert_eq!(of("a.csv", b"5.1,3.5\n4.9,3.0\n").names, ["column_1", "column_2"]);
        assert_eq!(of("a.csv", b",column_1\n4.9,3.0\n").names, ["column_1_", "column_1"]);
    }
}
