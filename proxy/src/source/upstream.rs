//! Upstream Prometheus: sends requests and passes the answers on.

mod answer;
mod buffered_prefix;
mod inflate;
mod json_nesting_check;
mod redact;
mod utf8_check;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::http::{Method, Request, Response, Uri};
use bytes::Bytes;
use form_urlencoded::Serializer;
use http_body_util::Full;
use metrics::Counter;
use oddity_analysis::api::SourceKind;
use tokio::time::Instant;
use url::Url;

use crate::config::reload::Reload;
use crate::config::{ConfigError, Limits, SourceSettings};
use crate::metrics::Metrics;
use crate::outbound::client::RemoteServer;
use crate::outbound::pool::{ConnectionPool, PooledResponse};
use crate::source::SourceRequest;
use crate::source::allowlist::{Endpoint, Params};
use crate::source::concurrency_limit::QueryPermit;
use crate::source::error::SourceError;

use self::redact::Secrets;
pub(crate) use answer::{buffered_response, json_response};

/// Media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Initial capacity of a request target in bytes, which most do not exceed.
const TARGET_CAPACITY: usize = 256;

/// Client of one upstream. Requests carry only headers that are made here; redirects are not followed and no proxy is used.
pub struct Upstream {
    id: Arc<str>,
    base: Url,
    /// Rebuilt when the files of the credentials change.
    client: Reload<UpstreamClient>,
    /// Asks VictoriaMetrics not to answer from its cache, whose samples are off the grid of the query.
    nocache: bool,
    /// Maximum time of a whole exchange.
    deadline: Duration,
    limits: Limits,
    metrics: Arc<Metrics>,
    received: Counter,
}

/// Connection pool and headers of the upstream.
#[derive(Clone)]
struct UpstreamClient {
    pool: Arc<ConnectionPool>,
    /// Headers of every request, with the credentials.
    headers: Arc<HeaderMap>,
    /// Secrets that no error message of the upstream may show.
    secrets: Arc<Secrets>,
}

impl Upstream {
    /// Creates the client without sending anything.
    ///
    /// # Errors
    /// [`ConfigError`] for invalid files of TLS or credentials, and if the system has no trusted certificates.
    pub fn new(settings: &SourceSettings, metrics: Arc<Metrics>) -> Result<Self, ConfigError> {
        let files = settings.authorization.file().into_iter().chain(settings.tls.files());
        let files = files.map(Path::to_owned).collect();
        let for_client = settings.clone();
        let id: Arc<str> = settings.id.as_str().into();
        Ok(Self {
            base: settings.url.clone(),
            client: Reload::new(files, move || client(&for_client))?,
            nocache: settings.kind == SourceKind::VictoriaMetrics,
            deadline: settings.limits.timeout + settings.limits.grace,
            limits: settings.limits.clone(),
            received: metrics.received(&id),
            metrics,
            id,
        })
    }

    /// Sends a request and passes the answer on: a small one is checked as a whole, a large one is a stream that is aborted on
    /// errors. Dropping the future or the stream drops the connection.
    ///
    /// # Errors
    /// [`SourceError`] if there is no answer in the envelope of Prometheus.
    pub async fn query(
        &self,
        request: SourceRequest,
        permit: QueryPermit,
    ) -> Result<Response<Body>, SourceError> {
        let end = Instant::now() + self.deadline;
        let exchange = async {
            let exchange = self.send(&request).await?;
            self.pass_on(exchange, end, permit, request.client).await
        };
        tokio::time::timeout_at(end, exchange)
            .await
            .unwrap_or(Err(SourceError::Timeout(self.deadline)))
    }

    /// Returns the answer, and the secrets that were sent.
    async fn send(
        &self,
        request: &SourceRequest,
    ) -> Result<(PooledResponse, Arc<Secrets>), SourceError> {
        let UpstreamClient { pool, headers, secrets } = self.client.get();
        let request = self.http_request(request, &headers).ok_or(SourceError::Cut)?;
        let answer = pool.send_idempotent(request).await.map_err(|error| {
            tracing::debug!(source = %self.id, %error, "request failed");
            error
        })?;
        Ok((answer, secrets))
    }

    /// Builds the HTTP request; `None` only if a part of it is not valid in HTTP.
    fn http_request(
        &self,
        request: &SourceRequest,
        headers: &HeaderMap,
    ) -> Option<Request<Full<Bytes>>> {
        let SourceRequest { method, endpoint, params, .. } = request;
        let mut target = path(&self.base, endpoint);
        let nocache = self.nocache.then_some(("nocache", "1"));
        let pairs = |params: &Params| !params.is_empty() || nocache.is_some();
        let encode = |into: String, start| {
            let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            Serializer::for_suffix(into, start).extend_pairs(params.chain(nocache)).finish()
        };
        let is_form = method == Method::POST;
        let body = if is_form { encode(String::new(), 0) } else { String::new() };
        if !is_form && pairs(params) {
            target.push('?');
            let start = target.len();
            target = encode(target, start);
        }
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = if is_form { Method::POST } else { Method::GET };
        *request.uri_mut() = Uri::try_from(target).ok()?;
        *request.headers_mut() = headers.clone();
        if is_form {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        }
        Some(request)
    }
}

/// Returns the path of `endpoint` below `base`. Segments are constants or the name of a label, so nothing in them needs to be
/// escaped and none leads elsewhere.
pub fn path(base: &Url, endpoint: &Endpoint) -> String {
    let mut path = String::with_capacity(TARGET_CAPACITY);
    path.push_str(base.path().trim_end_matches('/'));
    for segment in endpoint.segments() {
        path.push('/');
        path.push_str(segment);
    }
    path
}

fn client(settings: &SourceSettings) -> Result<UpstreamClient, ConfigError> {
    let server = RemoteServer {
        section: &format!("[[source]] \"{}\"", settings.id),
        url_setting: settings.url_setting,
        url: &settings.url,
        tls: &settings.tls,
        connect_timeout: settings.limits.connect_timeout,
    };
    let mut headers = settings.headers.clone();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let (pool, headers) = server.pool(headers, settings.authorization.value()?)?;
    let secrets = Arc::new(Secrets::of(&headers));
    Ok(UpstreamClient { pool, headers, secrets })
}
