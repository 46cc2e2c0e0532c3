use std::collections::BTreeMap;

use leptos::prelude::*;
use oddity_source::catalog::CatalogMetric;
use oddity_source::unit::format_count;

use super::failure;
use crate::state::{PtrEq, SourceMetrics, State};
use crate::text;

/// Number of metrics, and of groups of them, that are listed at once.
pub(super) const MOST: usize = 100;

/// The metrics of the source, grouped by the first word of their names: each runs the query that fits its type.
#[component]
pub fn Metrics(
    /// Words to search for.
    search: RwSignal<String>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let catalog = state.catalog;
    let known = Memo::new(move |_| catalog.metrics.get()?.ok());
    let found = Memo::new(move |_| {
        let known = known.get()?;
        let search = search.get().to_lowercase();
        let words: Vec<&str> = search.split_whitespace().collect();
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, metric) in known.metrics.iter().enumerate() {
            if metric.matches(&words) {
                groups.entry(metric.prefix().to_owned()).or_default().push(index);
            }
        }
        Some(groups.into_iter().collect::<Vec<_>>())
    });
    let count = Memo::new(move |_| {
        found.read().as_ref().map_or(0, |groups| groups.iter().map(|(_, all)| all.len()).sum())
    });
    let told = move || match (catalog.metrics.get(), known.get()) {
        (None, _) => "Loading the metrics of this source…".to_owned(),
        (Some(_), None) => String::new(),
        (_, Some(known)) => text::metrics_found(count.get(), known.metrics.len()),
    };
    let error = move || {
        let error = catalog.metrics.get()?.err()?;
        let retry = move |_| state.load_metrics(catalog.job.get_untracked());
        Some(
            view! { {failure(&error)} <button class="link" type="button" on:click=retry>"Try again"</button> },
        )
    };
    let is_guessed = move || known.get().is_some_and(|known| !known.is_described);
    let groups = move || {
        let (known, groups) = (known.get()?, found.get()?);
        let opens = count.get() <= MOST;
        let more = groups.len().saturating_sub(MOST);
        let groups = groups.into_iter().take(MOST);
        let groups =
            groups.map(|(prefix, all)| group(state, &known, prefix, all, opens)).collect_view();
        Some(view! { <div class="metric-groups">{groups}</div> {hidden(more, "groups")} })
    };
    view! {
        <section class="card catalog" aria-labelledby="catalog">
            <h2 id="catalog">"Metrics"</h2>
            <div class="filters">
                <input
                    type="search"
                    aria-label="Search metrics, alerts and rules"
                    placeholder="Search by name or help text"
                    bind:value=search
                />
                <Job/>
            </div>
            <p class="sub" role="status">{told}</p>
            {move || is_guessed().then(|| view! { <p class="sub">{text::NO_METADATA}</p> })}
            {error}
            {groups}
        </section>
    }
}

/// The choice of the job to which metrics are limited.
#[component]
fn Job() -> impl IntoView {
    let state = expect_context::<State>();
    move || {
        let jobs = state.catalog.jobs.get();
        (!jobs.is_empty()).then(|| {
            let options = jobs
                .into_iter()
                .map(|job| {
                    let (value, shown) = (job.clone(), job.clone());
                    let chosen = move || state.catalog.job.read().as_ref() == Some(&job);
                    view! { <option value=value prop:selected=chosen>{shown}</option> }
                })
                .collect_view();
            view! {
                <select
                    class="chip"
                    aria-label="Job"
                    on:change:target=move |event| {
                        let job = event.target().value();
                        state.load_metrics(Some(job).filter(|job| !job.is_empty()));
                    }
                >
                    <option value="" prop:selected=move || state.catalog.job.read().is_none()>"All jobs"</option>
                    {options}
                </select>
            }
        })
    }
}

/// Returns the metrics with one first word; they are built when the group is opened.
fn group(
    state: State,
    known: &PtrEq<SourceMetrics>,
    prefix: String,
    all: Vec<usize>,
    opens: bool,
) -> impl IntoView + use<> {
    let known = known.clone();
    let open = RwSignal::new(opens);
    let size = all.len();
    let rows = move || {
        open.get().then(|| {
            let rows = all
                .iter()
                .take(MOST)
                .map(|index| row(state, &known.metrics[*index], known.job.as_deref()))
                .collect_view();
            view! { <ul class="examples">{rows}</ul> {hidden(all.len().saturating_sub(MOST), "metrics")} }
        })
    };
    view! {
        <details
            open=opens
            on:toggle:target=move |event| open.set(event.target().has_attribute("open"))
        >
            <summary><code>{prefix}</code> <span class="sub">{format_count(size)}</span></summary>
            {rows}
        </details>
    }
}

/// Returns a button that runs the query of a metric.
fn row(state: State, metric: &CatalogMetric, job: Option<&str>) -> impl IntoView + use<> {
    let described = &metric.described;
    let about = [described.kind.name(), &described.unit, &described.help];
    let about: Vec<&str> = about.into_iter().filter(|text| !text.is_empty()).collect();
    let (query, about) = (metric.query(job), about.join(" · "));
    let help = text::runs(&query);
    view! {
        <li>
            <button type="button" class="example" title=help on:click=move |_| state.run(&query)>
                <code>{metric.name.clone()}</code>
                <span class="sub">{about}</span>
            </button>
        </li>
    }
}

/// Returns how many more there are than are listed.
pub(super) fn hidden(count: usize, of: &'static str) -> Option<impl IntoView> {
    (count > 0).then(|| view! { <p class="sub">{text::type_to_narrow(count, of)}</p> })
}
