//! One Prometheus: how it is asked, and how its answer is passed on.

mod answer;
mod shape;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Method, Response};
use form_urlencoded::Serializer;
use metrics::Counter;
use reqwest::{Certificate, Client, Identity, Url};
use shared::api::SourceKind;
use tokio::time::Instant;

use crate::config::{ConfigError, Limits, SourceSettings, Tls};
use crate::endpoint::{Endpoint, Params};
use crate::fault::Fault;
use crate::gate::Permit;
use crate::metrics::Metrics;
use crate::reload::Reload;
use crate::source::Question;

pub(crate) use answer::whole;

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A client for one source. Its requests carry only headers that are made here.
pub struct Upstream {
    id: Arc<str>,
    base: Url,
    /// With the credentials in its headers; made anew when their files change.
    client: Reload<Client>,
    /// VictoriaMetrics answers from a cache whose samples are off the grid unless told not to.
    nocache: bool,
    /// Time for a whole exchange.
    deadline: Duration,
    limits: Limits,
    metrics: Arc<Metrics>,
    received: Counter,
}

impl Upstream {
    /// A client that follows no redirect and uses no proxy.
    ///
    /// # Errors
    /// [`ConfigError`] for files of TLS or credentials that do not hold what they should, and if the system has no
    /// certificates to trust.
    pub fn new(settings: &SourceSettings, metrics: Arc<Metrics>) -> Result<Self, ConfigError> {
        let files = settings.authorization.file().into_iter().chain(settings.tls.files());
        let files = files.map(Path::to_owned).collect();
        let for_client = settings.clone();
        let id: Arc<str> = settings.id.as_str().into();
        Ok(Self {
            base: settings.url.clone(),
            client: Reload::new(files, move || client(&for_client))?,
            nocache: settings.kind == SourceKind::VictoriaMetrics,
            deadline: deadline(&settings.limits),
            limits: settings.limits.clone(),
            received: metrics.received(&id),
            metrics,
            id,
        })
    }

    /// Asks and passes the answer on: checked whole if it is small, else as a stream that is aborted
    /// when something goes wrong. Dropping the future or the stream drops the connection.
    ///
    /// # Errors
    /// [`Fault`] if there is no answer in Prometheus' envelope.
    pub async fn ask(&self, question: Question, permit: Permit) -> Result<Response<Body>, Fault> {
        let end = Instant::now() + self.deadline;
        let exchange = async {
            let Question { method, endpoint, params, client } = question;
            let response = match self.send(&method, &endpoint, &params).await {
                Err(error) if is_retried(&method, &error) => {
                    self.send(&method, &endpoint, &params).await
                }
                result => result,
            };
            let response = response.map_err(|error| self.fault(error))?;
            self.pass_on(response, end, permit, client).await
        };
        tokio::time::timeout_at(end, exchange).await.unwrap_or(Err(Fault::Timeout(self.deadline)))
    }

    async fn send(
        &self,
        method: &Method,
        endpoint: &Endpoint,
        params: &Params,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let client = self.client.get();
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(endpoint.segments());
        }
        let nocache = self.nocache.then_some(("nocache", "1"));
        let pairs =
            params.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(nocache);
        if method == Method::POST {
            let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
            client.post(url).header(CONTENT_TYPE, FORM).body(form).send().await
        } else {
            if !params.is_empty() || self.nocache {
                url.query_pairs_mut().extend_pairs(pairs);
            }
            client.get(url).send().await
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

/// Time for a whole exchange.
fn deadline(limits: &Limits) -> Duration {
    limits.timeout + limits.grace
}

fn client(settings: &SourceSettings) -> Result<Client, ConfigError> {
    // An error means that a provider is installed already, by an earlier source.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers: HeaderMap = settings.headers.clone();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(value) = settings.authorization.value()? {
        headers.insert(AUTHORIZATION, value);
    }
    let builder = Client::builder()
        .user_agent(concat!("oddity/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(settings.limits.connect_timeout)
        .read_timeout(deadline(&settings.limits));
    let setting = format!("tls of [[source]] \"{}\"", settings.id);
    let wrong = |file: &Path, problem: &str| {
        let problem = format!("{} {problem}", file.display());
        ConfigError::Setting { setting: setting.clone(), problem }
    };
    let Tls { ca_file, cert_file, key_file } = &settings.tls;
    let builder = match ca_file {
        Some(file) => {
            let trusted = Certificate::from_pem_bundle(&read(file)?).unwrap_or_default();
            if trusted.is_empty() {
                return Err(wrong(file, "holds no certificate in PEM"));
            }
            builder.tls_certs_only(trusted)
        }
        // Without TLS the certificates of the system are not needed, and need not exist.
        None if settings.url.scheme() == "http" => builder.tls_certs_only([]),
        None => builder,
    };
    let builder = match (cert_file, key_file) {
        (Some(cert), Some(key)) => {
            let pem = [read(cert)?, read(key)?].join(&b'\n');
            let identity = Identity::from_pem(&pem).map_err(|_| {
                wrong(cert, "and key_file do not hold a certificate and its key in PEM")
            })?;
            builder.identity(identity)
        }
        _ => builder,
    };
    builder.build().map_err(|error| {
        tracing::debug!(%error, source = settings.id, "no client");
        let problem = if settings.tls.files().next().is_some() {
            "its certificates and key do not fit together, or are not valid"
        } else {
            "TLS has no certificates to trust: install ca-certificates, or name a file of them in ca_file or \
             SSL_CERT_FILE"
        };
        ConfigError::Setting { setting, problem: problem.to_owned() }
    })
}

fn read(file: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(file).map_err(|error| ConfigError::Read { path: file.to_owned(), error })
}
