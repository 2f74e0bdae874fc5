//! A watched folder: new files of any format that `data` reads become requests, each once.
//!
//! The folder is looked at again and again; a file is taken when size and time of change rested for a while and it
//! opens. What was taken stands in a ledger, so a restart takes nothing twice; a file whose handling was interrupted is
//! given again with the same fingerprint, from which its request ids are made. A bad file is set aside with its reason.
//! It may read files, move bad ones into `set_aside`, and write answers into `answered`; it changes nothing else.

mod feed;
mod ledger;
mod look;

#[cfg(test)]
mod tests;

pub use feed::{Arrival, FolderFeed, FolderStatus, Polled, Trouble, WatchedFolder};
pub use ledger::{Ledger, LedgerError, Outcome, Taken};
