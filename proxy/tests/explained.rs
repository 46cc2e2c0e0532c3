//! What the report says of the events that are planted in the demo source, and that it says nothing where nothing is.

use futures_util::FutureExt as _;
use oddity_analysis::analysis::{Analysis, Learning, Settings, analyze, detect, prepare};
use oddity_analysis::knowledge::{ExplainedEvent, NamedMetadata, QuerySubject, explain_worst};
use oddity_analysis::report::{MAX_EXPLAINED, ReportContext, markdown};
use oddity_analysis::words::Clock;
use oddity_detect::detect::Detector;
use oddity_detect::event::EventKind;
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::plan::{ApiRequest, FetchPlan, QuerySpec};
use oddity_source::prometheus::Loaded;
use proxy::demo::Demo;
use proxy::page::knowledge::load;
use proxy::source::allowlist::{Endpoint, Params};
use serde_json::json;

/// 2026-01-15T07:00:00Z, when the events are planted.
const ANCHOR: Timestamp = Timestamp(1_768_460_400_000);

const MINUTE: u64 = 60;

/// What is planted and what must be said of it. Minutes are after the anchor.
struct Plant {
    expr: &'static str,
    /// Minutes after the anchor at which it is asked, with the detector that a person gets who touches nothing.
    after: u64,
    /// A part of the labels of the odd series.
    series: &'static str,
    kinds: &'static [EventKind],
    /// When it begins, and how far off the report may be: two steps, or the lookback or window of what is slow.
    began: (f64, f64),
    /// The value that is farthest off; checked against the samples too.
    peak: Option<f64>,
    /// Causes that fit, one of which must be first or second.
    causes: &'static [&'static str],
}

fn params(pairs: &[(&str, String)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The day before so many minutes after the anchor, as the page loads it.
fn load_demo(expr: &str, after: u64, settings: &Settings) -> Loaded {
    let demo = Demo::new(ANCHOR);
    let end = ANCHOR + Span::from_seconds(after * MINUTE);
    let range = TimeRange { start: end - Span::from_seconds(1_440 * MINUTE), end };
    let (step, history) = (Some(Step::from_seconds(MINUTE)), settings.history());
    let spec = QuerySpec { expr: expr.to_owned(), range, step, history };
    let send = async |request: ApiRequest| {
        let endpoint = Endpoint::parse(request.endpoint).unwrap();
        let data = demo.answer(&endpoint, &params(&request.parameters), end).unwrap().into_data();
        let body = json!({"status": "success", "data": data}).to_string();
        anyhow::Ok(body.into_bytes())
    };
    let loaded = FetchPlan::new(spec).unwrap().run(send, |_| {});
    loaded.now_or_never().unwrap().unwrap()
}

fn analysis(expr: &str, after: u64) -> Analysis {
    let settings = Settings::of(Detector::default());
    let loaded = load_demo(expr, after, &settings);
    let detected = detect(&prepare(loaded.into()), settings.detector, Learning::default());
    analyze(detected.into(), settings.rule)
}

fn metadata(expr: &str) -> Vec<NamedMetadata> {
    let demo = Demo::new(ANCHOR);
    let metrics = QuerySubject::metric_names(expr);
    let ask = |metric: &String| {
        let params = params(&[("metric", metric.clone())]);
        let data = demo.answer(&Endpoint::Metadata, &params, ANCHOR).unwrap().into_data();
        NamedMetadata::decode(json!({"status": "success", "data": data}).to_string().as_bytes())
            .unwrap()
    };
    metrics.iter().flat_map(ask).collect()
}

fn report(analysis: &Analysis, explained: &[ExplainedEvent<'_>]) -> String {
    let context = ReportContext {
        generated_at: ANCHOR + Span::from_seconds(121 * MINUTE),
        version: "Oddity".to_owned(),
        source: "demo".to_owned(),
        link: "https://oddity.example/".to_owned(),
        clock: Clock::UTC,
        rule: None,
        details: true,
        sections: Vec::new(),
    };
    markdown(analysis, explained, &context)
}

fn minutes(time: Timestamp) -> f64 {
    (time.0 - ANCHOR.0) as f64 / 60_000.0
}

/// Everything that is wrong with what is said of a plant.
fn faults(plant: &Plant) -> Vec<String> {
    let analysis = analysis(plant.expr, plant.after);
    let knowledge = load(None).unwrap();
    let explained =
        explain_worst(&analysis, MAX_EXPLAINED, Some(&knowledge), &metadata(plant.expr));
    let Some(worst) = explained.first() else { return vec!["nothing is found".to_owned()] };
    let (facts, event) = (&worst.facts, &worst.facts.event);
    let mut faults = Vec::new();
    let mut want = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    let labels = facts.labels.to_string();
    want(labels.contains(plant.series), format!("the worst is in {labels}"));
    want(plant.kinds.contains(&event.kind), format!("it is told as {}", event.kind.name()));
    let began = minutes(event.display_start);
    let (at, off) = plant.began;
    want((began - at).abs() <= off, format!("it is told to begin at minute {began}"));

    let series = &analysis.detected.loaded.series[facts.series];
    let first = series.grid.nearest(ANCHOR).unwrap();
    let after = series.values[first..].iter().copied().filter(|value| value.is_finite());
    let up = event.direction == oddity_detect::event::Direction::Up;
    let farthest = after.reduce(if up { f64::max } else { f64::min }).unwrap();
    let near = |a: f64, b: f64| (a / b - 1.0).abs() <= 0.05;
    // What is expected follows the time of the day.
    let about = |a: f64, b: f64| (a / b - 1.0).abs() <= 0.25;
    if let Some(peak) = plant.peak {
        want(near(event.peak.value, peak), format!("its peak is told as {}", event.peak.value));
        want(near(farthest, peak), format!("the samples reach {farthest}"));
        let from = event.onset.index.saturating_sub(2_000);
        let mut before: Vec<f64> = series.values[from..event.onset.index].to_vec();
        before.retain(|value| value.is_finite());
        before.sort_by(f64::total_cmp);
        let baseline = before[before.len() / 2];
        let told = event.onset.expected;
        want(about(told, baseline), format!("its baseline is told as {told}, not {baseline}"));
    }
    let ranked = &worst.causes.as_ref().unwrap().ranked;
    let causes: Vec<String> = ranked
        .iter()
        .take(2)
        .map(|suspect| format!("{}/{}", suspect.family.id, suspect.hypothesis.id))
        .collect();
    want(
        causes.iter().any(|cause| plant.causes.contains(&cause.as_str())),
        format!("its causes are {}", causes.join(" and ")),
    );
    // The report says all of it.
    let text = report(&analysis, &explained);
    let peak = facts.unit.format(event.peak.value);
    for part in [event.kind.name(), &peak, &Clock::UTC.full(event.onset.time), "## Possible causes"]
    {
        want(text.contains(part), format!("the report says no {part}"));
    }
    faults
}

#[test]
fn every_planted_event_is_told_as_what_it_is() {
    use EventKind::{Drift, FlatLine, Gap, LevelShiftDown, LevelShiftUp, SlopeChange, Spike};
    let plants = [
        Plant {
            expr: "rate(dhcp_lease_count[5m]) * 60",
            after: 120,
            series: "dhcp-1",
            kinds: &[Spike],
            began: (0.0, 2.0),
            peak: Some(37.0),
            causes: &["dhcp/client-burst"],
        },
        Plant {
            expr: "node_cpu_utilisation_ratio",
            after: 120,
            series: "node-3",
            kinds: &[LevelShiftUp],
            began: (0.0, 2.0),
            peak: Some(1.0),
            causes: &["any/one-bad-instance", "cpu/runaway"],
        },
        Plant {
            expr: "histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
            after: 120,
            series: "",
            kinds: &[LevelShiftUp],
            began: (0.0, 2.0),
            peak: Some(0.96),
            causes: &["latency/slow-release", "latency/slow-dependency"],
        },
        Plant {
            expr: "cache_hit_ratio",
            after: 120,
            series: "shard=\"42\"",
            kinds: &[LevelShiftDown],
            began: (0.0, 2.0),
            peak: Some(0.68),
            causes: &["any/one-bad-instance", "cache/cache-unreachable"],
        },
        Plant {
            expr: "rate(dns_validator_mismatch_total[10m])",
            after: 120,
            series: "dnssec",
            kinds: &[SlopeChange, Drift],
            began: (0.0, 60.0),
            peak: None,
            causes: &["dns/signatures"],
        },
        Plant {
            // It grows faster from a restart on, six hours before the anchor.
            expr: "process_resident_memory_bytes",
            after: 120,
            series: "app-2",
            kinds: &[SlopeChange, Drift],
            began: (-360.0, 60.0),
            peak: None,
            causes: &["memory/leak"],
        },
        Plant {
            expr: "rate(node_network_receive_errs_total[5m])",
            after: 120,
            series: "node-1",
            kinds: &[Spike],
            began: (0.0, 2.0),
            peak: None,
            causes: &["network/bad-link"],
        },
        Plant {
            expr: "queue_depth",
            after: 120,
            series: "outgoing",
            kinds: &[Gap],
            began: (-15.0, 5.0),
            peak: None,
            causes: &["any/scrape-failed"],
        },
        Plant {
            expr: "room_temperature_celsius",
            after: 120,
            series: "rack-b",
            kinds: &[FlatLine],
            began: (0.0, 5.0),
            peak: None,
            causes: &["any/stuck-exporter"],
        },
    ];
    let faults: Vec<String> = plants
        .iter()
        .flat_map(|plant| {
            let found = faults(plant).into_iter();
            found.map(|fault| format!("{}: {fault}", plant.expr))
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn where_nothing_happens_nothing_is_invented() {
    // A healthy control, and a counter of independent events at one rate.
    for expr in ["ntp_offset_seconds", "rate(http_requests_total{code=\"404\"}[5m])"] {
        let analysis = analysis(expr, 120);
        assert_eq!(
            analysis.event_count(),
            0,
            "{expr}: {}",
            oddity_analysis::words::headline(&analysis)
        );
        let knowledge = load(None).unwrap();
        let explained = explain_worst(&analysis, MAX_EXPLAINED, Some(&knowledge), &metadata(expr));
        let text = report(&analysis, &explained);
        assert!(text.contains(": no anomalies\n") && text.contains("found no events"), "{text}");
        for invented in ["Possible", "Next steps", "## Summary", "When", "Severity"] {
            assert!(!text.contains(invented), "{invented} is in\n{text}");
        }
    }
}
