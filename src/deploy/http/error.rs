//! Why an endpoint cannot start.

use std::net::SocketAddr;

/// An endpoint could not be started; each a sentence with a way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// A setting is out of its range.
    #[error("{0}")]
    Setting(String),
    /// Another program listens there.
    #[error("Port {} of {} is taken by another program. Choose another port, or 0 for any that is free.", .0.port(), .0.ip())]
    PortTaken(SocketAddr),
    /// The system refuses the port.
    #[error("Port {} may not be used: ports under 1024 need special rights. Choose a port from 1024.", .0.port())]
    PortForbidden(SocketAddr),
    /// This machine has no such address.
    #[error("{0} is no address of this machine. Use 127.0.0.1 for this machine alone.")]
    NoSuchAddress(std::net::IpAddr),
    /// The system refuses for another reason.
    #[error("The endpoint could not be opened at {address}: {why}. Choose another port.")]
    Socket {
        /// Where it should have listened.
        address: SocketAddr,
        /// The system's words.
        why: String,
    },
    /// The system gives no more threads.
    #[error("No thread could be started for the endpoint: {0}. Close other programs.")]
    Thread(String),
}
