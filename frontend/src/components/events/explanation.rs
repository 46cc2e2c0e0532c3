use leptos::prelude::*;
use oddity_analysis::analysis::EventId;
use oddity_analysis::knowledge::{
    CandidateCause, CandidateCauses, CauseCheck, ExplainedEvent, explain_event,
};
use oddity_analysis::words::{
    Clock, capitalised, causes as words, checks as check_words, further, lines,
};

use super::checks::{CheckItem, CheckStatus};
use crate::state::State;

/// Number of candidate causes that are shown.
const FIRST: usize = 4;

/// The facts of an event, its possible causes, and the queries that confirm or rule them out.
#[component]
pub fn Explanation(
    /// The event; `None` while the row is removed.
    key: Memo<Option<EventId>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    // The causes are checked once, when the row is opened: moving a slider sends nothing.
    Effect::new(move |_| {
        let known = state.knowledge.read().is_some();
        if let Some(event) = key.get_untracked().filter(|_| known)
            && untrack(|| state.evidence(event)).is_none_or(|found| found.stopped.is_some())
        {
            state.check(event);
        }
    });
    on_cleanup(move || state.cancel_checks());
    let is_checking = Memo::new(move |_| {
        let checking = state.checking.read();
        checking.is_some_and(|(event, _)| key.get() == Some(event))
    });
    move || {
        let analysis = state.throttled_analysis.get()?;
        let found = analysis.find_event(key.get()?)?;
        let (knowledge, metadata) = (state.knowledge.get(), state.metadata.read());
        let one = explain_event(&analysis, found, knowledge.as_deref(), &metadata);
        let one = state.weighed(one);
        let clock = state.clock();
        let summary = summary(&one, clock);
        let summary = summary.map(|text| view! { <p class="event-summary">{text}"."</p> });
        Some(view! {
            {summary}
            <div class="explanation">
                <section>
                    <h3>"Observed"</h3>
                    {facts(&one, clock)}
                </section>
                {one.causes.as_ref().map(|found| causes(key, found, !is_checking.get(), clock))}
            </div>
        })
    }
}

/// Returns what the row above does not say: the supported cause, and how rare the event is.
fn summary(one: &ExplainedEvent<'_>, clock: Clock) -> Option<String> {
    let supported = one.causes.as_ref().and_then(CandidateCauses::supported);
    let parts: Vec<String> = supported.into_iter().chain(further(&one.facts, clock)).collect();
    (!parts.is_empty()).then(|| capitalised(&parts.join("; ")))
}

fn facts(one: &ExplainedEvent<'_>, clock: Clock) -> impl IntoView + use<> {
    let lines = lines(&one.facts, clock).into_iter();
    let lines = lines.map(|line| view! { <div><dt>{line.name}</dt><dd>{line.text}</dd></div> });
    view! { <dl>{lines.collect_view()}</dl> }
}

fn causes(
    key: Memo<Option<EventId>>,
    suspects: &CandidateCauses<'_>,
    is_finished: bool,
    clock: Clock,
) -> impl IntoView + use<> {
    let none = suspects.ranked.is_empty();
    let unsure = suspects.inconclusive() && !none;
    let first = suspects.ranked.iter().take(FIRST).enumerate();
    let items: Vec<_> =
        first.map(|(at, suspect)| cause(at == 0, suspect, suspects, clock)).collect();
    let more = suspects.ranked.len().saturating_sub(FIRST);
    let more = words::more(more);
    let lacking = check_words::lacking(suspects.lacking);
    let stopped = suspects.stopped.as_deref().map(check_words::stopped);
    view! {
        <section>
            <h3>"Possible causes"</h3>
            <p class="sub">
                {if is_finished { suspects.caveat() } else { words::HYPOTHESES }}
                {unsure.then(|| format!(" {}", words::INCONCLUSIVE))}
                {none.then(|| format!(" {}", words::NO_MATCH))}
            </p>
            <ol class="causes">{items}</ol>
            <p class="sub">{more}" "{lacking}" "{stopped}</p>
            <CheckStatus key=key/>
        </section>
    }
}

fn cause(
    open: bool,
    suspect: &CandidateCause<'_>,
    suspects: &CandidateCauses<'_>,
    clock: Clock,
) -> impl IntoView + use<> {
    let known = suspect.hypothesis;
    let (supports, against) = suspect.evidence();
    let confidence = suspect.confidence.name();
    let checks = |way: &'static str, checks: &[CauseCheck]| {
        let all = checks.iter().map(|check| {
            let promql = suspects.available_query(check);
            let result = suspect.checks.iter().find(|made| made.see == check.see);
            let result = result.map(|found| (found.verdict, found.observed.words(clock)));
            view! { <CheckItem way=way see=check.see.clone() promql=promql result=result/> }
        });
        all.collect_view()
    };
    let list = |name: &'static str, items: &[String]| {
        let items: Vec<_> = items.iter().map(|item| view! { <li>{item.clone()}</li> }).collect();
        view! { <div class="todo"><h4>{name}</h4><ul>{items}</ul></div> }
    };
    view! {
        <li>
            <details open=open>
                <summary>
                    <span>{known.cause.clone()}</span>
                    <span class=format!("chip-mark {confidence}")>{confidence}</span>
                </summary>
                <p>{known.because.clone()} " " <a href=known.source.url.clone() target="_blank" rel="noopener noreferrer">{known.source.title.clone()}</a></p>
                {(!supports.is_empty()).then(|| view! { <p><b>"Evidence for: "</b>{supports}</p> })}
                {(!against.is_empty()).then(|| view! { <p><b>"Evidence against: "</b>{against}</p> })}
                <ul class="looks">
                    {checks("Confirms", &known.confirm)}
                    {checks("Rules out", &known.refute)}
                </ul>
                {list("Mitigation", &known.mitigate)}
                {list("Prevention", &known.prevent)}
            </details>
        </li>
    }
}
