//! The detector as rules for Prometheus, and their verification.

mod refused;
mod verification;

use leptos::prelude::*;
use oddity_analysis::analysis::{Analysis, EventId};
use oddity_analysis::rules::{self, RuleExport, RuleGroup, RuleOptions, RuleStyle, UnitTestError};

use super::copy_button::CopyButton;
use crate::browser::download::save_text;
use crate::state::{PtrEq, State};
use refused::{NoRules, sentence};
use verification::{VerificationResult, VerifyButton};

/// The files that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RuleFile {
    /// Rules, for `rule_files` of Prometheus.
    Rules,
    /// Unit test, for `promtool test rules`.
    Test,
}

/// A file as it is shown and saved.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    name: String,
    /// YAML, or the reason why there is none.
    text: Result<String, String>,
    /// Cost of one evaluation of the rules.
    cost: String,
}

/// Recording and alerting rules for the current detector: preview, verification and download.
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
    /// The rules to write.
    export: Memo<Option<PtrEq<RuleExport>>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let (file, style) = (RwSignal::new(RuleFile::Rules), RwSignal::new(RuleStyle::default()));
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
    let save = move |_| {
        if let Some(Written { name, text: Ok(text), .. }) = written.get_untracked() {
            save_text(&text, "application/yaml;charset=utf-8", &name);
        }
    };
    view! {
        <div class="report-bar">
            <button class="chip primary" type="button" disabled=move || none.get() on:click=save>"Download .yml"</button>
            <CopyButton text=text disabled=none/>
            <Toggle label="File" signal=file choices=[(RuleFile::Rules, "Rules"), (RuleFile::Test, "Test")]/>
            <Toggle label="Windows" signal=style choices=[(RuleStyle::Subqueries, "Subqueries"), (RuleStyle::Recorded, "Recorded")]/>
            <VerifyButton export=export/>
        </div>
        <VerificationResult/>
        <p class="sub cost">{cost}</p>
        <Show when=move || none.get()>
            <div class="empty"><h3>"No unit test available"</h3><p>{missing}</p></div>
        </Show>
        <Show when=move || !none.get()>
            <pre class="rules" tabindex="0" aria-label=move || if file.get() == RuleFile::Rules { "Rules as YAML" } else { "Test as YAML" }>{text}</pre>
        </Show>
    }
}

/// Returns the rules, or their unit test for the selected event, or else for the most severe one.
fn write(
    group: &RuleGroup,
    file: RuleFile,
    analysis: &Analysis,
    selected: Option<EventId>,
) -> Written {
    // The other notes stand at the head of the file.
    let cost = group.notes.first().cloned().unwrap_or_default();
    let rules = format!("{}.yml", group.name);
    if file == RuleFile::Rules {
        return Written { name: rules, text: Ok(group.yaml()), cost };
    }
    let worst = analysis.worst_events();
    let worst = worst.first().map(|(ranked, event)| ranked.event_id(event));
    let test = match selected.or(worst) {
        Some(event) => rules::unit_test(group, &rules, &analysis.detected, event),
        None => Err(UnitTestError::NoEvent),
    };
    let text = test.map_err(|reason| sentence(&reason.to_string()));
    Written { name: format!("{}.test.yml", group.name), text, cost }
}

/// A choice between two values.
#[component]
fn Toggle<T: Copy + PartialEq + Send + Sync + 'static>(
    /// Accessible name.
    label: &'static str,
    /// Current value.
    signal: RwSignal<T>,
    /// Values with their names.
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
