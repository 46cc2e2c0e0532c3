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
use shared::detect::View;
use shared::event::kind::{Evidence, classify};

/// Seeds that no threshold was chosen on.
const SEEDS: std::ops::Range<u64> = 100..102;

#[test]
fn kinds_from_the_true_onset() {
    let seeds = std::env::var("SEEDS").map_or(SEEDS, |s| { let (a,b)=s.split_once("..").unwrap(); a.parse().unwrap()..b.parse().unwrap() });
    let mut found = Confusion::default();
    for recipe in recipes(seeds) {
        if recipe.plant == Plant::Nothing { continue; }
        let planted = generate(recipe);
        let kind = classify(Evidence {
            values: &planted.values,
            onset: planted.start + delay(&planted),
            period: planted.period,
            view: View::Value,
        }).kind;
        if Some(kind) != recipe.plant.kind() { println!("{recipe:?} {kind:?}"); }
        found.add(recipe.plant, Some(kind));
    }
    println!("{found}");
    assert!(found.right() >= 0.95, "{found}");
}

fn delay(planted: &generate::Planted) -> usize {
    let share: f64 = std::env::var("DELAY").map_or(0.0, |s| s.parse().unwrap());
    let most = match planted.recipe.plant {
        Plant::Spike|Plant::Dip => 0,
        Plant::Nothing => 0,
        Plant::ShiftUp|Plant::ShiftDown => 10,
        Plant::Slope => 30,
        Plant::Drift => 600,
        Plant::Variance => 150,
        Plant::Season => planted.period.unwrap()/2,
        Plant::Flat | Plant::Gap => planted.until-6-planted.start,
    };
    (share * most as f64) as usize
}
