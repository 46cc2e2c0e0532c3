use leptos::prelude::*;
use oddity_analysis::analysis::EventId;
use oddity_analysis::knowledge::{
    CandidateCause, CandidateCauses, CauseCheck, ExplainedEvent, explain_event,
};
use oddity_analysis::words::{Clock, capitalised, causes as words, lines, sentence};

use crate::components::copy_button::CopyButton;
use crate::state::State;
use crate::text;

/// Number of candidate causes that are shown.
const FIRST: usize = 4;

/// The facts of an event, its possible causes, and the queries that confirm or rule them out.
#[component]
pub fn Explanation(
    /// The event; `None` while the row is removed.
    key: Memo<Option<EventId>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    move || {
        let analysis = state.throttled_analysis.get()?;
        let found = analysis.find_event(key.get()?)?;
        let (knowledge, metadata) = (state.knowledge.get(), state.metadata.read());
        let one = explain_event(&analysis, found, knowledge.as_deref(), &metadata);
        let clock = state.clock();
        Some(view! {
            <p class="event-summary">{capitalised(&sentence(&one.facts, clock))}"."</p>
            <div class="explanation">
                <section>
                    <h3>"Observed"</h3>
                    {facts(&one, clock)}
                </section>
                {one.causes.as_ref().map(causes)}
            </div>
        })
    }
}

fn facts(one: &ExplainedEvent<'_>, clock: Clock) -> impl IntoView + use<> {
    let lines = lines(&one.facts, clock).into_iter();
    let lines = lines.map(|line| view! { <div><dt>{line.name}</dt><dd>{line.text}</dd></div> });
    view! { <dl>{lines.collect_view()}</dl> }
}

fn causes(suspects: &CandidateCauses<'_>) -> impl IntoView + use<> {
    let none = suspects.ranked.is_empty();
    let unsure = suspects.inconclusive() && !none;
    let first = suspects.ranked.iter().take(FIRST).enumerate();
    let items: Vec<_> = first.map(|(at, suspect)| cause(at == 0, suspect, suspects)).collect();
    let more = suspects.ranked.len().saturating_sub(FIRST);
    let more = words::more(more);
    view! {
        <section>
            <h3>"Possible causes"</h3>
            <p class="sub">
                {words::HYPOTHESES}
                {unsure.then(|| format!(" {}", words::INCONCLUSIVE))}
                {none.then(|| format!(" {}", words::NO_MATCH))}
            </p>
            <ol class="causes">{items}</ol>
            <p class="sub">{more}</p>
        </section>
    }
}

fn cause(
    open: bool,
    suspect: &CandidateCause<'_>,
    suspects: &CandidateCauses<'_>,
) -> impl IntoView + use<> {
    let known = suspect.hypothesis;
    let (supports, against) = suspect.evidence();
    let confidence = suspect.confidence.name();
    let checks = |way: &'static str, checks: &[CauseCheck]| {
        let all = checks.iter().map(|check| {
            let promql = suspects.query(check);
            view! { <CheckItem way=way see=check.see.clone() promql=promql/> }
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
                <p><b>"Evidence for: "</b>{supports}</p>
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

/// A check of a cause, with the query that shows its result.
#[component]
fn CheckItem(
    /// Effect of the observation on the cause: confirms it or rules it out.
    way: &'static str,
    /// Observation in words.
    see: String,
    /// PromQL query, if there is one.
    promql: Option<String>,
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
    view! { <li><span class="way">{way}</span> <span>{see}</span> {query}</li> }
}
