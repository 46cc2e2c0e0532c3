//! Connections to another server, kept for the next request.
//!
//! Each connection is driven by the request that uses it and by no task of its own, so that dropping the request drops the
//! connection, and nothing has to be woken across threads.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower::Service as _;

use crate::http::worker;

/// Time after which an unused connection is closed, well before Prometheus would close it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Maximum number of unused connections that each worker keeps.
const MAX_IDLE_PER_WORKER: usize = 32;

/// Time after a request was sent in which the end of a connection tells that the server had closed it as unused; later it
/// tells that the server gave the request up.
const CLOSED_AS_UNUSED: Duration = Duration::from_secs(1);

/// Maximum number of bytes read at once; more would only be more memory for each answer that is passed on.
const READ_BUFFER_BYTES: usize = 64 << 10;

/// Returns the maximum number of unused connections of one pool.
pub(crate) fn max_idle() -> usize {
    MAX_IDLE_PER_WORKER.saturating_mul(worker::count())
}

type BoxError = Box<dyn Error + Send + Sync>;

/// Pool of connections to one server.
pub(crate) struct ConnectionPool {
    origin: Uri,
    connector: HttpsConnector<HttpConnector>,
    connect_timeout: Duration,
    /// Unused connections, by the worker that opened them.
    idle: Vec<Mutex<Vec<PooledConnection>>>,
}

/// A connection that carries one request at a time.
struct PooledConnection {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once the connection has ended.
    driver: Option<Driver>,
    last_used: Instant,
}

/// Future that moves the bytes of a connection while it is polled.
type Driver = Pin<Box<Connection<Stream, Full<Bytes>>>>;

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Reason for a request without an answer. Its text may hold an address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No connection could be opened.
    #[error("no connection: {0:?}")]
    Connect(BoxError),
    /// No connection was opened in time.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The connection ended before the answer, or the answer is not HTTP.
    #[error("no complete answer: {0:?}")]
    Exchange(hyper::Error),
}

/// Response whose head has arrived; its body is read from the connection piece by piece.
pub(crate) struct PooledResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    connection: Option<PooledConnection>,
    pool: Arc<ConnectionPool>,
}

impl ConnectionPool {
    /// Creates a pool of connections to the server at `origin`; none is opened yet.
    pub(crate) fn new(origin: Uri, tls: ClientConfig, connect_timeout: Duration) -> Arc<Self> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(connect_timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let idle = (0..worker::count()).map(|_| Mutex::default()).collect();
        Arc::new(Self { origin, connector, connect_timeout, idle })
    }

    /// Sends a request that changes nothing at the server. A server may close an unused connection while the request is on
    /// its way, so one that ends at once, before the answer begins, is replaced by a new connection, once.
    pub(crate) async fn send_idempotent(
        self: &Arc<Self>,
        request: Request<Full<Bytes>>,
    ) -> Result<PooledResponse, SendError> {
        if let Some(connection) = self.take() {
            let sent = Instant::now();
            match self.send_on(connection, request.clone()).await {
                // A server that has gone is told by the end of its connection.
                Err(SendError::Exchange(error))
                    if is_end_before_answer(&error) && sent.elapsed() < CLOSED_AS_UNUSED =>
                {
                    let connection = self.open().await.map_err(|_| SendError::Exchange(error))?;
                    return self.send_on(connection, request).await;
                }
                answered => return answered,
            }
        }
        self.send_on(self.open().await?, request).await
    }

    /// Sends a request on an unused connection or a new one.
    pub(crate) async fn send(
        self: &Arc<Self>,
        request: Request<Full<Bytes>>,
    ) -> Result<PooledResponse, SendError> {
        let connection = match self.take() {
            Some(connection) => connection,
            None => self.open().await?,
        };
        self.send_on(connection, request).await
    }

    /// Opens a connection; if that fails, it is tried once more.
    async fn open(&self) -> Result<PooledConnection, SendError> {
        match self.connect().await {
            Err(SendError::Connect(_)) => self.connect().await,
            connection => connection,
        }
    }

    async fn send_on(
        self: &Arc<Self>,
        mut connection: PooledConnection,
        request: Request<Full<Bytes>>,
    ) -> Result<PooledResponse, SendError> {
        let response = connection.ask(request).await.map_err(SendError::Exchange)?;
        let (head, body) = response.into_parts();
        let (status, headers) = (head.status, head.headers);
        Ok(PooledResponse {
            status,
            headers,
            body,
            connection: Some(connection),
            pool: self.clone(),
        })
    }

    async fn connect(&self) -> Result<PooledConnection, SendError> {
        let opened = async {
            let stream = self.connector.clone().call(self.origin.clone()).await?;
            Ok(http1::Builder::new().max_buf_size(READ_BUFFER_BYTES).handshake(stream).await?)
        };
        let opened = tokio::time::timeout(self.connect_timeout, opened).await;
        let opened = opened.map_err(|_| SendError::ConnectTimeout)?;
        let (sender, driver) = opened.map_err(SendError::Connect)?;
        Ok(PooledConnection { sender, driver: Some(Box::pin(driver)), last_used: Instant::now() })
    }

    /// Returns the most recently used connection that the server has not closed.
    fn take(&self) -> Option<PooledConnection> {
        let mut idle = self.idle()?;
        while let Some(mut connection) = idle.pop() {
            if connection.last_used.elapsed() > IDLE_TIMEOUT {
                idle.clear();
                return None;
            }
            if connection.is_open() {
                return Some(connection);
            }
        }
        None
    }

    fn idle(&self) -> Option<MutexGuard<'_, Vec<PooledConnection>>> {
        let idle = self.idle.get(worker::number())?;
        Some(idle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, mut connection: PooledConnection) {
        if let Some(mut idle) = self.idle()
            && idle.len() < MAX_IDLE_PER_WORKER
        {
            connection.last_used = Instant::now();
            idle.push(connection);
        }
    }
}

/// Returns whether a connection ended before the head of an answer was read.
fn is_end_before_answer(error: &hyper::Error) -> bool {
    let is_io = error.source().is_some_and(<dyn Error>::is::<std::io::Error>);
    error.is_canceled() || error.is_closed() || error.is_incomplete_message() || is_io
}

impl PooledConnection {
    /// Returns whether the server has left the connection open; nothing is woken when it closes later.
    fn is_open(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        self.drive(&mut context).is_pending() && self.sender.is_ready()
    }

    /// Moves bytes between socket and request; ready once the connection has ended.
    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let Some(driver) = &mut self.driver else { return Poll::Ready(Ok(())) };
        let ended = ready!(driver.as_mut().poll(cx));
        self.driver = None;
        Poll::Ready(ended)
    }

    async fn ask(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        let mut response = pin!(self.sender.send_request(request));
        poll_fn(|cx| {
            let ended = self.drive(cx);
            if let Poll::Ready(response) = response.as_mut().poll(cx) {
                return Poll::Ready(response);
            }
            match ended {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                _ => Poll::Pending,
            }
        })
        .await
    }
}

impl PooledResponse {
    /// Returns the next piece of the body, or `None` after the last one, which frees the connection for the next request.
    pub(crate) async fn chunk(&mut self) -> hyper::Result<Option<Bytes>> {
        let chunk = poll_fn(|cx| self.poll_chunk(cx)).await?;
        if chunk.is_none()
            && let Some(mut connection) = self.connection.take()
            && connection.is_open()
        {
            self.pool.keep(connection);
        }
        Ok(chunk)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<Option<Bytes>>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(frame)) => {
                    // Trailers are dropped.
                    if let Ok(data) = frame?.into_data() {
                        return Poll::Ready(Ok(Some(data)));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => {
                    let Some(connection) = &mut self.connection else { return Poll::Pending };
                    if let Poll::Ready(ended) = connection.drive(cx) {
                        // What the connection has left in the body is read first.
                        self.connection = None;
                        ended?;
                        continue;
                    }
                    match Pin::new(&mut self.body).poll_frame(cx) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(None) => return Poll::Ready(Ok(None)),
                        Poll::Ready(Some(frame)) => {
                            if let Ok(data) = frame?.into_data() {
                                return Poll::Ready(Ok(Some(data)));
                            }
                        }
                    }
                }
            }
        }
    }
}
