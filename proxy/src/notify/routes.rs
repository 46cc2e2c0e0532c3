//! Routes of notifications.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use oddity_analysis::api::{Delivery, Notification, NotificationPreview, TargetList};

use super::delivery_cache::DeliveryKey;
use super::{Message, MessageContent, Notifier, validation};
use crate::clock::now;
use crate::error::ApiError;
use crate::http::body;
use crate::http::guard::RequestGuard;
use crate::source::Source;

/// Beginning of the message for a body that does not parse.
const INVALID: &str = "invalid notification";

/// Answers `GET /api/notify`.
pub async fn list(State(notifier): State<Arc<Notifier>>) -> Json<TargetList> {
    let targets = notifier.targets.iter().map(|limited| limited.target.about.clone());
    Json(TargetList { targets: targets.collect() })
}

/// Answers `POST /api/notify/{id}`: sends an event or a report.
///
/// # Errors
/// [`ApiError`] for an unknown target, an invalid notification, a rate limit, and a failed delivery.
pub async fn send(
    State(notifier): State<Arc<Notifier>>,
    State(sources): State<Arc<[Source]>>,
    State(guard): State<Arc<RequestGuard>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Delivery>, ApiError> {
    let limited = notifier.find(&id)?;
    let (headers, notice): (_, Notification) =
        body::json(request, notifier.expected, INVALID).await?;
    let source = validation::check_notification(&notice, &headers, &sources, &guard)?;
    let content = MessageContent::Notification { notice: &notice, source };
    let key = DeliveryKey::of(&notice);
    notifier.send(limited, &Message { content, now: now() }, key, notice.again).await.map(Json)
}

/// Answers `POST /api/notify/{id}/preview`: shows what would be sent, without sending it.
///
/// # Errors
/// [`ApiError`] for an unknown target and an invalid notification.
pub async fn preview(
    State(notifier): State<Arc<Notifier>>,
    State(sources): State<Arc<[Source]>>,
    State(guard): State<Arc<RequestGuard>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<NotificationPreview>, ApiError> {
    let limited = notifier.find(&id)?;
    let (headers, notice): (_, Notification) =
        body::json(request, notifier.expected, INVALID).await?;
    let source = validation::check_notification(&notice, &headers, &sources, &guard)?;
    let content = MessageContent::Notification { notice: &notice, source };
    let message = Message { content, now: now() };
    let kind = limited.target.about.kind;
    let body =
        serde_json::to_string_pretty(&message.body(kind)).map_err(|_| ApiError::internal())?;
    let duplicate = limited.cache.has(DeliveryKey::of(&notice));
    Ok(Json(NotificationPreview { text: message.text(kind), body, duplicate }))
}

/// Body of a request without parameters: `{}`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct EmptyBody {}

/// Answers `POST /api/notify/{id}/test`: sends a test message.
///
/// # Errors
/// [`ApiError`] for an unknown target, a body other than `{}`, a rate limit, and a failed delivery.
pub async fn test(
    State(notifier): State<Arc<Notifier>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Delivery>, ApiError> {
    let limited = notifier.find(&id)?;
    let (_, EmptyBody {}) = body::json(request, notifier.expected, INVALID).await?;
    let now = now();
    let message = Message { content: MessageContent::Test, now };
    notifier.send(limited, &message, DeliveryKey::unique(now), false).await.map(Json)
}
