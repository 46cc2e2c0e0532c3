//! The log of requests: one line for each, once its response has been sent or given up.
//!
//! Requests to the API are logged at level info, with who asked for what, so that the log can serve for an audit; others at
//! level info if they failed, and at level debug otherwise.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri};
use ring::digest::{SHA256, digest};

use crate::config::LogQueries;
use crate::http::auth::User;
use crate::http::client_limit::ClientPermit;
use crate::http::connection::Connection;

/// Maximum bytes of a logged path, and of the name of a user.
const MAX_NAME_BYTES: usize = 200;

/// Maximum bytes of a logged query, as it is written with escapes.
const MAX_QUERY_BYTES: usize = 2 << 10;

/// Bytes of the hash of a query that are logged.
const HASH_BYTES: usize = 16;

/// Parameters that say what is asked for.
const QUERIES: [&str; 2] = ["query", "match[]"];

/// Request whose line is written when the last holder drops it, which is when the last byte of its response was sent.
pub struct RequestRecord {
    start: Instant,
    peer: Option<IpAddr>,
    method: Method,
    uri: Uri,
    queries: LogQueries,
    user: OnceLock<User>,
    /// Queries that are asked for, as they are logged.
    asked: OnceLock<Option<String>>,
    status: OnceLock<StatusCode>,
    bytes: AtomicU64,
    is_complete: AtomicBool,
    permit: OnceLock<ClientPermit>,
}

impl RequestRecord {
    /// Starts the record of a request.
    pub fn start(request: &Request, queries: LogQueries) -> Arc<Self> {
        let client = request.extensions().get::<Arc<Connection>>();
        Arc::new(Self {
            start: Instant::now(),
            peer: client.map(|client| client.peer),
            method: request.method().clone(),
            uri: request.uri().clone(),
            queries,
            user: OnceLock::new(),
            asked: OnceLock::new(),
            status: OnceLock::new(),
            bytes: AtomicU64::new(0),
            is_complete: AtomicBool::new(false),
            permit: OnceLock::new(),
        })
    }

    /// Records the user who sent it.
    pub fn set_user(&self, user: User) {
        // A request has one user.
        let _ = self.user.set(user);
    }

    /// Keeps the permit of the client until the response has been sent.
    pub fn set_permit(&self, permit: Option<ClientPermit>) {
        // A request has one client.
        let _ = permit.map(|permit| self.permit.set(permit));
    }

    /// Records the queries among the parameters that are sent to a source, or among all of a request that is refused.
    pub fn set_parameters<T: AsRef<str>>(&self, parameters: impl Iterator<Item = (T, T)>) {
        // A request is sent or refused once.
        let _ = self.asked.set(written(parameters, self.queries));
    }

    /// Records the status of the response.
    pub fn set_status(&self, status: StatusCode) {
        // A request has one response.
        let _ = self.status.set(status);
    }

    /// Adds bytes of the body that were sent.
    pub fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Records that the body was sent to its end.
    pub fn complete(&self) {
        self.is_complete.store(true, Ordering::Relaxed);
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        let path = self.uri.path();
        let status = self.status.get().map(StatusCode::as_u16);
        let is_api = is_api(path);
        if !is_api && status.is_some_and(|status| status < 400) {
            tracing::debug!(method = %self.method, path = start_of(path), status, ms = self.millis(), "request");
            return;
        }
        let source = path.strip_prefix("/api/sources/").and_then(|rest| rest.split_once('/'));
        // A request that was refused before its parameters were read has those of its address.
        let of_address = || {
            let query = self.uri.query().filter(|_| is_api)?;
            written(form_urlencoded::parse(query.as_bytes()), self.queries)
        };
        let query = self.asked.get().cloned().unwrap_or_else(of_address);
        tracing::info!(
            user = self.user.get().map(|user| start_of(user.name())),
            peer = self.peer.map(tracing::field::display),
            method = %self.method,
            path = start_of(path),
            source = source.map(|(id, _)| start_of(id)),
            query,
            status,
            bytes = self.bytes.load(Ordering::Relaxed),
            complete = self.is_complete.load(Ordering::Relaxed),
            ms = self.millis(),
            "request"
        );
    }
}

impl RequestRecord {
    fn millis(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Returns whether a path belongs to the API.
pub fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

fn start_of(name: &str) -> &str {
    &name[..name.floor_char_boundary(MAX_NAME_BYTES)]
}

/// Returns the queries among the parameters as they are logged, or `None` if there are none.
fn written<T: AsRef<str>>(
    parameters: impl Iterator<Item = (T, T)>,
    how: LogQueries,
) -> Option<String> {
    let mut queries = parameters.filter(|(name, _)| QUERIES.contains(&name.as_ref()));
    let (_, first) = queries.next()?;
    let all = queries.fold(first.as_ref().to_owned(), |all, (_, next)| all + "\n" + next.as_ref());
    Some(match how {
        LogQueries::Whole => cut(&all),
        LogQueries::Hash => {
            let hash = digest(&SHA256, all.as_bytes());
            format!("sha256:{}", hex::encode(&hash.as_ref()[..HASH_BYTES]))
        }
    })
}

/// Returns a query, cut at the border of a character if it is too long with the escapes of any format.
fn cut(query: &str) -> String {
    let mut bytes = 0;
    let end = query.char_indices().find(|(_, c)| {
        bytes += if c.is_control() { 6 } else { c.escape_debug().map(char::len_utf8).sum() };
        bytes > MAX_QUERY_BYTES
    });
    end.map_or_else(|| query.to_owned(), |(end, _)| format!("{}…", &query[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_written_whole_hashed_or_not_at_all() {
        let parse = |text: &'static str| form_urlencoded::parse(text.as_bytes());
        let whole = |text| written(parse(text), LogQueries::Whole);
        assert_eq!(
            whole("start=1&query=up%7Ba%3D%22b%22%7D&step=2").as_deref(),
            Some("up{a=\"b\"}")
        );
        assert_eq!(whole("match[]=a&match%5B%5D=b").as_deref(), Some("a\nb"));
        assert_eq!(whole("start=1"), None);
        let hash = |text| written(parse(text), LogQueries::Hash).unwrap();
        assert_eq!(hash("query=up"), hash("start=2&query=u%70"));
        assert!(hash("query=up").starts_with("sha256:") && hash("query=up").len() == 39);
        assert_ne!(hash("query=up"), hash("query=down"));
    }

    #[test]
    fn a_long_query_is_cut_at_a_character() {
        for text in ["x", "€", "\"", "\n", "\u{1}", "\u{202e}", "🦀"] {
            let short = cut(&text.repeat(5_000));
            assert!(short.ends_with('…'), "{text:?}");
            for written in [format!("{short:?}"), serde_json::to_string(&short).unwrap()] {
                assert!((300..MAX_QUERY_BYTES + 8).contains(&written.len()), "{text:?}");
            }
        }
        assert_eq!(cut("up"), "up");
    }
}
