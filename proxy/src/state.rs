//! Shared state of the server, and the parts of it that handlers extract.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::assistant::Assistant;
use crate::clock;
use crate::config::{ConfigError, Limits, Settings};
use crate::http::guard::RequestGuard;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::page::knowledge::{self, KnowledgeAnswer};
use crate::source::{self, Source};

/// State shared by all handlers; clones are cheap and share their parts.
#[derive(Clone)]
pub struct AppState {
    pub(crate) sources: Arc<[Source]>,
    pub(crate) guard: Arc<RequestGuard>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) knowledge: KnowledgeAnswer,
    pub(crate) notifier: Arc<Notifier>,
    pub(crate) assistant: Option<Arc<Assistant>>,
}

impl AppState {
    /// Creates the clients of sources, notification targets and the assistant without sending anything.
    ///
    /// # Errors
    /// [`ConfigError`] if a client cannot be created, a file with credentials cannot be read, or the knowledge base is invalid.
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Result<Self, ConfigError> {
        let limits = &settings.limits;
        let assistant = settings.assistant.as_ref();
        let assistant = assistant.map(|model| Assistant::open(model, limits, &metrics));
        Ok(Self {
            sources: source::open(settings, &metrics)?.into(),
            guard: Arc::new(RequestGuard::open(settings, &metrics)?),
            limits: Arc::new(limits.clone()),
            knowledge: KnowledgeAnswer::new(&knowledge::load(settings.knowledge.as_deref())?)?,
            notifier: Arc::new(Notifier::open(settings, &metrics)?),
            assistant: assistant.transpose()?.map(Arc::new),
            metrics,
        })
    }

    /// Updates metrics that depend on the time; to be called every few seconds.
    pub fn upkeep(&self) {
        self.metrics.upkeep(clock::now());
        if let Some(assistant) = &self.assistant {
            assistant.upkeep();
        }
    }
}

/// Lets handlers extract a part of the state instead of all of it.
macro_rules! impl_from_ref {
    ($($field:ident: $part:ty,)*) => {$(
        impl FromRef<AppState> for $part {
            fn from_ref(state: &AppState) -> Self {
                state.$field.clone()
            }
        }
    )*};
}

impl_from_ref! {
    sources: Arc<[Source]>,
    guard: Arc<RequestGuard>,
    limits: Arc<Limits>,
    metrics: Arc<Metrics>,
    knowledge: KnowledgeAnswer,
    notifier: Arc<Notifier>,
    assistant: Option<Arc<Assistant>>,
}
