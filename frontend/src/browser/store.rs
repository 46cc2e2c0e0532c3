//! Local storage: the theme, the last queries, saved views and what the browser tells. Without storage they last as long as the page.

use leptos::prelude::{document, window};
use oddity_analysis::view_state::{SavedViewError, SavedViews};
use oddity_detect::event::SeverityLevel;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{MediaQueryList, Storage};

const THEME: &str = "oddity.theme";
const RECENT: &str = "oddity.recent";
const ALERTS: &str = "oddity.alerts";
const VIEWS: &str = "oddity.views";
const MAX_RECENT: usize = 100;

/// The theme of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Follow the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Returns the theme that follows when the button is pressed.
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// Returns the name that is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "Auto",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

pub fn theme() -> Theme {
    match storage().and_then(|storage| storage.get_item(THEME).ok().flatten()).as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

/// Applies and stores the theme, and returns whether the page is dark now.
pub fn apply_theme(theme: Theme) -> bool {
    let dark = match theme {
        Theme::System => prefers_dark().is_some_and(|query| query.matches()),
        Theme::Light => false,
        Theme::Dark => true,
    };
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", if dark { "dark" } else { "light" });
    }
    if let Some(storage) = storage() {
        let _ = storage.set_item(THEME, &theme.name().to_ascii_lowercase());
    }
    dark
}

/// Calls back when the system turns light or dark.
pub fn on_system_theme(act: impl Fn() + 'static) {
    let listener = Closure::<dyn Fn()>::new(act);
    if let Some(query) = prefers_dark() {
        let _ = query.add_event_listener_with_callback("change", listener.as_ref().unchecked_ref());
    }
    listener.forget();
}

fn prefers_dark() -> Option<MediaQueryList> {
    window().match_media("(prefers-color-scheme: dark)").ok().flatten()
}

/// Returns the least severity of the events that the browser tells; `None` if it tells none.
pub fn alert_level() -> Option<SeverityLevel> {
    SeverityLevel::named(&storage()?.get_item(ALERTS).ok()??)
}

/// Stores the least severity of the events that the browser tells.
pub fn keep_alert_level(level: Option<SeverityLevel>) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(ALERTS, level.map_or("", SeverityLevel::name));
    }
}

pub fn recent() -> Vec<String> {
    storage()
        .and_then(|storage| storage.get_item(RECENT).ok().flatten())
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// Returns the saved views that can be read; `None` without storage.
pub fn views() -> Option<SavedViews> {
    let json = storage()?.get_item(VIEWS).ok()?;
    let read = json.and_then(|json| SavedViews::from_json_readable(&json).ok());
    Some(read.unwrap_or_default())
}

/// Stores the saved views; without storage they last as long as the page.
///
/// # Errors
/// [`SavedViewError::NotStored`] if there is storage that does not take them.
pub fn keep_views(views: &SavedViews) -> Result<(), SavedViewError> {
    let Some(storage) = storage() else { return Ok(()) };
    storage.set_item(VIEWS, &views.to_json()?).map_err(|_| SavedViewError::NotStored)
}

/// Puts a query in front of the list and stores the list.
pub fn remember(recent: &mut Vec<String>, expr: &str) {
    if expr.is_empty() {
        return;
    }
    recent.retain(|known| known != expr);
    recent.insert(0, expr.to_owned());
    recent.truncate(MAX_RECENT);
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(recent)) {
        let _ = storage.set_item(RECENT, &text);
    }
}
