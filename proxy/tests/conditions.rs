//! A query without its condition, and the times at which the condition holds, against the answers of real servers to the
//! whole query.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use oddity_analysis::analysis::{analyze, detect, prepare};
use oddity_analysis::view_state::ViewState;
use oddity_detect::series::METRIC_NAME;
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::plan::{ApiRequest, FetchPlan, QuerySpec};
use oddity_source::prometheus::Loaded;
use oddity_source::promql;
use oddity_source::query::RangeQuery;

use crate::support::every_server::EveryServer;

/// 2026-01-01T00:00:00Z.
const START: u64 = 1_767_225_600;

/// Seconds from sample to sample, and of a step.
const INTERVAL: u64 = 60;

/// Number of samples of each series.
const SAMPLES: u64 = 600;

/// Queries with a condition, and whether the judged samples tell when it holds.
const QUERIES: [(&str, bool); 31] = [
    ("load > 9", true),
    ("9 < load", true),
    ("load >= 5 < 9", true),
    ("load == 3", true),
    ("load != 0", true),
    ("(load > 3) > bool 0", true),
    ("load > bool 7", true),
    ("-load < -8", true),
    ("rate(requests_total[5m]) > 0.1 + 0.05", true),
    ("sum by (job) (load) > 12", true),
    ("sum(load) by (job) / 2 <= 3 # why", true),
    ("1 - load / 10 < 0.2", true),
    ("time() - load * 100 > 1767250000", true),
    ("avg_over_time(load[10m] offset 5m) > 5", true),
    ("max_over_time((load > 5)[10m:1m]) > 9", true),
    ("load > 5 and on (job) limit", true),
    ("load > 5 unless on (job) silence", true),
    ("count(load > 5) > 1", true),
    ("load{job=\"> 1\"} > 1 or load{job=\"< 1\"}", false),
    ("load > 5 and on (job) limit > 6", false),
    ("load > 5 unless on (job) silence == 1", false),
    ("load unless on (job) silence == 1", false),
    ("load and on () (vector(time()) % 3600 > 1800)", false),
    ("load > on (job) group_left () limit", false),
    ("load > ignoring (instance) group_left () limit", false),
    ("load < bool on (job) group_left () limit", false),
    ("load > scalar(max(limit))", false),
    ("(load > bool 5) == 1", false),
    ("(load > bool 5) == 0", false),
    ("absent(load{job=\"a\"})", false),
    ("absent_over_time(load{job=\"a\"}[3m]) > 0", false),
];

/// Returns the samples as an OpenMetrics text.
fn samples() -> String {
    let mut text = String::new();
    let mut add = |series: &str, value: &dyn Fn(u64) -> Option<f64>| {
        for at in 0..SAMPLES {
            if let Some(value) = value(at) {
                let _ = writeln!(text, "{series} {value} {}", START + at * INTERVAL);
            }
        }
    };
    let wave = |at: u64, period: u64| (at % period) as f64 / period as f64;
    // The series of job a are missing for half an hour.
    let is_there = |at: u64| !(300..330).contains(&at);
    let load = |at, period| (wave(at, period) * 10.0).round();
    add("load{job=\"a\",instance=\"1\"}", &|at| is_there(at).then(|| load(at, 47)));
    add("load{job=\"b\",instance=\"1\"}", &|at| Some(load(at, 60) / 1.5));
    add("load{job=\"a\",instance=\"2\"}", &|at| is_there(at).then(|| load(at, 35)));
    add("limit{job=\"a\"}", &|at| Some(3.0 + wave(at, 90) * 5.0));
    add("limit{job=\"b\"}", &|_| Some(4.0));
    add("requests_total{job=\"a\"}", &|at| Some((at / 50 * at) as f64));
    add("silence{job=\"a\"}", &|at| Some(f64::from(u8::from(at % 80 < 20))));
    text + "# EOF\n"
}

/// Fetches what a plan asks for.
pub(crate) async fn run(server: SocketAddr, plan: FetchPlan) -> Loaded {
    let client = crate::support::client();
    let send = async |request: ApiRequest| -> anyhow::Result<Vec<u8>> {
        let form = oddity_analysis::api::form(&request.parameters);
        let url = format!("http://{server}/api/v1/{}", request.endpoint);
        if request.is_get() {
            let reply = client.get(format!("{url}?{form}")).send().await?;
            return Ok(reply.bytes().await?.to_vec());
        }
        let request =
            client.post(url).header("Content-Type", "application/x-www-form-urlencoded").body(form);
        Ok(request.send().await?.bytes().await?.to_vec())
    };
    plan.run(send, |_| {}).await.unwrap()
}

/// Times at which a query returns something else than 0 or no sample, by labels without the metric name.
type Times = BTreeMap<String, Vec<i64>>;

async fn check(server: SocketAddr, expr: &str, is_local: bool) -> Result<(), String> {
    let end = Timestamp(((START + SAMPLES * INTERVAL) * 1_000) as i64);
    let range = TimeRange { start: end - Span::from_seconds(9 * 3_600), end };
    let step = Step::from_seconds(INTERVAL);
    let spec = QuerySpec { expr: expr.to_owned(), range, step: Some(step), history: 30 };
    let loaded = run(server, FetchPlan::new(spec).unwrap()).await;
    let Some(known) = &loaded.condition else {
        let stays_whole = !is_local && promql::condition(expr).is_none();
        return stays_whole.then_some(()).ok_or_else(|| "not taken apart".to_owned());
    };
    let condition = known.condition.clone();
    if condition.is_local != is_local {
        return Err(format!("local: {}", condition.is_local));
    }
    let whole = RangeQuery { expr: expr.to_owned(), ..loaded.query.clone() };
    let whole = run(server, FetchPlan::for_query(whole)).await;
    let unnamed = |labels: &oddity_detect::series::Labels| {
        let all = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
        all.map(|(name, value)| format!("{name}={value} ")).collect::<String>()
    };
    // A filter returns samples of the query without its condition, and a condition by `bool` is about these.
    let is_absent = condition.judged.starts_with("count(");
    for one in &whole.series {
        for (at, value) in one.values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let is_judged = loaded.series.iter().any(|judged| {
                let fits = one.labels.iter().filter(|(name, _)| *name != METRIC_NAME);
                let fits = fits.into_iter().all(|(name, v)| judged.labels.get(name) == Some(v));
                let kept = judged.values[at];
                let has_value = match condition.returns_bool || expr.contains("bool") {
                    true => !kept.is_nan(),
                    false => kept == *value,
                };
                fits && has_value
            });
            if !is_judged && !is_absent {
                return Err(format!("{} at {at} is no sample of {}", one.labels, condition.judged));
            }
        }
    }
    let mut expected = Times::new();
    for one in &whole.series {
        let judged = one.values.iter().enumerate().skip(whole.query.history);
        let held = judged
            .filter(|(_, value)| !(value.is_nan() || condition.returns_bool && **value == 0.0));
        let times: Vec<i64> = held.map(|(at, _)| one.grid.at(at).0).collect();
        if !times.is_empty() {
            expected.entry(unnamed(&one.labels)).or_default().extend(times);
        }
    }
    let settings = ViewState::default().settings;
    let detected = detect(&prepare(Arc::new(loaded)), settings.detector, Default::default());
    let analysis = analyze(Arc::new(detected), settings.rule);
    let mut found = Times::new();
    for period in analysis.holding().ok_or("the times are not known")? {
        let times = found.entry(unnamed(&period.labels)).or_default();
        let (start, end) = (period.range.start.0, period.range.end.0);
        times.extend((start..=end).step_by(step.millis() as usize));
    }
    // Series that differ in their names alone have several times at once.
    found.values_mut().chain(expected.values_mut()).for_each(|times| times.sort_unstable());
    match found == expected && !expected.is_empty() {
        true => Ok(()),
        false => Err(format!("held {found:?}, not {expected:?}")),
    }
}

async fn check_all(server: SocketAddr, name: &str) {
    let mut failed = String::new();
    for (expr, is_local) in QUERIES {
        if let Err(problem) = check(server, expr, is_local).await {
            let problem: String = problem.chars().take(600).collect();
            let _ = writeln!(failed, "{expr}: {problem}");
        }
    }
    assert!(failed.is_empty(), "{name}:\n{failed}");
}

#[tokio::test]
async fn conditions_hold_when_the_server_says_so() {
    for (name, address) in EveryServer::with_samples(&samples()).await.addresses() {
        check_all(address, name).await;
    }
}
