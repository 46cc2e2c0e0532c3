//! The server: it serves the page and forwards its queries, so that secrets stay here.
//!
//! [`config`] says what to serve, [`app`] which routes there are, [`server`] runs them. A question goes
//! through [`guard`], [`prometheus`] (path), [`params`], [`source`] and [`gate`] to [`demo`] or [`upstream`].

pub mod assets;
pub mod config;
pub mod demo;
pub mod endpoint;
pub mod error;
pub mod fault;
pub mod gate;
pub mod guard;
pub mod knowledge;
pub mod metrics;
pub mod params;
pub mod prometheus;
pub mod server;
pub mod source;
pub mod upstream;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{any, get};
use tower_http::catch_panic::CatchPanicLayer;

use config::{ConfigError, Limits, Settings};
use metrics::Metrics;
use source::Source;

/// What the handlers share.
pub struct AppState {
    sources: Vec<Source>,
    allowed_origins: Vec<HeaderValue>,
    limits: Limits,
    metrics: Arc<Metrics>,
    knowledge: knowledge::Answer,
}

impl AppState {
    /// Opens the sources; nothing is sent yet.
    ///
    /// # Errors
    /// [`ConfigError`] if a source's client cannot be made, or the knowledge is wrong.
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Result<Arc<Self>, ConfigError> {
        Ok(Arc::new(Self {
            sources: source::open(settings, &metrics)?,
            allowed_origins: settings.allowed_origins.clone(),
            limits: settings.limits.clone(),
            metrics,
            knowledge: knowledge::Answer::new(&knowledge::load(settings.knowledge.as_deref())?)?,
        }))
    }
}

/// Every route and every layer.
pub fn app(state: &Arc<AppState>) -> Router {
    // A layer covers what was added before it, the reply to wrong methods included.
    let api = Router::new()
        .route("/api/sources", get(prometheus::sources))
        .route("/api/sources/{id}/api/v1/{*endpoint}", get(prometheus::ask).post(prometheus::ask))
        .route("/api", any(prometheus::not_found))
        .route("/api/", any(prometheus::not_found))
        .route("/api/{*rest}", any(prometheus::not_found))
        .method_not_allowed_fallback(prometheus::method_not_allowed)
        .with_state(state.clone());
    let api = match guard::cors(&state.allowed_origins) {
        Some(cors) => api.layer(cors),
        None => api,
    };
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/metrics", get(metrics::show).with_state(state.metrics.clone()))
        .method_not_allowed_fallback(prometheus::method_not_allowed)
        .merge(api)
        .layer(map_response(guard::no_store))
        .route("/api/knowledge", get(knowledge::show).with_state(state.knowledge.clone()))
        .fallback(get(assets::page))
        .layer(from_fn_with_state(state.clone(), guard::check))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(map_response(guard::secure))
        .layer(from_fn_with_state(state.metrics.clone(), metrics::observe))
}
