//! What is said of constants, states, NaN, infinities, counters that fall and native histograms, of real servers.

use std::fmt::Write;
use std::sync::Arc;
use std::time::SystemTime;

use oddity_analysis::analysis::{Analysis, analyze, detect, prepare};
use oddity_analysis::view_state::ViewState;
use oddity_analysis::words;
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::plan::{FetchPlan, QuerySpec};
use oddity_source::prometheus::Loaded;

use crate::conditions::run;
use crate::support::every_server::EveryServer;
use crate::support::prometheus::Prometheus;
use crate::support::wait::until;

/// 2026-01-01T00:00:00Z.
const START: u64 = 1_767_225_600;

/// Number of samples of each series, one a minute.
const SAMPLES: u64 = 480;

/// Query, part of the headline, and part of the remarks; empty for none.
const CASES: [(&str, &str, &str); 13] = [
    ("steady", "No anomalies in 4 h: the value is constant 3", ""),
    ("{__name__=~\"steady|zero\"}", "all 2 series are constant", ""),
    ("5", "No anomalies in 4 h: the value is constant 5", ""),
    ("alive", "", "The values are 0 and 1 only, 1 in"),
    ("zero / zero", "Every sample in 4 h is NaN", "NaN, as 0/0 in the quotient gives"),
    ("steady / zero", "Every sample in 4 h is infinite", "a quotient gives whose divisor is 0"),
    ("sqrt(-steady)", "Every sample in 4 h is NaN", "Every sample is NaN, so"),
    ("requests_total", "", ""),
    ("dips_total", "No anomalies", "The counter fell once (2026-01-01 05:00:00 UTC)"),
    ("octets_total", "No anomalies", "A counter of 32 bits wrapped once"),
    ("packets_total", "No anomalies", "A counter of 64 bits wrapped once"),
    ("rate(dips_total[5m])", "spike", ""),
    ("requests_total > 5", "", "is evaluated at all times; the condition > 5"),
];

fn samples() -> String {
    let mut text = String::new();
    let mut add = |series: &str, value: &dyn Fn(u64) -> f64| {
        for at in 0..SAMPLES {
            let _ = writeln!(text, "{series} {} {}", value(at), START + at * 60);
        }
    };
    let grown = |at: u64| (at * 100 + at % 7 * 9) as f64;
    add("steady", &|_| 3.0);
    add("zero", &|_| 0.0);
    add("alive", &|at| f64::from(u8::from(at % 50 != 7)));
    add("requests_total", &|at| 1e6 + grown(at));
    add("dips_total", &|at| if at == 300 { 4e5 } else { 1e6 + grown(at) });
    for (name, bits, unit) in [("octets_total", 32, 1.0), ("packets_total", 64, 1e12)] {
        let end = f64::from(2).powi(bits);
        add(name, &|at| {
            let value = end - 40_000.0 * unit + grown(at) * unit;
            if value >= end { value - end } else { value }
        });
    }
    text + "# EOF\n"
}

fn spec(expr: &str, range: TimeRange, step: u64) -> QuerySpec {
    let step = Some(Step::from_seconds(step));
    QuerySpec {
        expr: expr.to_owned(),
        range,
        step,
        history: ViewState::default().settings.history(),
    }
}

fn analysed(loaded: Loaded) -> Analysis {
    let settings = ViewState::default().settings;
    let detected = detect(&prepare(Arc::new(loaded)), settings.detector, Default::default());
    analyze(Arc::new(detected), settings.rule)
}

#[tokio::test]
async fn what_needs_no_detector_is_told() {
    let end = Timestamp(((START + (SAMPLES - 1) * 60) * 1_000) as i64);
    let range = TimeRange { start: end - Span::from_seconds(4 * 3_600), end };
    for (name, address) in EveryServer::with_samples(&samples()).await.addresses() {
        let mut failed = String::new();
        // VictoriaMetrics returns no sample instead of NaN.
        let has_nan = name != "VictoriaMetrics";
        let is_told = |headline: &str| has_nan || !headline.ends_with("is NaN");
        for (expr, headline, note) in CASES.into_iter().filter(|(_, told, _)| is_told(told)) {
            let plan = FetchPlan::new(spec(expr, range, 60)).unwrap();
            let analysis = analysed(run(address, plan).await);
            let said = words::headline(&analysis);
            let notes: Vec<String> = analysis.notes().into_iter().map(|note| note.text).collect();
            let notes = notes.join("; ");
            if !said.contains(headline)
                || !notes.contains(note)
                || note.is_empty() != notes.is_empty()
            {
                let _ = writeln!(failed, "{expr}: {said} | {notes}");
            }
        }
        assert!(failed.is_empty(), "{name}:\n{failed}");
    }
}

#[tokio::test]
async fn native_histograms_offer_queries_that_return_values() {
    let Some(server) = Prometheus::newer_of_itself().await else { return };
    let load = async |expr: &str| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let end = Timestamp(now.as_millis() as i64);
        let range = TimeRange { start: end - Span::from_seconds(60), end };
        run(server.address(), FetchPlan::new(spec(expr, range, 5)).unwrap()).await
    };
    let histogram = "prometheus_http_request_duration_seconds{handler=\"/metrics\"}";
    until("two scrapes of native histograms", async || {
        let loaded = load(&format!("rate({histogram}[5m])")).await;
        loaded.unsupported.len() == 1
    })
    .await;
    let analysis = analysed(load(histogram).await);
    let loaded = &analysis.detected.loaded;
    assert_eq!((loaded.series.len(), loaded.unsupported.len()), (0, 1));
    assert!(words::headline(&analysis).starts_with("Native histograms only"));
    let notes = analysis.notes();
    let fix = notes.first().and_then(|note| note.fix.clone()).unwrap();
    let queries =
        oddity_source::promql::histogram_queries(&loaded.query.expr, loaded.query.rate_window());
    assert_eq!(fix.query.as_ref(), Some(&queries[0].query));
    for of in queries {
        let loaded = load(&of.query).await;
        assert_eq!(loaded.series.len(), 1, "{}", of.query);
        assert!(loaded.series[0].values.iter().any(|value| value.is_finite()), "{}", of.query);
    }
}
