//! Plans and verdicts, with a source that is a function.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use oddity_detect::series::{Labels, Series};
use oddity_detect::time::Step;

const START: Timestamp = Timestamp(1_768_469_820_000);

fn windows() -> ComparisonWindows {
    let range = TimeRange { start: START, end: START + Span::from_seconds(540) };
    ComparisonWindows::of(range, Step::from_seconds(60), range.end + Span::from_seconds(3_600))
}

fn check(query: &str, expect: CheckExpectation, confirms: bool) -> PlannedCheck {
    PlannedCheck {
        family: "any".to_owned(),
        hypothesis: "release".to_owned(),
        see: "Something is seen".to_owned(),
        query: query.to_owned(),
        expect,
        confirms,
    }
}

/// One series by its value at each index from the first sample of the window on; negative before it.
fn series(value: impl Fn(i64) -> f64) -> Series {
    let windows = windows();
    let first = (windows.grid.len - windows.len) as i64;
    let labels = Labels::new([("pod".to_owned(), "a".to_owned())]);
    let values = (0..windows.grid.len as i64).map(|at| value(at - first)).collect();
    Series { labels, grid: windows.grid, values }
}

fn noise(at: i64) -> f64 {
    (at as f64 * 7.3).rem_euclid(11.0) / 11.0
}

/// Whether what is expected was seen.
fn seen(expect: CheckExpectation, query: &str, value: impl Fn(i64) -> f64) -> Option<bool> {
    judge(expect, query, &[series(value)], &windows(), START).1
}

#[test]
fn verdicts_on_answers() {
    use CheckExpectation::{Begins, Falls, Holds, Moves, Rises, Steady};
    let step = |at: i64| if at >= 2 { 9.0 } else { 0.0 } + noise(at);
    let drop = |at: i64| 9.0 - step(at);
    let still = noise;
    assert_eq!(seen(Rises, "x", step), Some(true));
    assert_eq!(seen(Rises, "x", drop), Some(false));
    assert_eq!(seen(Rises, "x", still), Some(false));
    assert_eq!(seen(Falls, "x", drop), Some(true));
    assert_eq!(seen(Moves, "x", drop), Some(true));
    assert_eq!(seen(Steady, "x", still), Some(true));
    assert_eq!(seen(Steady, "x", step), Some(false));
    assert_eq!(seen(Rises, "x", |_| f64::NAN), None);

    let from = |first: i64| move |at: i64| if at >= first { 1.0 } else { 0.0 };
    assert_eq!(seen(Begins, "changes(x[15m])", from(2)), Some(true));
    assert_eq!(seen(Begins, "changes(x[15m])", from(-3)), Some(true));
    assert_eq!(seen(Begins, "changes(x[15m])", |_| 0.0), Some(false));
    // What begins long after the event is none of its causes, and what was always there says nothing.
    assert_eq!(seen(Begins, "changes(x[15m])", from(9)), Some(false));
    assert_eq!(seen(Begins, "changes(x[15m])", |_| 1.0), None);
    // With a condition, a sample is one for which it holds.
    let absent = |at: i64| if at >= 2 { 0.0 } else { f64::NAN };
    assert_eq!(seen(Begins, "up == 0", absent), Some(true));
    assert_eq!(seen(Holds, "up == 0", absent), Some(true));
    assert_eq!(seen(Holds, "up == 0", |_| f64::NAN), Some(false));
}

/// Drives a future whose source answers at once.
fn finish<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the source answers at once"),
    }
}

/// Runs checks against a source that has these metrics and answers each range query with `answer`. Returns what was found
/// and the endpoints that were asked.
fn run(
    checks: Vec<PlannedCheck>,
    metrics: &str,
    answer: impl Fn(&str) -> Result<String, String>,
) -> (EventEvidence, Vec<&'static str>) {
    let names = checks.iter().flat_map(|check| QuerySubject::metric_names(&check.query)).collect();
    let plan = CheckPlan { windows: windows(), onset: START, end: START, checks, names };
    let asked = RefCell::new(Vec::new());
    let found = Cell::new(EventEvidence::default());
    let send = async |request: ApiRequest| {
        asked.borrow_mut().push(request.endpoint);
        let value = |name| {
            let mut all = request.parameters.iter();
            all.find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        let body = match request.endpoint {
            "label/__name__/values" => Ok(format!("[{metrics}]")),
            "query" => Ok(r#"{"resultType":"vector","result":[]}"#.to_owned()),
            _ => {
                assert_eq!(value("limit"), Some(MAX_SERIES.to_string()));
                assert_eq!(value("timeout"), Some(QUERY_TIMEOUT.to_string()));
                answer(&value("query").unwrap())
            }
        };
        body.map(|data| match data.starts_with(r#"{"status""#) {
            true => data.into_bytes(),
            false => format!(r#"{{"status":"success","data":{data}}}"#).into_bytes(),
        })
    };
    finish(plan.run(send, |evidence, _| found.set(evidence.clone())));
    (found.into_inner(), asked.into_inner())
}

const EMPTY: &str = r#"{"resultType":"matrix","result":[]}"#;

#[test]
fn metrics_that_the_source_lacks_are_not_asked_for() {
    let checks = vec![
        check("changes(a[5m])", CheckExpectation::Begins, true),
        check("changes(b[5m]) > 0", CheckExpectation::Begins, true),
        check("changes(b[5m]) > 0", CheckExpectation::Begins, false),
    ];
    let (found, asked) = run(checks, r#""b""#, |_| Ok(EMPTY.to_owned()));
    // The names, one range query for two checks, and a count of what its empty answer is about.
    assert_eq!(asked, ["label/__name__/values", "query_range", "query"]);
    assert_eq!(found.lacking, ["a".to_owned()].into());
    let verdicts: Vec<CheckVerdict> = found.results.iter().map(|result| result.verdict).collect();
    assert_eq!(verdicts, [CheckVerdict::NoSuchMetric; 3]);
}

#[test]
fn a_source_that_fails_ends_the_checks() {
    let check = |at: usize| check(&format!("x{at}"), CheckExpectation::Rises, true);
    let names: Vec<String> = (0..20).map(|at| format!("\"x{at}\"")).collect();
    let (found, asked) =
        run((0..20).map(check).collect(), &names.join(","), |_| Err("it is down".to_owned()));
    assert_eq!(asked.len(), 1 + MAX_FAILURES);
    assert!(found.stopped.is_some_and(|reason| reason.contains("it is down")));
    assert!(found.results.iter().all(|result| result.verdict == CheckVerdict::NotDecided));
    let (found, asked) =
        run((0..20).map(check).collect(), &names.join(","), |_| Ok(EMPTY.to_owned()));
    assert_eq!((asked.len(), found.stopped), (1 + MAX_QUERIES, None));
}

#[test]
fn a_query_that_the_source_refuses_is_not_decided() {
    const REFUSED: &str =
        r#"{"status":"error","errorType":"execution","error":"too many samples"}"#;
    let checks = ["a", "b", "c"].map(|query| check(query, CheckExpectation::Rises, true));
    let (found, asked) = run(checks.into(), r#""a","b","c""#, |_| Ok(REFUSED.to_owned()));
    assert_eq!((asked.len(), found.stopped), (4, None));
    for result in found.results {
        assert_eq!(result.verdict, CheckVerdict::NotDecided);
        let told = result.observed.words(crate::words::Clock::UTC);
        assert_eq!(told, "not answered: too many samples");
    }
}
