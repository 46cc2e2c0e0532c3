//! Whatever is asked, the demo source answers or refuses with a reason.

use oddity_detect::time::{Span, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proxy::demo::Demo;
use proxy::source::allowlist::{Endpoint, Params};

/// 2026-01-15T09:37:00Z.
const ANCHOR: Timestamp = Timestamp(1_768_469_820_000);

fn owned(params: &[(&str, &str)]) -> Params {
    params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// Whether there is an answer or a reason; a panic is neither.
fn answers(demo: &Demo, endpoint: &Endpoint, params: &[(&str, &str)]) -> bool {
    match demo.answer(endpoint, &owned(params), ANCHOR + Span::from_seconds(7_200)) {
        Ok(answer) => !answer.into_data().is_null(),
        Err(error) => !error.message.is_empty() && error.status.is_client_error(),
    }
}

#[test]
fn the_deepest_queries_that_are_accepted_are_evaluated() {
    let demo = Demo::new(ANCHOR);
    let cases = [
        ("(", ")", 98),
        ("abs(", ")", 98),
        ("-", "", 98),
        ("1 + (", ")", 48),
        ("max(", ")", 98),
        ("max_over_time(", "[2m:1m])", 48),
    ];
    for (open, close, count) in cases {
        let query = format!("{}up{}", open.repeat(count), close.repeat(count));
        let params = [("query", query.as_str())];
        assert!(answers(&demo, &Endpoint::Query, &params), "{query}");
        let Ok(answer) = demo.answer(&Endpoint::Query, &owned(&params), ANCHOR) else {
            panic!("{query} is refused");
        };
        assert_ne!(answer.into_data()["result"], serde_json::json!([]), "{query}");
    }
}

#[test]
fn the_fault_of_a_long_query_is_found_in_time() {
    let demo = Demo::new(ANCHOR);
    let begun = std::time::Instant::now();
    for query in [
        "up + ".repeat(990) + ")",
        "up{a=\"b\"} + ".repeat(280) + "rate(up)",
        "\"".to_owned() + &"a".repeat(16_000),
    ] {
        assert!(answers(&demo, &Endpoint::Query, &[("query", &query)]));
    }
    let elapsed = begun.elapsed();
    assert!(elapsed < std::time::Duration::from_secs(120), "{elapsed:?}");
}

/// Words of which random queries are made.
const WORDS: [&str; 44] = [
    "up",
    "queue_depth",
    "{",
    "}",
    "(",
    ")",
    "[5m]",
    "[10m:1m]",
    "[",
    "]",
    ":",
    "offset",
    "5m",
    "-",
    "+",
    "*",
    "^",
    "==",
    ">",
    "bool",
    "and",
    "or",
    "unless",
    "on",
    "ignoring",
    "group_left",
    "by",
    "without",
    "sum",
    "topk",
    "rate",
    "deriv",
    "1",
    "1e300",
    "NaN",
    "0x",
    "@",
    "start()",
    "job",
    "=~",
    "\"(a\"",
    "\"node\"",
    ",",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn no_query_panics(words in vec(select(&WORDS[..]), 0..14), glue in select(&["", " "][..])) {
        let demo = Demo::new(ANCHOR);
        let query = words.join(glue);
        let range = [("query", query.as_str()), ("start", "1768469820"), ("end", "1768473420"), ("step", "600")];
        for endpoint in [Endpoint::Query, Endpoint::QueryRange, Endpoint::Series] {
            prop_assert!(answers(&demo, &endpoint, &range));
        }
    }

    #[test]
    fn no_parameter_panics(start in any::<f64>(), end in any::<f64>(), step in any::<f64>()) {
        let demo = Demo::new(ANCHOR);
        let [start, end, step] = [start, end, step].map(|number| number.to_string());
        let params = [
            ("query", "max_over_time((up offset 1000y)[1000y:1000y] offset -1000y) or rate(up[100y] @ 9e12)"),
            ("match[]", "up"),
            ("time", &start),
            ("start", &start),
            ("end", &end),
            ("step", &step),
        ];
        for endpoint in [Endpoint::Query, Endpoint::QueryRange, Endpoint::Series, Endpoint::Labels] {
            prop_assert!(answers(&demo, &endpoint, &params));
        }
    }
}
