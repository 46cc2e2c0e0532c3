use super::*;
use proptest::prelude::*;

/// Writes what a query is taken apart into: what is judged, the comparisons, and `asked` where these do not decide alone.
fn apart(expr: &str) -> Option<String> {
    let found = condition(expr)?;
    let comparisons: Vec<String> = found.comparisons.iter().map(Comparison::text).collect();
    let asked = if found.is_local { "" } else { " asked" };
    Some(format!("{} | {}{asked}", found.judged, comparisons.join(", ")))
}

#[test]
fn queries_with_a_condition() {
    let cases = [
        ("rate(x[5m]) > 9", "rate(x[5m]) | > 9"),
        ("0.85 < x", "x | > 0.85"),
        ("1 >= x", "x | <= 1"),
        ("x != 0", "x | != 0"),
        ("(x) == (2 * 3)", "(x) | == (2 * 3)"),
        ("x > -5", "x | > -5"),
        ("-x > 5", "-x | > 5"),
        ("a / b + 1 > 0.5", "a / b + 1 | > 0.5"),
        ("x offset -5m >= 3", "x offset -5m | >= 3"),
        ("x @ end() < 1", "x @ end() | < 1"),
        ("sum by (job) (rate(x[5m])) > 5", "sum by (job) (rate(x[5m])) | > 5"),
        ("sum(x > 5) by (job) > 3", "sum(x > 5) by (job) | > 3"),
        ("time() - x > 1h", "time() - x | > 1h"),
        ("1 < x < 5", "x | > 1, < 5"),
        ("(x > 1) > bool 0", "x | > 1, > 0"),
        ("((x > 1))", "x | > 1"),
        ("(a + b > 1) < 9", "(a + b) | > 1, < 9"),
        ("(x > bool 1) == 1", "x | > 1 asked"),
        ("x == bool 1", "x | == 1"),
        ("x > time() - 300", "x | > time() - 300 asked"),
        ("x > scalar(y)", "x | > scalar(y) asked"),
        ("a == bool b", "a | == b asked"),
        ("a > on (job) group_left (x) b", "a | > b asked"),
        ("x > 0.85 and on (job) y", "x and on (job) y | > 0.85"),
        ("x > 0.85 and on (job) y > 3", "x and on (job) y | > 0.85 asked"),
        ("x and on () (hour() > 8 < 17)", "x and on () hour() |  asked"),
        ("x > 1 unless on (job) y", "x unless on (job) y | > 1"),
        ("x > 1 unless on (job) y == 1", "x | > 1 asked"),
        ("x unless y == 1", "x |  asked"),
        ("x > 1 unless y == bool 1", "x unless y == bool 1 | > 1"),
        ("x > 1 and y > 2 unless z", "x and y unless z | > 1 asked"),
        ("(x > 1 and y) > 0", "(x and y) | > 1, > 0"),
        ("absent(up{job=\"a\"})", "count(up{job=\"a\"}) |  asked"),
        ("absent(up) == 1", "count(up) |  asked"),
        ("absent_over_time(up[5m])", "count(count_over_time(up[5m])) |  asked"),
        ("x{a=\"> 1\"} # > 2\n > 3 # why", "x{a=\"> 1\"} | > 3"),
        ("x>-.5e1", "x | > -.5e1"),
        ("unless > 1", "unless | > 1"),
    ];
    for (expr, expected) in cases {
        assert_eq!(apart(expr).as_deref(), Some(expected), "{expr}");
    }
}

#[test]
fn queries_that_stay_whole() {
    for expr in [
        "up",
        "x and on (job) y",
        "x unless y",
        "x and y > bool 2",
        "sum(x > 5)",
        "-(x > 5)",
        "(x > 5) * 100",
        "count_over_time((x > 5)[1h:])",
        "x > 1 or y > 2",
        "x > 1 or vector(0)",
        "1 > bool 2",
        "time() > bool 5",
        "x > 5 default 0",
        "x >",
        "x > 5)",
        "x > \"",
        "x > \"a\"",
        "",
    ] {
        assert_eq!(apart(expr), None, "{expr}");
    }
    let deep = format!("{}x > 1{}", "(".repeat(100), ")".repeat(100));
    assert_eq!(apart(&deep), None);
}

#[test]
fn queries_that_lack_samples_where_a_condition_fails() {
    for expr in ["sum(x > 5)", "a or b != 0", "a unless b", "1 + absent(x)", "x[1h:] == on(a) y"] {
        assert!(is_filtered(expr), "{expr}");
    }
    for expr in ["x{a!=\"b\",c=~\"d\"}", "x > bool 5", "a and b", "unless", "absent", "x{a=\">\"}"]
    {
        assert!(!is_filtered(expr), "{expr}");
    }
}

#[test]
fn samples_for_which_a_condition_holds() {
    let found = condition("1 < x <= 5").unwrap();
    let held: Vec<bool> = [0.0, 1.0, 1.5, 5.0, 6.0, f64::NAN].map(|v| found.holds(v)).into();
    assert_eq!(held, [false, false, true, true, false, false]);
    assert_eq!(found.text().as_deref(), Some("> 1 and <= 5"));
    assert_eq!(found.with_threshold(0, 2.5).as_deref(), Some("2.5 < x <= 5"));
    assert_eq!(found.with_threshold(1, -7.0).as_deref(), Some("1 < x <= -7"));
    assert_eq!(found.with_threshold(2, 1.0), None);
}

/// A query with a condition and what is judged of it.
fn conditional() -> impl Strategy<Value = (String, String)> {
    let operand = prop::sample::select(vec![
        "x",
        "rate(x{a=\"> 1\"}[5m])",
        "sum by (job) (x > 3)",
        "a / (b > 1)",
        "-a ^ 2",
        "max_over_time((x < 2)[1h:1m] offset 5m)",
    ]);
    let operator = prop::sample::select(vec!["==", "!=", ">", ">=", "<", "<="]);
    let simple = (operand, operator, -99_i32..99, any::<bool>()).prop_map(
        |(operand, operator, number, left)| {
            let query = match left {
                true => format!("{number} {operator} {operand}"),
                false => format!("{operand} {operator} {number}"),
            };
            (query, operand.to_owned())
        },
    );
    simple.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|(query, judged)| (format!("({query})"), in_parentheses(judged))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| (
                format!("{} and ({})", a.0, b.0),
                format!("{} and {}", a.1, in_parentheses(b.1))
            )),
            (inner.clone(), inner)
                .prop_map(|(a, b)| (format!("{}\nunless on (z) ({})", a.0, b.0), a.1)),
        ]
    })
}

proptest! {
    #[test]
    fn a_known_query_is_found_again((query, judged) in conditional()) {
        let found = condition(&query).unwrap();
        prop_assert_eq!(&found.judged, &judged, "{}", query);
        prop_assert_eq!(&found.expr, &query);
        for (at, comparison) in found.comparisons.iter().enumerate() {
            prop_assert_eq!(&query[comparison.place.clone()], &comparison.other);
            let threshold = comparison.threshold.unwrap();
            prop_assert_eq!(found.with_threshold(at, threshold), Some(query.clone()));
        }
    }

    #[test]
    fn no_text_panics(text in r#"(\PC|[ \n{}()\[\]"'`\\#@,.:<>=!0-9a-e]| and | unless | or |>|bool|é){0,60}"#) {
        if let Some(found) = condition(&text) {
            prop_assert!(found.judged != found.expr && is_filtered(&text) | found.returns_bool);
        }
    }
}
