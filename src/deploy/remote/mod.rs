//! A model that another server answers for, by the Open Inference Protocol.
//!
//! A [`RemoteModel`] asks one of several endpoints and turns to the next when one fails. A repeated request carries the
//! same id, so that whoever counts can tell it from a new one. Connections are plain HTTP; a server behind TLS is
//! reached through a local proxy.

mod client;
mod codec;

pub use client::{RemoteModel, RemoteSettings};

/// The JSON body of an infer request, as any caller of the protocol would write it.
///
/// # Errors
/// When an input has values that JSON has no words for: NaN, infinity, or 16-bit decimals.
pub fn infer_body(id: &str, inputs: &[crate::model::tensor::NamedTensor]) -> Result<String, String> {
    codec::body(id, inputs)
}

/// Why a server gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// An address cannot be used.
    #[error("“{address}” is no address of a server. Write it as http://HOST:PORT.")]
    Address {
        /// As it was written.
        address: String,
    },
    /// There is no endpoint to ask.
    #[error("No endpoint is named. Name at least one as http://HOST:PORT.")]
    NoEndpoint,
    /// The inputs cannot be sent.
    #[error("{0}")]
    Inputs(String),
    /// The server understood and refused; another endpoint would too.
    #[error("{endpoint} refused the request ({status}): {why}")]
    Refused {
        /// The endpoint.
        endpoint: String,
        /// Its HTTP status.
        status: u16,
        /// What it said.
        why: String,
    },
    /// No endpoint answered.
    #[error("No endpoint answered after {tries} tries. The last said: {why}")]
    Unreachable {
        /// Requests sent.
        tries: usize,
        /// What the last failure was.
        why: String,
    },
    /// The thread's own machinery could not be started.
    #[error("The connection could not be set up: {0}")]
    Setup(String),
}
