//! The detector as rules for Prometheus, and whether those say the same.

mod refused;
mod verification;

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::Analysis;
use oddity_analysis::rules::{self, RuleExport, RuleGroup, RuleOptions, RuleStyle, UnitTestError};

use crate::browser::clipboard::copy;
use crate::browser::download::save_text;
use crate::state::{PtrEq, State};
use refused::{NoRules, sentence};
use verification::{VerificationResult, VerifyButton};

/// The two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RuleFile {
    /// For `rule_files`.
    Rules,
    /// For `promtool test rules`.
    Test,
}

/// A file as it is shown and saved.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    name: String,
    /// YAML, or why there is none.
    text: Result<String, String>,
    /// What an evaluation of the rules costs.
    cost: String,
}

/// Recording and alerting rules that give what the page shows, to look at, verify, copy and keep.
#[component]
pub fn Rules() -> impl IntoView {
    let state = expect_context::<State>();
    let exported = Memo::new(move |_| {
        let analysis = state.throttled_analysis.get()?;
        Some(rules::export(&analysis.detected, &analysis.rule).map(PtrEq::new))
    });
    let export = Memo::new(move |_| exported.get()?.ok());
    let reason = Memo::new(move |_| exported.get()?.err());
    view! {
        {move || reason.get().map(|reason| view! { <NoRules reason=reason/> })}
        <Show when=move || export.read().is_some()>
            <RuleFiles export=export/>
        </Show>
    }
}

#[component]
fn RuleFiles(
    /// What is written.
    export: Memo<Option<PtrEq<RuleExport>>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let (file, style) = (RwSignal::new(RuleFile::Rules), RwSignal::new(RuleStyle::default()));
    let copied = RwSignal::new("Copy");
    let written = Memo::new(move |_| {
        let (analysis, export) = (state.throttled_analysis.get()?, export.get()?);
        let options =
            RuleOptions { style: style.get(), ..RuleOptions::of(&analysis.detected.loaded.query) };
        let group = export.group(&options).ok()?;
        Some(write(&group, file.get(), &analysis, state.selected.get()))
    });
    let text = move || written.get()?.text.ok();
    let missing = move || written.get()?.text.err();
    let none = Memo::new(move |_| missing().is_some());
    let cost = move || written.get().map(|written| written.cost);
    let to_clipboard = move |_| {
        let Some(text) = untrack(text) else { return };
        spawn_local(async move {
            copied.set(if copy(&text).await { "Copied" } else { "Not allowed here" });
            set_timeout(move || copied.set("Copy"), std::time::Duration::from_secs(2));
        });
    };
    let save = move |_| {
        if let Some(Written { name, text: Ok(text), .. }) = written.get_untracked() {
            save_text(&text, "application/yaml;charset=utf-8", &name);
        }
    };
    view! {
        <div class="report-bar">
            <button class="chip primary" type="button" disabled=move || none.get() on:click=save>"Download .yml"</button>
            <button class="chip" type="button" disabled=move || none.get() on:click=to_clipboard>{move || copied.get()}</button>
            <Toggle label="File" signal=file choices=[(RuleFile::Rules, "Rules"), (RuleFile::Test, "Test")]/>
            <Toggle label="Windows" signal=style choices=[(RuleStyle::Subqueries, "Subqueries"), (RuleStyle::Recorded, "Recorded")]/>
            <VerifyButton export=export/>
        </div>
        <VerificationResult/>
        <p class="sub cost">{cost}</p>
        <Show when=move || none.get()>
            <div class="empty"><h3>"No test for this"</h3><p>{missing}</p></div>
        </Show>
        <Show when=move || !none.get()>
            <pre class="rules" tabindex="0" aria-label=move || if file.get() == RuleFile::Rules { "Rules as YAML" } else { "Test as YAML" }>{text}</pre>
        </Show>
    }
}

/// A file of rules, or its test in the event that is looked at, else in the worst one.
fn write(
    group: &RuleGroup,
    file: RuleFile,
    analysis: &Analysis,
    selected: Option<(usize, usize)>,
) -> Written {
    // The other notes stand at the head of the file.
    let cost = group.notes.first().cloned().unwrap_or_default();
    let rules = format!("{}.yml", group.name);
    if file == RuleFile::Rules {
        return Written { name: rules, text: Ok(group.yaml()), cost };
    }
    let worst = analysis.worst_events();
    let worst = worst.first().map(|(ranked, event)| (ranked.index, event.onset.index));
    let test = match selected.or(worst) {
        Some((series, onset)) => rules::unit_test(group, &rules, &analysis.detected, series, onset),
        None => Err(UnitTestError::NoEvent),
    };
    let text = test.map_err(|reason| sentence(&reason.to_string()));
    Written { name: format!("{}.test.yml", group.name), text, cost }
}

/// Two words beside each other, one of them chosen.
#[component]
fn Toggle<T: Copy + PartialEq + Send + Sync + 'static>(
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
