//! How long detection takes a sample, against a plain copy that reads one array and writes three:
//! prints nanoseconds a sample and ratios, medians of interleaved runs.
//!
//! `cargo bench -p shared --bench kernels`
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench needs clock and output"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::analysis::{Detected, Learning, analyze, detect};
use shared::detect::{Detector, Input};
use shared::event::Rule;
use shared::prometheus::Loaded;
use shared::query::RangeQuery;
use shared::series::{Grid, Labels, Series};
use shared::stats::quantile::Ranks;
use shared::stats::rolling::{prior_moments, slopes};
use shared::time::{Step, Timestamp};

/// Different series: one repeated would let the branch predictor memorise it.
const SERIES: usize = 91;
const GRID: Grid =
    Grid { start: Timestamp(1_700_000_040_000), step: Step::from_seconds(60), len: 11_000 };
const HISTORY: usize = 750;
const RUNS: usize = 15;

/// Work on all series, and how long it took in each run.
struct Case<'a> {
    name: String,
    work: Box<dyn FnMut() + 'a>,
    times: Vec<Duration>,
}

fn main() {
    let all: Vec<Arc<[f64]>> = (0..SERIES).map(series).collect();
    let detected = detected(&all);
    let ranks: Vec<Ranks> = all.iter().map(|values| Ranks::new(values)).collect();
    let mut cases = vec![copy(&all)];
    for window in [60, 1_440] {
        cases.push(each(&format!("prior_moments, W = {window}"), &all, move |values| {
            black_box(prior_moments(values, window));
        }));
    }
    cases.push(each("slopes, W = 10", &all, |values| {
        black_box(slopes(values, 10));
    }));
    cases.push(each("sort into ranks", &all, |values| {
        black_box(Ranks::new(values));
    }));
    for window in [60, 1_440] {
        for (name, work) in [
            ("medians", (|r: &Ranks, w| drop(black_box(r.prior_medians(w)))) as fn(&Ranks, usize)),
            ("quartiles", |r, w| drop(black_box(r.prior_quartiles(w)))),
            ("deviations", |r, w| drop(black_box(r.prior_deviations(w)))),
        ] {
            let ranks = &ranks;
            cases.push(Case {
                name: format!("{name}, W = {window}, ranks kept"),
                work: Box::new(move || {
                    ranks.iter().for_each(|ranks| work(black_box(ranks), window))
                }),
                times: Vec::new(),
            });
        }
    }
    for detector in Detector::all() {
        let name = format!("detect, {}", detector.about().name);
        cases.push(each(&name, &all, move |values| {
            black_box(detector.detect(Input {
                values,
                learnt: values,
                history: HISTORY,
                grid: GRID,
                group: None,
            }));
        }));
    }
    for threshold in [4.0, 1.5] {
        let (detected, rule) = (&detected, Rule { threshold, ..Rule::default() });
        let found = analyze(Arc::clone(detected), rule).event_count();
        cases.push(Case {
            name: format!("analyze, k = {threshold}, {found} events"),
            work: Box::new(move || drop(black_box(analyze(Arc::clone(detected), rule)))),
            times: Vec::new(),
        });
    }

    for _ in 0..RUNS {
        for case in &mut cases {
            let start = Instant::now();
            (case.work)();
            case.times.push(start.elapsed());
        }
    }
    let samples = (SERIES * GRID.len) as f64;
    println!("{:36} {:>9} {:>7}", format!("{SERIES} series of {}", GRID.len), "ns/sample", "ratio");
    let mut plain = f64::NAN;
    for Case { name, mut times, .. } in cases {
        times.sort();
        let each = times[times.len() / 2].as_secs_f64() * 1e9 / samples;
        plain = if plain.is_nan() { each } else { plain };
        println!("{name:36} {each:9.2} {:7.1}", each / plain);
    }
}

/// The limit: nothing that keeps three results a sample is faster.
fn copy(all: &[Arc<[f64]>]) -> Case<'_> {
    let mut out = [vec![0.0; GRID.len], vec![0.0; GRID.len], vec![0.0; GRID.len]];
    each("plain copy, one to three", all, move |values| {
        let [a, b, c] = &mut out;
        for (((value, a), b), c) in values.iter().zip(a).zip(b).zip(c) {
            (*a, *b, *c) = (*value, *value, *value);
        }
        black_box(&mut out);
    })
}

fn each<'a>(name: &str, all: &'a [Arc<[f64]>], mut work: impl FnMut(&[f64]) + 'a) -> Case<'a> {
    let work = move || all.iter().for_each(|values| work(black_box(values)));
    Case { name: name.to_owned(), work: Box::new(work), times: Vec::new() }
}

fn detected(all: &[Arc<[f64]>]) -> Arc<Detected> {
    let series = all.iter().enumerate().map(|(number, values)| Series {
        labels: Labels::new([("n".to_owned(), number.to_string())]),
        grid: GRID,
        values: Arc::clone(values),
    });
    let query = RangeQuery {
        expr: "m".to_owned(),
        start: GRID.at(HISTORY),
        end: GRID.range().end,
        step: GRID.step,
        history: HISTORY,
    };
    let loaded = Loaded {
        query,
        series: series.collect(),
        unsupported: Vec::new(),
        warnings: Vec::new(),
        infos: Vec::new(),
    };
    Arc::new(detect(Arc::new(loaded), Detector::default(), Learning::default()))
}

/// Near-normal noise around a level with a daily wave, and a spike now and then.
fn series(number: usize) -> Arc<[f64]> {
    let mut state = number as u64 + 1;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let level = 10.0 + 100.0 * uniform();
    (0..GRID.len)
        .map(|at| {
            let wave = libm::sin(at as f64 / 1_440.0 * std::f64::consts::TAU);
            let noise = (0..4).map(|_| uniform() - 0.5).sum::<f64>();
            let spike = if uniform() < 0.0005 { 8.0 } else { 0.0 };
            level + 3.0 * wave + noise + spike
        })
        .collect()
}
