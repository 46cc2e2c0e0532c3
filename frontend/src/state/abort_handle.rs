//! Something that is under way and can be given up.

use leptos::prelude::*;
use web_sys::{AbortController, AbortSignal};

use super::LoadError;

/// At most one thing of its kind.
#[derive(Clone, Copy)]
pub struct AbortHandle(StoredValue<Option<AbortController>, LocalStorage>);

impl AbortHandle {
    /// Nothing is under way.
    pub fn new() -> Self {
        Self(StoredValue::new_local(None))
    }

    /// Begins; what was under way is given up.
    ///
    /// # Errors
    /// [`LoadError::OldBrowser`]
    pub fn start(self) -> Result<AbortSignal, LoadError> {
        self.stop();
        let controller = AbortController::new().map_err(|_| LoadError::OldBrowser)?;
        let signal = controller.signal();
        self.0.set_value(Some(controller));
        Ok(signal)
    }

    /// Gives it up.
    pub fn stop(self) {
        if let Some(controller) = self.0.try_update_value(Option::take).flatten() {
            controller.abort();
        }
    }
}
