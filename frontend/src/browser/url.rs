//! The address of the page: the only stored copy of the view state.

use leptos::prelude::window;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// Returns the query string without its question mark.
pub fn query() -> String {
    window().location().search().unwrap_or_default().trim_start_matches('?').to_owned()
}

/// Calls `act` with the query string whenever the user goes back or forth.
pub fn on_back(act: impl Fn(String) + 'static) {
    let listener = Closure::<dyn Fn()>::new(move || act(query()));
    let _ =
        window().add_event_listener_with_callback("popstate", listener.as_ref().unchecked_ref());
    listener.forget();
}

pub fn push(query: &str) {
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&relative(query)));
    }
}

pub fn replace(query: &str) {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&relative(query)));
    }
}

/// Returns an absolute link.
pub fn absolute(query: &str) -> String {
    let origin = window().location().origin().unwrap_or_default();
    format!("{origin}{}", relative(query))
}

fn relative(query: &str) -> String {
    let path = window().location().pathname().unwrap_or_else(|_| "/".to_owned());
    if query.is_empty() { path } else { format!("{path}?{query}") }
}
