//! Kinds of events, measured on synthetic series with one clear thing planted in each.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]

mod generate;
mod matrix;

use generate::{Plant, generate, recipes};
use matrix::Confusion;
use shared::analysis::Settings;
use shared::detect::{Detector, Input, View};
use shared::event::kind::{Evidence, classify};
use shared::event::{Event, Samples, events};
use std::collections::BTreeMap;

const HISTORY: usize = 750;

/// Seeds that no threshold was chosen on.
const SEEDS: std::ops::Range<u64> = 100..102;

#[test]
fn kinds_from_the_true_onset() {
    let seeds = std::env::var("SEEDS").map_or(SEEDS, |s| {
        let (a, b) = s.split_once("..").unwrap();
        a.parse().unwrap()..b.parse().unwrap()
    });
    let mut found = Confusion::default();
    for recipe in recipes(seeds) {
        if recipe.plant == Plant::Nothing {
            continue;
        }
        let planted = generate(recipe);
        let kind = classify(Evidence {
            values: &planted.values,
            onset: planted.start + delay(&planted),
            period: planted.period,
            view: View::Value,
        })
        .kind;
        if Some(kind) != recipe.plant.kind() {
            println!("{recipe:?} {kind:?}");
        }
        found.add(recipe.plant, Some(kind));
    }
    println!("{found}");
    assert!(found.right() >= 0.95, "{found}");
}

#[test]
fn kinds_through_the_pipeline() {
    let seeds = std::env::var("SEEDS").map_or(SEEDS, |s| {
        let (a, b) = s.split_once("..").unwrap();
        a.parse().unwrap()..b.parse().unwrap()
    });
    let id = std::env::var("DETECTOR").unwrap_or_else(|_| "auto".to_owned());
    let detector = Detector::by_id(&id).unwrap_or_default();
    let rule = Settings::of(detector).rule;
    let mut found = Confusion::default();
    let mut delays: BTreeMap<Plant, Vec<usize>> = BTreeMap::new();
    let (mut healthy, mut false_events) = (0, 0);
    for recipe in recipes(seeds) {
        let planted = generate(recipe);
        let values = &planted.values;
        let input =
            Input { values, learnt: values, history: HISTORY, grid: planted.grid, group: None };
        let detection = detector.detect(input);
        let samples = Samples { values, period: planted.period };
        let events = events(samples, &detection, &rule, HISTORY, |at| planted.grid.at(at));
        healthy += planted.start - HISTORY;
        false_events += events.iter().filter(|event| event.onset.index < planted.start).count();
        let until = planted.grid.at(planted.until);
        let begins = |event: &&Event| (planted.start..planted.until).contains(&event.onset.index);
        let worst = events.iter().filter(begins).max_by(|a, b| {
            a.severity.total_cmp(&b.severity).then(a.strength.total_cmp(&b.strength))
        });
        found.add(recipe.plant, worst.map(|event| event.kind));
        if let Some(first) = events.iter().find(begins) {
            delays.entry(recipe.plant).or_default().push(first.onset.index - planted.start);
        }
    }
    println!("{found}");
    for (plant, delays) in &mut delays {
        delays.sort_unstable();
        println!(
            "{plant:?}: median delay {}, of 9 in 10 {}",
            delays[delays.len() / 2],
            delays[delays.len() * 9 / 10]
        );
    }
    println!("{false_events} in {healthy} healthy: {}", false_events as f64 * 1e4 / healthy as f64);
}

fn delay(planted: &generate::Planted) -> usize {
    let share: f64 = std::env::var("DELAY").map_or(0.0, |s| s.parse().unwrap());
    let most = match planted.recipe.plant {
        Plant::Spike | Plant::Dip => 0,
        Plant::Nothing => 0,
        Plant::ShiftUp | Plant::ShiftDown => 10,
        Plant::Slope => 30,
        Plant::Drift => 600,
        Plant::Variance => 150,
        Plant::Season => planted.period.unwrap() / 2,
        Plant::Flat | Plant::Gap => planted.until - 6 - planted.start,
    };
    (share * most as f64) as usize
}
