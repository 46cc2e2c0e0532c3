//! Reports of planted events, as snapshots: read them as an engineer on call would.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::sync::Arc;

use oddity_analysis::analysis::{Analysis, Learning, Settings, analyze, detect, prepare};
use oddity_analysis::knowledge::{
    CheckObservation, CheckResult, CheckVerdict, EventEvidence, Family, Knowledge, NamedMetadata,
    explain_worst,
};
use oddity_analysis::report::{
    ExportedRule, MAX_EXPLAINED, ReportContext, ReportSection, SectionPosition, file_name, markdown,
};
use oddity_analysis::words::Clock;
use oddity_detect::detect::{Detector, Rolling};
use oddity_detect::event::Rule;
use oddity_detect::series::{Labels, METRIC_NAME, Series};
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;
use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

const START: Timestamp = Timestamp(1_769_853_600_000);

/// Labels, and the value so many minutes after the start.
type Plant<'a> = (&'a [(&'a str, &'a str)], fn(f64) -> f64);

/// Four hours at a step of a minute, after the history that the detector wants.
fn load(expr: &str, detector: Detector, all: &[Plant<'_>]) -> Loaded {
    let range = TimeRange { start: START, end: START + Span::from_seconds(4 * 3_600) };
    let query = RangeQuery::new(expr, range, Step::from_seconds(60), detector.history()).unwrap();
    let grid = query.grid();
    let series = all
        .iter()
        .map(|(labels, value)| {
            let labels =
                Labels::new(labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            let minute = |at: usize| at as f64 - query.history as f64;
            let values: Arc<[f64]> = (0..grid.len).map(|at| value(minute(at))).collect();
            Series { labels, grid, values }
        })
        .collect();
    Loaded::new(query, series)
}

fn context() -> ReportContext {
    ReportContext {
        generated_at: START + Span::from_seconds(5 * 3_600),
        version: "Oddity 0.1.0".to_owned(),
        source: "prometheus (production)".to_owned(),
        link: "https://oddity.example/?q=up".to_owned(),
        clock: Clock::UTC,
        rule: None,
        details: true,
        sections: Vec::new(),
    }
}

/// A family for the tests, so that reports stay when the real ones change.
fn knowledge() -> Knowledge {
    let family =
        |id: &str, text: &str| Family { id: id.to_owned(), ..toml::from_str(text).unwrap() };
    let families = vec![
        family("any", include_str!("report/any.toml")),
        family("dhcp", include_str!("report/dhcp.toml")),
    ];
    assert_eq!(oddity_analysis::knowledge::check(&Knowledge { families: families.clone() }), []);
    Knowledge { families }
}

fn analysed(loaded: Loaded, settings: Settings) -> Analysis {
    let detected = detect(&prepare(Arc::new(loaded)), settings.detector, Learning::default());
    analyze(Arc::new(detected), settings.rule)
}

fn report(analysis: &Analysis, context: &ReportContext) -> String {
    let knowledge = knowledge();
    let metadata = [NamedMetadata {
        metric: "dhcp_lease_total".to_owned(),
        help: "Leases that were granted.".to_owned(),
        ..NamedMetadata::default()
    }];
    let explained = explain_worst(analysis, MAX_EXPLAINED, Some(&knowledge), &metadata);
    markdown(analysis, &explained, context)
}

/// A bounded wobble of one around zero that repeats every 11 minutes.
fn wobble(minute: f64) -> f64 {
    (minute * 7.0).rem_euclid(11.0) / 5.0 - 1.0
}

fn within(minute: f64, from: f64, to: f64) -> bool {
    (from..to).contains(&minute)
}

/// The page alone, without details.
fn page() -> ReportContext {
    ReportContext { details: false, ..context() }
}

/// The report goes to a file of its own too, which markdownlint reads.
fn check(name: &str, loaded: Loaded, settings: Settings) {
    let analysis = analysed(loaded, settings);
    let text = report(&analysis, &context());
    insta::assert_snapshot!(name, text);
}

#[test]
fn one_spike() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let expr = "sum(rate(dhcp_lease_total[5m]))";
    let loaded = load(
        expr,
        settings.detector,
        &[(&[], |m| 8.0 + wobble(m) + if within(m, 100.0, 110.0) { 29.0 } else { 0.0 })],
    );
    check("one_spike", loaded, settings);
}

fn spike() -> (Loaded, Settings) {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let plant: Plant<'_> = (&[("service", "leases"), ("job", "dhcp")], |m| {
        8.0 + wobble(m) + if within(m, 100.0, 110.0) { 29.0 } else { 0.0 }
    });
    let expr = "sum by (service, job) (rate(dhcp_lease_total[5m]))";
    (load(expr, settings.detector, &[plant]), settings)
}

fn result(hypothesis: &str, verdict: CheckVerdict, observed: CheckObservation) -> CheckResult {
    CheckResult {
        family: if hypothesis == "client-burst" { "dhcp" } else { "any" }.to_owned(),
        hypothesis: hypothesis.to_owned(),
        see: "Links went down and up".to_owned(),
        query: format!("changes({}_state[5m])", hypothesis.replace('-', "_")),
        verdict,
        observed,
    }
}

/// Evidence for the restart, against the burst of clients, and a metric that is missing.
fn evidence() -> EventEvidence {
    let began = CheckObservation::Began {
        labels: Labels::new([("pod".to_owned(), "leases-7d9f8b6c4-x2k9p".to_owned())]),
        series: 6,
        value: 1.0,
        at: START + Span::from_seconds(99 * 60),
        unit: oddity_source::unit::Unit::Plain,
    };
    EventEvidence {
        lacking: ["process_start_time_seconds".to_owned()].into(),
        results: vec![
            result("restart", CheckVerdict::Supports, began),
            result("client-burst", CheckVerdict::Contradicts, CheckObservation::NotHeld),
        ],
        stopped: None,
    }
}

fn checked(analysis: &Analysis, context: &ReportContext) -> String {
    let knowledge = knowledge();
    let explained = explain_worst(analysis, MAX_EXPLAINED, Some(&knowledge), &[]);
    let weighed: Vec<_> = explained.into_iter().map(|one| one.weighed(&evidence())).collect();
    markdown(analysis, &weighed, context)
}

#[test]
fn a_page_of_one_event() {
    let (loaded, settings) = spike();
    check_page("a_page_of_one_event", &report(&analysed(loaded, settings), &page()));
    let (loaded, settings) = spike();
    check_page("a_page_with_evidence", &checked(&analysed(loaded, settings), &page()));
}

/// Sentences and lines of a report, without markup.
fn sentences(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("##"));
    let parts = lines.flat_map(|line| line.split(". ")).map(str::trim);
    // The number of an item is no sentence.
    parts.filter(|part| part.parse::<usize>().is_err()).map(str::to_owned).collect()
}

/// A page is short, and nearly every sentence of it is about this case: it has a number, a name or a link of it.
fn check_page(name: &str, text: &str) {
    const MAX_WORDS: usize = 350;
    const NAMES: [&str; 4] = ["leases", "dhcp", "DHCP", "https://"];
    let words = text.split_whitespace().count();
    assert!(words < MAX_WORDS, "{words} words:\n{text}");
    let all = sentences(text);
    let is_own = |sentence: &&String| {
        // The number of a cause is none of the case.
        let rest =
            (1..4).fold((*sentence).clone(), |text, at| text.replace(&format!("cause {at}"), ""));
        rest.contains(|c: char| c.is_ascii_digit()) || NAMES.iter().any(|name| rest.contains(name))
    };
    let own = all.iter().filter(is_own).count();
    assert!(own * 10 > all.len() * 9, "{own} of {}:\n{text}", all.len());
    insta::assert_snapshot!(name, text);
}

#[test]
fn evidence_ranks_the_causes() {
    let (loaded, settings) = spike();
    let analysis = analysed(loaded, settings);
    let text = checked(&analysis, &page());
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in\n{text}"));
    assert!(at("restarted**: supported by 1 check") < at("contradicted by 1 check"), "{text}");
    assert!(text.contains("6 series from"), "{text}");
    // A release needs metrics that the source lacks.
    assert!(!text.contains("A release went out"), "{text}");
    at("1 more possible cause needs metrics that this source lacks");
}

#[test]
fn several_series_with_hostile_labels() {
    let settings = Settings {
        rule: Rule { min_samples: 3, min_relative: 0.1, ..Rule::default() },
        ..Settings::of(Detector::Rolling(Rolling::default()))
    };
    let hostile =
        "a`b|c</td><script>alert(1)</script>\n\n# owned [x](https://evil) \u{202e}www.evil.com";
    let loaded = load(
        "process_resident_memory_bytes",
        settings.detector,
        &[
            (&[(METRIC_NAME, "process_resident_memory_bytes"), ("instance", "calm")], |m| {
                1e9 + 1e7 * wobble(m)
            }),
            (&[(METRIC_NAME, "process_resident_memory_bytes"), ("instance", hostile)], |m| {
                1e9 + 1e7 * wobble(m) + if m >= 90.0 { 1e9 } else { 0.0 }
            }),
            (&[(METRIC_NAME, "process_resident_memory_bytes"), ("in\n\n## stance", "dip")], |m| {
                1e9 + 1e7 * wobble(m) - if within(m, 200.0, 230.0) { 5e8 } else { 0.0 }
            }),
        ],
    );
    check("several_series_with_hostile_labels", loaded, settings);
}

#[test]
fn nothing_odd() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let loaded = load("avg(cpu_ratio)", settings.detector, &[(&[], |m| 0.5 + 0.01 * wobble(m))]);
    check("nothing_odd", loaded, settings);
}

#[test]
fn a_raw_counter() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let labels: &[(&str, &str)] = &[(METRIC_NAME, "http_requests_total"), ("job", "api")];
    let loaded = load(
        "http_requests_total",
        settings.detector,
        &[(labels, |m| 1e6 + 60.0 * m + wobble(m) + if m >= 150.0 { 500.0 } else { 0.0 })],
    );
    check("a_raw_counter", loaded, settings);
}

#[test]
fn gaps_and_warnings() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let gaps = |m: f64| {
        let gap = within(m, 30.0, 42.0) || m == 60.0 || m > 182.0;
        if gap { f64::NAN } else { 0.2 + 0.01 * wobble(m) + if m >= 180.0 { 0.9 } else { 0.0 } }
    };
    let mut loaded = load(
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
        settings.detector,
        &[(&[("service", "a")], gaps), (&[("service", "b")], |_| f64::NAN)],
    );
    loaded.warnings.push("the reply was cut by https://thanos: 1 store is missing".to_owned());
    loaded.infos.push("metric might not be a counter: \"a_b\" <b>".to_owned());
    loaded.unsupported.push(Labels::new([("service".to_owned(), "c".to_owned())]));
    check("gaps_and_warnings", loaded, settings);
}

#[test]
fn a_slope() {
    let settings = Settings::of(Detector::by_id("slope").unwrap());
    let loaded = load(
        "process_resident_memory_bytes",
        settings.detector,
        &[(&[("job", "api")], |m| 1e9 + 1e6 * wobble(m) + 2e7 * (m - 120.0).max(0.0))],
    );
    check("a_slope", loaded, settings);
}

#[test]
fn a_constant_that_changes() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let loaded = load(
        "up",
        settings.detector,
        &[(&[("job", "api")], |m| if m == 50.0 { 0.0 } else { 1.0 })],
    );
    check("a_constant_that_changes", loaded, settings);
}

#[test]
fn nothing_to_judge() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let loaded = load("up", settings.detector, &[]);
    check("nothing_to_judge", loaded, settings);
}

#[test]
fn with_all_that_others_add() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let plant: Plant<'_> = (&[], |m| 8.0 + wobble(m) + if m >= 100.0 { 29.0 } else { 0.0 });
    let analysis = analysed(load("dhcp_lease_total", settings.detector, &[plant]), settings);
    let section = |position, heading: &str| ReportSection {
        position,
        heading: heading.to_owned(),
        body: "Some words.".to_owned(),
    };
    let context = ReportContext {
        rule: Some(ExportedRule {
            yaml: "groups:\n  - name: x\n".to_owned(),
            verification: Some("241 of 241 scores agree.".to_owned()),
        }),
        sections: vec![
            section(SectionPosition::End, "Summary by a language model"),
            section(SectionPosition::Evidence, "Related changes"),
            section(SectionPosition::Detector, "Backtest"),
        ],
        ..context()
    };
    let text = report(&analysis, &context);
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in\n{text}"));
    let order = [
        "## Possible causes",
        "## Next steps",
        "## Related changes",
        "## Suspected causes",
        "## Suggested actions",
        "## Query",
        "## Detector",
        "## Prometheus rule",
        "## Backtest",
        "## Summary by a language model",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{text}");
    assert!(text.contains("Verified against the source: 241 of 241 scores agree."), "{text}");
    // Complete without any of it, and without a knowledge base.
    let bare = markdown(&analysis, &explain_worst(&analysis, 1, None, &[]), &self::context());
    assert!(!bare.contains("Possible causes") && bare.contains("## Observed facts"), "{bare}");
}

#[test]
fn names_of_files() {
    let at = START + Span::from_seconds(5 * 3_600);
    for (expr, name) in [
        (
            "sum(rate(dhcp_lease_total[5m]))",
            "oddity-sum-rate-dhcp-lease-total-5m-2026-01-31-15-00-00.md",
        ),
        ("../../etc/passwd", "oddity-etc-passwd-2026-01-31-15-00-00.md"),
        ("\u{202e}<svg onload>", "oddity-svg-onload-2026-01-31-15-00-00.md"),
        ("+", "oddity-2026-01-31-15-00-00.md"),
    ] {
        assert_eq!(file_name(expr, at, "md"), name);
    }
}

/// What a reader of Markdown makes of a report, without the words: blocks, lists, tables, where links lead.
fn structure(text: &str) -> Vec<String> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(format!("link to {dest_url}")),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) => {
                Some(format!("block of {kind}"))
            }
            Event::Start(tag) => Some(format!("{tag:?}")),
            Event::End(tag) => Some(format!("end of {tag:?}")),
            Event::Code(_) => Some("code".to_owned()),
            Event::Text(_) => None,
            other => Some(format!("{other:?}")),
        })
        .collect()
}

/// Markup of all kinds between letters that no one expects.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => r#"[ \n\r\t`*_<>\[\]()!#|&;:\\/~{}"'=+\-.0-9a-z]{1,8}"#,
        1 => r"\PC{1,4}",
        1 => proptest::sample::select(vec![
            "<img src=x onerror=alert(1)>", "![x](https://evil)", "[x](javascript:alert(1))", "www.evil.com",
            "https://evil", "&lt;", "\n\n# owned\n\n", "```\n", "\n| a |\n| - |\n", "\u{202e}", "\u{0}", "-->", "$labels",
            "\n1. x\n", "\n> x", "~~~\n", "</code>", "a@evil.com", "\u{2028}", "[x]: https://evil\n",
        ]).prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn no_text_of_others_breaks_the_report(
        values in [hostile(), hostile()],
        names in ["[a-z_]{1,8}", "\\PC{1,8}"],
        notes in [hostile(), hostile()],
    ) {
        let settings = Settings::of(Detector::Rolling(Rolling::default()));
        // Two series of each report have the labels of the case, or plain ones in their place.
        let report_of = |names: [&str; 2], values: [&str; 2], notes: [&str; 2]| {
            let spike: fn(f64) -> f64 = |m| 8.0 + wobble(m) + if m == 100.0 { 29.0 } else { 0.0 };
            let shift: fn(f64) -> f64 = |m| 8.0 + wobble(m) + if m >= 150.0 { 29.0 } else { 0.0 };
            let labels = |at: usize| [
                (METRIC_NAME, "dhcp_lease_total"),
                ("instance", if at == 0 { "a" } else { "b" }),
                ("job", values[at]),
                (names[at], values[1 - at]),
            ];
            let (first, second) = (labels(0), labels(1));
            let plants: [Plant<'_>; 2] = [(&first, spike), (&second, shift)];
            let mut loaded = load("dhcp_lease_total", settings.detector, &plants);
            loaded.warnings.push(notes[0].to_owned());
            loaded.infos.push(notes[1].to_owned());
            loaded.unsupported.push(loaded.series[0].labels.clone());
            let context = ReportContext {
                source: notes[0].to_owned(),
                rule: Some(ExportedRule {
                    yaml: format!("name: {}", notes[1]),
                    verification: Some(notes[0].to_owned()),
                }),
                ..context()
            };
            report(&analysed(loaded, settings), &context)
        };
        let plain = report_of(["zone", "zone"], ["x", "y"], ["note", "note"]);
        // Labels of the same name would be one.
        prop_assume!(names.iter().all(|name| !["job", "instance", METRIC_NAME].contains(&name.as_str())));
        let text = report_of(
            [&names[0], &names[1]],
            [&format!("x{}", values[0]), &format!("y{}", values[1])],
            [&format!("n{}", notes[0]), &format!("n{}", notes[1])],
        );
        prop_assert_eq!(structure(&text), structure(&plain), "{}", text);
        let unseen = ['\u{202e}', '\0'];
        prop_assert!(!text.contains(unseen), "what is not seen");
    }
}
