use super::*;
use oddity_detect::event::Sides;
use proptest::prelude::*;

#[test]
fn links_of_prometheus_are_read() {
    let day = Span::from_seconds(86_400);
    let end: Timestamp = "2026-01-31T13:45:00Z".parse().unwrap();
    let cases = [
        (
            "g0.expr=up&g0.range_input=1h&g0.tab=0",
            "up",
            RangeSelection::Last(Span::from_seconds(3_600)),
            None,
        ),
        (
            "g0.expr=rate(a%5B5m%5D)%20*%2060&g0.range_input=1d&g0.end_input=2026-01-31+13%3A45%3A00&g0.step_input=60",
            "rate(a[5m]) * 60",
            RangeSelection::Between(TimeRange { start: end - day, end }),
            Some(Step::from_seconds(60)),
        ),
        (
            "g0.expr=up&g0.res_type=auto&g0.res_density=medium",
            "up",
            RangeSelection::Last(day),
            None,
        ),
        (
            "g0.expr=up&g0.res_type=fixed&g0.res_step=30",
            "up",
            RangeSelection::Last(day),
            Some(Step::from_seconds(30)),
        ),
    ];
    for (query, expr, range, step) in cases {
        let (view, problems) = ViewState::from_query(query);
        assert_eq!(
            (view.expr.as_str(), view.range, view.step, problems.len()),
            (expr, range, step, 0),
            "{query}"
        );
    }
}

#[test]
fn what_is_not_understood_is_named() {
    let query = "q=up&memory=abc&k=-1&detector=magic&range=soon&dir=left&from=x&for=0&zoom=1&tab=x&refresh=1s";
    let (view, problems) = ViewState::from_query(query);
    let mut keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    keys.sort_unstable();
    let expected =
        ["detector", "dir", "for", "from", "k", "memory", "range", "refresh", "tab", "zoom"];
    assert_eq!(keys, expected);
    assert_eq!(view, ViewState { expr: "up".to_owned(), ..ViewState::default() });
    for (query, key) in [("from=5", "from"), ("to=5", "to")] {
        let (view, problems) = ViewState::from_query(query);
        assert_eq!(
            (view, problems[0].key.as_str(), problems.len()),
            (ViewState::default(), key, 1)
        );
    }
}

fn views() -> impl Strategy<Value = ViewState> {
    let detectors: Vec<Detector> = Detector::all().collect();
    let range = prop_oneof![
        (1_u64..10_000_000_000).prop_map(|ms| RangeSelection::Last(Span::from_millis(ms))),
        (0_i64..4_000_000_000_000, 0_u64..10_000_000_000).prop_map(|(start, len)| {
            RangeSelection::Between(TimeRange {
                start: Timestamp(start),
                end: Timestamp(start) + Span::from_millis(len),
            })
        }),
    ];
    let rule = (0.01..1e3_f64, 0.0..1e9_f64, 1_usize..500, 0_usize..50, 0_usize..500, 0_usize..3);
    let text = prop::option::of("[^\\x00]{1,20}");
    (
        ".{0,40}",
        text.clone(),
        range,
        prop::option::of(1_u64..100_000_000),
        prop::sample::select(detectors),
        0_u32..6_000,
        rule,
        text,
        any::<bool>(),
    )
        .prop_map(|(expr, source, range, step, detector, param, rule, focus, flag)| {
            let detector =
                detector.about().params.iter().fold(detector, |d, p| d.with(p.id, param.into()));
            let (threshold, min_deviation, min_samples, merge_gap, cooldown, sides) = rule;
            let sides = [Sides::Both, Sides::Up, Sides::Down][sides];
            let rule = Rule {
                threshold,
                alert_threshold: threshold * 2.0,
                sides,
                min_deviation,
                min_relative: min_deviation / 7.0,
                min_samples,
                merge_gap,
                cooldown,
            };
            ViewState {
                expr,
                source,
                range,
                step: step.and_then(|ms| Step::new(Span::from_millis(ms)).ok()),
                refresh: flag.then_some(Span::from_seconds(30)),
                settings: Settings { detector, rule, clean: flag },
                excluded: if flag {
                    vec![TimeRange { start: Timestamp(5), end: Timestamp(9) }; 2]
                } else {
                    vec![]
                },
                focus,
                zoom: flag.then_some(TimeRange { start: Timestamp(5), end: Timestamp(7_000) }),
                tab: if flag { ResultTab::Report } else { ResultTab::Rules },
                local_time: flag,
            }
        })
}

proptest! {
    #[test]
    fn a_written_panel_reads_back(view in views()) {
        let (back, problems) = ViewState::from_query(&view.to_query());
        prop_assert_eq!(problems, vec![]);
        prop_assert_eq!(back, view);
    }

    #[test]
    fn no_query_string_panics(query in ".*") {
        let _ = ViewState::from_query(&query);
    }
}

#[test]
fn a_pasted_link_becomes_its_query() {
    let hour = RangeSelection::Last(Span::from_seconds(3_600));
    let cases = [
        (
            "http://prometheus:9090/graph?g0.expr=rate(a%5B5m%5D)+%3E+9&g0.tab=1",
            Some(("rate(a[5m]) > 9", RangeSelection::Last(DEFAULT_RANGE))),
        ),
        ("https://p.example/query?g0.expr=up&g0.range_input=1h#x", Some(("up", hour))),
        (" https://oddity.example/?q=up&range=1h ", Some(("up", hour))),
        (
            "https://g.example/explore?schemaVersion=1&panes=%7B%22a%22:%7B%22datasource%22:%22x%22,%22queries%22:%5B%7B%22refId%22:%22A%22,%22expr%22:%22up%20%3E%200%22%7D%5D%7D%7D",
            Some(("up > 0", RangeSelection::Last(DEFAULT_RANGE))),
        ),
        (
            "https://g.example/explore?left=%5B%22now-1h%22,%22now%22,%22ds%22,%7B%22expr%22:%22up%22%7D%5D",
            Some(("up", RangeSelection::Last(DEFAULT_RANGE))),
        ),
        ("https://p.example/graph", None),
        ("https://p.example/?x=1", None),
        ("https://g.example/explore?panes=%7B", None),
        ("rate(a[5m]) > 9", None),
        ("http:requests:rate5m?q=a", None),
        ("", None),
    ];
    for (text, expected) in cases {
        let found = ViewState::from_link(text);
        let found = found.as_ref().map(|view| (view.expr.as_str(), view.range));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_range_that_ends_now_is_refreshed_no_faster_than_its_step() {
    let check = |query: &str, step: &str, expected: Option<&str>| {
        let (view, problems) = ViewState::from_query(query);
        assert_eq!(problems, vec![]);
        let interval = view.refresh_at(step.parse().unwrap());
        assert_eq!(interval, expected.map(|text| text.parse().unwrap()), "{query}");
    };
    check("q=up", "15s", None);
    check("q=up&refresh=10s", "15s", Some("15s"));
    check("q=up&refresh=30s", "15s", Some("30s"));
    check("q=up&from=1&to=2&refresh=30s", "15s", None);
}
