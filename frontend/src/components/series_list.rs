use leptos::prelude::*;
use oddity_analysis::analysis::RankedSeries;
use oddity_analysis::words;

use crate::state::State;

/// Number of series that are listed before the user asks for all.
const FIRST: usize = 8;

/// Width and height of a sparkline in pixels, and its number of points.
const SPARK: (f64, f64, usize) = (64.0, 18.0, 32);

/// The list of all series, most anomalous first.
#[component]
pub fn SeriesList() -> impl IntoView {
    let state = expect_context::<State>();
    let all = RwSignal::new(false);
    let shown = Memo::new(move |_| {
        let count = if all.get() { usize::MAX } else { FIRST };
        let analysis = state.throttled_analysis.read();
        let ranking = analysis.as_ref().map(|analysis| analysis.ranking.as_slice());
        let shortage = |index: usize| {
            let series = &analysis.as_ref()?.detected.series;
            series.get(index)?.shortage.map(words::shortage)
        };
        let listed =
            |ranked: &RankedSeries| (ranked.index, ranked.events.len(), shortage(ranked.index));
        ranking.unwrap_or_default().iter().take(count).map(listed).collect::<Vec<_>>()
    });
    let row = move |index: usize| {
        let labelled = Memo::new(move |_| {
            let detected = state.detected.read();
            let detected = detected.as_ref()?;
            let full = detected.loaded.series.get(index)?.labels.to_string();
            Some((full, detected.series.get(index)?.prepared.name.clone()))
        });
        let full = move || labelled.get().map(|(full, _)| full);
        // A sparkline depends on the data alone, not on settings.
        let points = Memo::new(move |_| {
            let loaded = state.loaded.get()?;
            let values = &loaded.series.get(index)?.values;
            Some(spark(values.get(loaded.query.history..).unwrap_or_default()))
        });
        let listed = Memo::new(move |_| {
            let shown = shown.read();
            let found = shown.iter().find(|(known, ..)| *known == index).cloned();
            found.map_or((0, None), |(_, count, shortage)| (count, shortage))
        });
        let words = move || match listed.get() {
            (_, Some(shortage)) => shortage,
            (1, None) => "1 event".to_owned(),
            (count, None) => format!("{count} events"),
        };
        let badge = move || match listed.get() {
            (_, Some(_)) => "–".to_owned(),
            (count, None) => count.to_string(),
        };
        let unjudged = move || {
            let (_, shortage) = listed.get();
            shortage.map(|shortage| view! { <span class="unjudged">{shortage}</span> })
        };
        view! {
            <li>
                <button
                    type="button"
                    class="series"
                    title=full
                    aria-pressed=move || (state.focus.get() == Some(index)).to_string()
                    on:click=move |_| {
                        let full = untrack(full);
                        state.adjust(|panel| panel.focus = full);
                    }
                >
                    <span class="t">{move || labelled.get().map(|(_, name)| name)}{unjudged}</span>
                    <svg width=SPARK.0 height=SPARK.1 aria-hidden="true"><polyline points=move || points.get()/></svg>
                    <span class="badge" class:z=move || listed.read().0 == 0 aria-label=words>
                        {badge}
                    </span>
                </button>
            </li>
        }
    };
    let order =
        Memo::new(move |_| shown.read().iter().map(|(index, ..)| *index).collect::<Vec<_>>());
    let rest = Memo::new(move |_| {
        let analysis = state.throttled_analysis.get()?;
        let more = analysis.ranking.len().checked_sub(FIRST).filter(|more| *more > 0)?;
        let odd =
            analysis.ranking.iter().skip(FIRST).filter(|ranked| !ranked.events.is_empty()).count();
        Some(match (all.get(), odd) {
            (true, _) => "Show fewer".to_owned(),
            (false, 0) => format!("{more} more, none odd"),
            (false, odd) => format!("{more} more, {odd} odd"),
        })
    });
    let there = Memo::new(move |_| rest.read().is_some());
    view! {
        <section class="card" aria-labelledby="series">
            <h2 id="series">"Series, worst first"</h2>
            <ul class="rows">
                <For each=move || order.get() key=|index| *index let:index>{row(index)}</For>
            </ul>
            <Show when=move || there.get()>
                <button class="link" type="button" aria-expanded=move || all.get().to_string() on:click=move |_| all.update(|all| *all = !*all)>
                    {move || rest.get()}
                </button>
            </Show>
        </section>
    }
}

/// Returns the points of a sparkline: the mean of each of as many equal parts of the samples.
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
