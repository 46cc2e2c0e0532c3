//! Shows how many events remain at each threshold. Samples are scored once; a threshold is a rule over the scores, so that a
//! slider over it is fast: `cargo run -p oddity-detect --example tune_threshold`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use oddity_detect::{
    Detector, DetectorInput, Grid, OnsetCache, Rule, SeriesSamples, Step, Timestamp, events,
};

const HISTORY: usize = 1_000;

fn main() -> Result<(), &'static str> {
    let values = values();
    let grid = Grid { start: Timestamp(0), step: Step::from_seconds(60), len: values.len() };
    let detector = Detector::by_id("robust").ok_or("there is no such detector")?;
    let input = DetectorInput::new(&values, HISTORY, grid);
    let detection = detector.detect(input);
    let samples = SeriesSamples { values: &values, period: &|| None };
    let cache = OnsetCache::default();

    println!("threshold  events  most severe");
    let usual = Rule::of(detector);
    for factor in [0.5, 0.75, 1.0, 1.5, 2.0, 4.0] {
        let rule = usual.with_threshold(factor * usual.threshold, detector);
        let found = events(samples, &detection, &cache, &rule, HISTORY, |index| grid.at(index));
        let worst = found.iter().max_by(|a, b| a.severity.total_cmp(&b.severity));
        let worst = worst.map_or("none".to_owned(), |event| {
            format!("{} ({:.0} of 100)", event.kind.name(), event.severity)
        });
        println!("{:9.1}  {:6}  {worst}", rule.threshold, found.len());
    }
    Ok(())
}

/// Returns two days of one-minute samples: noise around a level, a few small spikes, and a level shift.
fn values() -> Vec<f64> {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let value = |at: usize| {
        let noise = (0..4).map(|_| uniform() - 0.5).sum::<f64>();
        let spike = if at % 450 == 449 { 2.0 + at as f64 / 600.0 } else { 0.0 };
        let shift = if at >= 2_400 { 8.0 } else { 0.0 };
        50.0 + noise + spike + shift
    };
    (0..2_880).map(value).collect()
}
