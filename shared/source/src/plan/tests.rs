use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

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

fn counted(samples: f64) -> String {
    format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[1,"{samples}"]}}]}}}}"#
    )
}

const NONE: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
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

#[test]
fn the_step_is_that_of_the_widest_selector() {
    let (asked, loaded) = run(FetchPlan::new(spec("rate(a[5m]) / b", None)), |at, request| {
        Ok(match at {
            1 => counted(40.0),
            2 => NONE.to_owned(),
            3 => counted(36.0),
            _ => series(request),
        })
    });
    let expected = [
        "max(count_over_time(a[10m]))",
        "max(count_over_time(b[10m]))",
        "max(count_over_time(b[3h]))",
        "rate(a[5m]) / b 300, 0 of 1",
        "rate(a[5m]) / b 300, 1 of 2",
        "rate(a[5m]) / b 600, 1 of 2",
    ];
    assert_eq!(asked, expected);
    let loaded = loaded.unwrap();
    assert_eq!(loaded.query.history, 3 * 7 * 288);
    assert_eq!(loaded.series.len(), 1);
    assert_eq!(loaded.warnings, Vec::<String>::new());
}

#[test]
fn what_does_not_come_is_said_or_done_without() {
    let check = |plan, fails: &[usize], requests: usize, says: &str| {
        let (asked, found) = run(plan, |at, request| match at {
            at if fails.contains(&at) => Err(Failed::Network),
            _ if request.endpoint == "query" => Ok(counted(10.0)),
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
    check(FetchPlan::new(spec("a", None)), &[1], 5, "");
    check(FetchPlan::new(spec("a", None)), &[2], 2, "no network");
    check(FetchPlan::new(spec("a", None)), &[3], 4, "training window limited to 3 min");
    check(
        FetchPlan::new(spec("a", Some("15s"))),
        &[],
        5,
        "shorter than the sample interval of about 1 min",
    );
    check(FetchPlan::new(spec(" ", None)), &[], 0, "enter a PromQL query");
    check(FetchPlan::new(spec("vector(1)", None)), &[], 4, "");
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
    assert_eq!(asked[1..], ["a 60, 0 of 3", "a 60, 1 of 3", "a 60, 2 of 3"]);
    assert!(loaded.unwrap().series.is_empty());
}
