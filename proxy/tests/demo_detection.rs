//! What a newcomer sees: the examples of the demo source through the default detector.

use std::sync::Arc;

use oddity_analysis::analysis::{Analysis, Learning, Settings, analyze, detect, prepare};
use oddity_analysis::words;
use oddity_detect::detect::Detector;
use oddity_detect::event::{EventKind, SeverityLevel};
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::prometheus::{Loaded, Stitcher};
use oddity_source::query::RangeQuery;
use proxy::demo::Demo;
use proxy::source::allowlist::{Endpoint, Params};
use serde_json::json;

/// 2026-01-15T09:37:00Z.
const ANCHOR: Timestamp = Timestamp(1_768_469_820_000);

/// What the page asks for beside the range: see `Detector::history`.
const HISTORY: usize = 750;

/// Asks the demo source as the page does.
fn load(demo: &Demo, expr: &str, end: Timestamp, hours: u64) -> Loaded {
    let range = TimeRange { start: end - Span::from_seconds(hours * 3_600), end };
    let query = RangeQuery::new(expr, range, Step::from_seconds(60), HISTORY).expect(expr);
    let mut stitcher = Stitcher::new(query.clone());
    for chunk in query.chunks() {
        let params = [
            ("query", expr.to_owned()),
            ("start", chunk.start.as_seconds().to_string()),
            ("end", chunk.end.as_seconds().to_string()),
            ("step", "60".to_owned()),
        ];
        let params: Params = params.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let answer = demo.answer(&Endpoint::QueryRange, &params, end).expect(expr);
        let body = json!({ "status": "success", "data": answer.into_data() }).to_string();
        stitcher = stitcher.with_reply(body.as_bytes()).expect(expr);
    }
    stitcher.finish()
}

fn analysed(loaded: Loaded, detector: Detector, learning: Learning) -> Analysis {
    let detected = detect(&prepare(Arc::new(loaded)), detector, learning);
    analyze(Arc::new(detected), Settings::of(detector).rule)
}

/// What is planted in an example: a word of the series' name, the kinds that it may be called, and the minutes from
/// the anchor in which it must be noticed.
type Plant = (&'static str, &'static [EventKind], std::ops::RangeInclusive<i64>);

/// The examples of the page, and the rate that it suggests instead of the raw counter.
fn cases() -> Vec<(&'static str, Option<Plant>)> {
    vec![
        ("rate(dhcp_lease_count[5m]) * 60", Some(("dhcp-1", &[EventKind::Spike], 0..=2))),
        ("node_cpu_utilisation_ratio", Some(("node-3", &[EventKind::LevelShiftUp], 0..=2))),
        (
            "histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
            Some(("", &[EventKind::LevelShiftUp], 0..=2)),
        ),
        ("cache_hit_ratio", Some(("42", &[EventKind::LevelShiftDown], 0..=2))),
        // Of a count of 0 and 1 a minute that grows to 1 and 2 in two hours both may be said.
        (
            "dns_validator_mismatch_total",
            Some(("dns", &[EventKind::Drift, EventKind::LevelShiftUp], 0..=100)),
        ),
        (
            "rate(dns_validator_mismatch_total[5m])",
            Some(("dns", &[EventKind::Drift, EventKind::SlopeChange], 0..=100)),
        ),
        (
            "process_resident_memory_bytes",
            Some(("app-2", &[EventKind::SlopeChange, EventKind::Drift], -360..=-260)),
        ),
        ("rate(node_network_receive_errs_total[5m])", Some(("node-1", &[EventKind::Spike], 0..=2))),
        ("queue_depth", Some(("mail", &[EventKind::Gap], -10..=0))),
        ("room_temperature_celsius", Some(("rack-b", &[EventKind::FlatLine], 0..=15))),
        ("ntp_offset_seconds", None),
    ]
}

/// Holds what is found in each example against what is planted, which begins at `anchor`. What lies beside it is
/// counted.
fn compare(anchor: Timestamp, hours: u64) -> usize {
    let (demo, end) = (Demo::new(anchor), anchor + Span::from_seconds(7_200));
    let mut others = 0;
    for (expr, plant) in cases() {
        let analysis =
            analysed(load(&demo, expr, end, hours), Detector::default(), Learning::default());
        let mut found = 0;
        for (ranked, event) in analysis.worst_events() {
            let (series, known) = analysis.series(ranked);
            let onset = series.grid.at(event.onset.index);
            let minute = (onset.0 - anchor.0).div_euclid(60_000);
            println!(
                "{hours} h of {expr}: {}, {} at {minute}, severity {:.0}",
                known.prepared.name,
                words::what(event, analysis.detected.unit),
                event.severity
            );
            match &plant {
                Some((name, kinds, when))
                    if known.prepared.name.contains(name) && when.contains(&minute) =>
                {
                    assert!(kinds.contains(&event.kind), "{expr}: {}", event.kind.name());
                    assert!(event.level() >= SeverityLevel::Warning, "{expr}: {}", event.severity);
                    found += 1;
                }
                _ => others += 1,
            }
        }
        assert_eq!(found, usize::from(plant.is_some()), "{hours} h of {expr}");
    }
    others
}

#[test]
fn every_plant_is_found_and_little_else() {
    let listed = Demo::examples();
    assert!(listed.iter().all(|example| cases().iter().any(|(expr, _)| *expr == example.expr)));
    for hours_later in [0, 11, 29] {
        assert_eq!(compare(ANCHOR + Span::from_seconds(hours_later * 3_600), 24), 0);
    }
    // Of the bursts of a week one is larger than all before it.
    assert!(compare(ANCHOR, 7 * 24) <= 1);
}

#[test]
fn what_is_excluded_is_neither_told_nor_felt() {
    let demo = Demo::new(ANCHOR);
    let minutes = |minutes: u64| Span::from_seconds(60 * minutes);
    let end = ANCHOR + minutes(120);
    let excluded =
        |until: u64| vec![TimeRange { start: ANCHOR - minutes(1), end: ANCHOR + minutes(until) }];
    let spike = "rate(dhcp_lease_count[5m]) * 60";
    for detector in Detector::all().filter(|detector| detector.about().causal) {
        let learning = Learning { excluded: excluded(20), exclude_scores_above: None };
        let analysis = analysed(load(&demo, spike, end, 24), detector, learning);
        for (_, event) in analysis.worst_events() {
            let inside = excluded(20)[0].start..=excluded(20)[0].end;
            assert!(!inside.contains(&event.onset.time), "{}", detector.about().id);
        }
    }
    let events = |expr, until| {
        let learning = Learning { excluded: excluded(until), exclude_scores_above: None };
        let analysis = analysed(load(&demo, expr, end, 24), Detector::default(), learning);
        let events = analysis.worst_events();
        events.iter().map(|(_, event)| (event.kind, event.onset.time)).collect::<Vec<_>>()
    };
    assert_eq!(events(spike, 20), []);
    // A level that lasts on is told when it may be.
    let shift = events("cache_hit_ratio{shard=\"42\"}", 20);
    let [(EventKind::LevelShiftDown, onset)] = shift[..] else { panic!("{shift:?}") };
    assert!(onset > ANCHOR + minutes(20) && onset <= ANCHOR + minutes(24), "{onset}");
}
