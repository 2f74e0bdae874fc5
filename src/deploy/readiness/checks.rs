//! The single looks of the readiness list.

use std::net::SocketAddr;

use super::line::Line;
use super::{Approved, CaptureFacts, Facts, FeedFacts};
use crate::model::inspect::Inspection;
use crate::stats::grouped;
use crate::validate::governance::ChecklistItem;

/// A model is rarely smaller in memory than this many times its file; for models that were not measured.
const UNMEASURED_TIMES: u64 = 3;
/// Bytes that are left to everything else.
const SPARE_BYTES: u64 = 256 << 20;
/// Hours of capture that should fit on the disk.
const HOURS: f64 = 24.0;
/// A third more load than planned should still be carried.
const HEADROOM: f64 = 1.3;

pub(super) fn runtime(facts: &Facts<'_>) -> Line {
    match facts.runtime {
        Ok(version) => Line::ready("Runtime", format!("ONNX Runtime {version} is loaded.")),
        Err(why) => Line::blocked("Runtime", why, "Install ONNX Runtime with the button at the top."),
    }
}

pub(super) fn operators(model: &Inspection) -> Line {
    if let Some(refusal) = &model.refusal {
        return Line::blocked("Operators", refusal.to_string(), "Export the model again as the sentence says.");
    }
    let kinds = model.operators.len();
    match model.problems.first() {
        Some(problem) => Line::caution("Operators", problem.clone(), "Try a request before others rely on it."),
        None => Line::ready("Operators", format!("All {kinds} kinds of operators of the model can run.")),
    }
}

/// Bytes as people read them.
fn mebibytes(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{} KiB", bytes >> 10),
        mebi if mebi < 10_240 => format!("{} MiB", grouped::grouped(&mebi.to_string())),
        mebi => format!("{} GiB", grouped::grouped(&(mebi >> 10).to_string())),
    }
}

pub(super) fn memory(facts: &Facts<'_>) -> Line {
    let available = facts.machine.available_bytes;
    let (needed, how) = if let Some(measured) = facts.measured {
        (measured.peak_bytes, "measured")
    } else {
        let copies = facts.workers.0.max(1) as u64;
        (facts.model.size_bytes.saturating_mul(UNMEASURED_TIMES).saturating_mul(copies), "guessed from its file")
    };
    let why = format!("It takes {} ({how}); {} are available.", mebibytes(needed), mebibytes(available));
    if facts.machine.memory_bytes == 0 {
        let why = format!("It takes {} ({how}); the system does not say how much is available.", mebibytes(needed));
        return Line::caution("Memory", why, "Look at the free memory yourself.");
    }
    if needed > available {
        let mend = "Use fewer workers, close other programs, or take a machine with more memory.";
        return Line::blocked("Memory", why, mend);
    }
    if needed.saturating_add(SPARE_BYTES) > available {
        return Line::caution("Memory", why, "Close other programs, or use fewer workers.");
    }
    match facts.measured {
        Some(_) => Line::ready("Memory", why),
        None => Line::caution("Memory", why, "Size the workers: then it is measured."),
    }
}

pub(super) fn cores(facts: &Facts<'_>) -> Line {
    let (workers, threads) = facts.workers;
    let (asked, cores) = (workers.saturating_mul(threads), facts.machine.cores);
    let counted = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let why = format!("{} × {} on {}.", counted(workers, "worker"), counted(threads, "thread"), counted(cores, "core"));
    if asked > cores {
        let mend = "Use fewer workers or threads: more than there are cores wait for each other.";
        return Line::caution("Cores", why, mend);
    }
    Line::ready("Cores", why)
}

pub(super) fn approval(facts: &Facts<'_>) -> Line {
    const WHAT: &str = "Validation";
    let sign = "Sign it off in Validate.";
    match &facts.approved {
        Approved::Signed { who } => Line::ready(WHAT, format!("Signed off by {who}.")),
        Approved::Overridden { who, reason } => {
            let why = format!("{who} let it go live although required gates failed: {reason}");
            Line::caution(WHAT, why, "Watch it closely, and train a better one.")
        }
        Approved::Unsigned { policy } if facts.needs_sign_off => {
            let why = format!("It passes “{policy}”, which asks for a sign-off before it goes live.");
            Line::blocked(WHAT, why, sign)
        }
        Approved::Unsigned { policy } => {
            Line::caution(WHAT, format!("It passes “{policy}”, and nobody signed it off."), sign)
        }
        Approved::Unjudged => {
            let why = "It was validated without a policy, and nobody signed it off.";
            Line::caution(WHAT, why, "Validate it by a policy, then sign it off.")
        }
        Approved::Refused { policy } => {
            let why = format!("It fails the gates of “{policy}”.");
            Line::blocked(WHAT, why, "Train a better one, or sign it off with a reason in Validate.")
        }
        Approved::NotValidated => {
            Line::caution(WHAT, "It was never validated here.", "Validate it on data it never saw.")
        }
    }
}

pub(super) fn card(items: &[ChecklistItem]) -> Line {
    let missing: Vec<&str> = items.iter().filter(|item| !item.filled).map(|item| item.title.as_str()).collect();
    let filled = items.len() - missing.len();
    let why = format!("{filled} of {} things that a reviewer looks for are there.", items.len());
    if missing.is_empty() {
        return Line::ready("Model card", why);
    }
    let named = missing.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    let more = if missing.len() > 3 { format!(" and {} more", missing.len() - 3) } else { String::new() };
    Line::caution("Model card", why, format!("Edit the card in Models: it lacks {named}{more}."))
}

pub(super) fn feed(feed: &FeedFacts, needed: &[String]) -> Line {
    let what = format!("Feed “{}”", feed.name);
    if let Some(problem) = &feed.problem {
        return Line::blocked(&what, problem.clone(), "Mend the source, or choose another.");
    }
    let Some(columns) = &feed.columns else {
        return Line::ready(&what, format!("Callers bring the {} columns that the model needs.", needed.len()));
    };
    let missing: Vec<&str> = needed.iter().filter(|name| !columns.contains(name)).map(String::as_str).collect();
    if missing.is_empty() {
        return Line::ready(&what, format!("It gives all {} columns that the model needs.", needed.len()));
    }
    let named = missing.iter().take(4).copied().collect::<Vec<_>>().join(", ");
    let why = format!("{} of {} columns that the model needs are not there: {named}.", missing.len(), needed.len());
    Line::blocked(&what, why, "Bind other columns in Validate, or choose another source.")
}

pub(super) fn port(address: SocketAddr, taken: &Result<(), String>) -> Line {
    match taken {
        Ok(()) if address.ip().is_loopback() => {
            Line::ready("Endpoint", format!("{address} is free, and only this machine reaches it."))
        }
        Ok(()) => {
            let why = format!("{address} is free, and other machines reach it.");
            Line::caution("Endpoint", why, "Keep the token from those who should not call.")
        }
        Err(why) => Line::blocked("Endpoint", why.clone(), "Choose another port; 0 takes any free one."),
    }
}

pub(super) fn capture(capture: CaptureFacts) -> Line {
    const WHAT: &str = "Disk for the capture";
    let hourly = capture.row_bytes * capture.rows_per_second * 3_600.0;
    let Some(free) = capture.free_bytes else {
        let why = format!("About {} an hour; the system does not say how much is free.", mebibytes(hourly as u64));
        return Line::caution(WHAT, why, "Look at the disk yourself.");
    };
    let hours = if hourly > 0.0 { free as f64 / hourly } else { f64::INFINITY };
    let words = match hours {
        h if h > 10_000.0 => "more than a year".to_owned(),
        h if h >= 72.0 => format!("{:.0} days", h / 24.0),
        h => format!("{h:.1} hours"),
    };
    let why =
        format!("{} are free; at about {} an hour that lasts {words}.", mebibytes(free), mebibytes(hourly as u64));
    if hours < 1.0 && !capture.can_wait {
        return Line::blocked(WHAT, why, "Free some space, or keep answers on another disk.");
    }
    if hours < HOURS {
        return Line::caution(WHAT, why, "Let old answers go by age or size, or free some space.");
    }
    Line::ready(WHAT, why)
}

pub(super) fn consumers(facts: &Facts<'_>) -> Vec<Line> {
    if facts.consumers.is_empty() {
        let why = "Nobody is named who will call.";
        let mend = "Add the applications that will call: then load and freshness are checked.";
        return vec![Line::caution("Consumers", why, mend)];
    }
    let mut lines: Vec<Line> = facts.consumers.iter().map(|consumer| one_consumer(facts, consumer)).collect();
    lines.push(load(facts));
    lines
}

fn one_consumer(facts: &Facts<'_>, consumer: &super::Consumer) -> Line {
    let what = match consumer.name.trim() {
        "" => "Consumer without a name".to_owned(),
        name => format!("Consumer “{name}”"),
    };
    if !consumer.sends.is_empty() {
        let from_feeds =
            |name: &String| facts.feeds.iter().filter_map(|f| f.columns.as_ref()).any(|c| c.contains(name));
        let unsent: Vec<&str> = facts
            .columns
            .iter()
            .filter(|name| !consumer.sends.contains(name) && !from_feeds(name))
            .map(String::as_str)
            .collect();
        if !unsent.is_empty() {
            let why = format!("It does not send {}, and no feed gives it.", unsent.join(", "));
            return Line::blocked(&what, why, "Let it send them, or bind a feed that has them.");
        }
    }
    if let Some(within) = consumer.fresh_within_s
        && let Some(feed) = facts.feeds.iter().find(|feed| feed.every_s.is_some_and(|every| every > within))
    {
        let every = feed.every_s.unwrap_or_default();
        let why = format!("It needs data at most {within} s old, and “{}” comes every {every} s.", feed.name);
        return Line::blocked(&what, why, "Let the feed come more often, or agree on older data.");
    }
    match (consumer.answer_within_ms, facts.measured) {
        (Some(within), Some(measured)) if measured.p95_ms > within => {
            let why =
                format!("It needs 95 of 100 answers within {within} ms; {:.1} ms were measured.", measured.p95_ms);
            Line::blocked(&what, why, "Size the workers for this latency, or agree on a longer one.")
        }
        (Some(within), Some(measured)) => {
            let why = format!("It needs answers within {within} ms; 95 of 100 took {:.1} ms.", measured.p95_ms);
            Line::ready(&what, why)
        }
        (Some(within), None) => {
            let why = format!("It needs answers within {within} ms; nothing was measured yet.");
            Line::caution(&what, why, "Size the workers.")
        }
        (None, _) => Line::ready(&what, "It sends what the model needs, and can wait."),
    }
}

fn load(facts: &Facts<'_>) -> Line {
    const WHAT: &str = "Load of all consumers";
    let rows: f64 = facts.consumers.iter().map(super::Consumer::rows_per_second).sum();
    let Some(measured) = facts.measured else {
        return Line::caution(WHAT, format!("{rows:.1} rows a second; nothing was measured yet."), "Size the workers.");
    };
    let carried = measured.requests_per_second * measured.rows.max(1) as f64;
    let why = format!("{rows:.1} rows a second of {carried:.0} that these settings carry.");
    if rows > carried {
        return Line::blocked(WHAT, why, "Use more workers or larger batches, or take a larger machine.");
    }
    if rows * HEADROOM > carried {
        return Line::caution(WHAT, why, "Little is left for a busy hour: use more workers or larger batches.");
    }
    Line::ready(WHAT, why)
}
