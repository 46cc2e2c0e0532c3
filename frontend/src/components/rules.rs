use leptos::prelude::*;

/// What Prometheus needs to find the same.
#[component]
pub fn Rules() -> impl IntoView {
    view! { <p>"Rules"</p> }
}
