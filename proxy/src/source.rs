//! A source that a client can ask: the built-in one or an upstream, behind one gate.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use serde_json::json;
use shared::api::{self, SourceKind};
use shared::time::{Span, Timestamp};

use crate::config::{ConfigError, Limits, Settings, SourceSettings};
use crate::demo::Demo;
use crate::endpoint::{Endpoint, Params};
use crate::error::ApiError;
use crate::fault::Fault;
use crate::gate::{Gate, Permit};
use crate::metrics::Metrics;
use crate::upstream::{Upstream, json as json_response};

/// One source and what answers for it.
pub struct Source {
    /// What a client may know of it.
    pub about: api::Source,
    /// Time for one evaluation.
    pub timeout: Duration,
    url_setting: &'static str,
    backend: Backend,
    gate: Gate,
    metrics: Arc<Metrics>,
}

enum Backend {
    Demo { demo: Arc<Demo>, deadline: Duration },
    Upstream(Upstream),
}

/// The demo's planted events begin this long before the server starts, so that they are well inside any range.
const ANCHOR_AGE: Span = Span::from_seconds(2 * 3_600);

/// The sources of `settings` in their order, the built-in one last.
///
/// # Errors
/// [`ConfigError`] if a client cannot be made.
pub fn open(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Vec<Source>, ConfigError> {
    let limits = &settings.limits;
    let upstreams = settings.sources.iter().map(|source| upstream(source, limits, metrics));
    let mut sources = upstreams.collect::<Result<Vec<_>, _>>()?;
    if settings.demo {
        sources.push(demo(
            settings.demo_anchor.unwrap_or_else(|| now() - ANCHOR_AGE),
            limits,
            metrics,
        ));
    }
    Ok(sources)
}

fn upstream(
    settings: &SourceSettings,
    limits: &Limits,
    metrics: &Arc<Metrics>,
) -> Result<Source, ConfigError> {
    Ok(Source {
        about: api::Source {
            id: settings.id.clone(),
            name: settings.name.clone(),
            kind: settings.kind,
            examples: Vec::new(),
        },
        timeout: settings.timeout.unwrap_or(limits.timeout),
        url_setting: settings.url_setting,
        backend: Backend::Upstream(Upstream::new(settings, limits, metrics.clone())?),
        gate: Gate::new(limits),
        metrics: metrics.clone(),
    })
}

fn demo(anchor: Timestamp, limits: &Limits, metrics: &Arc<Metrics>) -> Source {
    Source {
        about: api::Source {
            id: "demo".to_owned(),
            name: "Demo".to_owned(),
            kind: SourceKind::Demo,
            examples: Demo::examples(),
        },
        timeout: limits.timeout,
        url_setting: "`demo` in the configuration file",
        backend: Backend::Demo {
            demo: Arc::new(Demo::new(anchor)),
            deadline: limits.timeout + limits.grace,
        },
        gate: Gate::new(limits),
        metrics: metrics.clone(),
    }
}

impl Source {
    /// Asks and returns the reply in Prometheus' envelope.
    ///
    /// # Errors
    /// [`ApiError`] for a question the built-in source refuses, and for every [`Fault`].
    pub async fn ask(
        &self,
        method: &Method,
        endpoint: Endpoint,
        params: Params,
    ) -> Result<Response<Body>, ApiError> {
        let Some(permit) = self.gate.enter().await else {
            return Err(self.fail(Fault::Busy));
        };
        match &self.backend {
            Backend::Upstream(upstream) => upstream
                .ask(method, &endpoint, &params, permit)
                .await
                .map_err(|fault| self.fail(fault)),
            Backend::Demo { demo, deadline } => {
                let answer = evaluate(demo.clone(), endpoint, params, permit);
                match tokio::time::timeout(*deadline, answer).await {
                    Ok(answer) => answer,
                    Err(_) => Err(self.fail(Fault::Timeout(*deadline))),
                }
            }
        }
    }

    fn fail(&self, fault: Fault) -> ApiError {
        self.metrics.upstream_fault(&self.about.id, fault);
        tracing::warn!(source = self.about.id, class = fault.class(), %fault, "no answer");
        fault.reply(&self.about.id, self.url_setting)
    }
}

/// Computes on a thread of its own; the permit goes along, since a computation cannot be aborted.
async fn evaluate(
    demo: Arc<Demo>,
    endpoint: Endpoint,
    params: Params,
    permit: Permit,
) -> Result<Response<Body>, ApiError> {
    let work = move || {
        let answer = demo.answer(&endpoint, &params, now())?;
        let mut envelope = json!({ "status": "success", "data": answer.data });
        if !answer.warnings.is_empty() {
            envelope["warnings"] = answer.warnings.into();
        }
        drop(permit);
        Ok(json_response(StatusCode::OK, envelope.to_string().into()))
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(ApiError::internal()))
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
