//! Where events and reports can be sent, and what comes of it. Messages are made by the server.

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::{Delivery, Notification, NotificationPreview, TargetList};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{LoadError, State, client};

/// Asks once which targets there are; without an answer there are none.
pub(super) fn follow(state: State) {
    spawn_local(async move {
        if let Ok(TargetList { targets }) = client::get("/api/notify").await {
            state.targets.set(targets);
        }
    });
}

impl State {
    /// What a target would be sent.
    ///
    /// # Errors
    /// What the server says.
    pub async fn preview(
        self,
        target: &str,
        notice: &Notification,
    ) -> Result<NotificationPreview, LoadError> {
        post(&format!("/api/notify/{target}/preview"), notice).await
    }

    /// Sends it.
    ///
    /// # Errors
    /// Why it did not arrive and what to check.
    pub async fn notify(self, target: &str, notice: &Notification) -> Result<Delivery, LoadError> {
        post(&format!("/api/notify/{target}"), notice).await
    }

    /// Sends a message that says that it is a test.
    ///
    /// # Errors
    /// Why it did not arrive and what to check.
    pub async fn notify_test(self, target: &str) -> Result<Delivery, LoadError> {
        post(&format!("/api/notify/{target}/test"), &serde_json::Map::new()).await
    }
}

async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, LoadError> {
    let reply = client::send(path, body, None).await?;
    reply.json().await.map_err(|_| LoadError::Unreadable)
}
