//! Where an endpoint listens and what it bears.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{EndpointError, Token};

/// Where an endpoint listens and what it bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSettings {
    /// The address; this machine alone by default.
    pub address: IpAddr,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// Whether an address that other machines reach is meant.
    pub open_to_network: bool,
    /// What callers must show; needed when the endpoint is open to the network.
    pub token: Option<Token>,
    /// Bytes of a body at most.
    pub max_body_bytes: usize,
    /// Bytes of all large bodies at once at most, those that wait for their answer included.
    pub max_buffered_bytes: usize,
    /// Bytes of the headers of a request at most; at least 8192.
    pub max_header_bytes: usize,
    /// How long the headers of a request may take, and how long a connection may rest between two.
    pub header_timeout: Duration,
    /// How long a body may pause.
    pub body_timeout: Duration,
    /// How long a request may take from its headers to its answer.
    pub request_timeout: Duration,
    /// How long requests in flight may take when the endpoint stops.
    pub stop_timeout: Duration,
    /// Connections at most; when there are more, one that rests makes room, or the new one is refused.
    pub max_connections: usize,
    /// Requests that wait for their answer at most.
    pub max_requests: usize,
}

impl Default for EndpointSettings {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            open_to_network: false,
            token: None,
            max_body_bytes: 64 << 20,
            max_buffered_bytes: 512 << 20,
            max_header_bytes: 16 << 10,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(10),
            // Systems give a program 1024 open files by default, and the rest of it needs some.
            max_connections: 768,
            max_requests: 512,
        }
    }
}

impl EndpointSettings {
    /// Address and port.
    pub fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// Checks that the settings are meant and possible.
    ///
    /// # Errors
    /// A sentence that says which is not.
    pub fn check(&self) -> Result<(), EndpointError> {
        let setting = |why: String| Err(EndpointError::Setting(why));
        if !self.address.is_loopback() {
            if !self.open_to_network {
                return setting(format!(
                    "Other machines reach {}. Say that the endpoint is meant to be open to the network, \
                     or use 127.0.0.1.",
                    self.address
                ));
            }
            if self.token.is_none() {
                return setting(
                    "An endpoint that is open to the network needs a token. Name a file with one.".to_owned(),
                );
            }
        }
        if self.max_header_bytes < 8192 {
            return setting(format!("{} bytes are too few for headers. Give at least 8192.", self.max_header_bytes));
        }
        let counts = [
            (self.max_body_bytes, "bytes of a body"),
            (self.max_buffered_bytes, "bytes of all bodies"),
            (self.max_connections, "connections"),
            (self.max_requests, "requests"),
        ];
        if let Some((_, what)) = counts.into_iter().find(|(count, _)| *count == 0) {
            return setting(format!("The limit of {what} is 0. Give at least 1."));
        }
        let times = [
            (self.header_timeout, "headers"),
            (self.body_timeout, "a body's pause"),
            (self.request_timeout, "a request"),
        ];
        if let Some((_, what)) = times.into_iter().find(|(time, _)| time.is_zero()) {
            return setting(format!("The time for {what} is 0. Give at least a millisecond."));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_needs_a_yes_and_a_token() {
        let mut settings = EndpointSettings::default();
        assert_eq!(settings.check(), Ok(()));
        settings.address = "0.0.0.0".parse().unwrap();
        assert!(settings.check().unwrap_err().to_string().contains("meant to be open"));
        settings.open_to_network = true;
        assert!(settings.check().unwrap_err().to_string().contains("needs a token"));
        settings.token = Some(Token::new("0123456789abcdef").unwrap());
        assert_eq!(settings.check(), Ok(()));
        settings.max_requests = 0;
        assert!(settings.check().unwrap_err().to_string().contains("The limit of requests is 0"));
    }
}
