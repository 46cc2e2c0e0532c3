//! Accept loop: bounded connections, a time limit for the head of each request, and a graceful shutdown.

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
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use crate::config::Limits;
use crate::error::RejectionReason;
use crate::http::connection::{
    AnswerBody, Connection, ConnectionSlot, Connections, Evicted, WatchedStream,
};
use crate::http::refused::RefusedConnections;
use crate::http::request_log::RequestRecord;
use crate::http::tls::ServerTls;
use crate::http::worker::Workers;
use crate::metrics::{Metrics, SentBytes};

/// Maximum bytes of a response buffered for the socket; more would cost memory for each client that reads slowly.
const MAX_BUFFER: usize = 64 << 10;

/// Serves `app`, over TLS if there is a certificate, until `shutdown` resolves; open requests then have the time `drain` of the limits to finish.
pub async fn run(
    listener: TcpListener,
    app: Router,
    limits: &Limits,
    metrics: &Arc<Metrics>,
    workers: &Workers,
    tls: Option<&ServerTls>,
    shutdown: impl Future<Output = ()>,
) {
    let mut workers = workers.in_turns();
    let mut http = http1::Builder::new();
    http.max_buf_size(MAX_BUFFER.max(limits.header_bytes.get()))
        .max_header_size(limits.header_bytes.get())
        .max_headers(limits.header_fields.get());
    let connections = Connections::new(limits.connections.get());
    let mut refused = RefusedConnections::default();
    let graceful = GracefulShutdown::new();
    // Handshakes have no request to finish, so they end at once: when the sender is dropped.
    let (accepting, handshaking) = watch::channel(());
    let mut shutdown = std::pin::pin!(shutdown);
    // One timer for all connections: a timer for each head would cost each request more.
    let mut poll_heads = tokio::time::interval(limits.header_wait / 8);
    loop {
        let stream = tokio::select! {
            () = &mut shutdown => break,
            stream = accept(&listener) => stream,
            _ = poll_heads.tick() => {
                connections.close_waiting(limits.header_wait);
                refused.close_told();
                continue;
            }
        };
        let Some(slot) = admit(&stream, &connections, metrics) else {
            // With TLS a client could not read it.
            if tls.is_none() {
                refused.tell(stream);
            }
            continue;
        };
        let Ok(stream) = stream.into_std() else { continue };
        let (metrics, http, app) = (metrics.clone(), http.clone(), app.clone());
        let write_wait = limits.write_wait;
        let acceptor = tls.map(ServerTls::acceptor);
        let mut handshaking = handshaking.clone();
        let watcher = graceful.watcher();
        let Some(worker) = workers.next() else { break };
        worker.spawn(async move {
            let _open = metrics.connection();
            let Ok(stream) = TcpStream::from_std(stream) else { return };
            let connection = slot.connection.clone();
            let service = service_fn(|request| respond(app.clone(), request, connection.clone()));
            // A client that reads nothing would hold its answer slot at a source forever.
            let mut stream = TimeoutStream::new(WatchedStream { stream, connection: connection.clone() });
            stream.set_write_timeout(Some(write_wait));
            let stream = Box::pin(stream);
            let served = async {
                let ended = match acceptor {
                    None => watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await,
                    Some(acceptor) => {
                        let accepted = tokio::select! {
                            accepted = acceptor.accept(stream) => accepted,
                            _ = handshaking.changed() => return,
                        };
                        match accepted {
                            Ok(stream) => {
                                let stream = TokioIo::new(Box::new(stream));
                                watcher.watch(http.serve_connection(stream, service)).await
                            }
                            Err(error) => return tracing::debug!(%error, "TLS handshake failed"),
                        }
                    }
                };
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended early");
                }
            };
            tokio::select! {
                () = served => {}
                () = connection.closed() => {
                    tracing::debug!(peer = %connection.peer, "closed the connection of a slow client");
                }
            }
            drop(slot);
        });
    }
    drop((listener, accepting));
    let open = graceful.count();
    tracing::info!(open_connections = open, "shutting down");
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("shutdown timed out: open requests were aborted");
    }
}

/// Answers one request, and records in the connection that a request was received and answered.
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
    let record = response.extensions_mut().remove::<Arc<RequestRecord>>();
    Ok(response.map(|body| AnswerBody { body, connection, sent, record }))
}

/// Returns a slot for the connection, or none if all are taken and none can be evicted.
fn admit(
    stream: &TcpStream,
    connections: &Arc<Connections>,
    metrics: &Metrics,
) -> Option<ConnectionSlot> {
    let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return None };
    let Some((slot, evicted)) = connections.enter(peer, local) else {
        metrics.rejected(RejectionReason::Connections);
        return None;
    };
    match evicted {
        Evicted::Nobody => {}
        Evicted::Idle => metrics.rejected(RejectionReason::IdleConnection),
        Evicted::Stalled => metrics.rejected(RejectionReason::StalledConnection),
    }
    Some(slot)
}

/// Returns the next connection.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "cannot set TCP_NODELAY");
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

/// Returns whether the error concerns one connection; others, such as too many open files, pass only with time.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
