//! The server: it serves the page and forwards its queries, so that secrets stay here.
//!
//! [`config`] says what to serve, [`app`] which routes there are, [`server`] runs them. A question goes
//! through [`guard`] and [`access`], [`prometheus`] (path), [`params`] and [`subquery`], [`source`] and [`gate`] to
//! [`demo`] or [`upstream`]. A question about what was found goes through the same guards to [`llm`], and what is found
//! goes to others by [`notify`].

pub mod access;
pub mod assets;
pub mod body;
pub mod config;
pub mod connection;
pub mod demo;
pub mod detect;
pub mod endpoint;
pub mod error;
pub mod fault;
pub mod gate;
pub mod guard;
pub mod history;
pub mod knowledge;
pub mod llm;
pub mod metrics;
pub mod notify;
pub mod openapi;
pub mod params;
pub mod prometheus;
pub mod rate;
pub mod reload;
pub mod server;
pub mod source;
pub mod subquery;
pub mod upstream;
pub mod worker;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};

use access::Access;
use config::{ConfigError, Limits, Settings};
use endpoint::Endpoint;
use metrics::Metrics;
use source::Source;

/// What the handlers share.
pub struct AppState {
    sources: Vec<Source>,
    access: Access,
    allowed_hosts: Vec<String>,
    allowed_origins: Vec<HeaderValue>,
    limits: Limits,
    metrics: Arc<Metrics>,
    knowledge: knowledge::Answer,
    notify: notify::Notify,
    llm: Option<llm::Llm>,
}

impl AppState {
    /// Opens the sources; nothing is sent yet.
    ///
    /// # Errors
    /// [`ConfigError`] if a source's client cannot be made, credentials cannot be read, or the knowledge is wrong.
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Result<Arc<Self>, ConfigError> {
        Ok(Arc::new(Self {
            sources: source::open(settings, &metrics)?,
            access: Access::open(&settings.access)?,
            allowed_hosts: settings.allowed_hosts.clone(),
            allowed_origins: settings.allowed_origins.clone(),
            llm: settings
                .llm
                .as_ref()
                .map(|llm| llm::Llm::open(llm, &settings.limits, &metrics))
                .transpose()?,
            limits: settings.limits.clone(),
            notify: notify::Notify::open(settings, &metrics)?,
            metrics,
            knowledge: knowledge::Answer::new(&knowledge::load(settings.knowledge.as_deref())?)?,
        }))
    }
}

impl AppState {
    /// Brings what depends on the time up to date; to be called every few seconds.
    pub fn upkeep(&self) {
        self.metrics.upkeep(source::now());
        self.llm.iter().for_each(llm::Llm::upkeep);
    }
}

/// Every route and every layer.
pub fn app(state: &Arc<AppState>) -> Router {
    // A layer covers what was added before it, the reply to wrong methods included.
    let api = Endpoint::all().iter().fold(Router::new(), |api, endpoint| {
        let path = format!("/api/sources/{{id}}/{}", endpoint.segments().join("/"));
        let ask = get(prometheus::ask);
        api.route(&path, if endpoint.accepts_post() { ask.post(prometheus::ask) } else { ask })
    });
    let api = api
        .route("/api/sources", get(prometheus::sources))
        .route("/api/openapi.json", get(openapi::show))
        .route("/api/knowledge", get(knowledge::show).with_state(state.knowledge.clone()))
        .merge(notify::routes())
        .route("/api/llm", get(llm::show))
        .route("/api/llm/chat", post(llm::chat))
        .route("/api", any(prometheus::not_found))
        .route("/api/", any(prometheus::not_found))
        .route("/api/{*rest}", any(prometheus::not_found))
        .method_not_allowed_fallback(prometheus::method_not_allowed)
        .with_state(state.clone());
    let api = match guard::cors(&state.allowed_origins) {
        Some(cors) => api.layer(cors),
        None => api,
    };
    let router = Router::new()
        .route(guard::HEALTH, get(async || "ok"))
        .route("/metrics", get(metrics::show).with_state(state.metrics.clone()))
        .method_not_allowed_fallback(prometheus::method_not_allowed)
        .merge(api)
        .fallback(get(assets::page));
    protect(router, state)
}

/// The layer that every request passes, whatever its route.
pub fn protect(router: Router, state: &Arc<AppState>) -> Router {
    router.layer(from_fn_with_state(state.clone(), guard::pass))
}
