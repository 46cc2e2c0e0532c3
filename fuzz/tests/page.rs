//! What the page reads: replies of a source, and its own address.

use oddity_analysis::view_state::ViewState;
use oddity_detect::series::Grid;
use oddity_detect::time::{Step, Timestamp};
use oddity_source::prometheus::{decode_matrix, decode_vector};
use serde::de::IgnoredAny;

const JSON: [&str; 22] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "1e999",
    "-0",
    "NaN",
    "\"+Inf\"",
    "\"histogram\"",
    "\"values\":",
    "\"metric\":",
    "\"status\":\"error\"",
    "\"resultType\":\"matrix\"",
    "\u{202e}",
];

/// A reply that is decoded is JSON: a cut or damaged one is an error, never fewer samples.
fn is_json(body: &[u8], decoded: bool) {
    assert!(!decoded || serde_json::from_slice::<IgnoredAny>(body).is_ok());
}

#[test]
fn a_matrix_is_decoded_or_refused() {
    let grid = Grid { start: Timestamp(1_795_422_120_000), step: Step::from_seconds(60), len: 16 };
    fuzz::run("matrix", &JSON, |body| is_json(body, decode_matrix(body, grid).is_ok()));
}

#[test]
fn a_vector_is_decoded_or_refused() {
    fuzz::run("vector", &JSON, |body| is_json(body, decode_vector(body).is_ok()));
}

#[test]
fn what_an_address_says_is_written_as_it_was_read() {
    let words = [
        "q=",
        "&",
        "=",
        "%",
        "%00",
        "+",
        "d=",
        "detector=",
        "range=",
        "end=",
        "step=",
        "zoom=",
        "focus=",
        "g0.expr=",
        "g0.range_input=",
        "1h",
        "0",
        "-1",
        "1e300",
        "rolling",
        "..",
        ",",
        "%F0%9F%94%A5",
        "%ff",
    ];
    fuzz::run("panel", &words, |query| {
        let query = String::from_utf8_lossy(query);
        let (panel, _) = ViewState::from_query(&query);
        let written = panel.to_query();
        let (again, problems) = ViewState::from_query(&written);
        assert_eq!(problems, [], "{written}");
        assert_eq!(again, panel, "{written}");
    });
}
