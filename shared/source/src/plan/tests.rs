use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::prometheus::ConditionSamples;

/// What is wrong, in words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Query(#[from] QueryError),
    #[error("{0}")]
    Reply(#[from] ReplyError),
    #[error("no network")]
    Network,
}

const HOUR: Span = Span::from_seconds(3_600);

fn spec(expr: &str, step: Option<&str>) -> QuerySpec {
    let end = Timestamp(1_767_225_600_000);
    let step = step.map(|step| step.parse().unwrap());
    QuerySpec {
        expr: expr.to_owned(),
        range: TimeRange { start: end - HOUR, end },
        step,
        history: 3,
    }
}

/// A reply to a count: `n` samples of one series, and a newest sample at the end of the range.
fn counted(samples: u64) -> String {
    let newest = spec("", None).range.end.as_seconds();
    format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{"n":"{samples}"}},"value":[1,"1"]}},{{"metric":{{}},"value":[1,"{newest}"]}}]}}}}"#
    )
}

const NONE: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
const NO_METADATA: &str = r#"{"status":"success","data":{}}"#;
const NO_SERIES: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;

/// A series with one sample, at the first time that is asked for.
fn series(request: &ApiRequest) -> String {
    let start = &request.parameters[1].1;
    format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"a":"b"}},"values":[[{start},"7"]]}}]}}}}"#
    )
}

/// Returns the result of a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the future waits"),
    }
}

/// Runs a plan; `answer` sees each request with its number. Returns the requests in short and the result.
fn run(
    plan: Result<FetchPlan, QueryError>,
    answer: impl Fn(usize, &ApiRequest) -> Result<String, Failed>,
) -> (Vec<String>, Result<Loaded, Failed>) {
    let plan = match plan {
        Ok(plan) => plan,
        Err(error) => return (Vec::new(), Err(error.into())),
    };
    let (mut asked, progress) = (Vec::new(), Cell::new(FetchProgress::default()));
    let send = async |request: ApiRequest| {
        if request.endpoint == "metadata" {
            return Ok(NO_METADATA.as_bytes().to_vec());
        }
        let FetchProgress { done, total } = progress.get();
        let last = request.parameters.last().map_or("", |(_, value)| value);
        asked.push(match request.endpoint {
            "query" => request.parameters[0].1.clone(),
            _ => format!("{} {last}, {done} of {total}", request.parameters[0].1),
        });
        answer(asked.len(), &request).map(String::into_bytes)
    };
    let loaded = ready(plan.run(send, |now| progress.set(now)));
    (asked, loaded)
}

/// Returns the selector and the window of a request that counts samples; `None` for any other.
fn count(request: &ApiRequest) -> Option<(String, String)> {
    let (_, rest) = request.parameters[0].1.split_once("count_over_time(")?;
    let (counted, _) = rest.split_once("])")?;
    let (selector, window) = counted.rsplit_once('[')?;
    Some((selector.to_owned(), window.to_owned()))
}

#[test]
fn the_step_is_that_of_the_widest_selector() {
    let (asked, loaded) = run(FetchPlan::new(spec("rate(a[5m]) / b", None)), |_, request| {
        let counts = count(request);
        Ok(match counts.as_ref().map(|(selector, window)| (selector.as_str(), window.as_str())) {
            Some(("a", "2m")) => counted(9),
            Some(("b", "2m")) => NONE.to_owned(),
            Some(("b", "20m")) => counted(4),
            Some(("b", "3h")) => counted(36),
            _ if request.endpoint == "query" => NONE.to_owned(),
            _ => series(request),
        })
    });
    let over = "[1h:5m52s700ms]";
    let counts = |selector: &str, window: &str| {
        format!("count_values(\"n\", max_over_time(count_over_time({selector}[{window}]){over}))")
    };
    let expected = [
        "time()".to_owned(),
        format!("{} or max(timestamp(a))", counts("a", "2m")),
        format!("{} or max(timestamp(b))", counts("b", "2m")),
        counts("b", "20m"),
        counts("b", "3h"),
        "rate(a[5m]) / b 300, 0 of 1".to_owned(),
        "rate(a[5m]) / b 300, 1 of 2".to_owned(),
        "rate(a[5m]) / b 600, 2 of 3".to_owned(),
    ];
    assert_eq!(asked, expected);
    let loaded = loaded.unwrap();
    assert_eq!(loaded.query.history, 3 * 7 * 288);
    assert_eq!(loaded.series.len(), 1);
    assert_eq!((loaded.warnings, loaded.notes), (vec![], vec![]));
}

#[test]
fn what_does_not_come_is_said_or_done_without() {
    let check = |plan, fails: &[usize], requests: usize, says: &str| {
        let (asked, found) = run(plan, |at, request| match at {
            at if fails.contains(&at) => Err(Failed::Network),
            _ if count(request).is_some() => Ok(counted(8)),
            _ if request.endpoint == "query" => Ok(NONE.to_owned()),
            _ => Ok(series(request)),
        });
        let found = found.map(|loaded| {
            let notes = loaded.notes.into_iter().map(|note| note.text);
            loaded.warnings.into_iter().chain(notes).collect::<Vec<_>>().join("; ")
        });
        let text = found.unwrap_or_else(|error| error.to_string());
        assert!(asked.len() == requests && text.contains(says), "{asked:?} {text}");
        assert_eq!(text.is_empty(), says.is_empty(), "{text}");
    };
    check(FetchPlan::new(spec("a", None)), &[], 6, "");
    check(FetchPlan::new(spec("a", None)), &[1], 6, "");
    check(FetchPlan::new(spec("a", None)), &[2], 6, "sample interval of a could not be measured");
    check(FetchPlan::new(spec("a", None)), &[3], 3, "no network");
    check(FetchPlan::new(spec("a", None)), &[4], 5, "training window limited to 45 s");
    check(
        FetchPlan::new(spec("a", Some("1s"))),
        &[],
        7,
        "shorter than the sample interval of 15 s",
    );
    check(FetchPlan::new(spec(" ", None)), &[], 0, "enter a PromQL query");
    check(FetchPlan::new(spec("vector(1)", None)), &[], 5, "");
    let known = RangeQuery::new("a", spec("a", None).range, Step::from_seconds(60), 0).unwrap();
    check(Ok(FetchPlan::for_query(known)), &[], 1, "");
}

#[test]
fn a_long_query_comes_in_pieces() {
    let long = QuerySpec { history: 25_000, ..spec("a", Some("1m")) };
    let (asked, loaded) = run(FetchPlan::new(long), |_, request| match request.endpoint {
        "query" => Err(Failed::Network),
        _ => Ok(NO_SERIES.to_owned()),
    });
    assert_eq!(asked[2..], ["a 60, 0 of 3", "a 60, 1 of 3", "a 60, 2 of 3"]);
    assert!(loaded.unwrap().series.is_empty());
}

#[test]
fn a_pattern_of_names_is_counted_by_name() {
    let names = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"a_x"},"value":[1,"1"]},{"metric":{"__name__":"b_x"},"value":[1,"2"]}]}}"#;
    let (asked, loaded) = run(FetchPlan::new(spec("{__name__=~\"._x\"}", None)), |_, request| {
        Ok(match count(request) {
            Some((_, window)) if window == "2m" => counted(3),
            Some(_) => counted(20),
            None if request.parameters[0].1.starts_with("count by") => names.to_owned(),
            None if request.endpoint == "query" => NONE.to_owned(),
            None => series(request),
        })
    });
    let counts: Vec<&String> = asked.iter().filter(|query| query.contains("[20m]")).collect();
    assert!(counts[0].contains("{__name__=\"b_x\", __name__=~\"._x\"}"), "{asked:?}");
    assert!(counts[1].contains("{__name__=\"a_x\", __name__=~\"._x\"}"), "{asked:?}");
    let loaded = loaded.unwrap();
    assert_eq!((loaded.query.step, loaded.notes), (Step::from_seconds(60), vec![]));
}

#[test]
fn a_condition_is_taken_off_and_asked_for_where_the_samples_do_not_tell() {
    let refused = r#"{"status":"error","errorType":"execution","error":"too many samples"}"#;
    let check = |expr: &str, refuses: &str, ranges: &[&str], held: &str| {
        let (asked, loaded) = run(FetchPlan::new(spec(expr, Some("1m"))), |_, request| {
            let query = &request.parameters[0].1;
            Ok(match request.endpoint {
                "query" => NONE.to_owned(),
                _ if query == refuses => refused.to_owned(),
                _ => NO_SERIES.to_owned(),
            })
        });
        let queries: Vec<&str> =
            asked.iter().filter_map(|asked| Some(asked.split_once(" 60, ")?.0)).collect();
        assert_eq!(queries, ranges, "{expr}");
        let loaded = loaded.unwrap();
        let held_by = match loaded.condition.map(|loaded| loaded.samples) {
            None => "none",
            Some(ConditionSamples::Judged) => "judged",
            Some(ConditionSamples::Asked(_)) => "asked",
            Some(ConditionSamples::Unknown) => "unknown",
        };
        assert_eq!(held_by, held, "{expr}");
        assert_eq!(loaded.warnings.is_empty(), held != "unknown", "{:?}", loaded.warnings);
    };
    check("a", "", &["a"], "none");
    check("a > 1", "", &["a"], "judged");
    check("a > b", "", &["a", "a > b"], "asked");
    check("a > b", "a > b", &["a", "a > b"], "unknown");
    check("a > 1", "a", &["a", "a > 1"], "none");
}

#[test]
fn a_threshold_that_moves_needs_no_samples() {
    let (_, loaded) = run(FetchPlan::new(spec("a > 1", Some("1m"))), |_, request| {
        Ok(if request.endpoint == "query" { NONE.to_owned() } else { series(request) })
    });
    let loaded = loaded.unwrap();
    for (expr, is_same) in
        [("a > 2", true), ("a", true), ("0 < a < 3", true), ("a > b", false), ("b > 1", false)]
    {
        let found = loaded.with_condition_of(expr);
        assert_eq!(found.is_some(), is_same, "{expr}");
        let kept = found.and_then(|found| found.condition).map(|of| of.condition.expr);
        assert_eq!(kept.as_deref(), (is_same && expr != "a").then_some(expr), "{expr}");
    }
}

#[test]
fn a_refresh_asks_only_for_what_is_new() {
    let minute = Span::from_seconds(60);
    let answer = |request: &ApiRequest| match request.endpoint {
        "query" if request.parameters[0].1 == "time()" => NONE.to_owned(),
        "query" => counted(9),
        _ => series(request),
    };
    let (_, loaded) = run(FetchPlan::new(spec("a", Some("1m"))), |_, request| Ok(answer(request)));
    let loaded = loaded.unwrap();
    let range = spec("", None).range;
    let later = |by: Span| TimeRange { start: range.start + by, end: range.end + by };
    let moved = later(Span::from_seconds(180));
    let (asked, now) =
        run(FetchPlan::refresh(&loaded, moved).ok_or(QueryError::Empty), |at, request| match at {
            2 => {
                let bounds = request.parameters[1..3].iter().map(|(_, time)| time.parse::<f64>());
                let bounds: Vec<f64> = bounds.map(Result::unwrap).collect();
                let newest = loaded.last_sample().unwrap();
                assert_eq!(bounds[0], (newest - Span::from_seconds(300)).as_seconds());
                assert_eq!(bounds[1], moved.end.as_seconds());
                Ok(series(request))
            }
            _ => Ok(answer(request)),
        });
    assert_eq!(asked[0], "time()");
    assert_eq!(asked[2], "max(timestamp(a))");
    let now = now.unwrap();
    assert!(now.continues(&loaded));
    assert_eq!(now.query.judged(), moved);
    assert_eq!(now.refreshed, 3);
    for (expr, by) in [("a", Span::from_seconds(7_200)), ("a @ end()", minute)] {
        let query = RangeQuery { expr: expr.to_owned(), ..loaded.query.clone() };
        let known = Loaded { query, ..loaded.clone() };
        assert!(FetchPlan::refresh(&known, later(by)).is_none(), "{expr}");
    }
    let none = Loaded::new(loaded.query.clone(), Vec::new());
    assert!(FetchPlan::refresh(&none, moved).is_none());
    let long = Loaded { refreshed: 1_000, ..loaded };
    assert!(FetchPlan::refresh(&long, moved).is_none());
}
