//! One policy for all clients: TLS as configured, HTTP/1.1, no redirect is followed, no proxy of the environment is used,
//! and every header is made here or by the caller.
//!
//! Two clients follow it, both on hyper and rustls. Sources and targets of notifications use the `ConnectionPool`: a
//! request that drives its own connection saves a task and a wake-up across threads for each query, and that is what
//! brings the server near nginx (docs/performance.md). The assistant uses reqwest: one connection lives for one answer of
//! seconds, so there is nothing to pool and nothing to gain.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use url::{Position, Url};

use super::pool::ConnectionPool;
use super::tls;
use crate::config::{ConfigError, TlsFiles};

const AGENT: HeaderValue = HeaderValue::from_static(concat!("oddity/", env!("CARGO_PKG_VERSION")));

/// Reason of [`connect_failure`] for a connection that was not opened in time.
pub(crate) const CONNECT_TIMEOUT: &str = "connection timed out";

/// A server that requests are sent to, as the configuration describes it.
pub(crate) struct RemoteServer<'a> {
    /// Section of the configuration, such as `[[source]] "id"`, for messages.
    pub(crate) section: &'a str,
    /// Name of the setting that holds the address, for messages.
    pub(crate) url_setting: &'a str,
    /// Address of the server.
    pub(crate) url: &'a Url,
    /// Certificates to trust and to show.
    pub(crate) tls: &'a TlsFiles,
    /// Maximum time to open a connection.
    pub(crate) connect_timeout: Duration,
}

impl RemoteServer<'_> {
    /// Creates a pool of connections, and the headers of every request: `headers`, completed. Opens no connection yet.
    ///
    /// # Errors
    /// [`ConfigError`] for an address that no request can name, and for TLS files with wrong contents.
    pub(crate) fn pool(
        &self,
        mut headers: HeaderMap,
        authorization: Option<HeaderValue>,
    ) -> Result<(Arc<ConnectionPool>, Arc<HeaderMap>), ConfigError> {
        let no_host = || self.url_error("has a host that no request can name".to_owned());
        let host = &self.url[Position::BeforeHost..Position::AfterPort];
        headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| no_host())?);
        complete(&mut headers, authorization);
        let origin = Uri::try_from(&self.url[..Position::AfterPort]).map_err(|_| no_host())?;
        let pool = ConnectionPool::new(origin, self.tls()?, self.connect_timeout);
        Ok((pool, Arc::new(headers)))
    }

    /// Creates a client that opens a connection for each request and sends `headers`, completed, with it.
    ///
    /// # Errors
    /// [`ConfigError`] for TLS files with wrong contents.
    pub(crate) fn client(
        &self,
        mut headers: HeaderMap,
        authorization: Option<HeaderValue>,
    ) -> Result<reqwest::Client, ConfigError> {
        complete(&mut headers, authorization);
        reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(0)
            .connect_timeout(self.connect_timeout)
            .default_headers(headers)
            .tls_backend_preconfigured(self.tls()?)
            .build()
            .map_err(|error| self.url_error(error.without_url().to_string()))
    }

    fn tls(&self) -> Result<ClientConfig, ConfigError> {
        tls::client_config(&format!("tls of {}", self.section), self.url, self.tls)
    }

    fn url_error(&self, problem: String) -> ConfigError {
        ConfigError::Setting { setting: self.url_setting.to_owned(), problem }
    }
}

/// Adds the credentials and, unless the configuration has its own, the name of the user agent.
fn complete(headers: &mut HeaderMap, authorization: Option<HeaderValue>) {
    headers.entry(USER_AGENT).or_insert(AGENT);
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, value);
    }
}

/// Returns why no connection was opened, from the causes of `error`; the words hold no address.
pub(crate) fn connect_failure(error: &(dyn Error + 'static)) -> &'static str {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() {
            return "TLS handshake failed, or its certificate is not trusted";
        }
        if cause.to_string() == "dns error" {
            return "unknown host name";
        }
        let io = cause.downcast_ref::<io::Error>();
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return "connection refused",
            Some(io::ErrorKind::ConnectionReset) => return "connection reset",
            Some(io::ErrorKind::TimedOut) => return CONNECT_TIMEOUT,
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                return "no route to host";
            }
            _ => {}
        }
        // An io::Error names the cause of what it wraps as its source, and hides what it wraps.
        let wrapped = io.and_then(io::Error::get_ref).map(|wrapped| wrapped as &dyn Error);
        next = wrapped.or_else(|| cause.source());
    }
    "connection failed"
}
