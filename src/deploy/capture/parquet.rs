//! Segments as Parquet files: written portion by portion, read slice by slice.
//!
//! The encoder is another's; what it calls an error becomes a sentence, and so does a panic in it.

use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use polars::prelude::{
    DataFrame, FileMetadataRef, KeyValueMetadata, ParallelStrategy, ParquetCompression, ParquetReader, ParquetWriter,
    PolarsResult, SerReader as _,
};

use super::error::CaptureError;
use super::info::{KEY, SegmentInfo};
use super::names;

/// The most lines of a row group.
pub(super) const GROUP_LINES: usize = 16_384;

pub(super) fn guarded<T>(path: &Path, work: impl FnOnce() -> PolarsResult<T>) -> Result<T, CaptureError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default().trim().trim_end_matches('.');
            Err(CaptureError::segment(path, line.chars().take(160).collect::<String>()))
        }
        Err(_) => Err(CaptureError::segment(path, "the Parquet library gave up on it")),
    }
}

/// Writes frames with the same columns as the row groups of one file, which is there whole or not at all.
pub(super) fn write(
    path: &Path,
    info: &SegmentInfo,
    frames: impl IntoIterator<Item = PolarsResult<DataFrame>>,
) -> Result<(), CaptureError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let failed = |e: &std::io::Error| CaptureError::io("The segment cannot be written", path, e);
    let file = names::temporary(folder).map_err(|e| failed(&e))?;
    // A full disk would come out of the encoder as a panic or a riddle, so its own error is kept aside.
    let mut out = Watched { file: file.as_file(), error: None };
    let about = serde_json::to_string(info).unwrap_or_default();
    let written = guarded(path, || {
        let metadata = KeyValueMetadata::from_static(vec![(KEY.to_owned(), about)]);
        let mut parts = frames.into_iter().peekable();
        let schema = match parts.peek() {
            Some(Ok(first)) => first.schema().clone(),
            Some(Err(_)) | None => return parts.next().map_or(Ok(()), |first| first.map(drop)),
        };
        let writer = ParquetWriter::new(&mut out)
            .with_compression(ParquetCompression::Zstd(None))
            .with_key_value_metadata(Some(metadata))
            .set_parallel(false);
        let mut writer = writer.batched(&schema)?;
        for frame in parts {
            let mut frame = frame?;
            frame.align_chunks_par();
            writer.write_batch(&frame)?;
        }
        writer.finish().map(drop)
    });
    if let Some(error) = out.error {
        return Err(failed(&error));
    }
    written?;
    names::persist(file, path).map_err(|e| failed(&e))
}

struct Watched<'a> {
    file: &'a File,
    error: Option<std::io::Error>,
}

impl Watched<'_> {
    fn note(&mut self, error: std::io::Error) -> std::io::Error {
        let kind = error.kind();
        self.error.get_or_insert(error);
        kind.into()
    }
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes).map_err(|e| self.note(e))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush().map_err(|e| self.note(e))
    }
}

/// A segment that is open, and stays readable when it is replaced or removed meanwhile.
pub(super) struct Segment {
    file: File,
    metadata: FileMetadataRef,
    pub(super) info: SegmentInfo,
}

impl Segment {
    /// Opens a segment; `None` when it is not there (any more).
    pub(super) fn open(path: &Path) -> Result<Option<Self>, CaptureError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if CaptureError::is_gone(&e) => return Ok(None),
            Err(e) => return Err(CaptureError::io("The segment cannot be opened", path, &e)),
        };
        let failed = |e: &std::io::Error| CaptureError::io("The segment cannot be read", path, e);
        let bytes = file.metadata().map_err(|e| failed(&e))?.len();
        let handle = file.try_clone().map_err(|e| failed(&e))?;
        let mut reader = ParquetReader::new(handle);
        let metadata = guarded(path, || reader.get_metadata().cloned())?;
        let pairs = metadata.key_value_metadata.as_ref();
        let about = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == KEY));
        let info = about.and_then(|pair| serde_json::from_str::<SegmentInfo>(pair.value.as_deref()?).ok());
        let mut info = info.ok_or_else(|| CaptureError::segment(path, "it is no segment of a capture"))?;
        path.clone_into(&mut info.path);
        info.bytes = bytes;
        Ok(Some(Self { file, metadata, info }))
    }

    pub(super) fn lines(&self) -> usize {
        self.metadata.num_rows
    }

    /// Some lines, with some columns or all.
    pub(super) fn read(&self, start: usize, lines: usize, columns: Option<&[&str]>) -> Result<DataFrame, CaptureError> {
        let path = &self.info.path;
        let handle = self.file.try_clone().map_err(|e| CaptureError::io("The segment cannot be read", path, &e))?;
        guarded(path, || {
            let mut reader = ParquetReader::new(handle)
                .with_columns(columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect()))
                .with_slice(Some((start, lines)))
                .read_parallel(ParallelStrategy::None);
            reader.set_metadata(self.metadata.clone());
            reader.finish()
        })
    }
}
