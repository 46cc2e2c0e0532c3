use std::collections::BTreeSet;

use leptos::prelude::*;
use oddity_analysis::analysis::{Analysis, EventId, Incident};
use oddity_analysis::separating_labels::{LabelSeparation, SeparatingLabel};
use oddity_analysis::words::{self, Clock};
use oddity_detect::series::Labels;
use oddity_source::promql;

use super::Row;
use crate::state::State;
use crate::text;

/// The texts of the row of an incident.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IncidentRow {
    /// Worst event of the incident.
    key: EventId,
    level: &'static str,
    severity: String,
    series: String,
    worst: String,
    open: bool,
    /// Labels that separate its series from the others, while it is open.
    labels: LabelSeparation,
}

impl IncidentRow {
    pub(super) fn of(
        analysis: &Analysis,
        incident: &Incident,
        worst: &Row,
        open: bool,
        clock: Clock,
    ) -> Self {
        Self {
            key: worst.key,
            level: worst.level,
            severity: worst.severity.clone(),
            series: words::incident(incident, clock),
            worst: text::worst_of_incident(worst.kind, worst.name.as_deref().unwrap_or_default()),
            open,
            labels: if open {
                analysis.separating_labels(incident)
            } else {
                LabelSeparation::default()
            },
        }
    }
}

#[component]
pub(super) fn IncidentHead(
    /// Texts of the row; `None` while it is removed.
    row: Memo<Option<IncidentRow>>,
    /// Incidents whose events are listed, by their worst event.
    opened: RwSignal<BTreeSet<EventId>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let cell = move |of: fn(&IncidentRow) -> String| move || row.read().as_ref().map(of);
    let labels = Memo::new(move |_| row.read().as_ref().map(|row| row.labels.clone()));
    let toggle = move |_| {
        let Some(IncidentRow { key, open, .. }) = row.get_untracked() else { return };
        if open {
            state.selected.set(None);
        }
        opened.update(|opened| {
            opened.remove(&key);
            if !open {
                opened.insert(key);
            }
        });
    };
    view! {
        <tr class="incident">
            <td><span class=cell(|row| format!("sev {}", row.level))>{cell(|row| row.severity.clone())}</span></td>
            <td colspan="4">
                <button class="link what" type="button" aria-expanded=cell(|row| row.open.to_string()) on:click=toggle>
                    {cell(|row| row.series.clone())}
                </button>
                <div class="sub">{cell(|row| row.worst.clone())}</div>
                {move || separating(state, labels.get())}
            </td>
        </tr>
    }
}

/// Returns the labels that separate the series of an incident from the others; each filters the query by a click.
fn separating(state: State, found: Option<LabelSeparation>) -> Option<impl IntoView> {
    let found = found.filter(|found| !found.labels.is_empty())?;
    let expr = state.loaded.read().as_ref()?.whole_expr().to_owned();
    let rows = found.labels.iter().map(|label| {
        let SeparatingLabel { name, value, .. } = label;
        let query = promql::with_matcher(&expr, name, value);
        let counts = words::separating_label(label, &found);
        let filter = query.map(|query| {
            let help = text::runs(&query);
            view! { <button class="chip small" type="button" title=help on:click=move |_| state.run(&query)>"Filter query"</button> }
        });
        view! { <li><code>{Labels::new([(name.clone(), value.clone())]).to_string()}</code> <span class="sub">{counts}</span> {filter}</li> }
    });
    Some(view! {
        <h3 class="sub">{text::SEPARATING_LABELS}</h3>
        <ul class="separating">{rows.collect_view()}</ul>
    })
}
