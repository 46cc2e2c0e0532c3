//! Title and icon of the tab.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::HtmlLinkElement;

/// Icon while something is odd: a red mark, as a `data:` URL.
const ODD: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 22 22'%3E%3Cpath d='M11 2 21 20H1z' fill='%23d55e00'/%3E%3C/svg%3E";

/// Attribute that keeps the address of the usual icon while another one is shown.
const USUAL: &str = "data-usual";

/// Sets the title, and the icon that says whether something is odd.
pub fn show(title: &str, is_odd: bool) {
    let document = document();
    if document.title() != title {
        document.set_title(title);
    }
    let icon = document.query_selector("link[rel=icon]").ok().flatten();
    let Some(icon) = icon.and_then(|icon| icon.dyn_into::<HtmlLinkElement>().ok()) else { return };
    match (is_odd, icon.get_attribute(USUAL)) {
        (true, None) => {
            let _ = icon.set_attribute(USUAL, &icon.href());
            icon.set_href(ODD);
        }
        (false, Some(usual)) => {
            let _ = icon.remove_attribute(USUAL);
            icon.set_href(&usual);
        }
        _ => {}
    }
}
