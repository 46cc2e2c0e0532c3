//! A source that a client can ask: the built-in one or an upstream, behind one gate.

pub mod allowlist;
pub mod concurrency_limit;
pub mod error;
pub mod params;
pub mod routes;
pub mod subquery;
pub mod upstream;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use metrics::Histogram;
use oddity_analysis::api::{self, ExampleQuery, SourceKind};
use oddity_detect::time::{Span, Timestamp};
use serde_json::json;

use crate::clock;
use crate::config::{ConfigError, Limits, Settings, SourceSettings};
use crate::demo::Demo;
use crate::error::ApiError;
use crate::http::connection::Connection;
use crate::metrics::Metrics;
use crate::source::allowlist::{Endpoint, Params};
use crate::source::concurrency_limit::{ConcurrencyLimiter, QueryPermit};
use crate::source::error::SourceError;
use crate::source::upstream::{Upstream, buffered_response};

/// One source and what answers for it.
pub struct Source {
    /// What a client may know of it.
    pub about: api::SourceInfo,
    /// The general limits, with its own in their place.
    pub limits: Limits,
    url_setting: &'static str,
    backend: Backend,
    limiter: ConcurrencyLimiter,
    metrics: Arc<Metrics>,
    answered: Histogram,
}

enum Backend {
    Demo(Arc<Demo>),
    Upstream(Box<Upstream>),
}

/// What a client asks a source.
pub struct SourceRequest {
    /// GET or POST.
    pub method: Method,
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// Checked already.
    pub params: Params,
    /// Who asks.
    pub client: Arc<Connection>,
}

/// The demo's planted events begin this long before the server starts, so that they are well inside any range.
const ANCHOR_AGE: Span = Span::from_seconds(2 * 3_600);

/// The sources of `settings` in their order, the built-in one last.
///
/// # Errors
/// [`ConfigError`] if a client cannot be made.
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
        },
        limits: settings.limits.clone(),
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
        about: "this server's own requests a minute, since it started".to_owned(),
    };
    Source {
        about: api::SourceInfo {
            id: "demo".to_owned(),
            name: "Demo".to_owned(),
            kind: SourceKind::Demo,
            examples: Demo::examples().into_iter().chain([own]).collect(),
        },
        limits: limits.clone(),
        url_setting: "`demo` in the configuration file",
        backend: Backend::Demo(Arc::new(Demo::with_own(anchor, &metrics.history()))),
        limiter: ConcurrencyLimiter::new(limits),
        answered: metrics.answered("demo"),
        metrics: metrics.clone(),
    }
}

impl Source {
    /// Asks and returns the reply in Prometheus' envelope.
    ///
    /// # Errors
    /// [`ApiError`] for a question the built-in source refuses, and for every [`SourceError`].
    pub async fn ask(&self, question: SourceRequest) -> Result<Response<Body>, ApiError> {
        let Some(permit) = self.limiter.acquire().await else {
            return Err(self.fail(SourceError::Busy));
        };
        let start = Instant::now();
        let answer = match &self.backend {
            Backend::Upstream(upstream) => {
                upstream.ask(question, permit).await.map_err(|fault| self.fail(fault))
            }
            Backend::Demo(demo) => self.ask_demo(demo, question, permit).await,
        };
        self.answered.record(start.elapsed().as_secs_f64());
        answer
    }

    async fn ask_demo(
        &self,
        demo: &Arc<Demo>,
        question: SourceRequest,
        permit: QueryPermit,
    ) -> Result<Response<Body>, ApiError> {
        let client = question.client.clone();
        let exchange = async {
            let (body, permit) = evaluate(demo.clone(), question, permit).await?;
            let place = permit
                .into_answer_slot(client)
                .await
                .ok_or_else(|| self.fail(SourceError::Busy))?;
            Ok(buffered_response(StatusCode::OK, body.into(), place))
        };
        let deadline = self.limits.timeout + self.limits.grace;
        let answer = tokio::time::timeout(deadline, exchange).await;
        answer.unwrap_or_else(|_| Err(self.fail(SourceError::Timeout(deadline))))
    }

    fn fail(&self, fault: SourceError) -> ApiError {
        self.metrics.upstream_fault(&self.about.id, fault);
        tracing::warn!(source = self.about.id, class = fault.class(), %fault, "no answer");
        self.refusal(fault)
    }

    /// What a client is told of a fault.
    pub fn refusal(&self, fault: SourceError) -> ApiError {
        fault.reply(&self.about.id, self.url_setting)
    }
}

/// Computes on a thread of its own; the permit goes along, since a computation cannot be aborted.
async fn evaluate(
    demo: Arc<Demo>,
    question: SourceRequest,
    permit: QueryPermit,
) -> Result<(Vec<u8>, QueryPermit), ApiError> {
    let work = move || {
        let answer = demo.answer(&question.endpoint, &question.params, clock::now())?;
        let mut envelope = json!({ "status": "success", "data": answer.data });
        if !answer.warnings.is_empty() {
            envelope["warnings"] = answer.warnings.into();
        }
        Ok((envelope.to_string().into_bytes(), permit))
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(ApiError::internal()))
}
