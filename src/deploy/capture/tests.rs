//! What cannot be reached from outside: full disks, cut and flipped bytes, interrupted sealing.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::files::{Disk, RealDisk, Store};
use super::*;
use crate::data::NoWatch;
use crate::deploy::labels::KnowsIds as _;
use crate::deploy::serve::{Call, CallRecord, Origin, Recorder as _};
use crate::model::tensor::{NamedTensor, Tensor, TensorData};

fn tensor(name: &str, shape: &[usize], data: TensorData) -> NamedTensor {
    NamedTensor { name: name.into(), tensor: Tensor::new(shape.to_vec(), data).unwrap() }
}

fn call(id: &str, inputs: Vec<NamedTensor>) -> Call {
    Call {
        id: id.into(),
        model: "credit".into(),
        version: None,
        inputs,
        wanted: Vec::new(),
        received: Instant::now(),
        received_at_ms: 1_785_585_600_000,
        deadline: None,
        origin: Origin { feed: "http".into(), consumer: None },
        sticky: None,
    }
}

fn keep(recorder: &mut CaptureRecorder, sequence: u64, id: &str) -> Result<(), String> {
    keep_of(recorder, sequence, "1", id, vec![tensor("x", &[1, 2], TensorData::Float32(vec![sequence as f32, 2.0]))])
}

fn keep_of(
    recorder: &mut CaptureRecorder,
    sequence: u64,
    version: &str,
    id: &str,
    inputs: Vec<NamedTensor>,
) -> Result<(), String> {
    let call = call(id, inputs);
    let outputs = [tensor("label", &[1], TensorData::Int64(vec![1]))];
    recorder.keep(&[CallRecord {
        sequence,
        call: &call,
        version,
        outcome: Ok(&outputs),
        latency: Duration::from_micros(1500),
    }])
}

fn plain() -> CaptureSettings {
    CaptureSettings { free_floor_bytes: 0, ..CaptureSettings::default() }
}

fn the_journal(folder: &Path) -> PathBuf {
    let listing = names::Listing::of(folder).unwrap();
    listing.journals.into_values().next_back().unwrap()
}

fn ids_in(folder: &Path) -> Vec<String> {
    let mut chunks = CaptureReader::open(folder).unwrap().chunks(Span::All, 100).unwrap();
    let mut ids = Vec::new();
    while let Some(table) = chunks.next(&NoWatch).unwrap() {
        let column = table.column("id").unwrap();
        ids.extend((0..table.rows()).filter_map(|row| column.display(row)));
    }
    ids
}

/// A journal with a few requests, and where each of its records ends.
fn small_journal() -> (Vec<u8>, Vec<usize>) {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let mut recorder = capture.recorder();
    let path = the_journal(dir.path());
    let mut ends = vec![std::fs::metadata(&path).unwrap().len() as usize];
    for sequence in 0..4 {
        keep(&mut recorder, sequence, &format!("r{sequence}")).unwrap();
        ends.push(std::fs::metadata(&path).unwrap().len() as usize);
    }
    (std::fs::read(&path).unwrap(), ends)
}

#[test]
fn a_journal_cut_anywhere_keeps_exactly_its_whole_records() {
    let (bytes, ends) = small_journal();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("0000000001-20260801T120000Z.journal");
    for length in 0..=bytes.len() {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let journal = journal::read(&path).unwrap().unwrap();
        let whole = ends[1..].iter().filter(|end| **end <= length).count();
        let sequences: Vec<u64> = journal.calls.iter().map(|call| call.sequence).collect();
        assert_eq!(sequences, (0..whole as u64).collect::<Vec<_>>(), "cut to {length}");
        assert_eq!(journal.damaged, 0, "cut to {length}");
        let last = ends.iter().rfind(|end| **end <= length).copied();
        assert_eq!(journal.torn, length - last.unwrap_or(if length < 12 { 0 } else { 12 }), "cut to {length}");
    }
}

#[test]
fn a_flipped_byte_costs_its_own_record_and_no_other() {
    let (bytes, ends) = small_journal();
    let path = Path::new("0000000001-20260801T120000Z.journal");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(path);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&path, &damaged).unwrap();
        let read = journal::read(&path);
        if at < 12 {
            let lost = read.as_ref().map_or(true, |journal| journal.as_ref().unwrap().unreadable);
            assert!(lost, "a damaged header at {at} is told");
            continue;
        }
        let journal = read.unwrap().unwrap();
        let hit = ends.iter().position(|end| at < *end).unwrap();
        let expected: Vec<u64> = (0..4).filter(|sequence| *sequence + 1 != hit as u64).collect();
        let sequences: Vec<u64> = journal.calls.iter().map(|call| call.sequence).collect();
        assert_eq!(sequences, expected, "flipped at {at}");
        assert!(journal.damaged + journal.torn > 0, "flipped at {at}");
    }
}

#[test]
fn a_cut_journal_is_repaired_at_the_start_and_said_so() {
    let (bytes, ends) = small_journal();
    for length in [0, 5, 12, ends[0], ends[1] - 1, ends[2], ends[3] + 9, bytes.len()] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("0000000007-20260801T120000Z.journal"), &bytes[..length]).unwrap();
        let capture = Capture::open(dir.path(), plain()).unwrap();
        let whole = ends[1..].iter().filter(|end| **end <= length).count() as u64;
        let repaired = capture.repaired().clone();
        assert_eq!(repaired.requests, whole, "cut to {length}");
        assert_eq!(
            repaired.torn_bytes > 0,
            !(length == 0 || length == 12 || ends.contains(&length)),
            "cut to {length}"
        );
        assert_eq!(repaired.sentences().is_empty(), whole == 0 && repaired.torn_bytes == 0);
        assert_eq!(capture.next_sequence(), whole);
        assert_eq!(ids_in(dir.path()).len() as u64, whole);
        assert_eq!(the_journal(dir.path()).file_name().unwrap().to_string_lossy().get(..10), Some("0000000008"));
    }
}

#[test]
fn bytes_of_a_request_never_pass_for_a_record() {
    let (bytes, ends) = small_journal();
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let mut recorder = capture.recorder();
    let record = bytes[ends[0]..ends[1]].to_vec();
    let length = record.len();
    keep_of(&mut recorder, 0, "1", "outer", vec![tensor("x", &[1, length], TensorData::UInt8(record))]).unwrap();
    let path = the_journal(dir.path());
    let mut damaged = std::fs::read(&path).unwrap();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    assert!(journal::read(&path).unwrap().unwrap().calls.is_empty());
}

#[test]
fn sealing_that_was_interrupted_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let mut recorder = capture.recorder();
    for sequence in 0..20 {
        keep(&mut recorder, sequence, &format!("r{sequence}")).unwrap();
    }
    let path = the_journal(dir.path());
    let before = std::fs::read(&path).unwrap();
    capture.close();
    // As after a crash between the last rename and the removal of the journal.
    std::fs::write(&path, before).unwrap();
    std::fs::write(dir.path().join(".capture-half.tmp"), "half").unwrap();
    assert_eq!(ids_in(dir.path()).len(), 20, "a reader does not double them either");
    let capture = Capture::open(dir.path(), plain()).unwrap();
    assert_eq!((capture.repaired().made_again, capture.repaired().temporary), (1, 1));
    let ids = ids_in(dir.path());
    assert_eq!(ids.len(), 20);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 20);
    assert_eq!(capture.next_sequence(), 20);
}

/// A disk with so much room.
#[derive(Clone, Default)]
struct SmallDisk {
    room: Arc<AtomicU64>,
    free: Option<Arc<AtomicU64>>,
}

struct SmallStore {
    inner: Box<dyn Store>,
    room: Arc<AtomicU64>,
}

impl Disk for SmallDisk {
    fn create(&self, path: &Path, beginning: &[u8], sync: bool) -> io::Result<Box<dyn Store>> {
        Ok(Box::new(SmallStore { inner: RealDisk.create(path, beginning, sync)?, room: Arc::clone(&self.room) }))
    }

    fn free(&self, _folder: &Path) -> Option<u64> {
        self.free.as_ref().map(|free| free.load(Ordering::SeqCst))
    }
}

impl Store for SmallStore {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = self.room.load(Ordering::SeqCst) as usize;
        // As much as goes is written, as a full disk does.
        self.inner.append(&bytes[..bytes.len().min(room)])?;
        self.room.fetch_sub(bytes.len().min(room) as u64, Ordering::SeqCst);
        if bytes.len() > room { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.inner.cut(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()
    }
}

#[test]
fn a_full_disk_stops_the_keeping_before_anything_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let disk = SmallDisk::default();
    disk.room.store(400, Ordering::SeqCst);
    let capture = Capture::open_on(dir.path(), plain(), Arc::new(disk.clone())).unwrap();
    let mut recorder = capture.recorder();
    let mut kept = Vec::new();
    let mut refused = 0;
    for sequence in 0..12 {
        if sequence == 8 {
            disk.room.store(10_000, Ordering::SeqCst);
        }
        match keep(&mut recorder, sequence, &format!("r{sequence}")) {
            Ok(()) => kept.push(format!("r{sequence}")),
            Err(why) => {
                refused += 1;
                assert!(why.contains("has room") && why.contains("journal"), "{why}");
            }
        }
    }
    assert!(refused > 0 && kept.len() >= 5, "{refused} refused, {} kept", kept.len());
    assert_eq!(capture.stats().refused, refused);
    let journal = journal::read(&the_journal(dir.path())).unwrap().unwrap();
    assert_eq!((journal.torn, journal.damaged), (0, 0), "no half record stands between");
    assert_eq!(ids_in(dir.path()), kept);
    capture.close();
    assert_eq!(ids_in(dir.path()), kept);
}

#[test]
fn the_disk_is_not_filled_to_the_last_byte() {
    let dir = tempfile::tempdir().unwrap();
    let free = Arc::new(AtomicU64::new(400 << 20));
    let disk = SmallDisk { room: Arc::new(AtomicU64::new(u64::MAX / 2)), free: Some(Arc::clone(&free)) };
    let settings = CaptureSettings { free_floor_bytes: 300 << 20, ..CaptureSettings::default() };
    let capture = Capture::open_on(dir.path(), settings, Arc::new(disk)).unwrap();
    let mut recorder = capture.recorder();
    keep(&mut recorder, 0, "a").unwrap();
    free.store(200 << 20, Ordering::SeqCst);
    capture.inner().live.lock().measured(Some(200 << 20));
    let why = keep(&mut recorder, 1, "b").unwrap_err();
    assert!(why.contains("Only 200 MB") && why.contains("300 MB must stay free"), "{why}");
    free.store(400 << 20, Ordering::SeqCst);
    capture.inner().live.lock().measured(Some(400 << 20));
    keep(&mut recorder, 2, "c").unwrap();
    assert_eq!(ids_in(dir.path()), ["a", "c"]);
}

#[test]
fn half_numbers_are_exact() {
    for (bits, number) in [
        (0x3c00, 1.0),
        (0xc000, -2.0),
        (0x7bff, 65_504.0),
        (0x0001, 5.960_464_5e-8),
        (0x0400, 6.103_515_6e-5),
        (0x3555, 0.333_251_95),
        (0x7c00, f32::INFINITY),
    ] {
        assert_eq!(cells::half(bits), number, "{bits:x}");
    }
    assert!(cells::half(0x7e00).is_nan());
    assert!(cells::half(0x8000).is_sign_negative());
}

#[test]
fn an_index_finds_each_of_its_ids_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.ids");
    for count in [0_u32, 1, 339, 341, 5_000] {
        let mut ids = ids::Ids::new();
        for n in 0..count {
            ids::note(&mut ids, ids::hash(&format!("request-{n}")), n as usize);
        }
        ids::write(&path, &ids).unwrap();
        for n in 0..count {
            assert_eq!(ids::rows(&path, ids::hash(&format!("request-{n}"))).unwrap(), Some(n));
        }
        for n in 0..1_000 {
            assert_eq!(ids::rows(&path, ids::hash(&format!("other-{n}"))).unwrap(), None);
        }
        for hash in [0, u64::MAX] {
            assert_eq!(ids::rows(&path, hash).unwrap(), None);
        }
    }
}

#[test]
fn ids_are_known_in_the_journal_while_it_waits_and_in_segments() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let mut recorder = capture.recorder();
    keep(&mut recorder, 0, "a").unwrap();
    assert_eq!(capture.rows_of("a").unwrap(), Some(1));
    capture.inner().live.lock().roll(0).unwrap();
    assert_eq!(capture.rows_of("a").unwrap(), Some(1));
    capture.seal_now().unwrap();
    keep(&mut recorder, 1, "b").unwrap();
    for knows in [true, false] {
        let reader = capture.reader().unwrap();
        let all: Vec<_> = ["a", "b", "c"]
            .map(|id| if knows { capture.rows_of(id) } else { reader.ids().unwrap().rows_of(id) }.unwrap())
            .to_vec();
        assert_eq!(all, [Some(1), Some(1), None]);
    }
}

#[test]
fn a_missing_index_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    keep(&mut capture.recorder(), 0, "a").unwrap();
    capture.close();
    let listing = names::Listing::of(dir.path()).unwrap();
    let path = listing.indexes.values().next().unwrap();
    let before = std::fs::read(path).unwrap();
    std::fs::remove_file(path).unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    assert_eq!(capture.repaired().indexes, 1);
    assert_eq!(std::fs::read(path).unwrap(), before);
    assert_eq!(capture.rows_of("a").unwrap(), Some(1));
}

#[test]
fn number_and_sequence_go_on_when_everything_was_removed() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    keep(&mut capture.recorder(), 41, "a").unwrap();
    capture.close();
    for path in names::Listing::of(dir.path()).unwrap().segments.values().flatten() {
        std::fs::remove_file(path).unwrap();
    }
    let capture = Capture::open(dir.path(), plain()).unwrap();
    assert_eq!(capture.next_sequence(), 42);
    let name = the_journal(dir.path()).file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with("0000000003-"), "{name}");
}

#[test]
fn a_newer_journal_and_a_second_writer_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let error = Capture::open(dir.path(), plain()).err().unwrap();
    assert!(matches!(error, CaptureError::Locked { .. }), "{error}");
    let mut recorder = capture.recorder();
    drop(capture);
    let why = keep(&mut recorder, 0, "late").unwrap_err();
    assert!(why.contains("closed"), "{why}");
    let newer = [b"MDJL".as_slice(), &9_u32.to_le_bytes(), &[0; 4]].concat();
    std::fs::write(dir.path().join("0000000009-20260801T120000Z.journal"), newer).unwrap();
    let error = Capture::open(dir.path(), plain()).err().unwrap();
    assert!(matches!(error, CaptureError::Newer { found: 9, .. }), "{error}");
}

#[test]
fn power_loss_safety_shows_its_cost() {
    let dir = tempfile::tempdir().unwrap();
    let settings = CaptureSettings { durability: Durability::Power, ..plain() };
    let capture = Capture::open(dir.path(), settings).unwrap();
    keep(&mut capture.recorder(), 0, "a").unwrap();
    let stats = capture.stats();
    assert_eq!((stats.keeps, stats.requests, stats.rows), (1, 1, 1));
    assert!(stats.sync_ms > 0.0 && stats.slowest_ms >= stats.sync_ms, "{stats:?}");
}
