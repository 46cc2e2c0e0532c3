//! Where events and reports can be sent, and what comes of it. Messages are made by the server.

use gloo_net::http::Request as Http;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::api::{Delivery, Notice, Preview, Targets};

use super::State;

/// What is wrong where there is no answer at all.
const UNREACHABLE: &str =
    "the Oddity server does not answer: is it still running, and is the network up?";

/// Asks once which targets there are; without an answer there are none.
pub(super) fn follow(state: State) {
    spawn_local(async move {
        let Ok(reply) = Http::get("/api/notify").send().await else { return };
        if let Ok(Targets { targets }) = reply.json().await {
            state.targets.set(targets);
        }
    });
}

impl State {
    /// What a target would be sent.
    ///
    /// # Errors
    /// What the server says, for a person.
    pub async fn preview(self, target: &str, notice: &Notice) -> Result<Preview, String> {
        post(&format!("/api/notify/{target}/preview"), notice).await
    }

    /// Sends it.
    ///
    /// # Errors
    /// Why it did not arrive and what to check, for a person.
    pub async fn notify(self, target: &str, notice: &Notice) -> Result<Delivery, String> {
        post(&format!("/api/notify/{target}"), notice).await
    }

    /// Sends a message that says that it is a test.
    ///
    /// # Errors
    /// Why it did not arrive and what to check, for a person.
    pub async fn notify_test(self, target: &str) -> Result<Delivery, String> {
        post(&format!("/api/notify/{target}/test"), &serde_json::Map::new()).await
    }
}

async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, String> {
    let request = Http::post(path).json(body).map_err(|error| error.to_string())?;
    let reply = request.send().await.map_err(|_| UNREACHABLE.to_owned())?;
    if reply.ok() {
        let unreadable = "the answer cannot be read: is the page older than its server? Reload it.";
        return reply.json().await.map_err(|_| unreadable.to_owned());
    }
    let status = reply.status();
    let envelope: Option<serde_json::Value> = reply.json().await.ok();
    let said = envelope.as_ref().and_then(|envelope| envelope["error"].as_str());
    Err(said.map_or_else(
        || format!("the Oddity server answered with status {status} and nothing else: see its log"),
        str::to_owned,
    ))
}
