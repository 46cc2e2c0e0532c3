use leptos::prelude::*;
use shared::analysis::{Analysis, Ranked};

use crate::state::State;

/// So many series are listed before the user asks for all.
const FIRST: usize = 8;

/// Pixels of a sparkline, and its points.
const SPARK: (f64, f64, usize) = (64.0, 18.0, 32);

/// Every series, worst first.
#[component]
pub fn SeriesList() -> impl IntoView {
    let state = expect_context::<State>();
    let all = RwSignal::new(false);
    // Sparklines do not depend on settings: they are drawn once for the data.
    let sparks = Memo::new(move |_| {
        let loaded = state.loaded.get();
        let history = loaded.as_ref().map_or(0, |loaded| loaded.query.history);
        let series = loaded.as_ref().map(|loaded| loaded.series.as_slice()).unwrap_or_default();
        series
            .iter()
            .map(|series| spark(series.values.get(history..).unwrap_or_default()))
            .collect::<Vec<_>>()
    });
    let row = move |analysis: &Analysis, ranked: &Ranked| {
        let (index, count) = (ranked.index, ranked.events.len());
        let (series, found) = analysis.series(ranked);
        let (full, name) = (series.labels.to_string(), found.name.clone());
        let title = full.clone();
        let points = sparks.with(|sparks| sparks.get(index).cloned()).unwrap_or_default();
        let badge = if count > 0 { "badge" } else { "badge z" };
        let words = if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
        view! {
            <li>
                <button
                    type="button"
                    class="series"
                    title=title
                    aria-pressed=move || (state.focus.get() == Some(index)).to_string()
                    on:click=move |_| state.adjust(|panel| panel.focus = Some(full.clone()))
                >
                    <span class="t">{name}</span>
                    <svg width=SPARK.0 height=SPARK.1 aria-hidden="true"><polyline points=points/></svg>
                    <span class=badge aria-label=words>{count}</span>
                </button>
            </li>
        }
    };
    let rows = move || {
        let analysis = state.analysis.get()?;
        let shown = if all.get() { analysis.ranking.len() } else { FIRST };
        Some(
            analysis.ranking.iter().take(shown).map(|ranked| row(&analysis, ranked)).collect_view(),
        )
    };
    let rest = move || {
        let analysis = state.analysis.get()?;
        let more = analysis.ranking.len().checked_sub(FIRST).filter(|more| *more > 0)?;
        let odd =
            analysis.ranking.iter().skip(FIRST).filter(|ranked| !ranked.events.is_empty()).count();
        let words = match (all.get(), odd) {
            (true, _) => "Show fewer".to_owned(),
            (false, 0) => format!("{more} more, nothing odd"),
            (false, odd) => format!("{more} more, {odd} of them odd"),
        };
        Some(view! {
            <button class="link" type="button" aria-expanded=move || all.get().to_string() on:click=move |_| all.update(|all| *all = !*all)>{words}</button>
        })
    };
    view! {
        <section class="card" aria-labelledby="series">
            <h2 id="series">"Series, worst first"</h2>
            <ul class="rows">{rows}</ul>
            {rest}
        </section>
    }
}

/// The points of a small line: the mean of each share of the samples.
fn spark(values: &[f64]) -> String {
    let (width, height, count) = SPARK;
    let means: Vec<Option<f64>> = (0..count)
        .map(|point| {
            let share = &values[point * values.len() / count..(point + 1) * values.len() / count];
            let finite: Vec<f64> =
                share.iter().copied().filter(|value| value.is_finite()).collect();
            (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / finite.len() as f64)
        })
        .collect();
    let (low, high) = means
        .iter()
        .flatten()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let room = if high > low { high - low } else { 1.0 };
    means
        .iter()
        .enumerate()
        .filter_map(|(at, mean)| {
            let x = at as f64 / (count - 1) as f64 * width;
            let y = height - 2.0 - ((*mean)? - low) / room * (height - 4.0);
            Some(format!("{x:.0},{y:.1}"))
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_of_anything() {
        assert_eq!(spark(&[]), "");
        assert_eq!(spark(&[f64::NAN; 100]), "");
        let flat = spark(&[5.0; 90]);
        assert_eq!(flat.split(' ').count(), 32);
        assert!(flat.starts_with("0,16.0"));
    }
}
