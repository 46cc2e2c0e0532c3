//! Notifications that the browser shows outside of the page.

use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

/// Returns whether the user has allowed notifications of this page.
pub fn are_allowed() -> bool {
    is_known() && Notification::permission() == NotificationPermission::Granted
}

/// Asks the user for permission, unless that is decided; returns whether there is one.
pub async fn ask() -> bool {
    if is_known()
        && let Ok(asked) = Notification::request_permission()
    {
        let _ = JsFuture::from(asked).await;
    }
    are_allowed()
}

/// Shows a notification in the place of an earlier one with the same tag; returns whether the browser could.
pub fn show(title: &str, body: &str, tag: &str) -> bool {
    let options = NotificationOptions::new();
    options.set_body(body);
    options.set_tag(tag);
    Notification::new_with_options(title, &options).is_ok()
}

/// Returns whether the browser has notifications at all.
fn is_known() -> bool {
    js_sys::Reflect::has(&leptos::prelude::window(), &"Notification".into()).unwrap_or_default()
}
