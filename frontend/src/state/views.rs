//! Views that the user has given a name, kept by the browser.

use leptos::prelude::*;
use oddity_analysis::view_state::{MAX_VIEWS_JSON, SavedViewError, SavedViews, ViewState};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::State;
use crate::browser::{clock, store};
use crate::text;

impl State {
    /// Keeps the current view under a name, and returns what was done in words.
    ///
    /// # Errors
    /// The reason why it is not kept.
    pub fn save_view(self, name: &str) -> Result<String, SavedViewError> {
        let views = self.stored_views().with(name, &self.panel.read_untracked())?;
        self.keep_views(views)?;
        Ok(text::view_saved(name.trim()))
    }

    /// Opens a saved view, with samples up to now if its range ends now.
    pub fn open_view(self, query: &str) {
        self.asked_at.set(clock::now());
        self.navigate(|panel| *panel = ViewState::from_query(query).0);
    }

    /// Deletes the saved view with a name, and returns what was done in words.
    ///
    /// # Errors
    /// The reason why it is still kept.
    pub fn delete_view(self, name: &str) -> Result<String, SavedViewError> {
        self.keep_views(self.stored_views().without(name))?;
        Ok(text::view_deleted(name))
    }

    /// Adds the views of a file, and returns what was done in words.
    ///
    /// # Errors
    /// The reason why none of them is kept.
    pub async fn import_views(self, file: &File) -> Result<String, SavedViewError> {
        let size = file.size() as usize;
        if size > MAX_VIEWS_JSON {
            return Err(SavedViewError::LongFile(size));
        }
        let text = JsFuture::from(file.text()).await;
        let text = text.ok().and_then(|text| text.as_string()).unwrap_or_default();
        let imported = SavedViews::from_json(&text)?;
        self.keep_views(self.stored_views().merged(&imported)?)?;
        Ok(text::views_imported(imported.views.len()))
    }

    /// Returns the views that the browser keeps now, which another tab may have changed.
    fn stored_views(self) -> SavedViews {
        store::views().unwrap_or_else(|| self.views.get_untracked())
    }

    fn keep_views(self, views: SavedViews) -> Result<(), SavedViewError> {
        store::keep_views(&views)?;
        self.views.set(views);
        Ok(())
    }
}
