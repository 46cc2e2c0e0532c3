//! Notifications: sends an event or a report to a target that the operator has configured.
//!
//! The browser sends facts and the id of a target. `validation` checks them, `message` formats them here, so that no client
//! can choose the format, and `target` delivers the message. `delivery_cache` suppresses duplicates.
//! `docs/notifications.md` describes the messages.

mod delivery_cache;
mod message;
pub(crate) mod routes;
mod target;
mod validation;

use std::sync::Arc;
use std::time::Instant;

use oddity_analysis::api::{Delivery, DeliveryOutcome};
use tokio::sync::Semaphore;

use crate::clock::now;
use crate::config::{ConfigError, NotifySettings, Settings};
use crate::error::{ApiError, RejectionReason};
use crate::http::body::ExpectedBody;
use crate::http::rate_limit::RateLimiter;
use crate::metrics::Metrics;
use delivery_cache::{DeliveryCache, DeliveryKey};
pub use message::{Message, MessageContent};
use target::Target;

/// Configured targets and their limits.
pub struct Notifier {
    targets: Vec<LimitedTarget>,
    expected: ExpectedBody,
    metrics: Arc<Metrics>,
}

/// Target with its rate limit and its cache of deliveries.
struct LimitedTarget {
    target: Target,
    cache: DeliveryCache,
    rate: RateLimiter,
    in_flight: Semaphore,
}

impl Notifier {
    /// Creates the clients of the targets without sending anything.
    ///
    /// # Errors
    /// [`ConfigError`] if a secret cannot be read, or TLS cannot be set up.
    pub fn open(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Self, ConfigError> {
        let limits = &settings.limits;
        let limited = |target: &NotifySettings| {
            metrics.expect_notifications(&target.id);
            Ok(LimitedTarget {
                target: Target::open(target, limits)?,
                cache: DeliveryCache::new(limits.notify_remember),
                rate: RateLimiter::new(limits.notify_per_minute),
                in_flight: Semaphore::new(limits.notify_at_once.get().min(Semaphore::MAX_PERMITS)),
            })
        };
        let targets = settings.notify.iter().map(limited).collect::<Result<_, ConfigError>>()?;
        let expected = ExpectedBody {
            media: "application/json",
            name: "the notification",
            bytes: limits.notify_bytes,
            wait: limits.form_wait,
        };
        Ok(Self { targets, expected, metrics: metrics.clone() })
    }

    /// Returns the ids of the targets.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.targets.iter().map(|limited| limited.target.about.id.as_str())
    }

    fn find(&self, id: &str) -> Result<&LimitedTarget, ApiError> {
        let limited = self.targets.iter().find(|limited| limited.target.about.id == id);
        limited.ok_or_else(|| {
            ApiError::not_found("unknown target: GET /api/notify lists the configured ones")
        })
    }

    /// Sends a message, unless it was sent before and `again` is false.
    async fn send(
        &self,
        limited: &LimitedTarget,
        message: &Message<'_>,
        key: DeliveryKey,
        again: bool,
    ) -> Result<Delivery, ApiError> {
        let id = &limited.target.about.id;
        let Some(claim) = limited.cache.claim(key, again) else {
            self.metrics.notified(id, "duplicate");
            tracing::info!(target_id = id, "duplicate notification not sent");
            return Ok(Delivery { outcome: DeliveryOutcome::Duplicate, attempts: 0 });
        };
        if let Err(wait) = limited.rate.try_acquire(Instant::now()) {
            self.metrics.notified(id, "refused");
            return Err(too_many(id, wait.as_secs() + 1));
        }
        let Ok(_permit) = limited.in_flight.try_acquire() else {
            self.metrics.notified(id, "refused");
            return Err(too_many(id, 1));
        };
        let (attempts, sent) = limited.target.deliver(message, key, now).await;
        match sent {
            Ok(()) => {
                claim.keep();
                self.metrics.notified(id, "sent");
                tracing::info!(target_id = id, attempts, "notification sent");
                Ok(Delivery { outcome: DeliveryOutcome::Sent, attempts })
            }
            Err(error) => {
                self.metrics.notified(id, "failed");
                tracing::warn!(target_id = id, attempts, %error, "notification not sent");
                Err(error.reply(&limited.target, attempts))
            }
        }
    }
}

fn too_many(id: &str, seconds: u64) -> ApiError {
    let message = format!(
        "too many notifications to \"{id}\": try again in {seconds} s, or raise notify_per_minute or notify_at_once \
         in [limits]"
    );
    ApiError::too_many(RejectionReason::Rate, message, seconds)
}
