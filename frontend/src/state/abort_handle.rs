//! Cancellation of requests.

use leptos::prelude::*;
use web_sys::{AbortController, AbortSignal};

use super::LoadError;

/// A handle that aborts the current request of a kind, of which there is at most one.
#[derive(Clone, Copy)]
pub struct AbortHandle(StoredValue<Option<AbortController>, LocalStorage>);

impl AbortHandle {
    /// Creates a handle without a request.
    pub fn new() -> Self {
        Self(StoredValue::new_local(None))
    }

    /// Starts a request and aborts the previous one.
    ///
    /// # Errors
    /// [`LoadError::OldBrowser`] if the browser cannot abort requests.
    pub fn start(self) -> Result<AbortSignal, LoadError> {
        self.stop();
        let controller = AbortController::new().map_err(|_| LoadError::OldBrowser)?;
        let signal = controller.signal();
        self.0.set_value(Some(controller));
        Ok(signal)
    }

    /// Aborts the current request, if any.
    pub fn stop(self) {
        if let Some(controller) = self.0.try_update_value(Option::take).flatten() {
            controller.abort();
        }
    }
}
