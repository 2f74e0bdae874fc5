//! Who vouches for the result.

use super::blocks::{Block, Span, Tone, left_out, sentence};
use super::overview::verdict;
use super::words::moment;
use crate::validate::signoff::SignOff;

/// Failed gates that are named.
const MOST_GATES: usize = 20;

/// Each sign-off with what exactly was signed.
pub(super) fn signed(signed: &[SignOff], most: usize) -> Vec<Block> {
    if signed.is_empty() {
        return sentence("No sign-off goes with this report.");
    }
    let mut blocks: Vec<Block> = Vec::new();
    for sign in signed.iter().take(most) {
        blocks.push(Block::Heading(format!("{}, signed by {}", sign.model_name, sign.who)));
        blocks.push(of(sign));
    }
    blocks.extend(left_out(signed.len(), most, "first sign-offs").map(Block::Note));
    blocks
}

fn of(sign: &SignOff) -> Block {
    let when = moment(sign.at_ms).map_or_else(|| Span::missing("The time is beyond the calendar"), Span::plain);
    let text = |text: &str, none: &str| if text.is_empty() { Span::missing(none) } else { Span::plain(text) };
    let mut facts = vec![
        ("Who", vec![Span::plain(&sign.who)]),
        ("When", vec![when]),
        ("Verdict", vec![verdict(&sign.verdict)]),
        ("Note", vec![text(&sign.note, "Nothing was noted")]),
    ];
    if !sign.failed_gates.is_empty() {
        let named: Vec<&str> = sign.failed_gates.iter().take(MOST_GATES).map(String::as_str).collect();
        let more = sign.failed_gates.len().saturating_sub(named.len());
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        facts.push(("Failed gates", vec![Span::toned(Tone::Bad, named.join("; ") + &more)]));
    }
    if let Some(reason) = &sign.override_reason {
        facts.push(("Override", vec![Span::toned(Tone::Warning, reason)]));
    }
    let hash = |hash: &str, none: &str| match hash {
        "" => vec![Span::missing(none)],
        hash => vec![Span::toned(Tone::Code, hash)],
    };
    let hashes = &sign.hashes;
    facts.extend([
        ("SHA-256 of the model", hash(&hashes.model, "Predictions in the data were judged")),
        ("SHA-256 of the data", hash(&hashes.data, "The file was not hashed")),
        ("SHA-256 of the binding", hash(&hashes.binding, "There is none")),
        ("SHA-256 of the policy", hash(hashes.policy.as_deref().unwrap_or_default(), "There was no policy")),
        ("SHA-256 of the result", hash(&hashes.result, "There is none")),
    ]);
    Block::Facts(facts.into_iter().map(|(title, value)| (title.to_owned(), value)).collect())
}
