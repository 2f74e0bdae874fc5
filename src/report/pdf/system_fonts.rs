//! Fonts of the system, looked for only when a letter is missing in those of this program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files looked at.
const MOST_FILES: usize = 4_000;
/// Folders within folders.
const DEEPEST: usize = 6;
/// Bytes of a font file that is still read.
const LARGEST: u64 = 64 << 20;

/// The folders in which fonts usually are, those of the person first.
pub(super) fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(dirs) = directories::BaseDirs::new() {
        let home = dirs.home_dir();
        folders.extend([".fonts", ".local/share/fonts", "Library/Fonts"].map(|below| home.join(below)));
        folders.push(dirs.data_local_dir().join("fonts"));
        folders.push(dirs.data_local_dir().join("Microsoft/Windows/Fonts"));
    }
    if let Some(shared) = std::env::var_os("XDG_DATA_DIRS") {
        folders.extend(std::env::split_paths(&shared).map(|dir| dir.join("fonts")));
    }
    folders.extend(
        ["/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts"].map(PathBuf::from),
    );
    if let Some(windows) = std::env::var_os("SystemRoot") {
        folders.push(Path::new(&windows).join("Fonts"));
    }
    let mut seen = BTreeSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

/// The font files below some folders, in an order that does not depend on the file system.
fn files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open: Vec<(PathBuf, usize)> = folders.iter().rev().map(|folder| (folder.clone(), 0)).collect();
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
            if matches!(ending.as_str(), "ttf" | "otf" | "ttc" | "otc") {
                found.push(path);
            } else if depth < DEEPEST && path.is_dir() {
                open.push((path, depth + 1));
            }
        }
        if found.len() >= MOST_FILES {
            break;
        }
    }
    found.truncate(MOST_FILES);
    found
}

/// A letter as a font has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Letter {
    /// The glyph.
    pub(super) glyph: u16,
    /// How far the next letter stands from it, in ems.
    pub(super) advance: f32,
}

/// A letter in a face; `None` when the face lacks it or has it as a picture only.
pub(super) fn letter(face: &ttf_parser::Face<'_>, wanted: char) -> Option<Letter> {
    let glyph = face.glyph_index(wanted).filter(|glyph| glyph.0 != 0)?;
    let units = f32::from(face.units_per_em());
    let advance = f32::from(face.glyph_hor_advance(glyph)?) / units;
    let is_drawn = wanted.is_whitespace() || advance == 0.0 || face.glyph_bounding_box(glyph).is_some();
    (is_drawn && units > 0.0).then_some(Letter { glyph: glyph.0, advance })
}

/// A font of the system with the wanted letters that it has.
pub(super) struct Found {
    /// The file's bytes.
    pub(super) bytes: Vec<u8>,
    /// Which face of the file.
    pub(super) index: u32,
    /// The letters taken from it.
    pub(super) letters: Vec<(char, Letter)>,
}

/// Fonts that together have as many of the letters as any do; the letters found are taken out of `wanted`.
pub(super) fn find(folders: &[PathBuf], wanted: &mut BTreeSet<char>) -> Vec<Found> {
    let mut fonts = Vec::new();
    for path in files(folders) {
        if wanted.is_empty() {
            break;
        }
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() > LARGEST) {
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else { continue };
        // Of a collection the first face stands for all: they differ in style, not in letters.
        let Ok(face) = ttf_parser::Face::parse(&bytes, 0) else { continue };
        if face.tables().glyf.is_none() && face.tables().cff.is_none() {
            continue;
        }
        let letters: Vec<(char, Letter)> = wanted.iter().filter_map(|c| Some((*c, letter(&face, *c)?))).collect();
        if letters.is_empty() {
            continue;
        }
        for (letter, _) in &letters {
            wanted.remove(letter);
        }
        fonts.push(Found { bytes, index: 0, letters });
    }
    fonts
}
