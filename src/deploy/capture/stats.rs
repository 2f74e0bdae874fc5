//! How a capture fares: what it keeps and what that costs.

/// Numbers of a capture since it was opened.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CaptureStats {
    /// Times that records were kept.
    pub keeps: u64,
    /// Requests that were kept.
    pub requests: u64,
    /// Rows of these.
    pub rows: u64,
    /// Bytes written to journals.
    pub bytes: u64,
    /// Time for handing bytes to the operating system, in milliseconds.
    pub write_ms: f64,
    /// Time for waiting until the disk had them, in milliseconds; 0 unless power loss is to be survived.
    pub sync_ms: f64,
    /// The longest single keep, in milliseconds.
    pub slowest_ms: f64,
    /// Tries to keep that failed.
    pub refused: u64,
    /// Segments that were made.
    pub segments: u64,
    /// Bytes of the journal that is being written.
    pub journal_bytes: u64,
    /// Bytes free on the disk, where that is known.
    pub free_bytes: Option<u64>,
    /// What went wrong last in the background and is not yet mended.
    pub problem: Option<String>,
}
