//! HTTP server: connections of clients, worker threads, and the checks that every request passes.
//!
//! A request that is not answered was refused in one of these places, in this order:
//!
//! 1. [`server`] and [`connection`]: no connection slot is free, or the client was too slow and was evicted (503).
//! 2. [`guard`]: a chunked body (411), an ambiguous target (400), an unknown `Host` (403), and for the API a page of
//!    another origin (403). Between them [`auth`] asks for credentials (401, 403, 429, 503), and
//!    [`client_limit`] counts the requests of the client (429).
//! 3. [`app`](crate::app): a path or method without a route (404, 405).
//! 4. [`body`]: a body of the wrong type, too large or too slow (415, 413, 408).
//! 5. [`source::allowlist`](crate::source::allowlist): an endpoint of Prometheus that is not forwarded (404), and then
//!    [`source::params`](crate::source::params): parameters beyond the limits (400, 413).
//! 6. [`source::concurrency_limit`](crate::source::concurrency_limit) and [`rate_limit`]: too much at once (503, 429).
//! 7. [`source::scope`](crate::source::scope): what its user may not read (403), or a query that cannot be limited (400).

pub mod auth;
pub mod body;
pub mod client_limit;
pub mod connection;
pub mod descriptors;
pub mod guard;
pub mod rate_limit;
pub mod refused;
pub mod request_log;
pub mod server;
pub mod tls;
pub mod worker;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a poisoned lock is used as it is, since no code panics while it holds one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
