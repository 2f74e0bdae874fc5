//! Typed values out of TOML tables, and the mistakes that were found on the way, each with its line.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::near::nearest;

/// One mistake in a policy file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{text}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct Problem {
    /// The line, from 1; `None` when it is about the file as a whole.
    pub line: Option<usize>,
    /// What is wrong and what to do, in words.
    pub text: String,
}

/// A policy file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", said(.problems))]
pub struct PolicyError {
    /// Every mistake found, in the order of lines; never empty.
    pub problems: Vec<Problem>,
}

fn said(problems: &[Problem]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    match problems.len() {
        0 | 1 => first,
        2 => format!("{first} (and one more mistake)"),
        n => format!("{first} (and {} more mistakes)", n - 1),
    }
}

/// The mistakes found so far, and the text to tell their lines.
pub(in crate::validate) struct Notes<'t> {
    pub(in crate::validate) text: &'t str,
    pub(in crate::validate) problems: Vec<Problem>,
}

impl Notes<'_> {
    pub(in crate::validate) fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    pub(in crate::validate) fn say(&mut self, at: usize, text: String) {
        let line = Some(self.line(at));
        self.problems.push(Problem { line, text });
    }

    pub(in crate::validate) fn say_of_file(&mut self, text: &str) {
        self.problems.push(Problem { line: None, text: text.to_owned() });
    }
}

/// A table whose keys are known, and where it stands.
pub(in crate::validate) struct Fields<'t, 'i> {
    table: &'t DeTable<'i>,
    pub(in crate::validate) at: usize,
}

impl<'t, 'i> Fields<'t, 'i> {
    /// Takes a table and names every key that it may not have.
    pub(in crate::validate) fn new(
        table: &'t DeTable<'i>,
        at: usize,
        known: &[&str],
        of: &str,
        notes: &mut Notes<'_>,
    ) -> Self {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let way_out = match nearest(name, known) {
                    Some(near) => format!("perhaps “{near}” is meant"),
                    None => format!("it can have {}", known.join(", ")),
                };
                notes.say(key.span().start, format!("{of} has no “{name}”; {way_out}"));
            }
        }
        Self { table, at }
    }

    pub(in crate::validate) fn get(&self, key: &str) -> Option<(&'t DeValue<'i>, Range<usize>)> {
        self.table.get(key).map(|value| (value.get_ref(), value.span()))
    }

    /// A value that must be of one type, and where it stands; a wrong type is noted and counts as not there.
    pub(in crate::validate) fn typed<T>(
        &self,
        key: &str,
        wanted: &str,
        take: impl Fn(&DeValue<'i>) -> Option<T>,
        notes: &mut Notes<'_>,
    ) -> Option<(T, usize)> {
        let (value, span) = self.get(key)?;
        let taken = take(value);
        if taken.is_none() {
            notes.say(span.start, format!("{key} must be {wanted}, but is {}", kind(value)));
        }
        taken.map(|taken| (taken, span.start))
    }

    /// Text that says something.
    pub(in crate::validate) fn text(&self, key: &str, notes: &mut Notes<'_>) -> Option<(String, usize)> {
        let (text, at) = self.typed(key, "text in quotes", |v| v.as_str().map(str::to_owned), notes)?;
        if text.trim().is_empty() {
            notes.say(at, format!("{key} is empty"));
            return None;
        }
        Some((text, at))
    }

    pub(in crate::validate) fn texts(&self, key: &str, notes: &mut Notes<'_>) -> Option<(Vec<(String, usize)>, usize)> {
        let words = |value: &DeValue<'i>| {
            let one = |v: &toml::Spanned<DeValue<'i>>| v.get_ref().as_str().map(|s| (s.to_owned(), v.span().start));
            value.as_array().and_then(|list| list.iter().map(one).collect::<Option<Vec<_>>>())
        };
        let (words, at) = self.typed(key, "a list of texts, such as [\"one\", \"two\"]", words, notes)?;
        let mut seen: Vec<&str> = Vec::new();
        for (word, at) in &words {
            if word.trim().is_empty() {
                notes.say(*at, format!("{key} has an empty entry"));
            } else if seen.contains(&word.as_str()) {
                notes.say(*at, format!("{key} names “{word}” twice"));
            }
            seen.push(word);
        }
        Some((words, at))
    }

    pub(in crate::validate) fn number(&self, key: &str, notes: &mut Notes<'_>) -> Option<(f64, usize)> {
        self.typed(key, "a number without quotes", as_number, notes)
    }

    /// One of a few words.
    pub(in crate::validate) fn word<T: Copy>(
        &self,
        key: &str,
        words: &[(&'static str, T)],
        notes: &mut Notes<'_>,
    ) -> Option<T> {
        let (text, at) = self.text(key, notes)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let way_out = match nearest(&text, &known) {
                Some(near) => format!("perhaps “{near}” is meant"),
                None => format!("it can be {}", known.join(", ")),
            };
            notes.say(at, format!("{key} cannot be “{text}”; {way_out}"));
        }
        found
    }
}

/// A finite or infinite number, or a whole one.
pub(in crate::validate) fn as_number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(whole) => i128::from_str_radix(whole.as_str(), whole.radix()).ok().map(|n| n as f64),
        _ => None,
    }
}

/// What stands there, in words.
pub(in crate::validate) fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text “{text}”"),
        DeValue::Integer(whole) => format!("the number {whole}"),
        DeValue::Float(float) => format!("the number {float}"),
        DeValue::Boolean(flag) => format!("{flag}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
