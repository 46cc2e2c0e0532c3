//! Notifications: an event or the report goes to a target that the operator has configured.
//!
//! The browser sends facts and names a target by its id; the message is made here (`message`), so that nobody can
//! send a form of their own, and `target` takes it there. What was sent is remembered (`delivery_cache`). `docs/notifications.md`
//! says what arrives.

mod delivery_cache;
mod message;
mod routes;
mod target;
mod validation;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::routing::{get, post};
use oddity_analysis::api::{Delivery, DeliveryOutcome};
use tokio::sync::Semaphore;

use crate::AppState;
use crate::clock::now;
use crate::config::{ConfigError, Settings};
use crate::error::{ApiError, RejectionReason};
use crate::http::rate_limit::RateLimiter;
use crate::metrics::Metrics;
use delivery_cache::{DeliveryCache, DeliveryKey};
pub use message::{Message, MessageContent};
use target::Target;

/// All targets and what was sent to them.
pub struct Notifier {
    targets: Vec<LimitedTarget>,
    metrics: Arc<Metrics>,
}

/// One target with its bounds.
struct LimitedTarget {
    target: Target,
    cache: DeliveryCache,
    rate: RateLimiter,
    at_once: Semaphore,
}

impl Notifier {
    /// Opens the targets; nothing is sent yet.
    ///
    /// # Errors
    /// [`ConfigError`] if a secret cannot be read or TLS not be set up.
    pub fn open(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Self, ConfigError> {
        let limits = &settings.limits;
        let place = |target| {
            Ok(LimitedTarget {
                target: Target::open(target, limits)?,
                cache: DeliveryCache::new(limits.notify_remember),
                rate: RateLimiter::new(limits.notify_per_minute),
                at_once: Semaphore::new(limits.notify_at_once.get().min(Semaphore::MAX_PERMITS)),
            })
        };
        let targets = settings.notify.iter().map(place).collect::<Result<_, ConfigError>>()?;
        Ok(Self { targets, metrics: metrics.clone() })
    }

    /// Ids of the targets.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.targets.iter().map(|place| place.target.about.id.as_str())
    }

    fn place(&self, id: &str) -> Result<&LimitedTarget, ApiError> {
        let place = self.targets.iter().find(|place| place.target.about.id == id);
        place
            .ok_or_else(|| ApiError::not_found("no target has this id: GET /api/notify lists them"))
    }

    /// Sends a message, unless the target has it and nobody says `again`.
    async fn send(
        &self,
        place: &LimitedTarget,
        message: &Message<'_>,
        key: DeliveryKey,
        again: bool,
    ) -> Result<Delivery, ApiError> {
        let id = &place.target.about.id;
        let Some(claim) = place.cache.claim(key, again) else {
            self.metrics.notified(id, "duplicate");
            tracing::info!(target_id = id, "not sent: the target has it already");
            return Ok(Delivery { outcome: DeliveryOutcome::Duplicate, attempts: 0 });
        };
        if let Err(wait) = place.rate.try_acquire(Instant::now()) {
            self.metrics.notified(id, "refused");
            return Err(too_many(id, wait.as_secs() + 1));
        }
        let Ok(_permit) = place.at_once.try_acquire() else {
            self.metrics.notified(id, "refused");
            return Err(too_many(id, 1));
        };
        let (attempts, sent) = place.target.deliver(message, key, now).await;
        match sent {
            Ok(()) => {
                claim.keep();
                self.metrics.notified(id, "sent");
                tracing::info!(target_id = id, attempts, "notification sent");
                Ok(Delivery { outcome: DeliveryOutcome::Sent, attempts })
            }
            Err(fault) => {
                self.metrics.notified(id, "failed");
                tracing::warn!(target_id = id, attempts, %fault, "notification not sent");
                Err(fault.reply(&place.target, attempts))
            }
        }
    }
}

fn too_many(id: &str, seconds: u64) -> ApiError {
    let message = format!(
        "too many notifications to \"{id}\" just now: try again in {seconds} s, or raise notify_per_minute or \
         notify_at_once in [limits]"
    );
    ApiError::too_many(RejectionReason::Rate, message, seconds)
}

/// The routes below `/api`.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/notify", get(routes::list))
        .route("/api/notify/{id}", post(routes::send))
        .route("/api/notify/{id}/preview", post(routes::preview))
        .route("/api/notify/{id}/test", post(routes::test))
}
