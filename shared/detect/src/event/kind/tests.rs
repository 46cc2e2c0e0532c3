use super::*;
use proptest::prelude::*;

const VIEWS: [Feature; 11] = [
    Feature::Value,
    Feature::Mean,
    Feature::Spread,
    Feature::Season,
    Feature::Slope,
    Feature::Level,
    Feature::Drift,
    Feature::Flat,
    Feature::Gap,
    Feature::Record,
    Feature::Peers,
];

const ONSET: usize = 1_200;

/// A level of 10 with a bounded, repeating wobble of one.
fn wobble(at: usize) -> f64 {
    10.0 + f64::from((at * 7 % 11) as u32) / 5.0 - 1.0
}

fn found(values: &[f64], period: Option<usize>, feature: Feature) -> Finding {
    classify(OnsetContext { values, onset: ONSET, period, feature })
}

#[test]
fn what_is_not_known_yet_is_an_excursion() {
    let shift = |at: usize| if at >= ONSET { wobble(at) + 30.0 } else { wobble(at) };
    for (seen, kind) in [
        (1, EventKind::Spike),
        (MIN_SAMPLES - 5, EventKind::Spike),
        (MIN_SAMPLES + 3, EventKind::LevelShiftUp),
        (NEAR_WINDOW, EventKind::LevelShiftUp),
        (FAR_WINDOW, EventKind::LevelShiftUp),
    ] {
        let values: Vec<f64> = (0..ONSET + seen).map(shift).collect();
        assert_eq!(found(&values, None, Feature::Value).kind, kind, "{seen}");
    }
}

#[test]
fn a_level_is_told_in_the_unit_of_the_series() {
    let rising = |at: usize| wobble(at) + at as f64 * 0.01 + if at >= ONSET { 30.0 } else { 0.0 };
    let values: Vec<f64> = (0..2_000).map(rising).collect();
    let level = found(&values, None, Feature::Value).level.unwrap();
    assert!((level - 52.0).abs() < 1.0, "{level}");
}

#[test]
fn it_began_where_the_change_lies() {
    type LevelChange = fn(f64) -> f64;
    let cases: [(&str, usize, LevelChange, EventKind, usize); 3] = [
        ("late shift", 30, |_| 30.0, EventKind::LevelShiftUp, 3),
        ("late slope", 25, |since| since, EventKind::SlopeChange, 6),
        ("late drift", 300, |since| since * 0.02, EventKind::Drift, 60),
    ];
    for (name, late, change, kind, tolerance) in cases {
        let begins = ONSET - late;
        let value =
            |at: usize| wobble(at) + if at >= begins { change((at - begins) as f64) } else { 0.0 };
        let values: Vec<f64> = (0..3_000).map(value).collect();
        let found = found(&values, None, Feature::Value);
        assert_eq!(found.kind, kind, "{name}");
        assert!(
            found.estimated_start.abs_diff(begins) <= tolerance,
            "{name}: {} {begins}",
            found.estimated_start
        );
    }
}

#[test]
fn a_value_that_falls_to_a_constant_is_a_level() {
    for (stuck, kind) in [(10.0, EventKind::FlatLine), (0.0, EventKind::LevelShiftDown)] {
        let value = |at: usize| if at >= ONSET { stuck } else { wobble(at) };
        let values: Vec<f64> = (0..2_000).map(value).collect();
        assert_eq!(found(&values, None, Feature::Value).kind, kind);
    }
}

#[test]
fn a_season_that_stops_is_broken_too() {
    let wave = |at: usize| libm::sin(at as f64 / 100.0 * std::f64::consts::TAU) * 10.0;
    let value = |at: usize| wobble(at) + if at >= ONSET { 0.0 } else { wave(at) };
    let values: Vec<f64> = (0..2_000).map(value).collect();
    assert_eq!(found(&values, Some(100), Feature::Value).kind, EventKind::SeasonBroken);
}

#[test]
fn the_view_decides_where_the_samples_do_not() {
    let values: Vec<f64> = (0..2_000).map(wobble).collect();
    for (feature, kind) in [
        (Feature::Slope, EventKind::SlopeChange),
        (Feature::Spread, EventKind::VarianceChange),
        (Feature::Season, EventKind::SeasonBroken),
        (Feature::Drift, EventKind::Drift),
        (Feature::Flat, EventKind::FlatLine),
        (Feature::Gap, EventKind::Gap),
        (Feature::Record, EventKind::Record),
        (Feature::Peers, EventKind::OddOneOut),
    ] {
        assert_eq!(found(&values, None, feature).kind, kind);
    }
}

proptest! {
    #[test]
    fn no_samples_panic(
        values in prop::collection::vec(
            prop_oneof![4 => -1e3..1e3_f64, 1 => Just(f64::NAN), 1 => Just(0.0), 1 => any::<f64>()], 0..200),
        onset in 0_usize..250,
        period in prop::option::of(0_usize..60),
        feature in prop::sample::select(&VIEWS),
    ) {
        let found = classify(OnsetContext { values: &values, onset, period, feature });
        prop_assert!(found.estimated_start <= onset);
    }

    #[test]
    fn the_unit_does_not_matter(
        values in prop::collection::vec(-1e3..1e3_f64, 60..300),
        power in -20_i32..20,
        onset in 0_usize..300,
    ) {
        let onset = onset.min(values.len() - 1);
        let scaled: Vec<f64> = values.iter().map(|value| value * 2_f64.powi(power)).collect();
        let kind = |values| classify(OnsetContext { values, onset, period: None, feature: Feature::Value });
        let (plain, scaled) = (kind(&values), kind(&scaled));
        prop_assert_eq!((plain.kind, plain.estimated_start), (scaled.kind, scaled.estimated_start));
    }
}
