//! The server: it serves the page and forwards its queries, so that secrets stay here.
//!
//! [`config`] says what to serve, [`app`] which routes there are, [`http::server`] runs them. A request passes
//! [`http::guard`] and [`http::auth`]; one for a source goes through [`source::routes`] to the built-in [`demo`] or an
//! upstream, one for the language model to [`assistant`], and what people send to others to [`notify`].

pub mod assistant;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod error;
pub mod http;
pub mod metrics;
pub mod notify;
pub mod outbound;
pub mod page;
pub mod source;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};

use crate::http::guard;
use crate::page::{assets, knowledge, openapi};
use crate::source::allowlist::Endpoint;
use crate::source::routes;
pub use crate::state::AppState;

/// Every route and every layer.
pub fn app(state: &Arc<AppState>) -> Router {
    // A layer covers what was added before it, the reply to wrong methods included.
    let api = Endpoint::all().iter().fold(Router::new(), |api, endpoint| {
        let path = format!("/api/sources/{{id}}/{}", endpoint.segments().join("/"));
        let ask = get(routes::ask);
        api.route(&path, if endpoint.accepts_post() { ask.post(routes::ask) } else { ask })
    });
    let api = api
        .route("/api/sources", get(routes::sources))
        .route("/api/openapi.json", get(openapi::show))
        .route("/api/knowledge", get(knowledge::show).with_state(state.knowledge.clone()))
        .merge(notify::routes())
        .route("/api/llm", get(assistant::show))
        .route("/api/llm/chat", post(assistant::chat))
        .route("/api", any(routes::not_found))
        .route("/api/", any(routes::not_found))
        .route("/api/{*rest}", any(routes::not_found))
        .method_not_allowed_fallback(routes::method_not_allowed)
        .with_state(state.clone());
    let api = match guard::cors(&state.allowed_origins) {
        Some(cors) => api.layer(cors),
        None => api,
    };
    let router = Router::new()
        .route(guard::HEALTH, get(async || "ok"))
        .route("/metrics", get(metrics::show).with_state(state.metrics.clone()))
        .method_not_allowed_fallback(routes::method_not_allowed)
        .merge(api)
        .fallback(get(assets::page));
    protect(router, state)
}

/// The layer that every request passes, whatever its route.
pub fn protect(router: Router, state: &Arc<AppState>) -> Router {
    router.layer(from_fn_with_state(state.clone(), guard::pass))
}
