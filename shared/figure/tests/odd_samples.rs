//! Table, page, saved picture and HTML chart agree on which samples are odd, under every direction and minimum.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::collections::BTreeSet;
use std::sync::Arc;

use oddity_analysis::analysis::{Analysis, Learning, Settings, analyze, detect, prepare};
use oddity_analysis::words::Clock;
use oddity_detect::detect::Detector;
use oddity_detect::event::{Mark, Rule, Sides, is_flagged, marks};
use oddity_detect::series::{Grid, Labels, Series};
use oddity_detect::time::{Step, Timestamp};
use oddity_figure::{
    ChartTrace, ChartView, Palette, axis_ranges, interactive_figure, static_figure, visible_indices,
};
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;

const HISTORY: usize = 200;
const LEN: usize = 900;

/// A level of 100 with a wobble of one, and deviations of several sizes to both sides, some of them side by side.
fn values() -> Arc<[f64]> {
    let wobble = |at: usize| 100.0 + f64::from((at * 7 % 11) as u32) / 5.0 - 1.0;
    let odd = |at: usize| match at {
        300 | 304 => 8.0,
        301..=303 => 30.0,
        400..=401 => -8.0,
        402 => -30.0,
        500 => 15.0,
        501 => -15.0,
        620 | 640 => 6.0,
        700..=705 => f64::NAN,
        800 => f64::INFINITY,
        _ => 0.0,
    };
    (0..LEN).map(|at| wobble(at) + odd(at)).collect()
}

fn analysis(detector: Detector, rule: Rule) -> Analysis {
    let grid = Grid { start: Timestamp(0), step: Step::from_seconds(60), len: LEN };
    let query = RangeQuery {
        expr: "m".to_owned(),
        start: grid.at(HISTORY),
        end: grid.range().end,
        step: grid.step,
        history: HISTORY,
    };
    let series = vec![Series { labels: Labels::default(), grid, values: values() }];
    let loaded = Arc::new(Loaded::new(query, series));
    analyze(Arc::new(detect(&prepare(loaded), detector, Learning::default())), rule)
}

/// The times that a figure marks: in events, and outside of them.
fn marked(curves: &[ChartTrace]) -> [BTreeSet<i64>; 2] {
    let with = |wanted: &[&str]| {
        let symbol = |curve: &&ChartTrace| {
            curve.trace["marker"]["symbol"].as_str().is_some_and(|symbol| wanted.contains(&symbol))
        };
        curves.iter().filter(symbol).flat_map(|curve| &curve.x).map(|x| *x as i64).collect()
    };
    [with(&["triangle-up", "triangle-down"]), with(&["circle-open"])]
}

/// Compares what each of them marks; returns the marks.
fn check(detector: Detector, rule: Rule) -> Vec<Mark> {
    let analysis = analysis(detector, rule);
    let focus = analysis.of_series(Some(0)).unwrap();
    let (series, found) = analysis.series(focus);
    let judged = analysis.judged_grid().range();
    let times = (judged.start.0 as f64, judged.end.0 as f64);
    let palette = Palette { odd: "red".to_owned(), ..Palette::default() };
    let ranges = axis_ranges(&analysis, focus, times);
    let clock = Clock::UTC;
    let view = ChartView {
        analysis: &analysis,
        focus,
        ranges,
        palette: &palette,
        clock,
        size: (800.0, 400.0),
    };

    // The page draws exactly these.
    let shown = visible_indices(series.grid, times);
    let all: Vec<Mark> = marks(&found.detection, &rule, &focus.events, shown).collect();
    let times_of = |in_event: bool| -> BTreeSet<i64> {
        let marks = all.iter().filter(|mark| mark.in_event == in_event);
        marks.map(|mark| series.grid.at(mark.index).0).collect()
    };
    let expected = [times_of(true), times_of(false)];
    assert_eq!(marked(&static_figure(&view, &[]).1), expected, "picture: {rule:?}");
    assert_eq!(marked(&interactive_figure(&view, &[], &[]).1), expected, "HTML chart: {rule:?}");

    // The table lists an event for each group of marks, from its onset to its last odd sample.
    let event_of = |index: usize| {
        focus.events.iter().find(|event| (event.onset.index..=event.last).contains(&index))
    };
    for mark in &all {
        assert_eq!(event_of(mark.index).is_some(), mark.in_event, "{mark:?} {rule:?}");
        let onset = event_of(mark.index).is_some_and(|event| event.onset.index == mark.index);
        let flagged = is_flagged(&found.detection, &rule, mark.index);
        assert!(flagged || onset || detector.about().alert_threshold.is_some(), "{mark:?}");
    }
    for event in &focus.events {
        for index in [event.onset.index, event.last] {
            let alone = detector.about().alert_threshold.is_some() && index != event.onset.index;
            assert!(alone || all.iter().any(|mark| mark.index == index), "{index} {rule:?}");
        }
    }
    all
}

#[test]
fn every_view_marks_the_same_samples() {
    for id in ["rolling", "auto", "gap", "threshold"] {
        let detector = Detector::by_id(id).unwrap().with("lower", 80.0).with("upper", 110.0);
        let usual = Settings::of(detector).rule;
        let mut seen = BTreeSet::new();
        for sides in [Sides::Both, Sides::Up, Sides::Down] {
            for (min_deviation, min_relative) in [(0.0, 0.0), (10.0, 0.0), (0.0, 0.2), (1e9, 0.0)] {
                for cooldown in [0, 100] {
                    let rule = Rule { sides, min_deviation, min_relative, cooldown, ..usual };
                    let marks = check(detector, rule);
                    seen.insert(marks.iter().map(|mark| mark.index).collect::<Vec<_>>());
                }
            }
        }
        assert!(seen.len() > 1, "{id}: no setting makes a difference");
    }
}
