use super::*;
use proptest::prelude::*;

#[test]
fn durations_as_prometheus_reads_and_writes_them() {
    let cases = [
        ("5m", 300_000, "5m"),
        ("1h30m", 5_400_000, "1h30m"),
        ("90m", 5_400_000, "1h30m"),
        ("1d", 86_400_000, "1d"),
        ("7d", 604_800_000, "1w"),
        ("8d", 691_200_000, "8d"),
        ("1500ms", 1_500, "1s500ms"),
        ("15", 15_000, "15s"),
        ("0.5", 500, "500ms"),
        ("0s", 0, "0s"),
    ];
    for (text, millis, written) in cases {
        let span: Span = text.parse().expect(text);
        assert_eq!((span.millis(), span.to_string().as_str()), (millis, written), "{text}");
    }
}

#[test]
fn wrong_durations_say_what_to_write() {
    for text in ["", "m", "5x", "1m1h", "-5m", "5 m", "1e99", "NaN", "99999999999y"] {
        let result = text.parse::<Span>();
        assert!(matches!(result, Err(TimeError::Duration(_))), "{text}: {result:?}");
    }
    assert_eq!("0s".parse::<Step>(), Err(TimeError::ZeroStep));
}

#[test]
fn timestamps_in_every_accepted_spelling() {
    for text in ["2026-01-31T13:45:00Z", "2026-01-31 13:45", "1769867100", "2026-01-31T14:45+01:00"]
    {
        assert_eq!(text.parse(), Ok(Timestamp(1_769_867_100_000)), "{text}");
    }
    for text in ["", "yesterday", "2026-13-01", "NaN", "1e300"] {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
    let t = Timestamp(1_769_867_100_000);
    assert_eq!(t.to_string(), "2026-01-31T13:45:00Z");
    assert_eq!(t.format(60), "2026-01-31 14:45:00");
    assert_eq!(t.format_short(-30), "Jan 31 13:15");
}

#[test]
fn spans_in_words_keep_two_units() {
    let cases = [
        (5_400_000, "1 h 30 min"),
        (90_400, "1 min 30 s"),
        (3_599_999, "60 min"),
        (86_400_000, "24 h"),
        (216_000_000, "2 d 12 h"),
        (12_000, "12 s"),
        (7, "7 ms"),
    ];
    for (millis, words) in cases {
        assert_eq!(Span::from_millis(millis).words(), words);
    }
    assert_eq!(Span::from_millis(u64::MAX).words(), "213503982334 d 14 h");
}

proptest! {
    #[test]
    fn a_written_duration_reads_back(millis in 0_u64..9_000_000_000_000_000) {
        let span = Span::from_millis(millis);
        prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
    }

    #[test]
    fn flooring_lands_on_the_grid(t in any::<i32>(), step in 1_u64..100_000_000) {
        let (t, step) = (Timestamp(i64::from(t)), Step::new(Span::from_millis(step)).unwrap());
        let floor = t.floor_to(step);
        prop_assert!(floor <= t && t.since(floor) < step.span());
        prop_assert_eq!(floor.0.rem_euclid(step.millis() as i64), 0);
    }

    #[test]
    fn no_text_panics(text in ".*") {
        let _ = (text.parse::<Span>(), text.parse::<Timestamp>());
    }
}
