//! The list that is gone through before a deployment starts: is the machine fit for the model, may the model go live,
//! does its data come, can its answers be kept, and does what is planned carry those who will call.
//!
//! It judges facts that it is given; it starts nothing and changes nothing.

mod checks;
mod consumers;
mod line;

use std::net::SocketAddr;

pub use consumers::Consumer;
pub use line::{Fitness, Line};

use super::machine::Machine;
use crate::model::inspect::Inspection;
use crate::validate::governance::ChecklistItem;

/// What was measured of the model with the settings that it is to run with.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    /// Memory at its highest while it worked, above that before it was loaded; bytes.
    pub peak_bytes: u64,
    /// Requests a second that were answered at full load.
    pub requests_per_second: f64,
    /// Rows in each of those requests.
    pub rows: u64,
    /// 95th percentile of latency, milliseconds, at the load it was sized for.
    pub p95_ms: f64,
}

/// Whether somebody answers for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approved {
    /// Signed off by this person.
    Signed {
        /// Who.
        who: String,
    },
    /// Signed off by this person although required gates failed.
    Overridden {
        /// Who.
        who: String,
        /// Their reason.
        reason: String,
    },
    /// It passed this policy, and nobody signed.
    Unsigned {
        /// The policy.
        policy: String,
    },
    /// It was validated without a policy, and nobody signed.
    Unjudged,
    /// It fails the gates of this policy.
    Refused {
        /// The policy.
        policy: String,
    },
    /// It was never validated here.
    NotValidated,
}

/// Where requests are to come from.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedFacts {
    /// Its name.
    pub name: String,
    /// Why it cannot be read; `None` when it can.
    pub problem: Option<String>,
    /// Columns that it gives; `None` when callers bring them.
    pub columns: Option<Vec<String>>,
    /// Seconds between its arrivals, when it has a rhythm.
    pub every_s: Option<f64>,
}

/// Where answers are to be kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CaptureFacts {
    /// Bytes that are free there; `None` when the system does not say.
    pub free_bytes: Option<u64>,
    /// Bytes that a kept row takes.
    pub row_bytes: f64,
    /// Rows a second that are expected.
    pub rows_per_second: f64,
    /// Whether requests wait while nothing can be kept, so that a full disk loses nothing.
    pub can_wait: bool,
}

/// Everything that the list is made from.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The model.
    pub model: &'a Inspection,
    /// The version of the loaded runtime library, or why there is none.
    pub runtime: Result<&'a str, &'a str>,
    /// The machine.
    pub machine: Machine,
    /// Workers, and threads in each.
    pub workers: (usize, usize),
    /// What was measured, when it was.
    pub measured: Option<Measured>,
    /// Who answers for the model.
    pub approved: Approved,
    /// Whether the policy asks for a sign-off before deployment.
    pub needs_sign_off: bool,
    /// What a reviewer looks for in the card.
    pub card: &'a [ChecklistItem],
    /// Columns that the model is fed from.
    pub columns: &'a [String],
    /// Where requests come from.
    pub feeds: &'a [FeedFacts],
    /// The address of the endpoint, when there is to be one, and what trying to take it said.
    pub endpoint: Option<(SocketAddr, Result<(), String>)>,
    /// Where answers are kept.
    pub capture: Option<CaptureFacts>,
    /// Who will call.
    pub consumers: &'a [Consumer],
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Readiness {
    /// Its lines, in the order in which they are read.
    pub lines: Vec<Line>,
}

impl Readiness {
    /// Goes through the list.
    pub fn of(facts: &Facts<'_>) -> Self {
        let mut lines = vec![checks::runtime(facts), checks::operators(facts.model), checks::memory(facts)];
        lines.push(checks::cores(facts));
        lines.push(checks::approval(facts));
        lines.push(checks::card(facts.card));
        lines.extend(facts.feeds.iter().map(|feed| checks::feed(feed, facts.columns)));
        lines.extend(facts.endpoint.as_ref().map(|(address, taken)| checks::port(*address, taken)));
        lines.extend(facts.capture.map(checks::capture));
        // Nobody calls a replay.
        if facts.endpoint.is_some() || !facts.consumers.is_empty() {
            lines.extend(checks::consumers(facts));
        }
        Self { lines }
    }

    /// How the whole stands: as its worst line.
    pub fn fitness(&self) -> Fitness {
        self.lines.iter().map(|line| line.fitness).max().unwrap_or(Fitness::Ready)
    }

    /// What keeps it from starting, as sentences.
    pub fn in_the_way(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.fitness == Fitness::Blocked)
    }
}

/// Whether an address can be listened on now.
///
/// # Errors
/// Why not, as a sentence without its path out.
pub fn try_address(address: SocketAddr) -> Result<(), String> {
    match std::net::TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Err(format!("Another program listens on port {}.", address.port()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(format!("The system does not let this program listen on port {}.", address.port()))
        }
        Err(error) => Err(format!("{address} cannot be listened on: {error}.")),
    }
}

#[cfg(test)]
mod tests;
