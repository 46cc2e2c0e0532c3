//! Kinds of events, measured on synthetic series with one clear thing planted in each.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]

use std::collections::BTreeSet;
use std::ops::Range;

use evaluate::planted::{Confusion, HISTORY, Plant, Planted, SEEDS, generate, measure, recipes};
use evaluate::report;
use oddity_detect::detect::{Detector, Feature};
use oddity_detect::event::kind::{OnsetContext, classify};

/// What takes long is done with these.
const ONE_SEED: Range<u64> = SEEDS.start..SEEDS.start + 1;

/// Share of the plants that `auto` must get right.
const MIN_RIGHT: f64 = 0.9;

/// Events in 10,000 healthy samples that `auto` may file.
const MAX_FALSE: f64 = 1.0;

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
        let most = if recipe.plant == Plant::Nothing { 18_000 } else { 6_000 };
        assert!((3_000..=most).contains(&planted.values.len()), "{recipe:?}");
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
        if recipe.plant == Plant::Nothing {
            continue;
        }
        let planted = generate(recipe);
        let latest = match recipe.plant {
            Plant::Nothing | Plant::Spike | Plant::Dip => 0,
            Plant::ShiftUp | Plant::ShiftDown => 10,
            Plant::Slope => 30,
            Plant::Drift => 600,
            Plant::Variance => 120,
            Plant::Season => planted.period.unwrap() / 2,
            Plant::Flat | Plant::Gap => planted.end - 1 - planted.start,
        };
        let finding = classify(OnsetContext {
            values: &planted.values,
            onset: planted.start + (late * latest as f64) as usize,
            period: planted.period,
            feature: Feature::Value,
        });
        found.add(recipe.plant, Some(finding.kind));
    }
    for plant in Plant::ALL {
        println!("{late} late, {}: {:?}", plant.name(), found.found_for(plant));
    }
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

#[test]
fn what_is_noticed_gets_its_kind() {
    let detectors: Vec<Detector> = Detector::all().collect();
    for (detector, measured) in detectors.iter().zip(measure(&detectors, ONE_SEED)) {
        println!("{}\n{}", detector.about().name, report::planted_tables(&measured));
        if measured.found.noticed() >= 20 {
            let right = measured.found.right_of_noticed();
            assert!(right >= 0.9, "{}: {right}", detector.about().name);
        }
    }
}

#[test]
fn auto_notices_clear_plants_and_little_else() {
    let auto = Detector::default();
    let measured = measure(&[auto], SEEDS).remove(0);
    println!("{}", report::planted_tables(&measured));
    assert!(measured.found.right() >= MIN_RIGHT, "{}", measured.found.right());
    let healthy = measured.all_healthy();
    assert!(healthy.rate() <= MAX_FALSE, "{healthy:?}");
    for (plant, latest) in [
        (Plant::Spike, 2),
        (Plant::Dip, 2),
        (Plant::ShiftUp, 10),
        (Plant::ShiftDown, 10),
        (Plant::Slope, 30),
        (Plant::Drift, 600),
    ] {
        let (half, _) = measured.delay(plant).unwrap();
        assert!(half <= latest, "{plant:?}: {half}");
    }
}
