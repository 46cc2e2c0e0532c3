use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::clipboard::copy;

/// Duration for which a button shows the outcome.
const SHOWN_FOR: Duration = Duration::from_secs(2);

/// A button that copies text and shows for a moment whether that worked.
#[component]
pub fn CopyButton(
    /// Returns the text to copy; `None` copies nothing.
    text: impl Fn() -> Option<String> + Send + Sync + 'static,
    /// Label of the button.
    #[prop(default = "Copy")]
    label: &'static str,
    /// Label after the text was copied.
    #[prop(default = "Copied")]
    copied: &'static str,
    /// Tooltip: the effect in a sentence.
    #[prop(optional)]
    help: Option<&'static str>,
    /// Whether the button is disabled.
    #[prop(into, default = Signal::stored(false))]
    disabled: Signal<bool>,
) -> impl IntoView {
    let shown = RwSignal::new(label);
    let click = move |_| {
        let Some(text) = untrack(&text) else { return };
        spawn_local(async move {
            shown.set(if copy(&text).await { copied } else { "Copying blocked" });
            set_timeout(move || shown.set(label), SHOWN_FOR);
        });
    };
    view! {
        <button class="chip" type="button" title=help disabled=move || disabled.get() on:click=click>
            {move || shown.get()}
        </button>
    }
}
