//! Compression of answers for clients that are reached over a network.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, FORWARDED, HeaderName, VIA};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use crate::http::connection::Connection;

/// Least size in bytes of an answer that is compressed.
const MIN_BYTES: u64 = 1_024;

/// Header by which most reverse proxies name their client.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns the layer that compresses answers with gzip, fast rather than small, for clients that accept it.
pub fn layer() -> CompressionLayer<SizeAbove> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(MIN_BYTES))
}

/// Keeps answers to this machine as they are, where compression costs more time than it saves; middleware outside of
/// [`layer`]. A client of a reverse proxy is on another machine.
pub async fn only_over_networks(mut request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Arc<Connection>>();
    let is_near = client.is_some_and(|client| client.peer.is_loopback());
    if is_near && !is_forwarded(request.headers()) {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    next.run(request).await
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    [FORWARDED, FORWARDED_FOR, VIA].iter().any(|name| headers.contains_key(name))
}
