//! A batch to bytes and back.

const MAGIC: &[u8; 4] = b"MDC1";

/// A batch to keep, borrowed from who answered it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapturedRows<'a> {
    /// Position of the first row in its source, from 0.
    pub first_row: u64,
    /// How many rows the batch had.
    pub rows: u32,
    /// The answered class of each row.
    pub labels: &'a [u32],
    /// Probabilities a row.
    pub width: u32,
    /// Probabilities, row by row.
    pub probabilities: &'a [f32],
    /// Answered values of a regressor.
    pub values: &'a [f64],
    /// Rows without an answer, with why.
    pub skipped: &'a [(u32, String)],
    /// How long the answer took, in milliseconds.
    pub latency_ms: f64,
    /// When it was answered, in milliseconds since 1970-01-01 UTC.
    pub answered_at_ms: i64,
}

/// A batch that was kept; the fields are those of [`CapturedRows`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CapturedBatch {
    /// Position of the first row in its source, from 0.
    pub first_row: u64,
    /// How many rows the batch had.
    pub rows: u32,
    /// The answered class of each row.
    pub labels: Vec<u32>,
    /// Probabilities a row.
    pub width: u32,
    /// Probabilities, row by row.
    pub probabilities: Vec<f32>,
    /// Answered values of a regressor.
    pub values: Vec<f64>,
    /// Rows without an answer, with why.
    pub skipped: Vec<(u32, String)>,
    /// How long the answer took, in milliseconds.
    pub latency_ms: f64,
    /// When it was answered, in milliseconds since 1970-01-01 UTC.
    pub answered_at_ms: i64,
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

/// The blob of a batch, as the room's doc lays it out.
pub fn encode(batch: &CapturedRows<'_>) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(64 + batch.labels.len() * 4 + batch.probabilities.len() * 4 + batch.values.len() * 8);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&batch.first_row.to_le_bytes());
    out.extend_from_slice(&batch.rows.to_le_bytes());
    out.extend_from_slice(&batch.width.to_le_bytes());
    out.extend_from_slice(&batch.latency_ms.to_le_bytes());
    out.extend_from_slice(&batch.answered_at_ms.to_le_bytes());
    put_count(&mut out, batch.labels.len());
    batch.labels.iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
    put_count(&mut out, batch.probabilities.len());
    batch.probabilities.iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
    put_count(&mut out, batch.values.len());
    batch.values.iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
    put_count(&mut out, batch.skipped.len());
    for (row, why) in batch.skipped {
        out.extend_from_slice(&row.to_le_bytes());
        put_count(&mut out, why.len());
        out.extend_from_slice(why.as_bytes());
    }
    out
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (head, rest) = self.0.split_at_checked(count).ok_or("a captured batch ends too early")?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "a captured batch ends too early".to_owned())
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    /// Takes the bytes before anything is reserved, so that a false count cannot ask for memory.
    fn series<const N: usize, T>(&mut self, read: impl Fn([u8; N]) -> T) -> Result<Vec<T>, String> {
        let count = self.u32()? as usize;
        let bytes = self.take(count.checked_mul(N).ok_or("a captured batch counts too much")?)?;
        Ok(bytes.chunks_exact(N).filter_map(|b| b.try_into().ok()).map(read).collect())
    }
}

/// The batch in a blob, or what is wrong with it.
pub fn decode(blob: &[u8]) -> Result<CapturedBatch, String> {
    let mut bytes = Bytes(blob);
    if bytes.take(4)? != MAGIC {
        return Err("a captured batch is of an unknown version".to_owned());
    }
    let first_row = bytes.array().map(u64::from_le_bytes)?;
    let rows = bytes.u32()?;
    let width = bytes.u32()?;
    let latency_ms = bytes.array().map(f64::from_le_bytes)?;
    let answered_at_ms = bytes.array().map(i64::from_le_bytes)?;
    let labels = bytes.series(u32::from_le_bytes)?;
    let probabilities = bytes.series(f32::from_le_bytes)?;
    let values = bytes.series(f64::from_le_bytes)?;
    let mut skipped = Vec::new();
    for _ in 0..bytes.u32()? {
        let row = bytes.u32()?;
        let length = bytes.u32()? as usize;
        let why = std::str::from_utf8(bytes.take(length)?).map_err(|e| format!("a captured reason is no text: {e}"))?;
        skipped.push((row, why.to_owned()));
    }
    if !bytes.0.is_empty() {
        return Err(format!("a captured batch has {} bytes too many", bytes.0.len()));
    }
    Ok(CapturedBatch { first_row, rows, labels, width, probabilities, values, skipped, latency_ms, answered_at_ms })
}
