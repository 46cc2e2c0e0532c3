//! Server of Oddity: serves the page and forwards its queries, so that secrets stay on the server.
//!
//! [`config`] reads what to serve, [`app`] lists the routes, and [`http::server`] runs them. A request passes
//! [`http::guard`] and [`http::auth`]; one for a source goes through [`source::routes`] to the built-in [`demo`] or an
//! upstream, one for the language model to [`assistant`], and a notification to [`notify`]. [`http`] lists who refuses
//! what.

pub mod assistant;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod error;
pub mod http;
pub mod log;
pub mod metrics;
pub mod notify;
pub mod outbound;
pub mod page;
pub mod source;
mod state;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};

use crate::http::guard;
use crate::page::{assets, knowledge, openapi};
use crate::source::allowlist::Endpoint;
use crate::source::{compression, routes};
pub use crate::state::AppState;

/// Builds the router with every route and every layer.
pub fn app(state: &AppState) -> Router {
    // A layer covers what was added before it, the reply to wrong methods included.
    let api = Endpoint::all().iter().fold(Router::new(), |api, endpoint| {
        let path = format!("/api/sources/{{id}}/{}", endpoint.segments().join("/"));
        let query = get(routes::query);
        api.route(&path, if endpoint.accepts_post() { query.post(routes::query) } else { query })
    });
    let api = api
        .layer(compression::layer())
        .layer(from_fn(compression::only_over_networks))
        .route("/api/sources", get(routes::sources))
        .route("/api/openapi.json", get(openapi::show))
        .route("/api/knowledge", get(knowledge::show))
        .route("/api/notify", get(notify::routes::list))
        .route("/api/notify/{id}", post(notify::routes::send))
        .route("/api/notify/{id}/preview", post(notify::routes::preview))
        .route("/api/notify/{id}/test", post(notify::routes::test))
        .route("/api/llm", get(assistant::show))
        .route("/api/llm/chat", post(assistant::chat))
        .route("/api", any(routes::not_found))
        .route("/api/", any(routes::not_found))
        .route("/api/{*rest}", any(routes::not_found))
        .method_not_allowed_fallback(routes::method_not_allowed);
    let api = match state.guard.cors() {
        Some(cors) => api.layer(cors),
        None => api,
    };
    let router = Router::new()
        .route(guard::HEALTH, get(async || "ok"))
        .route("/metrics", get(metrics::show))
        .method_not_allowed_fallback(routes::method_not_allowed)
        .merge(api)
        .fallback(get(assets::page))
        .with_state(state.clone());
    protect(router, state)
}

/// Wraps a router in the layer that every request passes, whatever its route.
pub fn protect(router: Router, state: &AppState) -> Router {
    router.layer(from_fn_with_state(state.guard.clone(), guard::enforce))
}
