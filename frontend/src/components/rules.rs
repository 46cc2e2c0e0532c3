//! The detector as rules for Prometheus, and whether those say the same.

mod refused;
mod verification;

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::report;
use shared::rules::{self, Export, Options, Style};

use crate::save::{copy, save_text};
use crate::state::{Same, State};
use refused::Refused;
use verification::{Answer, Verify};

/// Recording and alerting rules that give what the page shows, to look at, verify, copy and keep.
#[component]
pub fn Rules() -> impl IntoView {
    let state = expect_context::<State>();
    let exported = Memo::new(move |_| {
        let analysis = state.analysis.get()?;
        Some(rules::export(&analysis.detected, &analysis.rule).map(Same::new))
    });
    let export = Memo::new(move |_| exported.get()?.ok());
    let reason = Memo::new(move |_| exported.get()?.err());
    view! {
        {move || reason.get().map(|reason| view! { <Refused reason=reason/> })}
        <Show when=move || export.read().is_some()>
            <Files export=export/>
        </Show>
    }
}

#[component]
fn Files(
    /// What is written.
    export: Memo<Option<Same<Export>>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let style = RwSignal::new(Style::default());
    let copied = RwSignal::new("Copy");
    let written = Memo::new(move |_| {
        let (analysis, export) = (state.analysis.get()?, export.get()?);
        let options =
            Options { style: style.get(), ..Options::of(&analysis.detected.loaded.query) };
        let group = export.group(&options).ok()?;
        // The other notes stand at the head of the file.
        Some((group.yaml(), group.notes.into_iter().next()))
    });
    let text = move || written.get().map(|(text, _)| text).unwrap_or_default();
    let cost = move || written.get().and_then(|(_, cost)| cost);
    let to_clipboard = move |_| {
        let text = untrack(text);
        spawn_local(async move {
            copied.set(if copy(&text).await { "Copied" } else { "Not allowed here" });
            set_timeout(move || copied.set("Copy"), std::time::Duration::from_secs(2));
        });
    };
    let save = move |_| {
        let Some(analysis) = state.analysis.get_untracked() else { return };
        let expr = &analysis.detected.loaded.query.expr;
        let name = report::file_name(expr, untrack(|| state.now()), "rules.yml");
        save_text(&untrack(text), "application/yaml;charset=utf-8", &name);
    };
    view! {
        <div class="report-bar">
            <button class="chip primary" type="button" on:click=save>"Download .yml"</button>
            <button class="chip" type="button" on:click=to_clipboard>{move || copied.get()}</button>
            <Either label="Windows" signal=style choices=[(Style::Subqueries, "Subqueries"), (Style::Recorded, "Recorded")]/>
            <Verify export=export/>
        </div>
        <Answer/>
        <p class="sub cost">{cost}</p>
        <pre class="rules" tabindex="0" aria-label="Rules as YAML">{text}</pre>
    }
}

/// Two words beside each other, one of them chosen.
#[component]
fn Either<T: Copy + PartialEq + Send + Sync + 'static>(
    /// What is chosen.
    label: &'static str,
    /// The choice.
    signal: RwSignal<T>,
    /// What there is.
    choices: [(T, &'static str); 2],
) -> impl IntoView {
    let buttons = choices
        .into_iter()
        .map(|(value, name)| {
            view! {
                <button
                    type="button"
                    aria-pressed=move || (signal.get() == value).to_string()
                    on:click=move |_| signal.set(value)
                >
                    {name}
                </button>
            }
        })
        .collect_view();
    view! { <div class="seg" role="group" aria-label=label>{buttons}</div> }
}
