use std::collections::{BTreeMap, BTreeSet};

use leptos::html;
use leptos::prelude::*;
use oddity_analysis::words;
use oddity_detect::series::{Labels, quote};
use oddity_source::unit::format_count;

use crate::state::{SeriesOrder, State};

/// Height of a row in pixels, as in the style.
const ROW: f64 = 34.0;

/// Maximum height of the list in pixels, as in the style.
const FRAME: f64 = 420.0;

/// Number of rows above and below the visible ones that are there too, so that the keyboard finds the next one.
const SPARE: usize = 6;

/// Width and height of a sparkline in pixels, and its number of points.
const SPARK: (f64, f64, usize) = (64.0, 18.0, 32);

/// The list of all series, most anomalous first or by label. Only the rows near the visible ones exist.
#[component]
pub fn SeriesList() -> impl IntoView {
    let state = expect_context::<State>();
    let listed = state.listing.series;
    let frame = NodeRef::<html::Div>::new();
    let scrolled = RwSignal::new(0.0);
    // Number of events, and the reason why a series was not judged.
    let verdicts = Memo::new(move |_| {
        let analysis = state.throttled_analysis.get()?;
        let verdict =
            |index: usize| analysis.detected.series.get(index)?.shortage.map(words::shortage);
        let verdicts = analysis
            .ranking
            .iter()
            .map(|ranked| (ranked.index, (ranked.events.len(), verdict(ranked.index))));
        Some(verdicts.collect::<BTreeMap<_, _>>())
    });
    let rows = Memo::new(move |_| {
        let first = (scrolled.get() / ROW) as usize;
        let count = (FRAME / ROW) as usize + 1;
        let listed = listed.read();
        let shown = first.saturating_sub(SPARE)..(first + count + SPARE).min(listed.len());
        shown.filter_map(|place| Some((place, *listed.get(place)?))).collect::<Vec<_>>()
    });
    // Names, and the length of the beginning that all of them share, which may be cut off.
    let names = Memo::new(move |_| {
        let loaded = state.loaded.get();
        let series = loaded.as_ref().map(|loaded| loaded.series.as_slice()).unwrap_or_default();
        let labels: Vec<&Labels> = series.iter().map(|series| &series.labels).collect();
        let names = telling_names(&labels);
        (common_start(names.iter().map(String::as_str)), names)
    });
    let total =
        Memo::new(move |_| state.loaded.read().as_ref().map_or(0, |loaded| loaded.series.len()));
    let row = move |index: usize| {
        let place = Memo::new(move |_| {
            rows.read().iter().find(|(_, known)| *known == index).map_or(0, |(place, _)| *place)
        });
        let labelled = Memo::new(move |_| {
            let full = state.loaded.read().as_ref()?.series.get(index)?.labels.to_string();
            let names = names.read();
            let name = names.1.get(index)?;
            let (same, differs) = name.split_at_checked(names.0).unwrap_or(("", name));
            Some((full, same.to_owned(), differs.to_owned()))
        });
        let full = move || labelled.get().map(|(full, ..)| full);
        // A sparkline depends on the data alone, not on settings.
        let points = Memo::new(move |_| {
            let loaded = state.loaded.get()?;
            let values = &loaded.series.get(index)?.values;
            Some(spark(values.get(loaded.query.history..).unwrap_or_default()))
        });
        let verdict = Memo::new(move |_| {
            verdicts
                .read()
                .as_ref()
                .and_then(|known| known.get(&index).cloned())
                .unwrap_or_default()
        });
        let words = move || match verdict.get() {
            (_, Some(shortage)) => shortage,
            (1, None) => "1 event".to_owned(),
            (count, None) => format!("{count} events"),
        };
        let badge = move || match verdict.get() {
            (_, Some(_)) => "–".to_owned(),
            (count, None) => count.to_string(),
        };
        let unjudged = move || {
            let (_, shortage) = verdict.get();
            shortage.map(|shortage| view! { <span class="unjudged">{shortage}</span> })
        };
        view! {
            <li
                style:top=move || format!("{}px", place.get() as f64 * ROW)
                aria-setsize=move || listed.read().len().to_string()
                aria-posinset=move || (place.get() + 1).to_string()
            >
                <button
                    type="button"
                    class="series"
                    title=full
                    aria-pressed=move || (state.focus.get() == Some(index)).to_string()
                    on:click=move |_| state.show_series(index, None)
                >
                    <span class="t">
                        <span class="name">
                            <span class="same">{move || labelled.get().map(|(_, same, _)| same)}</span>
                            <span class="differs">{move || labelled.get().map(|(.., differs)| differs)}</span>
                        </span>
                        {unjudged}
                    </span>
                    <svg width=SPARK.0 height=SPARK.1 aria-hidden="true"><polyline points=move || points.get()/></svg>
                    <span class="badge" class:z=move || verdict.read().0 == 0 aria-label=words>
                        {badge}
                    </span>
                </button>
            </li>
        }
    };
    let told = move || {
        let (count, total) = (listed.read().len(), total.get());
        match count == total {
            true => format!("{} series", format_count(total)),
            false => format!("{} of {} series", format_count(count), format_count(total)),
        }
    };
    let several = Memo::new(move |_| total.get() > 1);
    view! {
        <section class="card" aria-labelledby="series">
            <h2 id="series">"Series"</h2>
            <Show when=move || several.get()>
                <div class="filters">
                    <input
                        type="search"
                        aria-label="Filter series"
                        placeholder="Filter by label"
                        bind:value=state.listing.filter
                    />
                    <select
                        class="chip"
                        aria-label="Order of series"
                        on:change:target=move |event| {
                            let by_label = event.target().value() == "label";
                            state.listing.order.set(if by_label { SeriesOrder::ByLabel } else { SeriesOrder::WorstFirst });
                        }
                    >
                        <option value="worst" prop:selected=move || state.listing.order.get() == SeriesOrder::WorstFirst>"Worst first"</option>
                        <option value="label" prop:selected=move || state.listing.order.get() == SeriesOrder::ByLabel>"By label"</option>
                    </select>
                </div>
                <p class="sub" role="status">{told}</p>
            </Show>
            <div
                class="rows"
                node_ref=frame
                on:scroll=move |_| scrolled.set(frame.get_untracked().map_or(0.0, |frame| f64::from(frame.scroll_top())))
            >
                <ul style:height=move || format!("{}px", listed.read().len() as f64 * ROW)>
                    <For each=move || rows.get() key=|(_, index)| *index let((_, index))>{row(index)}</For>
                </ul>
            </div>
        </section>
    }
}

/// Returns a name for each series: the labels in which they differ, those with the most values first, as a list cuts off the
/// end.
fn telling_names(all: &[&Labels]) -> Vec<String> {
    let mut values: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for (name, _) in all.iter().flat_map(|labels| labels.iter()) {
        values.entry(name).or_default();
    }
    for (name, values) in &mut values {
        values.extend(all.iter().map(|labels| labels.get(name)));
    }
    let mut varying: Vec<(&str, usize)> =
        values.iter().map(|(name, values)| (*name, values.len())).collect();
    varying.retain(|(_, count)| *count > 1);
    varying.sort_by(|(_, a), (_, b)| b.cmp(a));
    let pair = |labels: &Labels, name: &str| Some(format!("{name}={}", quote(labels.get(name)?)));
    let named = |labels: &&Labels| {
        let pairs = varying.iter().filter_map(|(name, _)| pair(labels, name));
        pairs.collect::<Vec<_>>().join(", ")
    };
    let name = |labels: &&Labels| Some(named(labels)).filter(|name| !name.is_empty());
    all.iter().map(|labels| name(labels).unwrap_or_else(|| labels.to_string())).collect()
}

/// Returns the number of bytes that all texts begin with, up to the last character that ends no word; 0 for a single text.
fn common_start<'a>(mut texts: impl Iterator<Item = &'a str>) -> usize {
    let (Some(first), Some(second)) = (texts.next(), texts.next()) else { return 0 };
    let length = std::iter::once(second).chain(texts).fold(first.len(), |length, text| {
        first.bytes().take(length).zip(text.bytes()).take_while(|(a, b)| a == b).count()
    });
    let start = &first[..first.floor_char_boundary(length)];
    start.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1)
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
    fn names_begin_with_what_differs_most() {
        let labels = |pairs: &[(&str, &str)]| {
            Labels::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        };
        let all = [
            labels(&[("job", "a"), ("pod", "1"), ("zone", "z")]),
            labels(&[("job", "a"), ("pod", "2"), ("zone", "z")]),
            labels(&[("job", "b"), ("pod", "3"), ("zone", "z")]),
            labels(&[("zone", "z")]),
        ];
        let all: Vec<&Labels> = all.iter().collect();
        let expected = [
            "pod=\"1\", job=\"a\"",
            "pod=\"2\", job=\"a\"",
            "pod=\"3\", job=\"b\"",
            "{zone=\"z\"}",
        ];
        assert_eq!(telling_names(&all), expected);
        assert_eq!(telling_names(&all[..1]), ["{job=\"a\", pod=\"1\", zone=\"z\"}"]);
    }

    #[test]
    fn names_begin_alike_up_to_the_end_of_a_word() {
        let check = |texts: &[&str], expected: usize| {
            assert_eq!(common_start(texts.iter().copied()), expected, "{texts:?}");
        };
        check(&[], 0);
        check(&["a=\"b\""], 0);
        check(&["shard=\"10\"", "shard=\"11\""], 7);
        check(&["host=\"web-eu-1\"", "host=\"web-us-1\""], 10);
        check(&["a=\"ä\"", "a=\"ö\""], 3);
        check(&["a", "b"], 0);
    }

    #[test]
    fn a_sparkline_of_anything() {
        assert_eq!(spark(&[]), "");
        assert_eq!(spark(&[f64::NAN; 100]), "");
        let flat = spark(&[5.0; 90]);
        assert_eq!(flat.split(' ').count(), 32);
        assert!(flat.starts_with("0,16.0"));
    }
}
