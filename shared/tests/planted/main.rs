//! Kinds of events, measured on synthetic series with one clear thing planted in each.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]

mod dice;
mod generate;
mod matrix;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use generate::{Plant, Planted, Recipe, generate, recipes};
use matrix::Confusion;
use shared::analysis::Settings;
use shared::detect::{Detector, Input, View};
use shared::event::kind::{Evidence, classify};
use shared::event::{Event, Onsets, Samples, events};
use shared::seasonality::periods;

/// No threshold was chosen on the series of these seeds. Each seed gives 210.
const SEEDS: Range<u64> = 100..102;

/// Share of the plants, "nothing" among them, that `auto` must get right.
const LEAST_RIGHT: f64 = 0.9;

/// Events in 10,000 healthy samples that `auto` may file. The aim is 1.
const MOST_FALSE: f64 = 1.5;

/// Samples that are learnt from, not judged.
const HISTORY: usize = 750;

#[test]
fn the_generator_keeps_its_promises() {
    let recipes = recipes(SEEDS);
    assert!(recipes.len() >= 200);
    let mut seen = BTreeSet::new();
    for recipe in recipes {
        let (planted, again) = (generate(recipe), generate(recipe));
        let bits = |planted: &Planted| -> Vec<u64> {
            planted.values.iter().map(|value| value.to_bits()).collect()
        };
        assert_eq!(bits(&planted), bits(&again), "{recipe:?}");
        assert!(seen.insert(bits(&planted)), "{recipe:?} is as another one");
        assert!((3_000..=6_000).contains(&planted.values.len()), "{recipe:?}");
        assert_eq!(planted.period.is_some(), recipe.season, "{recipe:?}");
        if recipe.plant != Plant::Nothing {
            assert!(planted.start >= 2 * HISTORY, "{recipe:?}");
            assert!(planted.until > planted.start, "{recipe:?}");
        }
        let missing = planted.values.iter().filter(|value| value.is_nan()).count();
        assert!(missing < 60, "{recipe:?}: {missing}");
    }
}

/// The kinds of all plants, whose onset is told late by this share of the latest that is useful.
fn classified(late: f64) -> Confusion {
    let mut found = Confusion::default();
    for recipe in recipes(SEEDS) {
        let planted = generate(recipe);
        let latest = match recipe.plant {
            Plant::Nothing => continue,
            Plant::Spike | Plant::Dip => 0,
            Plant::ShiftUp | Plant::ShiftDown => 10,
            Plant::Slope => 30,
            Plant::Drift => 600,
            Plant::Variance => 120,
            Plant::Season => planted.period.unwrap() / 2,
            Plant::Flat | Plant::Gap => planted.end - 1 - planted.start,
        };
        let finding = classify(Evidence {
            values: &planted.values,
            onset: planted.start + (late * latest as f64) as usize,
            period: planted.period,
            view: View::Value,
        });
        found.add(recipe.plant, Some(finding.kind));
    }
    println!("onset told {late} of the way to the latest:\n{found}");
    found
}

#[test]
fn kinds_from_the_true_onset() {
    assert!(classified(0.0).right() >= 0.95);
}

#[test]
fn kinds_from_an_onset_that_is_told_late() {
    for late in [0.25, 0.5, 1.0] {
        assert!(classified(late).right() >= 0.95, "{late}");
    }
}

/// What a detector with its defaults makes of all series.
#[derive(Default)]
struct Measured {
    found: Confusion,
    /// Samples from onset of the plant to the first event, those of each plant in ascending order.
    delays: BTreeMap<Plant, Vec<usize>>,
    /// Judged samples before any plant, and events that begin in them.
    healthy: usize,
    false_events: usize,
}

/// All series with the period that is found in them.
static SERIES: LazyLock<Vec<(Recipe, Planted, Option<usize>)>> = LazyLock::new(|| {
    let found = |recipe| {
        let planted = generate(recipe);
        let seasons = periods(&planted.values, planted.grid.step);
        (recipe, planted, seasons.first().map(|season| season.period))
    };
    recipes(SEEDS).into_iter().map(found).collect()
});

fn measure(detector: Detector) -> Measured {
    let rule = Settings::of(detector).rule;
    let mut measured = Measured::default();
    for (recipe, planted, period) in SERIES.iter() {
        let values = &planted.values;
        let input =
            Input { values, learnt: values, history: HISTORY, grid: planted.grid, group: None };
        let detection = detector.detect(input);
        let samples = Samples { values, period: &|| *period };
        let onsets = Onsets::default();
        let events = events(samples, &detection, &onsets, &rule, HISTORY, |at| planted.grid.at(at));
        let (early, late): (Vec<&Event>, Vec<&Event>) =
            events.iter().partition(|event| event.onset.index < planted.start);
        measured.healthy += planted.start - HISTORY;
        measured.false_events += early.len();
        let of_plant: Vec<&Event> = match recipe.plant {
            Plant::Nothing => early,
            _ => late.into_iter().filter(|event| event.onset.index < planted.until).collect(),
        };
        let worst = of_plant.iter().max_by(|a, b| {
            a.severity.total_cmp(&b.severity).then(a.strength.total_cmp(&b.strength))
        });
        measured.found.add(recipe.plant, worst.map(|event| event.kind));
        if let Some(first) = of_plant.first().filter(|_| recipe.plant != Plant::Nothing) {
            let delay = first.onset.index - planted.start;
            measured.delays.entry(recipe.plant).or_default().push(delay);
        }
    }
    println!("{}:\n{}", detector.about().name, measured.found);
    for (plant, delays) in &mut measured.delays {
        delays.sort_unstable();
        let (half, most) = (delays[delays.len() / 2], delays[delays.len() * 9 / 10]);
        println!("{plant:?} noticed after {half} samples (median), {most} (9 of 10)");
    }
    let rate = 1e4 * measured.false_events as f64 / measured.healthy as f64;
    println!(
        "{} events in {} healthy samples, {rate:.2} per 10,000\n",
        measured.false_events, measured.healthy
    );
    measured
}

#[test]
fn what_is_noticed_gets_its_kind() {
    for detector in Detector::all() {
        let found = measure(detector).found;
        if found.noticed() >= 20 {
            assert!(found.right_of_noticed() >= 0.9, "{}", detector.about().name);
        }
    }
}

#[test]
fn auto_notices_clear_plants_and_little_else() {
    let auto = Detector::by_id("auto").unwrap();
    let Measured { found, delays, healthy, false_events } = measure(auto);
    assert!(found.right() >= LEAST_RIGHT, "{}", found.right());
    assert!(
        1e4 * false_events as f64 <= MOST_FALSE * healthy as f64,
        "{false_events} of {healthy}"
    );
    for (plant, latest) in [
        (Plant::Spike, 2),
        (Plant::Dip, 2),
        (Plant::ShiftUp, 10),
        (Plant::ShiftDown, 10),
        (Plant::Slope, 30),
        (Plant::Drift, 600),
    ] {
        let delays = &delays[&plant];
        assert!(delays[delays.len() / 2] <= latest, "{plant:?}");
    }
}
