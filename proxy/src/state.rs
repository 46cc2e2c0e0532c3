//! What the handlers share.

use std::sync::Arc;

use axum::http::HeaderValue;

use crate::clock;
use crate::config::{ConfigError, Limits, Settings};
use crate::http::auth::Authenticator;
use crate::metrics::Metrics;
use crate::page::knowledge;
use crate::source::{self, Source};
use crate::{assistant, notify};

/// What the handlers share.
pub struct AppState {
    pub(crate) sources: Vec<Source>,
    pub(crate) access: Authenticator,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) allowed_origins: Vec<HeaderValue>,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) knowledge: knowledge::KnowledgeAnswer,
    pub(crate) notify: notify::Notifier,
    pub(crate) assistant: Option<assistant::Assistant>,
}

impl AppState {
    /// Opens the sources; nothing is sent yet.
    ///
    /// # Errors
    /// [`ConfigError`] if a source's client cannot be made, credentials cannot be read, or the knowledge is wrong.
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Result<Arc<Self>, ConfigError> {
        Ok(Arc::new(Self {
            sources: source::open(settings, &metrics)?,
            access: Authenticator::open(&settings.access)?,
            allowed_hosts: settings.allowed_hosts.clone(),
            allowed_origins: settings.allowed_origins.clone(),
            assistant: settings
                .assistant
                .as_ref()
                .map(|model| assistant::Assistant::open(model, &settings.limits, &metrics))
                .transpose()?,
            limits: settings.limits.clone(),
            notify: notify::Notifier::open(settings, &metrics)?,
            metrics,
            knowledge: knowledge::KnowledgeAnswer::new(&knowledge::load(
                settings.knowledge.as_deref(),
            )?)?,
        }))
    }
}

impl AppState {
    /// Brings what depends on the time up to date; to be called every few seconds.
    pub fn upkeep(&self) {
        self.metrics.upkeep(clock::now());
        self.assistant.iter().for_each(assistant::Assistant::upkeep);
    }
}
