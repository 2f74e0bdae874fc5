//! A place in a JSON text, and the steps over it.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

/// Bytes of a wrong word that are shown to the caller.
const SHOWN: usize = 24;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy::http) struct Fault {
    /// The byte of the text, from 0.
    pub(in crate::deploy::http) at: usize,
    /// What is wrong there; half a sentence.
    pub(in crate::deploy::http) what: String,
}

/// A place in a JSON text.
pub(in crate::deploy::http) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(in crate::deploy::http) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// A cursor at the beginning of a part of the text; places are still counted from the beginning of the whole.
    pub(in crate::deploy::http) fn within(text: &'a str, part: &Range<usize>) -> Self {
        Self { text: text.get(..part.end).unwrap_or(text), at: part.start }
    }

    /// Bytes to the end.
    pub(in crate::deploy::http) fn left(&self) -> usize {
        self.text.len().saturating_sub(self.at)
    }

    pub(in crate::deploy::http) fn fault(&self, what: impl Into<String>) -> Fault {
        Fault { at: self.at, what: what.into() }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space.
    pub(in crate::deploy::http) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Steps over a byte when it is the next.
    pub(in crate::deploy::http) fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    /// Steps over a byte that must be the next.
    pub(in crate::deploy::http) fn need(&mut self, byte: u8) -> Result<(), Fault> {
        if self.take(byte) {
            return Ok(());
        }
        let found = self.found();
        Err(self.fault(format!("{found} where “{}” belongs", char::from(byte))))
    }

    /// What stands here, for a sentence.
    pub(in crate::deploy::http) fn found(&mut self) -> String {
        let Some(first) = self.peek() else { return "the text ends".to_owned() };
        let rest = self.text.get(self.at..).unwrap_or_default();
        let ends = |c: char| c.is_whitespace() || c.is_control() || ",:[]{}\"".contains(c);
        let word: String = rest.chars().take_while(|c| !ends(*c)).take(SHOWN).collect();
        match (first, word.is_empty()) {
            (b'"', _) => "a text stands".to_owned(),
            (_, false) => format!("“{word}” stands"),
            _ => rest.chars().next().map_or_else(String::new, |c| format!("“{}” stands", c.escape_default())),
        }
    }

    /// Whether a list or record goes on after an item: a comma does, the closing byte ends it.
    pub(in crate::deploy::http) fn goes_on(&mut self, close: u8) -> Result<bool, Fault> {
        if self.take(b',') {
            return Ok(true);
        }
        if self.take(close) {
            return Ok(false);
        }
        let found = self.found();
        Err(self.fault(format!("{found} where “,” or “{}” belongs", char::from(close))))
    }

    /// Reads a record: for each key, `item` must step over the value.
    pub(in crate::deploy::http) fn record(
        &mut self,
        mut item: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.need(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.need(b':')?;
            item(self, key)?;
            if !self.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads a list: `item` must step over each item.
    pub(in crate::deploy::http) fn list(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.need(b'[')?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if !self.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    /// Steps over what stands between quotation marks, and gives its place with them.
    fn over_string(&mut self) -> Result<Range<usize>, Fault> {
        if self.peek() != Some(b'"') {
            let found = self.found();
            return Err(self.fault(format!("{found} where a text in quotation marks belongs")));
        }
        let start = self.at;
        let mut at = start + 1;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(at) {
                None => return Err(self.fault("a text without its closing quotation mark")),
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        Ok(start..self.at)
    }

    /// A text in quotation marks, its escapes resolved.
    pub(in crate::deploy::http) fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let place = self.over_string()?;
        let quoted = self.text.get(place.clone()).unwrap_or_default();
        let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        if !inner.bytes().any(|b| b == b'\\' || b < b' ') {
            return Ok(Cow::Borrowed(inner));
        }
        serde_json::from_str::<String>(quoted).map(Cow::Owned).map_err(|_error| Fault {
            at: place.start,
            what: "a text with a control character or an escape that JSON does not know".to_owned(),
        })
    }

    /// A number as it is written, by JSON's grammar.
    pub(in crate::deploy::http) fn number(&mut self, wanted: &str) -> Result<&'a str, Fault> {
        self.peek();
        let bytes = self.text.as_bytes();
        let start = self.at;
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let whole = start + usize::from(bytes.get(start) == Some(&b'-'));
        let mut end = digits(whole);
        let mut sound = end > whole && (end == whole + 1 || bytes.get(whole) != Some(&b'0'));
        if bytes.get(end) == Some(&b'.') {
            let from = end + 1;
            end = digits(from);
            sound &= end > from;
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            let from = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            end = digits(from);
            sound &= end > from;
        }
        let ended =
            !bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_'));
        if sound && ended {
            self.at = end;
            return Ok(self.text.get(start..end).unwrap_or_default());
        }
        let found = self.found();
        Err(self.fault(format!("{found} where {wanted} belongs")))
    }

    /// Steps over a word when it is the next.
    pub(in crate::deploy::http) fn word(&mut self, word: &str) -> bool {
        self.peek();
        let is = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.at += if is { word.len() } else { 0 };
        is
    }

    /// Steps over any value, and checks that it is JSON.
    pub(in crate::deploy::http) fn skip(&mut self) -> Result<(), Fault> {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        match values.next() {
            Some(Ok(IgnoredAny)) => {
                self.at += values.byte_offset();
                Ok(())
            }
            Some(Err(error)) => Err(self.fault(format!("no JSON value: {error}"))),
            None => Err(self.fault("the text ends where a value belongs")),
        }
    }

    /// Steps over a list by its brackets alone, and gives its place: it is read later, when its type is known.
    pub(in crate::deploy::http) fn over_list(&mut self) -> Result<Range<usize>, Fault> {
        if self.peek() != Some(b'[') {
            let found = self.found();
            return Err(self.fault(format!("{found} where a list belongs")));
        }
        self.over_brackets()
    }

    fn over_brackets(&mut self) -> Result<Range<usize>, Fault> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.byte() {
                None => return Err(self.fault("the text ends within a list")),
                Some(b'"') => {
                    self.over_string()?;
                    continue;
                }
                Some(b'[' | b'{') => depth += 1,
                Some(b']' | b'}') => depth = depth.saturating_sub(1),
                Some(_) => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(start..self.at);
            }
        }
    }

    /// Steps over any value by its brackets alone, and gives its place.
    pub(in crate::deploy::http) fn over_any(&mut self) -> Result<Range<usize>, Fault> {
        if let Some(b'[' | b'{') = self.peek() {
            return self.over_brackets();
        }
        let start = self.at;
        self.skip()?;
        Ok(start..self.at)
    }

    /// A cursor at the beginning of a part of this text.
    pub(in crate::deploy::http) fn part(&self, part: &Range<usize>) -> Self {
        Self::within(self.text, part)
    }

    /// Checks that nothing but white space is left.
    pub(in crate::deploy::http) fn end(&mut self) -> Result<(), Fault> {
        if self.peek().is_none() {
            return Ok(());
        }
        let found = self.found();
        Err(self.fault(format!("{found} after the end of the request")))
    }
}
