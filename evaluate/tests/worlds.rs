//! The generator and the scorer of worlds.
#![allow(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]

use std::sync::LazyLock;

use evaluate::worlds::entry::{Answer, Entry};
use evaluate::worlds::fetch::{RangeLength, fetch};
use evaluate::worlds::generate::generate;
use evaluate::worlds::score::{Score, Window, score};
use evaluate::worlds::world::{Place, PlaceWeight, Side, World};

/// Seeds of the worlds, one with a clock change in Europe and one in America.
const SEEDS: [u64; 2] = [1, 8];

static WORLDS: LazyLock<Vec<World>> =
    LazyLock::new(|| SEEDS.iter().map(|seed| generate(*seed, true)).collect());

/// The minutes of a place.
fn minutes(world: &World, place: &Place) -> std::ops::Range<usize> {
    place.start..place.end.unwrap_or(world.len)
}

fn window(world: &World, length: RangeLength) -> Window {
    let step = if length == RangeLength::Month { 5 } else { 1 };
    let end = (world.len - 1) / step * step;
    Window { start: (world.len - 1 - length.minutes()) / step * step, end, step }
}

/// The entry that says everything right about a place, in one of its series.
fn right_entry(world: &World, place: &Place, window: Window) -> Entry {
    let query = &world.queries[place.query];
    let (series, all) = (place.series[0], minutes(world, place));
    let end = all.end.min(window.end + 1);
    let shown = (place.start.max(window.start)..end).filter(|at| at % window.step == 0);
    let sign = if place.side == Some(Side::Up) { 1.0 } else { -1.0 };
    let finite = shown.map(|at| (at, query.series[series].at(at))).filter(|(_, v)| v.is_finite());
    let peak = finite.max_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
    let (peak, value) = peak.unwrap_or((place.start, f64::NAN));
    Entry {
        series,
        kind: "incident",
        onset: place.start.max(window.start),
        start: place.start.max(window.start),
        end: end - 1,
        peak,
        value,
        side: place.side,
        ongoing: place.end.is_none(),
        recovered: world.end_of_deviation(place),
        severity: 80.0,
        bounds: query.possible,
        agrees: true,
    }
}

/// Scores what `say` answers about the places of each query.
fn scored(
    world: &World,
    length: RangeLength,
    say: impl Fn(&[&Place], Window) -> Vec<Entry>,
) -> Score {
    let window = window(world, length);
    let mut sum = Score::default();
    for query in 0..world.queries.len() {
        let shown = |place: &&Place| {
            place.query == query
                && place.weight != PlaceWeight::Neutral
                && minutes(world, place).end > window.start + window.step
        };
        let places: Vec<&Place> = world.places.iter().filter(shown).collect();
        let answer = Answer { series: 1, entries: say(&places, window) };
        sum += score(world, query, window, &answer);
    }
    sum
}

fn perfect(world: &World, length: RangeLength) -> Score {
    scored(world, length, |places, window| {
        places.iter().map(|place| right_entry(world, place, window)).collect()
    })
}

#[test]
fn a_world_depends_on_its_seed_alone() {
    let bits = |world: &World| -> Vec<u64> {
        let series = world.queries.iter().flat_map(|query| &query.series);
        series.flat_map(|series| series.values.iter().step_by(17).map(|v| v.to_bits())).collect()
    };
    let world = &WORLDS[0];
    assert!(bits(world) == bits(&generate(world.seed, true)));
    assert!(bits(world) != bits(&WORLDS[1]));
}

#[test]
fn incidents_lie_in_the_samples_and_nowhere_else() {
    for world in &*WORLDS {
        let healthy = generate(world.seed, false);
        let mut altered: Vec<Vec<Vec<bool>>> = Vec::new();
        for (query, plain) in world.queries.iter().zip(&healthy.queries) {
            assert_eq!(query.series.len(), plain.series.len(), "{}", query.id);
            let differs = |(a, b): (&f64, &f64)| a.to_bits() != b.to_bits();
            let series = query.series.iter().zip(&plain.series);
            altered.push(
                series
                    .map(|(a, b)| {
                        (0..a.first)
                            .map(|_| false)
                            .chain(a.values.iter().zip(&b.values).map(differs))
                            .collect()
                    })
                    .collect(),
            );
        }
        for place in world.places.iter().filter(|place| place.weight == PlaceWeight::Required) {
            let all = minutes(world, place);
            for series in &place.series {
                let of = &altered[place.query][*series];
                let changed = all.clone().filter(|minute| of[*minute]).count();
                assert!(
                    10 * changed >= 7 * all.len(),
                    "seed {}, {}: {changed} of {} samples",
                    world.seed,
                    place.id,
                    all.len()
                );
            }
        }
        for (query, series) in altered.iter().enumerate() {
            for (index, of) in series.iter().enumerate() {
                // A rate sees an incident for up to ten minutes more, and a ratio sees that of its requests.
                let related = |other: usize| {
                    let names = (world.queries[query].id, world.queries[other].id);
                    query == other || names == ("errors", "sites")
                };
                let near = |minute: usize| {
                    world.places.iter().any(|place| {
                        let all = minutes(world, place);
                        related(place.query)
                            && place.series.contains(&index)
                            && (all.start..all.end + 12).contains(&minute)
                    })
                };
                let stray = (0..of.len()).find(|minute| of[*minute] && !near(*minute));
                assert_eq!(
                    stray, None,
                    "seed {}, {}, series {index}",
                    world.seed, world.queries[query].id
                );
            }
        }
    }
}

#[test]
fn most_series_are_healthy_and_samples_are_possible() {
    for world in &*WORLDS {
        let (mut all, mut ill) = (0, 0);
        for (index, query) in world.queries.iter().enumerate() {
            let last_day = world.len - RangeLength::Day.minutes();
            for (at, series) in query.series.iter().enumerate() {
                let (least, most) = query.possible;
                let impossible =
                    series.values.iter().find(|v| **v < least || **v > most || v.is_infinite());
                assert_eq!(impossible, None, "{} {}", query.id, series.labels);
                if series.lives_in(last_day, world.len) {
                    all += 1;
                    let of = |place: &&Place| place.query == index && place.series.contains(&at);
                    let of = world.places.iter().filter(of);
                    ill +=
                        usize::from(of.clone().any(|place| place.weight == PlaceWeight::Required));
                }
            }
        }
        assert!((130..180).contains(&all), "{all} series");
        assert!(2 * ill <= all, "{ill} of {all} series");
        for length in RangeLength::ALL {
            let required = perfect(world, length).required;
            assert!(required >= 15, "{}: {required}", length.name());
        }
    }
}

#[test]
fn samples_are_fetched_with_the_history_of_the_product() {
    let world = &WORLDS[0];
    let tenants = world.queries.iter().find(|query| query.id == "tenants").unwrap();
    for (length, step) in
        [(RangeLength::Day, 60), (RangeLength::Week, 60), (RangeLength::Month, 300)]
    {
        let fetched = fetch(world, tenants, length, 0).unwrap();
        let (query, series) = (&fetched.loaded.query, &fetched.loaded.series);
        assert_eq!(query.step.millis(), 1_000 * step);
        assert!(query.history > oddity_source::query::MIN_HISTORY, "{}", query.history);
        assert_eq!(series.len(), fetched.indices.len());
        let new = &series[3];
        assert!(new.values[0].is_nan() && !new.values[new.values.len() - 1].is_nan());
        for (index, series) in fetched.indices.iter().zip(series) {
            let last = world.minute(series.grid.range().end);
            let (there, here) =
                (tenants.series[*index].at(last), series.values[series.values.len() - 1]);
            assert_eq!(there.to_bits(), here.to_bits());
        }
    }
}

#[test]
fn a_perfect_answer_and_an_empty_one() {
    for world in &*WORLDS {
        for length in RangeLength::ALL {
            let perfect = perfect(world, length);
            assert_eq!(
                (perfect.precision(), perfect.recall()),
                (1.0, 1.0),
                "{:?}",
                perfect.remarks
            );
            assert_eq!(perfect.overlapping(), (1.0, 1.0));
            assert_eq!(perfect.delay(), Some(0));
            let (right, all) = perfect.words.total();
            assert_eq!(right, all, "{:?}", perfect.remarks);
            assert!(all > 3 * perfect.required, "{all}");

            let empty = scored(world, length, |_, _| Vec::new());
            assert_eq!((empty.precision(), empty.recall()), (1.0, 0.0));
            assert_eq!(empty.words.total(), (0, 0));
        }
    }
}

#[test]
fn each_false_entry_lowers_the_precision() {
    let world = &WORLDS[0];
    let mut last = 1.0;
    for count in 1..4 {
        let score = scored(world, RangeLength::Week, |places, window| {
            let mut entries: Vec<_> =
                places.iter().map(|place| right_entry(world, place, window)).collect();
            // The first site is healthy for the rest of the week.
            if let Some(dip) = places.iter().find(|place| place.id == "dip-at-peak") {
                let right = right_entry(world, dip, window);
                entries.extend((0..count).map(|day| Entry {
                    start: right.start - 1_440 * (2 + day),
                    peak: right.start - 1_440 * (2 + day),
                    end: right.start - 1_440 * (2 + day) + 10,
                    ..right.clone()
                }));
            }
            entries
        });
        assert_eq!(score.false_entries, count);
        assert!(score.precision() < last && score.recall() == 1.0);
        assert!(score.overlapping().0 < 1.0 && score.false_a_week() > 0.0);
        last = score.precision();
    }
}

#[test]
fn the_way_back_is_neither_found_nor_false() {
    let world = &WORLDS[0];
    let back_only = scored(world, RangeLength::Week, |places, window| {
        let ended =
            places.iter().filter(|place| place.end.is_some_and(|end| end + 90 < window.end));
        let back = |place: &&&Place| {
            let other = if place.side == Some(Side::Up) { Side::Down } else { Side::Up };
            let right = right_entry(world, place, window);
            let end = place.end.unwrap();
            Entry { side: Some(other), start: end, end: end + 5, peak: end + 1, ..right }
        };
        ended.filter(|place| place.side.is_some()).map(|place| back(&place)).collect()
    });
    assert!(back_only.entries > 10, "{}", back_only.entries);
    assert_eq!(back_only.false_entries, 0, "{:?}", back_only.remarks);
    assert!(back_only.recall() < 0.2, "{}", back_only.recall());
}

#[test]
fn wrong_words_are_counted() {
    let world = &WORLDS[0];
    let perfect = perfect(world, RangeLength::Week);
    let say = |change: &dyn Fn(&mut Entry)| {
        scored(world, RangeLength::Week, |places, window| {
            let of = |place: &&Place| {
                let mut entry = right_entry(world, place, window);
                change(&mut entry);
                entry
            };
            places.iter().map(of).collect()
        })
    };
    let changes: [&dyn Fn(&mut Entry); 5] = [
        &|entry: &mut Entry| entry.ongoing = !entry.ongoing,
        &|entry: &mut Entry| entry.recovered = entry.recovered.map(|back| back + 3_000),
        &|entry: &mut Entry| entry.value *= 3.0,
        &|entry: &mut Entry| entry.bounds = (-1.0, 2.0),
        &|entry: &mut Entry| entry.agrees = false,
    ];
    for change in changes {
        let score = say(change);
        assert!(score.words.total().0 < perfect.words.total().0);
        assert_eq!(score.recall(), 1.0);
    }
}
