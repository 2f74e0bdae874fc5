//! Asking endpoints: one connection to each, kept open, time-outs, retries, and a rest for those that fail.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::runtime::Runtime;

use super::codec;
use super::{RemoteError, codec::outputs};
use crate::model::tensor::NamedTensor;

/// Largest answer that is read.
const LARGEST_ANSWER: usize = 256 << 20;
/// What is shown of an error page.
const SHOWN: usize = 300;
/// An endpoint that failed is asked again after this, doubled with each failure in a row.
const REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(10);

/// Which servers are asked, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RemoteSettings {
    /// Servers that all answer for the same model, as `http://HOST:PORT`, with a path before `/v2` where there is one.
    pub endpoints: Vec<String>,
    /// The model's name there.
    pub model: String,
    /// Its version there; `None` leaves it to the server.
    pub version: Option<String>,
    /// Milliseconds that one try may take.
    pub timeout_ms: u64,
    /// Tries after the first, over all endpoints.
    pub retries: usize,
}

struct Endpoint {
    written: String,
    host: String,
    port: u16,
    path: String,
    connection: Option<SendRequest<Full<Bytes>>>,
    failures: u32,
    rests_until: Option<Instant>,
}

/// A model on other servers. It belongs to one thread.
pub struct RemoteModel {
    runtime: Runtime,
    endpoints: Vec<Endpoint>,
    settings: RemoteSettings,
    turn: usize,
}

impl std::fmt::Debug for RemoteModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteModel").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What one try came to.
enum Tried {
    Answer(Vec<u8>),
    /// It understood and said no.
    Refused(StatusCode, String),
    /// Another try may do.
    Failed(String),
}

impl RemoteModel {
    /// Prepares to ask; nothing is sent yet.
    ///
    /// # Errors
    /// When there is no endpoint or an address cannot be understood.
    pub fn new(settings: RemoteSettings) -> Result<Self, RemoteError> {
        if settings.endpoints.is_empty() {
            return Err(RemoteError::NoEndpoint);
        }
        let version = settings.version.as_ref().map_or_else(String::new, |v| format!("/versions/{}", escaped(v)));
        let path = format!("/v2/models/{}{version}/infer", escaped(&settings.model));
        let endpoints =
            settings.endpoints.iter().map(|written| endpoint(written, &path)).collect::<Result<Vec<_>, _>>()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| RemoteError::Setup(error.to_string()))?;
        Ok(Self { runtime, endpoints, settings, turn: 0 })
    }

    /// Asks until one endpoint answers; `rows` is the number of rows of every input.
    ///
    /// # Errors
    /// When the inputs cannot be sent, a server refuses them, or none answers within the tries.
    pub fn infer(&mut self, id: &str, inputs: &[NamedTensor], rows: usize) -> Result<Vec<NamedTensor>, RemoteError> {
        let body = Bytes::from(codec::body(id, inputs).map_err(RemoteError::Inputs)?);
        let timeout = Duration::from_millis(self.settings.timeout_ms.max(1));
        let mut why = String::new();
        let tries = self.settings.retries + 1;
        for _ in 0..tries {
            let at = self.next();
            let Some(endpoint) = self.endpoints.get_mut(at) else { return Err(RemoteError::NoEndpoint) };
            if let Some(rest) = endpoint.rests_until.map(|until| until.saturating_duration_since(Instant::now())) {
                // It is the one that may be asked the soonest.
                std::thread::sleep(rest);
            }
            let tried = self.runtime.block_on(async {
                match tokio::time::timeout(timeout, endpoint.ask(body.clone(), id)).await {
                    Ok(tried) => tried,
                    Err(_) => Tried::Failed(format!("nothing came within {} ms", timeout.as_millis())),
                }
            });
            let failed = match tried {
                Tried::Answer(answer) => match outputs(&answer, rows) {
                    Ok(outputs) => {
                        endpoint.worked();
                        return Ok(outputs);
                    }
                    Err(what) => what,
                },
                Tried::Refused(status, why) => {
                    endpoint.worked();
                    return Err(RemoteError::Refused {
                        endpoint: endpoint.written.clone(),
                        status: status.as_u16(),
                        why,
                    });
                }
                Tried::Failed(what) => what,
            };
            endpoint.failed();
            why = format!("{}: {failed}", endpoint.written);
        }
        Err(RemoteError::Unreachable { tries, why })
    }

    /// The next endpoint in turn that does not rest, else the one that rests for the shortest.
    fn next(&mut self) -> usize {
        let now = Instant::now();
        let count = self.endpoints.len().max(1);
        let from = self.turn;
        self.turn = self.turn.wrapping_add(1);
        let in_turn = (0..count).map(|step| from.wrapping_add(step) % count);
        in_turn
            .min_by_key(|at| self.endpoints.get(*at).and_then(|e| e.rests_until).filter(|until| *until > now))
            .unwrap_or(0)
    }
}

impl Endpoint {
    fn worked(&mut self) {
        self.failures = 0;
        self.rests_until = None;
    }

    fn failed(&mut self) {
        self.connection = None;
        self.failures = self.failures.saturating_add(1);
        let rest = REST.saturating_mul(1 << self.failures.min(8)).min(LONGEST_REST);
        self.rests_until = Some(Instant::now() + rest);
    }

    async fn ask(&mut self, body: Bytes, id: &str) -> Tried {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.path)
            .header("host", format!("{}:{}", self.host, self.port))
            .header("content-type", "application/json")
            .header("x-request-id", id)
            .body(Full::new(body));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Tried::Failed(error.to_string()),
        };
        let connection = match self.connected().await {
            Ok(connection) => connection,
            Err(why) => return Tried::Failed(why),
        };
        let answer = match connection.send_request(request).await {
            Ok(answer) => answer,
            Err(error) => return Tried::Failed(error.to_string()),
        };
        let status = answer.status();
        let body = match Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) => return Tried::Failed(format!("its answer broke off: {error}")),
        };
        if status.is_success() {
            return Tried::Answer(body);
        }
        let said = said(&body);
        // A server that is busy, starting or broken may do better the next time; others would say the same again.
        if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
            return Tried::Failed(format!("{status}: {said}"));
        }
        Tried::Refused(status, said)
    }

    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, String> {
        let open = self.connection.take().filter(|connection| !connection.is_closed());
        let mut connection = if let Some(connection) = open {
            connection
        } else {
            let address = (self.host.as_str(), self.port);
            let stream = tokio::net::TcpStream::connect(address).await.map_err(|e| e.to_string())?;
            stream.set_nodelay(true).ok();
            let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
            tokio::spawn(async move {
                // Its end is seen by the next request.
                connection.await.ok();
            });
            sender
        };
        connection.ready().await.map_err(|e| e.to_string())?;
        Ok(self.connection.insert(connection))
    }
}

/// The words of an error answer: its `error` field where it has one, else its beginning.
fn said(body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let error =
        json.as_ref().and_then(|json| json.get("error")).and_then(|error| error.as_str().map(ToOwned::to_owned));
    error.unwrap_or_else(|| String::from_utf8_lossy(body).chars().take(SHOWN).collect())
}

fn endpoint(written: &str, path: &str) -> Result<Endpoint, RemoteError> {
    let wrong = || RemoteError::Address { address: written.to_owned() };
    let uri: Uri = written.trim().trim_end_matches('/').parse().map_err(|_| wrong())?;
    if uri.scheme_str() != Some("http") || uri.query().is_some() {
        return Err(wrong());
    }
    let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
    Ok(Endpoint {
        written: written.trim().to_owned(),
        // Brackets belong to the address as it is written, not to the host.
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: uri.port_u16().unwrap_or(80),
        path: format!("{}{path}", uri.path().trim_end_matches('/')),
        connection: None,
        failures: 0,
        rests_until: None,
    })
}

/// A name as a part of a path.
fn escaped(name: &str) -> String {
    use std::fmt::Write as _;
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").ok();
        }
        text
    })
}

#[cfg(test)]
mod tests;
