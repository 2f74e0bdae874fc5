//! The endpoint's thread: it accepts connections, and ends them in order.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::app::App;
use super::connections::{Connections, Entered};
use super::{EndpointError, EndpointSettings, EndpointStats, routes};
use crate::deploy::serve::Front;

/// Threads for large bodies and slow work; more would take the cores from the models.
const WORK_THREADS: usize = 3;

/// How long accepting pauses when the system gives no more connections.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a connection without a request may take to end when the endpoint stops.
const LINGER: Duration = Duration::from_millis(200);

/// What a connection beyond the limit is told.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\
    Content-Type: application/json\r\nContent-Length: 70\r\n\r\n\
    {\"error\":\"Too many connections are open here. Try again in a moment.\"}";

/// An endpoint that listens. It stops when it is dropped.
pub struct Endpoint {
    address: SocketAddr,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Opens the port and starts to answer with these models.
    ///
    /// # Errors
    /// When a setting is not possible, the port is taken, or the system gives no thread.
    pub fn start(settings: EndpointSettings, front: Arc<dyn Front>) -> Result<Self, EndpointError> {
        settings.check()?;
        let wanted = settings.socket();
        let socket = |error: io::Error| socket_error(wanted, &error);
        let listener = TcpListener::bind(wanted).map_err(socket)?;
        listener.set_nonblocking(true).map_err(socket)?;
        let address = listener.local_addr().map_err(socket)?;
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(WORK_THREADS)
            .thread_name("http-work")
            .build()
            .map_err(|error| EndpointError::Thread(error.to_string()))?;
        let app = Arc::new(App::new(front, settings, Connections::new()));
        let (stop, stopped) = watch::channel(false);
        let thread = {
            let app = Arc::clone(&app);
            std::thread::Builder::new()
                .name("http-endpoint".to_owned())
                .spawn(move || run(runtime, listener, app, stopped))
                .map_err(|error| EndpointError::Thread(error.to_string()))?
        };
        Ok(Self { address, app, stop, thread: Some(thread) })
    }

    /// Where it listens; the port is never 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has done since it started.
    pub fn stats(&self) -> EndpointStats {
        self.app.stats()
    }

    /// Closes the port, lets requests in flight finish within the time of the settings, and ends the thread.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the endpoint's thread ended by a panic");
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.end();
    }
}

fn socket_error(address: SocketAddr, error: &io::Error) -> EndpointError {
    match error.kind() {
        io::ErrorKind::AddrInUse => EndpointError::PortTaken(address),
        io::ErrorKind::PermissionDenied => EndpointError::PortForbidden(address),
        io::ErrorKind::AddrNotAvailable => EndpointError::NoSuchAddress(address.ip()),
        _ => EndpointError::Socket { address, why: error.to_string() },
    }
}

fn run(runtime: Runtime, listener: TcpListener, app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    runtime.block_on(async {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "the endpoint's port cannot be read");
                return;
            }
        };
        let accepting = tokio::spawn(accept(listener, Arc::clone(&app), stopped.clone()));
        // An endpoint whose owner is gone stops as well.
        stopped.wait_for(|stop| *stop).await.ok();
        accepting.abort();
        // The port is free again when the task is gone.
        accepting.await.ok();
        if tokio::time::timeout(LINGER, app.connections.emptied()).await.is_err() {
            app.connections.end(true);
        }
        if tokio::time::timeout(app.settings.stop_timeout, app.connections.emptied()).await.is_err() {
            tracing::warn!("requests in flight were cut off when the endpoint stopped");
            app.connections.end(false);
        }
    });
    runtime.shutdown_timeout(app.settings.stop_timeout);
}

async fn accept(listener: tokio::net::TcpListener, app: Arc<App>, stopped: watch::Receiver<bool>) {
    let router = routes::router(Arc::clone(&app));
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(app.settings.header_timeout)
        .max_header_size(app.settings.max_header_bytes)
        .max_headers(100);
    while !*stopped.borrow() {
        let stream = match listener.accept().await {
            Ok((stream, _from)) => stream,
            Err(error) => {
                // Out of file descriptors, or a caller that is gone already: the next one may do better.
                tracing::debug!(%error, "a connection was not accepted");
                app.connections.make_room();
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if app.connections.len() >= app.settings.max_connections {
            if app.connections.make_room() {
                app.tally.connections_displaced.fetch_add(1, Ordering::Relaxed);
            } else {
                app.tally.connections_refused.fetch_add(1, Ordering::Relaxed);
                // Whether the caller hears it or not, the connection is closed.
                stream.try_write(FULL).ok();
                continue;
            }
        }
        // Small answers must not wait for more.
        stream.set_nodelay(true).ok();
        let entered = app.connections.enter();
        let id = entered.id;
        let task = tokio::spawn(connection(
            stream,
            server.clone(),
            router.clone(),
            Arc::clone(&app),
            entered,
            stopped.clone(),
        ));
        app.connections.ends_by(id, task.abort_handle());
    }
}

async fn connection(
    stream: TcpStream,
    server: http1::Builder,
    router: Router,
    app: Arc<App>,
    entered: Entered,
    mut stopped: watch::Receiver<bool>,
) {
    let activity = Arc::clone(&entered.activity);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (app, router, activity) = (Arc::clone(&app), router.clone(), Arc::clone(&activity));
        async move {
            activity.answers();
            let response = app.answer(router, request.map(Body::new)).await;
            activity.rests();
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    let mut stop = pin!(stopped.wait_for(|stop| *stop));
    let mut stopping = false;
    let ended = poll_fn(|context| {
        if !stopping && stop.as_mut().poll(context).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        match connection.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(ended),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(entered);
}
