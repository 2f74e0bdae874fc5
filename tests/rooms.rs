//! The rooms keep their direction: nothing outside `app` names the window's libraries, no room imports one above it,
//! and every room says what it is for.

#![expect(clippy::unwrap_used, reason = "a source tree that cannot be read is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up; a room may import those before it.
const ROOMS: [&str; 11] =
    ["stats", "data", "model", "validate", "monitor", "deploy", "workspace", "report", "backend", "cli", "app"];

/// The command line opens the window, which is above it; nothing else of `app` is its business.
const DOORS: [(&str, &str); 1] = [("cli", "app::open_window")];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn no_room_imports_one_above_it() {
    let mut wrong = Vec::new();
    for (level, room) in ROOMS.iter().enumerate() {
        let folder = src().join(room);
        assert!(folder.is_dir(), "the room {room} is missing");
        for file in sources(&folder) {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in code_lines(&text) {
                for above in &ROOMS[level + 1..] {
                    let named =
                        line.contains(&format!("crate::{above}::")) || line.contains(&format!("crate::{above};"));
                    let door = DOORS.iter().any(|(from, path)| from == room && line.contains(path));
                    if named && !door {
                        wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "rooms import upwards:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_window_names_its_libraries() {
    let mut wrong = Vec::new();
    for file in sources(&src()) {
        if file.starts_with(src().join("app")) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in code_lines(&text) {
            if ["egui", "eframe", "rfd::"].iter().any(|library| line.contains(library)) {
                wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "window libraries outside app:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_says_what_it_is_for() {
    for room in ROOMS {
        let text = fs::read_to_string(src().join(room).join("mod.rs")).unwrap();
        assert!(text.starts_with("//! "), "{room}/mod.rs begins without its purpose");
    }
}

#[test]
fn colours_stand_in_the_theme_only() {
    let mut wrong = Vec::new();
    for file in sources(&src().join("app")) {
        if file.ends_with("theme.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        // A test may need a colour of its own.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code_lines(code) {
            if ["Color32::from_rgb", "Color32::RED", "Color32::WHITE", "Color32::BLACK", "Color32::GRAY"]
                .iter()
                .any(|c| line.contains(c))
            {
                wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "colours outside theme.rs:\n{}", wrong.join("\n"));
}
