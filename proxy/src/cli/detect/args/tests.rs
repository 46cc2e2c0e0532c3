use clap::Parser as _;
use oddity_analysis::view_state::RangeSelection;
use oddity_detect::time::TimeRange;

use super::*;
use crate::cli::{Cli, Command};

const NOW: &str = "2026-01-15T02:00:00Z";

fn panel(line: &[&str]) -> Result<ViewState, String> {
    let words = ["oddity", "detect"].iter().chain(line);
    let Ok(Cli { command: Some(Command::Detect(args)), .. }) = Cli::try_parse_from(words) else {
        panic!("not read: {line:?}");
    };
    args.panel(NOW.parse().unwrap())
}

#[test]
fn a_command_line_is_a_view_of_the_page() {
    let check = |line: &[&str], query: &str| {
        let (expected, problems) = ViewState::from_query(query);
        assert!(problems.is_empty(), "{query}");
        assert_eq!(panel(line), Ok(expected), "{line:?}");
    };
    let link = "http://oddity.example/x?q=up&detector=rolling&window=120&k=5&range=6h&min=2#events";
    check(&["--query", "up"], "q=up");
    check(&["--query", "a{b=\"c&d\"} + 1", "--range", "6h"], "q=a{b=\"c%26d\"}+%2B+1&range=6h");
    check(
        &["--query", "up", "--source", "prod", "--step", "30s", "--detector", "robust"],
        "q=up&source=prod&step=30s&detector=robust",
    );
    check(
        &["--query", "up", "--detector", "rolling", "--set", "window=90", "--set", "dir=up"],
        "q=up&detector=rolling&window=90&dir=up",
    );
    check(
        &["--query", "up", "--exclude", "2026-01-14T00:00:00Z/2026-01-14T01:00:00Z"],
        "q=up&exclude=2026-01-14T00:00:00Z/2026-01-14T01:00:00Z",
    );
    check(&["--link", link], "q=up&detector=rolling&window=120&k=5&range=6h&min=2");
    check(&["--link", "?q=up&k=5"], "q=up&k=5");
    check(&["--link", "q=up&g0.step_input=60"], "q=up&step=1m");
    check(
        &["--link", link, "--query", "down", "--set", "k=6"],
        "q=down&detector=rolling&window=120&k=6&range=6h&min=2",
    );
    // A threshold means something else to another detector.
    check(&["--link", link, "--detector", "robust"], "q=up&detector=robust&range=6h&min=2");
    check(
        &["--link", "?q=up&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "--range", "1h"],
        "q=up&range=1h",
    );
}

#[test]
fn times_may_be_left_out() {
    let check = |line: &[&str], start: &str, end: &str| {
        let range = TimeRange { start: start.parse().unwrap(), end: end.parse().unwrap() };
        let line = [&["--query", "up"], line].concat();
        assert_eq!(panel(&line).unwrap().range, RangeSelection::Between(range), "{line:?}");
    };
    let day = "2026-01-14T00:00:00Z";
    check(&["--to", day], "2026-01-13T00:00:00Z", day);
    check(&["--to", day, "--range", "1h"], "2026-01-13T23:00:00Z", day);
    check(&["--from", day], day, NOW);
    check(&["--from", day, "--to", "1768356000"], day, "2026-01-14T02:00:00Z");
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let check = |line: &[&str], expected: &str| {
        let problem = panel(line).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    };
    let with = |line: &[&'static str]| [&["--query", "up"], line].concat();
    check(&["--query", " "], "no query: set one with --query");
    check(&["--link", "http://oddity.example/"], "the address contains no query such as ?q=up");
    check(&["--link", "?k=4"], "no query: set one with --query");
    check(
        &["--link", "?q=up&detector=none"],
        "invalid value detector=none: expected one of auto, zscore,",
    );
    check(&with(&["--set", "k"]), "--set k: expected KEY=VALUE, for example k=5");
    check(&with(&["--set", "k=-1"]), "invalid value k=-1: expected a number of zero or more");
    check(&with(&["--set", "dir=left"]), "expected up, down or both");
    check(&with(&["--set", "window=9"]), "unknown setting.\n\nSettings of the detector auto");
    check(
        &with(&["--detector", "rolling", "--set", "window=1"]),
        "invalid value window=1: expected a whole number from 5 to 2000",
    );
    check(&with(&["--exclude", "today"]), "invalid value exclude=today: expected two times");
    check(
        &with(&["--from", "2026-01-15T00:00:00Z", "--to", "2026-01-14T00:00:00Z"]),
        "--from 2026-01-15T00:00:00Z is after --to 2026-01-14T00:00:00Z",
    );
}

#[test]
fn everything_that_is_listed_can_be_set() {
    for detector in Detector::all() {
        let about = detector.about();
        let text = settings(detector);
        for param in about.params {
            let set = format!("{}={}", param.id, param.write(param.default));
            let set = ["--query", "up", "--detector", about.id, "--set", &set];
            assert_eq!(panel(&set).unwrap().settings.detector, detector, "{set:?}");
            assert!(text.contains(&format!("\n  {:10} {}\n", param.id, param.help)), "{text}");
            assert!(text.contains(&param.accepts()), "{text}");
        }
    }
    // What is listed as the default changes nothing.
    let set = |key: &str, value: &str| {
        panel(&["--query", "up", "--set", &format!("{key}={value}")]).unwrap().settings
    };
    let usual = panel(&["--query", "up"]).unwrap().settings;
    let text = settings(usual.detector);
    let rule = RULE_SETTINGS.iter().map(|setting| (setting.param.id, setting.param.help));
    for (key, help) in rule.chain([(CLEAN, CLEAN_HELP)]) {
        let rest = text.split_once(&format!("\n  {key:10} {help}\n")).unwrap().1;
        let default = rest.split_once("[default: ").unwrap().1.split_once(']').unwrap().0;
        assert_eq!(set(key, default), usual, "{key}={default}");
    }
    for (key, value) in [("k", "7"), ("for", "3"), ("bridge", "1"), ("clean", "yes")] {
        assert_ne!(set(key, value), usual, "{key}={value}");
    }
}

#[test]
fn the_least_severity_decides() {
    let levels = [
        SeverityLevel::Low,
        SeverityLevel::Warning,
        SeverityLevel::Minor,
        SeverityLevel::Major,
        SeverityLevel::Critical,
    ];
    let check = |fail_on: FailOn, count: usize| {
        let counting = levels.iter().filter(|level| fail_on.counts(**level)).count();
        assert_eq!(counting, count, "{fail_on:?}");
        assert!(count == 0 || fail_on.counts(SeverityLevel::Critical));
    };
    check(FailOn::Low, 5);
    check(FailOn::Warning, 4);
    check(FailOn::Minor, 3);
    check(FailOn::Major, 2);
    check(FailOn::Critical, 1);
    check(FailOn::Never, 0);
}
