//! How a model is to be served, as it is asked for and kept.

use std::path::PathBuf;

use crate::deploy::readiness::Consumer;
use crate::deploy::serve::ServeSettings;

/// Where a deployment's requests come from.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Source {
    /// A dataset is replayed.
    #[default]
    Replay,
    /// Other programs call by HTTP.
    Http(Box<HttpRequest>),
}

/// An endpoint that other programs call.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct HttpRequest {
    /// The name that callers use.
    pub name: String,
    /// The address, such as `127.0.0.1`.
    pub address: String,
    /// The port; 0 takes any that is free.
    pub port: u16,
    /// Whether other machines may call.
    pub open_to_network: bool,
    /// The file with the token that callers must show.
    pub token_file: Option<PathBuf>,
    /// Threads, batches and queue.
    pub settings: ServeSettings,
    /// Who will call.
    pub consumers: Vec<Consumer>,
}

impl Default for HttpRequest {
    fn default() -> Self {
        Self {
            name: "model".to_owned(),
            address: "127.0.0.1".to_owned(),
            port: 8080,
            open_to_network: false,
            token_file: None,
            settings: ServeSettings::default(),
            consumers: Vec::new(),
        }
    }
}

impl HttpRequest {
    /// What is wrong, by field.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = self.settings.problems();
        if self.name.is_empty() || self.name.len() > 100 {
            found.push(("name", "Give the name that callers use, of at most 100 characters".to_owned()));
        } else if self.name.contains(|c: char| c == '/' || c.is_control()) {
            found.push(("name", "A name in an address has no slash".to_owned()));
        }
        match self.address.parse::<std::net::IpAddr>() {
            Err(_) => found.push(("address", "Write an address such as 127.0.0.1".to_owned())),
            Ok(address) if !address.is_loopback() && !self.open_to_network => {
                found.push(("address", "Other machines reach this address: say that they may".to_owned()));
            }
            Ok(address) if !address.is_loopback() && self.token_file.is_none() => {
                found.push(("token_file", "An endpoint that is open to the network needs a token".to_owned()));
            }
            Ok(_) => {}
        }
        found
    }
}

/// A change of which version answers what.
#[derive(Clone, Debug, PartialEq)]
pub enum RolloutChange {
    /// This version answers from now on.
    Promote {
        /// The version.
        version: String,
    },
    /// This version answers a share, 0 to 1; 0 ends it.
    Canary {
        /// The version.
        version: String,
        /// The share.
        share: f64,
    },
    /// This version sees copies, or no more.
    Shadow {
        /// The version.
        version: String,
        /// Whether it sees copies.
        on: bool,
    },
    /// This version is unloaded and forgotten.
    Remove {
        /// The version.
        version: String,
    },
    /// What was before holds again.
    RollBack,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_needs_a_yes_and_a_token() {
        let fields = |request: &HttpRequest| request.problems().into_iter().map(|(f, _)| f).collect::<Vec<_>>();
        let mut request = HttpRequest::default();
        assert!(fields(&request).is_empty());
        request.address = "0.0.0.0".to_owned();
        assert_eq!(fields(&request), ["address"]);
        request.open_to_network = true;
        assert_eq!(fields(&request), ["token_file"]);
        request.token_file = Some("token".into());
        assert!(fields(&request).is_empty());
        request.name = "a/b".to_owned();
        request.address = "home".to_owned();
        assert_eq!(fields(&request), ["name", "address"]);
    }

    #[test]
    fn what_was_kept_before_there_were_sources_is_a_replay() {
        assert_eq!(serde_json::from_str::<Source>(r#"{"kind":"replay"}"#).unwrap(), Source::Replay);
        let http = Source::Http(Box::default());
        let text = serde_json::to_string(&http).unwrap();
        assert_eq!(serde_json::from_str::<Source>(&text).unwrap(), http);
    }
}
