//! The accept loop: bounded connections, a time limit for each request's head, and an orderly stop.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use crate::error::RejectionReason;
use crate::http::connection::{
    AnswerBody, Connection, ConnectionSlot, Connections, Evicted, WatchedStream,
};
use crate::http::worker::Workers;
use crate::metrics::SentBytes;
use crate::{AppState, app};

/// Bytes of an answer that wait for the socket; more would only be more memory for each client that reads slowly.
const BUFFER: usize = 64 << 10;

/// Serves the page and the API until `shutdown` resolves; open requests then have the limits' `drain` to finish.
pub async fn run(
    listener: TcpListener,
    state: &Arc<AppState>,
    workers: &Workers,
    shutdown: impl Future<Output = ()>,
) {
    let limits = &state.limits;
    let mut workers = workers.in_turns();
    let mut http = http1::Builder::new();
    http.max_buf_size(BUFFER.max(limits.header_bytes.get()))
        .max_header_size(limits.header_bytes.get())
        .max_headers(limits.header_fields.get());
    let app = app(state);
    let connections = Connections::new(limits.connections.get());
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    // A timer for each head would cost each request more than this.
    let mut look = tokio::time::interval(limits.header_wait / 8);
    loop {
        let stream = tokio::select! {
            () = &mut shutdown => break,
            stream = accept(&listener) => stream,
            _ = look.tick() => {
                connections.close_waiting(limits.header_wait);
                continue;
            }
        };
        let Some(place) = admit(&stream, &connections, state) else { continue };
        let Ok(stream) = stream.into_std() else { continue };
        let (state, http, app) = (state.clone(), http.clone(), app.clone());
        let watcher = graceful.watcher();
        let Some(worker) = workers.next() else { break };
        worker.spawn(async move {
            let _open = state.metrics.connection();
            let Ok(stream) = TcpStream::from_std(stream) else { return };
            let connection = place.connection.clone();
            let service = service_fn(|request| respond(app.clone(), request, connection.clone()));
            // A client that reads nothing would hold its place at a source for ever.
            let mut stream = TimeoutStream::new(WatchedStream { stream, connection: connection.clone() });
            stream.set_write_timeout(Some(state.limits.write_wait));
            let stream = TokioIo::new(Box::pin(stream));
            tokio::select! {
                ended = watcher.watch(http.serve_connection(stream, service)) => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                }
                () = connection.closed() => {
                    tracing::debug!(peer = %connection.peer, "a connection whose client is too slow was closed");
                }
            }
            drop(place);
        });
    }
    drop(listener);
    let open = graceful.count();
    tracing::info!(open, "stopping");
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}

/// One request to its answer; both tell the connection whose turn it is.
async fn respond(
    app: Router,
    request: Request<Incoming>,
    connection: Arc<Connection>,
) -> Result<Response<AnswerBody>, Infallible> {
    connection.begin_request();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(connection.clone());
    let mut response = app.oneshot(request).await?;
    let sent = response.extensions_mut().remove::<SentBytes>();
    Ok(response.map(|body| AnswerBody { body, connection, sent }))
}

/// A place for the connection, or none if every place is taken by a client that does its part.
fn admit(
    stream: &TcpStream,
    connections: &Arc<Connections>,
    state: &AppState,
) -> Option<ConnectionSlot> {
    let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return None };
    let Some((place, evicted)) = connections.enter(peer, local) else {
        state.metrics.rejected(RejectionReason::Connections);
        // There is room for this in the socket's buffer.
        let _ = stream.try_write(
            b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        );
        return None;
    };
    match evicted {
        Evicted::Nobody => {}
        Evicted::Idle => state.metrics.rejected(RejectionReason::IdleConnection),
        Evicted::Stalled => state.metrics.rejected(RejectionReason::StalledConnection),
    }
    Some(place)
}

/// The next connection.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "no TCP_NODELAY");
                }
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                if !is_of_peer(&error) {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

/// Errors of one connection; the others, such as too many open files, pass only with time.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
