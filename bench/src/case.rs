//! The timed work.

use std::hint::black_box;
use std::sync::Arc;

use oddity_analysis::analysis::{Detected, Learning, analyze, detect, prepare};
use oddity_detect::detect::{Detector, DetectorCache, DetectorInput};
use oddity_detect::event::Rule;
use oddity_detect::stats::quantile::Ranks;
use oddity_detect::stats::rolling::{prior_moments, slopes};
use oddity_detect::stats::stl::{self, Smoothing};

use crate::data::{HISTORY, LONG, SAMPLES, SERIES, WEEK, grid, loaded, series};

/// A unit of work that is timed repeatedly.
pub struct Case {
    /// Name in tables, which the script that prints ratios looks for.
    pub name: String,
    /// Number of samples it works on.
    pub samples: usize,
    /// Number of parts that are timed one by one, so that other load on the machine spoils single parts only.
    pub parts: usize,
    /// Runs a part.
    pub work: Box<dyn FnMut(usize)>,
}

/// Returns all cases, each on data of its own.
pub fn all() -> Vec<Case> {
    let short: Vec<Arc<[f64]>> = (0..SERIES).map(|number| series(number, SAMPLES)).collect();
    let short: Arc<[Arc<[f64]>]> = short.into();
    let long: Arc<[Arc<[f64]>]> = vec![series(SERIES, LONG)].into();
    let mut cases = vec![copy(&short)];
    kernels(&short, &mut cases);
    for (name, all) in [("", &short), (", one series of 1,000,000", &long)] {
        cases.extend(Detector::all().map(|detector| {
            let id = detector.about().id;
            each(format!("{id}{name}"), all, move |values| {
                let grid = grid(values.len());
                let input = DetectorInput::new(values, HISTORY, grid);
                black_box(detector.detect(input));
            })
        }));
    }
    cases.push(memories(&short));
    rules(&short, &mut cases);
    cases
}

/// Returns a case that moves the lookback of `auto` by a position of its slider.
fn memories(all: &Arc<[Arc<[f64]>]>) -> Case {
    let all = Arc::clone(all);
    let mut kept: Vec<(DetectorCache, f64)> =
        all.iter().map(|_| (DetectorCache::default(), 3_000.0)).collect();
    Case {
        name: "auto, another memory".to_owned(),
        samples: SERIES * SAMPLES,
        parts: SERIES,
        work: Box::new(move |part| {
            let (values, (kept, memory)) = (&all[part], &mut kept[part]);
            *memory = if *memory < 4_000.0 { *memory + 50.0 } else { 3_000.0 };
            let grid = grid(values.len());
            let input = DetectorInput::new(values, HISTORY, grid);
            let detector = Detector::default().with("memory", *memory);
            black_box(detector.detect_cached(input, kept));
        }),
    }
}

/// Returns a case that copies three results per sample: the lower bound of every detector.
fn copy(all: &Arc<[Arc<[f64]>]>) -> Case {
    let mut out = [vec![0.0; SAMPLES], vec![0.0; SAMPLES], vec![0.0; SAMPLES]];
    each("plain copy".to_owned(), all, move |values| {
        let [a, b, c] = &mut out;
        for (((value, a), b), c) in values.iter().zip(a).zip(b).zip(c) {
            (*a, *b, *c) = (*value, *value, *value);
        }
        black_box(&mut out);
    })
}

fn kernels(all: &Arc<[Arc<[f64]>]>, cases: &mut Vec<Case>) {
    for window in [60, 1_440] {
        cases.push(each(format!("moments {window}"), all, move |values| {
            black_box(prior_moments(values, window));
        }));
    }
    cases.push(each("slopes 10".to_owned(), all, |values| {
        black_box(slopes(values, 10));
    }));
    cases.push(each("ranks".to_owned(), all, |values| {
        black_box(Ranks::new(values));
    }));
    cases.push(each("stl 1440".to_owned(), all, |values| {
        black_box(stl::decompose(&values[..WEEK], 1_440, Smoothing { seasons: 7, robust: 0 }));
    }));
    #[cfg(not(target_arch = "wasm32"))]
    cases.push(each("stlrs 1440".to_owned(), all, |values| {
        let _ = black_box(stlrs::params().seasonal_length(7).fit(&values[..WEEK], 1_440));
    }));
    for case in cases.iter_mut().filter(|case| case.name.starts_with("stl")) {
        case.samples = SERIES * WEEK;
    }
    let ranks: Arc<[Ranks]> = all.iter().map(|values| Ranks::new(values)).collect();
    type Work = fn(&Ranks, usize);
    let works: [(&str, Work); 3] = [
        ("medians", |ranks, window| drop(black_box(ranks.prior_medians(window)))),
        ("quartiles", |ranks, window| drop(black_box(ranks.prior_quartiles(window)))),
        ("deviations", |ranks, window| drop(black_box(ranks.prior_deviations(window)))),
    ];
    for (name, work) in works {
        for window in [60, 1_440] {
            let ranks = Arc::clone(&ranks);
            cases.push(Case {
                name: format!("{name} {window}"),
                samples: SERIES * SAMPLES,
                parts: SERIES,
                work: Box::new(move |part| work(black_box(&ranks[part]), window)),
            });
        }
    }
}

/// Returns a case that drags a threshold: flags, runs, events and severities from kept scores. The drag moves by one
/// position of the slider at a time and comes back; the first time each onset is new.
fn rules(all: &[Arc<[f64]>], cases: &mut Vec<Case>) {
    let detector = Detector::by_id("rolling").unwrap_or_default();
    let detected = || -> Vec<Arc<Detected>> {
        all.iter()
            .map(|values| loaded(std::slice::from_ref(values), HISTORY))
            .map(|loaded| Arc::new(detect(&prepare(loaded), detector, Learning::default())))
            .collect()
    };
    for threshold in [40.0, 4.0, 1.5] {
        let kept = detected();
        let mut moves = vec![0; SERIES];
        cases.push(Case {
            name: format!("threshold {threshold}"),
            samples: SERIES * SAMPLES,
            parts: SERIES,
            work: Box::new(move |part| {
                let position = [0, 1, 2, 1, 0, -1, -2, -1][moves[part] % 8];
                moves[part] += 1;
                let threshold = threshold * (1.0 + 0.013 * f64::from(position));
                let rule = Rule { threshold, ..Rule::default() };
                black_box(analyze(Arc::clone(&kept[part]), rule));
            }),
        });
        let (kept, rule) = (detected(), Rule { threshold, ..Rule::default() });
        cases.push(Case {
            name: format!("threshold {threshold}, first time"),
            samples: SERIES * SAMPLES,
            parts: SERIES,
            work: Box::new(move |part| {
                kept[part].series.iter().for_each(|series| series.onsets.forget());
                black_box(analyze(Arc::clone(&kept[part]), rule));
            }),
        });
    }
}

fn each(name: String, all: &Arc<[Arc<[f64]>]>, mut work: impl FnMut(&[f64]) + 'static) -> Case {
    let all = Arc::clone(all);
    let samples = all.iter().map(|values| values.len()).sum();
    Case {
        name,
        samples,
        parts: all.len(),
        work: Box::new(move |part| work(black_box(&all[part]))),
    }
}
