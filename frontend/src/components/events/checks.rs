use leptos::prelude::*;
use oddity_analysis::analysis::EventId;
use oddity_analysis::knowledge::CheckVerdict;

use crate::components::copy_button::CopyButton;
use crate::state::State;
use crate::text;

/// Progress of the checks of an event, with a button that cancels them or makes them again.
#[component]
pub fn CheckStatus(
    /// The event; `None` while the row is removed.
    key: Memo<Option<EventId>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let again = move |_| {
        if let Some(event) = key.get_untracked() {
            state.check(event);
        }
    };
    let ended = move || {
        let evidence = key.get().and_then(|event| state.evidence(event));
        evidence.is_none_or(|evidence| evidence.stopped.is_some())
    };
    let progress = move || {
        let (event, progress) = state.checking.get()?;
        (key.get() == Some(event)).then_some(progress)
    };
    move || {
        match progress() {
        Some(progress) => view! {
            <p class="sub" role="status">
                {match progress.total {
                    0 => text::CHECKING.to_owned(),
                    of => text::checking(progress.done, of),
                }} " "
                <button class="chip small" type="button" on:click=move |_| state.cancel_checks()>"Cancel"</button>
            </p>
        }
        .into_any(),
        None if ended() => view! {
            <p><button class="chip" type="button" on:click=again>{text::CHECK_AGAIN}</button></p>
        }
        .into_any(),
        None => ().into_any(),
    }
    }
}

/// A check of a cause, with the query that shows its result and, once it was made, the result.
#[component]
pub fn CheckItem(
    /// Effect of the observation on the cause: confirms it or rules it out.
    way: &'static str,
    /// Observation in words.
    see: String,
    /// PromQL query, if there is one that the source can answer.
    promql: Option<String>,
    /// Verdict with what was observed, if the check was made.
    result: Option<(CheckVerdict, String)>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let query = promql.map(|promql| {
        let (run, query) = (promql.clone(), promql.clone());
        let run = move |_| {
            state.run(&run);
            window().scroll_to_with_x_and_y(0.0, 0.0);
        };
        view! {
            <div class="query">
                <code>{promql}</code>
                <button class="chip" type="button" title=text::RUN_QUERY_HELP on:click=run>"Run"</button>
                <CopyButton text=move || Some(query.clone())/>
            </div>
        }
    });
    let result = result.map(|(verdict, observed)| {
        let class = match verdict {
            CheckVerdict::Supports => "verdict supports",
            CheckVerdict::Contradicts => "verdict contradicts",
            CheckVerdict::NotDecided | CheckVerdict::NoSuchMetric => "verdict",
        };
        view! { <div class=class><b>{verdict.name()}</b>": "{observed}</div> }
    });
    view! { <li><span class="way">{way}</span> <span>{see}</span> {result} {query}</li> }
}
