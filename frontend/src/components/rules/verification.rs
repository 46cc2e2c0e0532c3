use leptos::prelude::*;
use oddity_analysis::rules::{RuleExport, ScoreDifference, Verification};
use oddity_source::unit::Unit;

use crate::state::{Agreement, PtrEq, State};
use crate::text;

/// Number of differences that are listed; the chart shows all.
const FIRST: usize = 8;

/// A button that compares the scores of the exported rules with those shown.
#[component]
pub fn VerifyButton(
    /// The exported rules.
    export: Memo<Option<PtrEq<RuleExport>>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let busy = move || state.verifying.get().is_some();
    let words = move || match state.verifying.get() {
        Some(progress) if progress.total > 1 => {
            format!("Verifying, {} of {}", progress.done, progress.total)
        }
        Some(_) => "Verifying".to_owned(),
        None => "Verify".to_owned(),
    };
    view! {
        <button
            class="chip"
            type="button"
            title=text::VERIFY_HELP
            disabled=move || busy() || state.outdated.get() || state.busy.get()
            on:click=move |_| if let Some(export) = export.get_untracked() { state.verify(&export) }
        >
            {words}
        </button>
    }
}

/// The result of the verification.
#[component]
pub fn VerificationResult() -> impl IntoView {
    let state = expect_context::<State>();
    let answer = move || {
        let agreement = state.agreement.get()?;
        Some(match &agreement.found {
            Err(error) => view! {
                <p class="verdict bad">{format!("✗ {}: {error}", error.title())}</p>
            }
            .into_any(),
            Ok(found) if found.differences.is_empty() && found.unknown.is_empty() => view! {
                <p class="verdict ok">"✓ " {found.to_string()}</p>
            }
            .into_any(),
            Ok(found) => view! {
                <p class="verdict bad">"✗ " {found.to_string()}</p>
                {differences(state, &agreement, found)}
            }
            .into_any(),
        })
    };
    view! { <div role="status">{answer}</div> }
}

fn differences(state: State, agreement: &Agreement, found: &Verification) -> impl IntoView + use<> {
    let loaded = &agreement.detected.loaded;
    let several = loaded.series.len() > 1;
    let clock = state.clock();
    let score = |score: f64| match score.is_nan() {
        true => "no value".to_owned(),
        false => Unit::Plain.format(score),
    };
    let row = |difference: &ScoreDifference| {
        let ScoreDifference { series, index, ours, theirs } = *difference;
        let time = loaded.series[series].grid.at(index);
        let name = several.then(|| agreement.detected.series[series].prepared.name.clone());
        view! {
            <tr>
                <td>{clock.full(time)}</td>
                {name.map(|name| view! { <td><code>{name}</code></td> })}
                <td class="n">{score(ours)}</td>
                <td class="n">{score(theirs)}</td>
            </tr>
        }
    };
    let rows = found.differences.iter().take(FIRST).map(row).collect_view();
    let more = found.differences.len().checked_sub(FIRST).filter(|more| *more > 0);
    (!found.differences.is_empty()).then(|| {
        view! {
            <div class="differences">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Time"</th>
                            {several.then(|| view! { <th scope="col">"Series"</th> })}
                            <th scope="col" class="n">"Score here"</th>
                            <th scope="col" class="n">"Score of rule"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                {more.map(|more| view! { <p class="sub">{format!("{more} more. The chart marks the differences of the displayed series with ×.")}</p> })}
            </div>
        }
    })
}
