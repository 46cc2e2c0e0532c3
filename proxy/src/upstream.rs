//! One Prometheus: how it is asked, and how its answer is passed on.

mod answer;
mod shape;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use axum::http::{Method, Response};
use form_urlencoded::Serializer;
use reqwest::{Client, Url};
use shared::api::SourceKind;
use tokio::time::Instant;

use crate::config::{ConfigError, Limits, SourceSettings};
use crate::endpoint::{Endpoint, Params};
use crate::fault::Fault;
use crate::gate::Permit;
use crate::metrics::Metrics;

pub(crate) use answer::json;

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A client for one source. Its requests carry only headers that are made here.
pub struct Upstream {
    id: Arc<str>,
    base: Url,
    client: Client,
    /// VictoriaMetrics answers from a cache whose samples are off the grid unless told not to.
    nocache: bool,
    /// Time for a whole exchange.
    deadline: Duration,
    checked_bytes: usize,
    answer_bytes: usize,
    metrics: Arc<Metrics>,
}

impl Upstream {
    /// A client that follows no redirect and uses no proxy.
    ///
    /// # Errors
    /// [`ConfigError`] if TLS is needed and the system has no certificates to trust.
    pub fn new(
        settings: &SourceSettings,
        limits: &Limits,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ConfigError> {
        // An error means that a provider is installed already, by an earlier source.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = settings.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let deadline = settings.timeout.unwrap_or(limits.timeout) + limits.grace;
        let builder = Client::builder()
            .user_agent(concat!("oddity/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(limits.connect_timeout)
            .read_timeout(deadline);
        // Without TLS the certificates of the system are not needed, and need not exist.
        let builder =
            if settings.url.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        let client = builder.build().map_err(|error| {
            tracing::debug!(%error, source = settings.id, "no client");
            ConfigError::Setting {
                setting: format!("[[source]] \"{}\"", settings.id),
                problem:
                    "TLS has no certificates to trust: install ca-certificates, or name a file of \
                          them in SSL_CERT_FILE"
                        .to_owned(),
            }
        })?;
        Ok(Self {
            id: settings.id.as_str().into(),
            base: settings.url.clone(),
            client,
            nocache: settings.kind == SourceKind::VictoriaMetrics,
            deadline,
            checked_bytes: limits.checked_bytes,
            answer_bytes: limits.answer_bytes,
            metrics,
        })
    }

    /// Asks and passes the answer on: checked whole if it is small, else as a stream that is aborted
    /// when something goes wrong. Dropping the future or the stream drops the connection.
    ///
    /// # Errors
    /// [`Fault`] if there is no answer in Prometheus' envelope.
    pub async fn ask(
        &self,
        method: &Method,
        endpoint: &Endpoint,
        params: &Params,
        permit: Permit,
    ) -> Result<Response<Body>, Fault> {
        let end = Instant::now() + self.deadline;
        let exchange = async {
            let response = match self.send(method, endpoint, params).await {
                Err(error) if is_retried(method, &error) => {
                    self.send(method, endpoint, params).await
                }
                result => result,
            };
            let response = response.map_err(|error| self.fault(error))?;
            self.pass_on(response, end, permit).await
        };
        tokio::time::timeout_at(end, exchange).await.unwrap_or(Err(Fault::Timeout(self.deadline)))
    }

    async fn send(
        &self,
        method: &Method,
        endpoint: &Endpoint,
        params: &Params,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(endpoint.segments());
        }
        let nocache = self.nocache.then_some(("nocache", "1"));
        let pairs =
            params.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(nocache);
        if method == Method::POST {
            let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
            self.client.post(url).header(CONTENT_TYPE, FORM).body(form).send().await
        } else {
            if !params.is_empty() || self.nocache {
                url.query_pairs_mut().extend_pairs(pairs);
            }
            self.client.get(url).send().await
        }
    }

    fn fault(&self, error: reqwest::Error) -> Fault {
        let error = error.without_url();
        tracing::debug!(source = %self.id, error = ?error.to_string(), "exchange failed");
        Fault::from_error(&error, self.deadline)
    }
}

/// Nothing was sent and little time is lost, so asking once more is safe.
fn is_retried(method: &Method, error: &reqwest::Error) -> bool {
    method != Method::POST && error.is_connect() && !error.is_timeout()
}
