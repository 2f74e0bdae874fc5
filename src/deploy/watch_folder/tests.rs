//! The cases of a watched folder; time is given, so no test waits.

use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::*;
use crate::data::{Column, NoWatch, Table, Values};
use crate::deploy::heartbeat::Beat;

struct Scene {
    dir: tempfile::TempDir,
    feed: FolderFeed,
    start: Instant,
    /// File name, rows, whether again.
    heard: Vec<(String, usize, bool)>,
}

fn settings(dir: &Path) -> WatchedFolder {
    WatchedFolder {
        folder: dir.join("in"),
        settle_ms: 2_000,
        expected_seconds: Some(60),
        write_answers: true,
        ..WatchedFolder::default()
    }
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("in")).unwrap();
        let feed = FolderFeed::open(settings(dir.path()), &dir.path().join("ledger.jsonl")).unwrap();
        Self { dir, feed, start: Instant::now(), heard: Vec::new() }
    }

    fn restart(&mut self) {
        self.feed = FolderFeed::open(settings(self.dir.path()), &self.dir.path().join("ledger.jsonl")).unwrap();
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.dir.path().join("in").join(name), text).unwrap();
    }

    fn there(&self, name: &str) -> bool {
        self.dir.path().join("in").join(name).exists()
    }

    fn poll_with(&mut self, second: u64, answer: impl Fn(&Arrival) -> Result<Option<Table>, Trouble>) -> Polled {
        let heard = &mut self.heard;
        let mut handle = |arrival: &Arrival| {
            let name = arrival.path.file_name().unwrap().to_string_lossy().into_owned();
            heard.push((name, arrival.table.rows(), arrival.again));
            answer(arrival)
        };
        self.feed.poll(self.start + Duration::from_secs(second), &mut handle, &NoWatch).unwrap()
    }

    fn poll(&mut self, second: u64) -> Polled {
        self.poll_with(second, |_| Ok(None))
    }
}

#[test]
fn each_file_is_taken_once_and_a_restart_takes_nothing_twice() {
    let mut scene = Scene::new();
    scene.write("a.csv", "x,y\n1,2\n3,4\n");
    scene.write("b.json", "[{\"x\": 1}, {\"x\": 2}, {\"x\": 3}]");
    assert!(scene.poll(0).done.is_empty(), "it has not rested");
    assert_eq!(scene.poll(1).waiting.len(), 2);
    assert_eq!(scene.poll(3).done, ["a.csv", "b.json"]);
    assert!(scene.poll(4).done.is_empty());
    scene.restart();
    assert!(scene.poll(10).done.is_empty());
    assert_eq!(scene.poll(20), Polled::default());
    assert_eq!(scene.heard, [("a.csv".to_owned(), 2, false), ("b.json".to_owned(), 3, false)]);
    assert_eq!(scene.feed.status(scene.start).files, 2);
}

#[test]
fn a_file_still_being_written_is_left() {
    let mut scene = Scene::new();
    for second in 0..6 {
        scene.write("a.csv", format!("x\n{}", "1\n".repeat(second as usize + 1)));
        assert!(scene.poll(second).done.is_empty(), "at second {second}");
    }
    assert_eq!(scene.poll(8).done, ["a.csv"]);
    assert_eq!(scene.heard, [("a.csv".to_owned(), 6, false)]);
    scene.write("b.csv.part", "x\n1\n");
    scene.write(".hidden.csv", "x\n1\n");
    scene.write("~$open.xlsx", "x");
    scene.poll(9);
    assert_eq!(scene.poll(99), Polled::default());
}

#[test]
fn half_a_parquet_file_is_waited_for_and_then_set_aside() {
    let mut scene = Scene::new();
    scene.write("a.parquet", b"PAR1 and no end");
    scene.write("empty.csv", "");
    scene.poll(0);
    let waiting = scene.poll(5).waiting;
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    assert_eq!(scene.poll(19).waiting.len(), 2);
    let aside = scene.poll(20).set_aside;
    assert_eq!(aside.len(), 2, "{aside:?}");
    assert!(aside.iter().any(|(name, why)| name == "a.parquet" && why.contains("Parquet")), "{aside:?}");
    assert!(scene.there("set_aside/a.parquet") && !scene.there("a.parquet"));
    let reason = std::fs::read_to_string(scene.dir.path().join("in/set_aside/a.parquet.reason.txt")).unwrap();
    assert!(reason.contains("Parquet"), "{reason}");
    assert!(scene.heard.is_empty());
}

#[test]
fn bad_files_are_set_aside_with_their_reason_and_others_go_on() {
    let mut scene = Scene::new();
    scene.write("photo.csv", b"\x89PNG\r\n\x1a\n0000");
    scene.write("wrong.csv", "x\n1\n2\n");
    scene.write("good.csv", "y\n1\n2\n");
    scene.poll(0);
    let wrong = |arrival: &Arrival| {
        if arrival.path.ends_with("wrong.csv") {
            return Err(Trouble::Bad("Column “y” is missing.".to_owned()));
        }
        Ok(None)
    };
    let polled = scene.poll_with(3, wrong);
    assert_eq!(polled.done, ["good.csv"]);
    let mut names: Vec<&str> = polled.set_aside.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["photo.csv", "wrong.csv"]);
    let reason = std::fs::read_to_string(scene.dir.path().join("in/set_aside/wrong.csv.reason.txt")).unwrap();
    assert_eq!(reason, "Column “y” is missing.\n");
    // A corrected file of the same name is new; a bad one again does not overwrite the first.
    scene.write("wrong.csv", "y\n1\n");
    scene.write("photo.csv", b"\x89PNG\r\n\x1a\n1111");
    scene.poll(4);
    let polled = scene.poll(8);
    assert_eq!(polled.done, ["wrong.csv"]);
    assert!(scene.there("set_aside/2-photo.csv"));
    assert_eq!(scene.feed.status(scene.start).set_aside, 3);
}

#[test]
fn trouble_that_is_not_the_files_puts_it_off_and_ids_stay_the_same() {
    let mut scene = Scene::new();
    scene.write("a.csv", "x\n1\n2\n");
    scene.poll(0);
    let ids = std::cell::RefCell::new(Vec::new());
    let polled = scene.poll_with(3, |arrival| {
        ids.borrow_mut().push(arrival.request_id(0));
        Err(Trouble::Later("The disk is full.".to_owned()))
    });
    assert_eq!(polled.waiting, [("a.csv".to_owned(), "The disk is full.".to_owned())]);
    scene.restart();
    scene.poll(4);
    let polled = scene.poll_with(7, |arrival| {
        ids.borrow_mut().push(arrival.request_id(0));
        let answers = Column::new("label", Values::text([Some("yes"), Some("no")]));
        Ok(Some(Table::new(vec![answers]).unwrap()))
    });
    assert_eq!(polled.done, ["a.csv"]);
    assert_eq!(scene.heard, [("a.csv".to_owned(), 2, false), ("a.csv".to_owned(), 2, true)]);
    let ids = ids.into_inner();
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0].starts_with("a.csv#") && ids[0].ends_with("#0"), "{ids:?}");
    let answers = std::fs::read_to_string(scene.dir.path().join("in/answered/a.csv.csv")).unwrap();
    assert_eq!(answers, "label\nyes\nno\n");
}

#[test]
fn touched_and_renamed_files_are_known_and_changed_ones_are_new() {
    let mut scene = Scene::new();
    let path = scene.dir.path().join("in/a.csv");
    scene.write("a.csv", "x\n1\n2\n");
    scene.poll(0);
    assert_eq!(scene.poll(3).done, ["a.csv"]);
    // Clocks jump: a time in 1970 and one far ahead.
    for (second, time) in [(10, UNIX_EPOCH), (20, UNIX_EPOCH + Duration::from_hours(2_500_000))] {
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        scene.poll(second);
        assert!(scene.poll(second + 5).done.is_empty(), "touched");
    }
    std::fs::rename(&path, scene.dir.path().join("in/b.csv")).unwrap();
    scene.poll(30);
    assert!(scene.poll(35).done.is_empty(), "renamed");
    std::fs::copy(scene.dir.path().join("in/b.csv"), scene.dir.path().join("in/c.csv")).unwrap();
    scene.write("b.csv", "x\n1\n2\n3\n");
    scene.poll(40);
    let mut done = scene.poll(45).done;
    done.sort();
    assert_eq!(done, ["b.csv", "c.csv"], "a copy beside and a new content are new");
    scene.restart();
    scene.poll(50);
    assert!(scene.poll(55).done.is_empty());
}

#[test]
fn a_folder_that_goes_and_comes_back_is_told_and_survived() {
    let mut scene = Scene::new();
    std::fs::remove_dir(scene.dir.path().join("in")).unwrap();
    scene.poll(0);
    let status = scene.feed.status(scene.start);
    assert!(status.problem.unwrap().contains("cannot be looked at"));
    std::fs::create_dir(scene.dir.path().join("in")).unwrap();
    scene.write("a.csv", "x\n1\n");
    scene.poll(1);
    assert_eq!(scene.poll(4).done, ["a.csv"]);
    assert_eq!(scene.feed.status(scene.start).problem, None);
}

#[test]
fn the_heartbeat_hears_files_and_their_columns() {
    let mut scene = Scene::new();
    assert_eq!(scene.feed.status(scene.start + Duration::from_secs(30)).heartbeat.beat, Beat::Waiting);
    scene.write("a.csv", "x,y\n1,2\n3,4\n");
    scene.poll(0);
    scene.poll(3);
    scene.write("b.csv", "x,z\n1,2\n");
    scene.poll(10);
    scene.poll(13);
    let at = |seconds| scene.feed.status(scene.start + Duration::from_secs(seconds)).heartbeat;
    let beat = at(14);
    assert_eq!((beat.beat, beat.arrivals, beat.rows, beat.schema_changed), (Beat::OnTime, 2, 3, 1));
    assert_eq!(beat.schema_changes, ["“y” is gone.", "“z” is new."]);
    assert_eq!((at(80).beat, at(200).beat), (Beat::Late, Beat::Silent));
}

#[test]
fn half_a_line_of_the_ledger_is_cut_off_and_a_damaged_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.jsonl");
    let entry = |name: &str| Taken {
        name: name.to_owned(),
        size: 1,
        modified_ns: Some(5),
        sha256: "00".to_owned(),
        outcome: Outcome::Done,
        rows: 1,
        at_ms: 0,
        reason: None,
    };
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.add(entry("a")).unwrap();
    ledger.add(entry("b")).unwrap();
    drop(ledger);
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let mut ledger = Ledger::open(&path).unwrap();
        let lines = String::from_utf8_lossy(&whole[..length]).matches('\n').count();
        assert_eq!(ledger.entries().count(), lines.saturating_sub(1), "cut to {length}");
        ledger.add(entry("c")).unwrap();
        drop(ledger);
        assert!(Ledger::open(&path).unwrap().find("c", "00").is_some());
    }
    let damaged = [whole.as_slice(), b"{nonsense}\n"].concat();
    std::fs::write(&path, damaged).unwrap();
    assert!(matches!(Ledger::open(&path).err(), Some(LedgerError::Damaged { line: 4, .. })));
    std::fs::write(&path, "{\"ledger\":9}\n").unwrap();
    assert!(matches!(Ledger::open(&path).err(), Some(LedgerError::Newer { .. })));
}
