//! Chunks read ahead on a thread of their own, so that reading and scoring overlap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::Stream;
use super::hashing::Hashing;
use crate::data::{DataError, Fingerprint, Table, Watch};

/// How long a cancel may go unheard while no chunk is ready.
const PATIENCE: Duration = Duration::from_millis(20);

type Chunk = Result<Option<Table>, DataError>;

/// A [`Stream`] that a named thread reads. The thread ends with the last chunk, with an error, and when this is dropped.
pub struct Ahead {
    /// `None` once the end or an error was given.
    chunks: Option<Receiver<Chunk>>,
    told: Arc<Told>,
    reader: Option<JoinHandle<()>>,
    rows: usize,
    hashing: Option<Hashing>,
}

/// What both sides say to each other: cancel one way, progress the other.
#[derive(Default)]
struct Told {
    stop: AtomicBool,
    progress: AtomicU32,
}

impl Watch for Told {
    fn progress(&self, done: f32) {
        self.progress.store(done.to_bits(), Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Ahead {
    pub(super) fn new(mut stream: Stream, depth: usize) -> Self {
        let (sender, chunks) = bounded(depth.max(1));
        let told = Arc::new(Told::default());
        told.progress(0.5);
        let rows = stream.rows();
        let path = stream.path().to_owned();
        let hashing = stream.hashing.take();
        let (heard, failed) = (Arc::clone(&told), sender.clone());
        let reader =
            std::thread::Builder::new().name("data-ahead".to_owned()).spawn(move || give(&mut stream, &sender, &heard));
        let reader = match reader {
            Ok(reader) => Some(reader),
            Err(error) => {
                // The channel is empty, so there is room for this.
                failed.send(Err(DataError::Unreadable { path, reason: error.to_string() })).ok();
                None
            }
        };
        Self { chunks: Some(chunks), told, reader, rows, hashing }
    }

    /// Rows of all chunks together.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// As [`Stream::fingerprint`].
    ///
    /// # Errors
    /// Those of [`Stream::fingerprint`].
    pub fn fingerprint(&mut self, watch: &dyn Watch) -> Result<Fingerprint, DataError> {
        self.hashing.as_mut().map_or(Err(DataError::Cancelled), |hashing| hashing.wait(watch))
    }

    /// As [`Stream::next`]; waits for a chunk that is not ready. `None` also after an error or a cancel was given.
    ///
    /// # Errors
    /// Those of [`Stream::next`].
    pub fn next(&mut self, watch: &dyn Watch) -> Result<Option<Table>, DataError> {
        let Some(chunks) = &self.chunks else { return Ok(None) };
        let chunk = loop {
            if watch.cancelled() {
                self.told.stop.store(true, Ordering::Relaxed);
                break Err(DataError::Cancelled);
            }
            match chunks.recv_timeout(PATIENCE) {
                Ok(chunk) => break chunk,
                Err(RecvTimeoutError::Timeout) => {}
                // Only a reader that gave up on itself leaves without a last word.
                Err(RecvTimeoutError::Disconnected) => break Err(DataError::Cancelled),
            }
        };
        watch.progress(f32::from_bits(self.told.progress.load(Ordering::Relaxed)));
        if !matches!(chunk, Ok(Some(_))) {
            self.chunks = None;
        }
        chunk
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.told.stop.store(true, Ordering::Relaxed);
        // A reader that waits for room goes on when nobody can take a chunk any more.
        self.chunks = None;
        if let Some(reader) = self.reader.take() {
            reader.join().ok();
        }
    }
}

fn give(stream: &mut Stream, sender: &Sender<Chunk>, told: &Told) {
    loop {
        let chunk = stream.next(told);
        let last = !matches!(chunk, Ok(Some(_)));
        if sender.send(chunk).is_err() || last {
            return;
        }
    }
}
