//! The routes of notifications.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use oddity_analysis::api::{Delivery, Notification, NotificationPreview, TargetList};
use serde::de::DeserializeOwned;

use super::delivery_cache::DeliveryKey;
use super::{Message, MessageContent, validation};
use crate::AppState;
use crate::clock::now;
use crate::error::ApiError;
use crate::http::body::{self, ExpectedBody};

/// `GET /api/notify`.
pub async fn list(State(state): State<Arc<AppState>>) -> Json<TargetList> {
    let targets = state.notify.targets.iter().map(|place| place.target.about.clone());
    Json(TargetList { targets: targets.collect() })
}

/// `POST /api/notify/{id}`.
pub async fn send(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Delivery>, ApiError> {
    let place = state.notify.place(&id)?;
    let (headers, notice): (_, Notification) = read(&state, request).await?;
    let source = validation::notice(&notice, &headers, &state)?;
    let message =
        Message { content: MessageContent::Notification { notice: &notice, source }, now: now() };
    let key = DeliveryKey::of(&notice);
    state.notify.send(place, &message, key, notice.again).await.map(Json)
}

/// `POST /api/notify/{id}/preview`: nothing is sent.
pub async fn preview(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<NotificationPreview>, ApiError> {
    let place = state.notify.place(&id)?;
    let (headers, notice): (_, Notification) = read(&state, request).await?;
    let source = validation::notice(&notice, &headers, &state)?;
    let message =
        Message { content: MessageContent::Notification { notice: &notice, source }, now: now() };
    let kind = place.target.about.kind;
    let body =
        serde_json::to_string_pretty(&message.body(kind)).map_err(|_| ApiError::internal())?;
    let duplicate = place.cache.has(DeliveryKey::of(&notice));
    Ok(Json(NotificationPreview { text: message.text(kind), body, duplicate }))
}

/// Nothing is said about what to send.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// `POST /api/notify/{id}/test`.
pub async fn test(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Delivery>, ApiError> {
    let place = state.notify.place(&id)?;
    let (_, Nothing {}) = read(&state, request).await?;
    let now = now();
    let message = Message { content: MessageContent::Test, now };
    state.notify.send(place, &message, DeliveryKey::unique(now), false).await.map(Json)
}

async fn read<T: DeserializeOwned>(
    state: &AppState,
    request: Request,
) -> Result<(HeaderMap, T), ApiError> {
    let expected = ExpectedBody {
        media: "application/json",
        name: "the notification",
        bytes: state.limits.notify_bytes,
        wait: state.limits.form_wait,
    };
    body::json(request, expected, "the notification is not understood").await
}
