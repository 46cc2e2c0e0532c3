//! The address of the page: the only stored copy of the view state. Its entries in the browser's history are numbered, so
//! that the page knows whether it can go back or forth.

use leptos::prelude::window;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::History;

/// Returns the query string without its question mark.
pub fn query() -> String {
    window().location().search().unwrap_or_default().trim_start_matches('?').to_owned()
}

/// Returns the number of the current entry; 0 for the one with which the page was opened.
pub fn position() -> u32 {
    let state = history().and_then(|history| history.state().ok());
    state.and_then(|state| state.as_f64()).unwrap_or_default() as u32
}

/// Calls `act` with the query string and the number of the entry whenever the user goes back or forth.
pub fn on_back(act: impl Fn(String, u32) + 'static) {
    let listener = Closure::<dyn Fn()>::new(move || act(query(), position()));
    let _ =
        window().add_event_listener_with_callback("popstate", listener.as_ref().unchecked_ref());
    listener.forget();
}

/// Goes to the entry before the current one, or to the one after it.
pub fn go(forth: bool) {
    if let Some(history) = history() {
        let _ = history.go_with_delta(if forth { 1 } else { -1 });
    }
}

/// Adds an entry with this number, in the place of all that follow the current one.
pub fn push(query: &str, position: u32) {
    if let Some(history) = history() {
        let _ = history.push_state_with_url(&position.into(), "", Some(&relative(query)));
    }
}

/// Changes the current entry.
pub fn replace(query: &str) {
    if let Some(history) = history() {
        let position = JsValue::from(position());
        let _ = history.replace_state_with_url(&position, "", Some(&relative(query)));
    }
}

fn history() -> Option<History> {
    window().history().ok()
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
