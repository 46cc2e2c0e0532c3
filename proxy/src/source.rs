//! Sources that clients can query: the built-in demo or an upstream Prometheus, behind one concurrency limiter.
//!
//! [`routes`] finds the source; [`allowlist`] refuses endpoints, [`params`] and [`subquery`] refuse parameters,
//! [`concurrency_limit`] refuses queries beyond the limit of concurrent ones, and [`scope`] limits the others to the series
//! that their user may read. [`compression`] makes their answers smaller for clients on other machines.

pub mod allowlist;
pub mod compression;
pub mod concurrency_limit;
pub mod error;
pub mod params;
pub mod routes;
pub mod scope;
pub mod subquery;
pub mod upstream;

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use futures_util::{StreamExt as _, stream};
use metrics::Histogram;
use oddity_analysis::api::{self, ExampleQuery, SourceKind};
use oddity_detect::time::{Span, Timestamp};

use crate::clock;
use crate::config::{ConfigError, EnforceSettings, Limits, Settings, SourceSettings};
use crate::demo::{Answer, AnswerLimits, Demo};
use crate::error::ApiError;
use crate::http::auth::User;
use crate::http::connection::Connection;
use crate::metrics::Metrics;
use crate::source::allowlist::{Endpoint, Params};
use crate::source::concurrency_limit::{
    AnswerSlot, ConcurrencyLimiter, LongQueryLimiter, QueryPermit,
};
use crate::source::error::SourceError;
use crate::source::scope::Scope;
use crate::source::upstream::{Upstream, buffered_response, json_response};

/// Configured source and its backend.
pub struct Source {
    /// Description for clients.
    pub about: api::SourceInfo,
    /// General limits, overridden by those of the source.
    pub limits: Limits,
    enforce: EnforceSettings,
    url_setting: &'static str,
    backend: Backend,
    limiter: ConcurrencyLimiter,
    metrics: Arc<Metrics>,
    answered: Histogram,
}

enum Backend {
    Demo(Arc<Demo>, Arc<LongQueryLimiter>),
    Upstream(Box<Upstream>),
}

/// Checked request of a client to a source.
pub struct SourceRequest {
    /// `GET` or `POST`.
    pub method: Method,
    /// Requested endpoint.
    pub endpoint: Endpoint,
    /// Parameters within the limits.
    pub params: Params,
    /// Connection of the client.
    pub client: Arc<Connection>,
    /// Name of the user, if the server knows it.
    pub user: Option<User>,
}

/// Time before the start of the server at which the planted events of the demo begin, so that they are inside any
/// range.
const ANCHOR_AGE: Span = Span::from_seconds(2 * 3_600);

/// Opens the sources of `settings` in their order, the demo last.
///
/// # Errors
/// [`ConfigError`] if a client cannot be created.
pub fn open(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Vec<Source>, ConfigError> {
    let limits = &settings.limits;
    let upstreams = settings.sources.iter().map(|source| upstream(source, metrics));
    let mut sources = upstreams.collect::<Result<Vec<_>, _>>()?;
    if settings.demo {
        sources.push(demo(
            settings.demo_anchor.unwrap_or_else(|| clock::now() - ANCHOR_AGE),
            limits,
            metrics,
        ));
    }
    Ok(sources)
}

fn upstream(settings: &SourceSettings, metrics: &Arc<Metrics>) -> Result<Source, ConfigError> {
    Ok(Source {
        about: api::SourceInfo {
            id: settings.id.clone(),
            name: settings.name.clone(),
            kind: settings.kind,
            examples: Vec::new(),
            external_url: settings.external_url.clone(),
            grafana_url: settings.grafana_url.clone(),
            grafana_datasource: settings.grafana_datasource.clone(),
        },
        limits: settings.limits.clone(),
        enforce: settings.enforce.clone(),
        url_setting: settings.url_setting,
        backend: Backend::Upstream(Box::new(Upstream::new(settings, metrics.clone())?)),
        limiter: ConcurrencyLimiter::new(&settings.limits),
        answered: metrics.answered(&settings.id),
        metrics: metrics.clone(),
    })
}

fn demo(anchor: Timestamp, limits: &Limits, metrics: &Arc<Metrics>) -> Source {
    let own = ExampleQuery {
        expr: "rate(oddity_http_requests_total[5m]) * 60".to_owned(),
        about: "requests per minute to this server, since it started".to_owned(),
    };
    Source {
        about: api::SourceInfo {
            id: "demo".to_owned(),
            name: "Demo".to_owned(),
            kind: SourceKind::Demo,
            examples: Demo::examples().into_iter().chain([own]).collect(),
            external_url: None,
            grafana_url: None,
            grafana_datasource: None,
        },
        limits: limits.clone(),
        enforce: EnforceSettings::default(),
        url_setting: "`demo` in the configuration file",
        backend: Backend::Demo(
            Arc::new(Demo::with_own(anchor, &metrics.history())),
            Arc::new(LongQueryLimiter::new(limits)),
        ),
        limiter: ConcurrencyLimiter::new(limits),
        answered: metrics.answered("demo"),
        metrics: metrics.clone(),
    }
}

impl Source {
    /// Queries the source and returns the response in the envelope of Prometheus.
    ///
    /// # Errors
    /// [`ApiError`] for a request that the demo refuses, for one that cannot be limited to what its user may read, and for
    /// every [`SourceError`].
    pub async fn query(&self, mut request: SourceRequest) -> Result<Response<Body>, ApiError> {
        let Some(permit) = self.limiter.acquire().await else {
            return Err(self.failed(SourceError::Busy));
        };
        if let Some(scope) = Scope::of(&self.enforce, request.user.as_ref().map(User::name))? {
            request.params = scope.apply(&request.endpoint, request.params)?;
        }
        let start = Instant::now();
        let answer = match &self.backend {
            Backend::Upstream(upstream) => {
                upstream.query(request, permit).await.map_err(|error| self.failed(error))
            }
            Backend::Demo(demo, long) => self.query_demo(demo, long, request, permit).await,
        };
        self.answered.record(start.elapsed().as_secs_f64());
        answer
    }

    async fn query_demo(
        &self,
        demo: &Arc<Demo>,
        long: &Arc<LongQueryLimiter>,
        request: SourceRequest,
        permit: QueryPermit,
    ) -> Result<Response<Body>, ApiError> {
        let client = request.client.clone();
        let deadline = self.limits.timeout + self.limits.grace;
        let end = Instant::now() + deadline;
        let asked = request.params.iter().find(|(name, _)| name == "timeout");
        let asked = asked.and_then(|(_, value)| value.parse().ok()).map(|span: Span| span.millis());
        let evaluation = Evaluation {
            demo: demo.clone(),
            long: long.clone(),
            timeout: asked.map_or(self.limits.timeout, Duration::from_millis),
            cancelled: Arc::default(),
            answer_bytes: self.limits.answer_bytes,
            short_bytes: self.limits.checked_bytes,
        };
        let _unless_cancelled = CancelOnDrop(evaluation.cancelled.clone());
        let exchange = async {
            let work = tokio::task::spawn_blocking(move || evaluation.run(&request, permit));
            let (answer, permit) = work.await.unwrap_or_else(|_| Err(ApiError::internal()))?;
            let slot = permit
                .into_answer_slot(client)
                .await
                .ok_or_else(|| self.failed(SourceError::Busy))?;
            Ok(match answer {
                Evaluated::Short(body) => buffered_response(StatusCode::OK, body.into(), slot),
                Evaluated::Long(answer) => streamed_response(answer, end, slot),
            })
        };
        let answer = tokio::time::timeout(deadline, exchange).await;
        answer.unwrap_or_else(|_| Err(self.failed(SourceError::Timeout(deadline))))
    }

    fn failed(&self, error: SourceError) -> ApiError {
        self.metrics.upstream_failed(&self.about.id, error.class());
        tracing::warn!(source = self.about.id, class = error.class(), %error, "query failed");
        self.api_error(error)
    }

    /// Returns the response for a client of this source.
    pub fn api_error(&self, error: SourceError) -> ApiError {
        error.reply(&self.about.id, self.url_setting)
    }
}

/// Tells an evaluation that nobody waits for it, if its request is dropped.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// An answer of the built-in source.
enum Evaluated {
    /// The whole text.
    Short(Vec<u8>),
    /// One that is written as it is sent.
    Long(Box<Answer>),
}

/// An evaluation by the built-in source, on a thread of its own.
struct Evaluation {
    demo: Arc<Demo>,
    long: Arc<LongQueryLimiter>,
    timeout: Duration,
    cancelled: Arc<AtomicBool>,
    answer_bytes: usize,
    /// Bytes up to which an answer is written whole.
    short_bytes: usize,
}

impl Evaluation {
    /// Evaluates; the permit goes along. An evaluation that turns out long gives its turn to others and waits for one
    /// of the few of its kind.
    fn run(
        self,
        request: &SourceRequest,
        permit: QueryPermit,
    ) -> Result<(Evaluated, QueryPermit), ApiError> {
        let end = tokio::time::Instant::now() + self.timeout;
        let turn = RefCell::new((permit, None));
        let on_long = || {
            turn.borrow_mut().0.give_turn();
            let permit = self.long.acquire_blocking(end, &self.cancelled);
            let goes_on = permit.is_some();
            turn.borrow_mut().1 = permit;
            goes_on
        };
        let limits = AnswerLimits {
            timeout: self.timeout,
            cancelled: self.cancelled.clone(),
            answer_bytes: self.answer_bytes,
            on_long: Some(&on_long),
        };
        let SourceRequest { endpoint, params, .. } = request;
        let answer = self.demo.answer_within(&limits, endpoint, params, clock::now())?;
        let answer = match answer.max_len() <= self.short_bytes {
            true => Evaluated::Short(answer.flatten().collect()),
            false => Evaluated::Long(Box::new(answer)),
        };
        let (permit, _long) = turn.into_inner();
        Ok((answer, permit))
    }
}

/// Makes a reply that is written as fast as the client takes it, and broken off at `end`.
fn streamed_response(answer: Box<Answer>, end: Instant, place: AnswerSlot) -> Response<Body> {
    let pieces = stream::iter(answer).map(move |piece| {
        let _held = &place;
        if Instant::now() < end { Ok(piece) } else { Err(io::Error::from(io::ErrorKind::TimedOut)) }
    });
    json_response(StatusCode::OK, Body::from_stream(pieces))
}
