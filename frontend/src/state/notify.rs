//! Notifications about events and reports. The server writes the messages.

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::{Delivery, Notification, NotificationPreview, TargetList};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{LoadError, State, client};

/// Fetches the targets once; after a failure there are none.
pub(super) fn follow(state: State) {
    spawn_local(async move {
        if let Ok(TargetList { targets }) = client::get("/api/notify").await {
            state.targets.set(targets);
        }
    });
}

impl State {
    /// Returns a preview of the message to a target.
    ///
    /// # Errors
    /// The error of the server.
    pub async fn preview(
        self,
        target: &str,
        notice: &Notification,
    ) -> Result<NotificationPreview, LoadError> {
        post(&format!("/api/notify/{target}/preview"), notice).await
    }

    /// Sends a notification.
    ///
    /// # Errors
    /// The reason why it was not delivered.
    pub async fn notify(self, target: &str, notice: &Notification) -> Result<Delivery, LoadError> {
        post(&format!("/api/notify/{target}"), notice).await
    }

    /// Sends a test message.
    ///
    /// # Errors
    /// The reason why it was not delivered.
    pub async fn notify_test(self, target: &str) -> Result<Delivery, LoadError> {
        post(&format!("/api/notify/{target}/test"), &serde_json::Map::new()).await
    }
}

async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, LoadError> {
    let reply = client::send(path, body, None).await?;
    reply.json().await.map_err(|_| LoadError::Unreadable)
}
