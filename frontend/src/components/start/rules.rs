use leptos::prelude::*;
use oddity_source::catalog::{RuleState, SourceRule};

use super::metrics::{MOST, hidden};
use crate::state::State;

/// The alerting and recording rules of the source; each runs its expression, or shows the metric that it records.
#[component]
pub fn Rules(
    /// Words to search for.
    search: RwSignal<String>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let found = move || match state.catalog.rules.get()? {
        Err(error) => Some(
            view! { <h2 id="rules">"Alerts and rules"</h2> <p class="sub">{error.to_string()}</p> }
                .into_any(),
        ),
        Ok(rules) if rules.is_empty() => None,
        Ok(rules) => {
            let search = search.get().to_lowercase();
            let words: Vec<&str> = search.split_whitespace().collect();
            let found: Vec<&SourceRule> =
                rules.iter().filter(|rule| rule.matches(&words)).collect();
            let more = found.len().saturating_sub(MOST);
            let count = format!("{} of {}", found.len(), rules.len());
            let rows = found.into_iter().take(MOST).map(|rule| row(state, rule)).collect_view();
            Some(
                view! {
                    <h2 id="rules">"Alerts and rules"</h2>
                    <p class="sub">{count}</p>
                    <ul class="examples">{rows}</ul>
                    {hidden(more, "rules")}
                }
                .into_any(),
            )
        }
    };
    move || {
        found().map(|found| view! { <section class="card catalog" aria-labelledby="rules">{found}</section> })
    }
}

/// Returns a button that runs the query of a rule.
fn row(state: State, rule: &SourceRule) -> impl IntoView + use<> {
    let query = rule.query();
    view! {
        <li>
            <button type="button" class="example" on:click=move |_| state.run(&query)>
                <span class="rule-name">
                    <b>{rule.name.clone()}</b>
                    <span class="chip-mark" class:firing=rule.state == RuleState::Firing>{rule.state.name()}</span>
                </span>
                <code>{rule.expr.clone()}</code>
            </button>
        </li>
    }
}
