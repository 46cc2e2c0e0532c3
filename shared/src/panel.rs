//! Everything that the user asked, to and from the query string of the page's address.
//!
//! Only what differs from the default is written. Links of Prometheus' own graph page are read too.

use crate::analysis::Settings;
use crate::detect::Detector;
use crate::event::{Rule, Sides};
use crate::time::{Span, Step, TimeRange, Timestamp};

/// The question and the settings of one view.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// PromQL; empty before the first question.
    pub expr: String,
    /// Id of the source, `None` for the first.
    pub source: Option<String>,
    /// Which time.
    pub range: Range,
    /// Distance of samples, `None` to choose it by range and sample interval.
    pub step: Option<Step>,
    /// Detector and rule.
    pub settings: Settings,
    /// The series that is shown in full, by its labels; `None` for the worst.
    pub focus: Option<String>,
    /// The part of the range that is drawn.
    pub zoom: Option<TimeRange>,
    /// Which result is open below the chart.
    pub tab: Tab,
    /// Times in the browser's zone instead of UTC.
    pub local_time: bool,
}

/// Which time is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The time before now.
    Last(Span),
    /// Fixed.
    Between(TimeRange),
}

/// The results below the chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The table of events.
    #[default]
    Events,
    /// The report.
    Report,
}

/// A part of an address that was not understood; the default stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link says {key}={value}, which is not understood ({expected}); the default is used")]
pub struct Problem {
    /// Parameter.
    pub key: String,
    /// What it said.
    pub value: String,
    /// What it should say.
    pub expected: String,
}

/// The ranges that are offered.
pub const RANGES: [&str; 12] =
    ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "1d", "2d", "1w", "2w", "30d"];

impl Default for Panel {
    fn default() -> Self {
        Self {
            expr: String::new(),
            source: None,
            range: Range::Last(Span::from_seconds(86_400)),
            step: None,
            settings: Settings::default(),
            focus: None,
            zoom: None,
            tab: Tab::default(),
            local_time: false,
        }
    }
}

impl Settings {
    /// A detector with its defaults and a rule at its threshold.
    pub fn of(detector: Detector) -> Self {
        Self { detector, rule: Rule { threshold: detector.about().threshold, ..Rule::default() } }
    }
}

impl Panel {
    /// The absolute time at `now`. The end of a relative range is `now`.
    pub fn range_at(&self, now: Timestamp) -> TimeRange {
        match self.range {
            Range::Last(span) => TimeRange { start: now - span, end: now },
            Range::Between(range) => range,
        }
    }

    /// As a query string without the question mark; empty for the default.
    pub fn to_query(&self) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        let mut put = |key: &str, value: &str| {
            out.append_pair(key, value);
        };
        let base = Self::default();
        if !self.expr.is_empty() {
            put("q", &self.expr);
        }
        if let Some(source) = &self.source {
            put("source", source);
        }
        match self.range {
            range if range == base.range => {}
            Range::Last(span) => put("range", &span.to_string()),
            Range::Between(range) => {
                put("from", &range.start.to_string());
                put("to", &range.end.to_string());
            }
        }
        if let Some(step) = self.step {
            put("step", &step.to_string());
        }
        let Settings { detector, rule } = self.settings;
        if detector.about().id != base.settings.detector.about().id {
            put("detector", detector.about().id);
        }
        for (param, value) in detector.params() {
            if value != param.default {
                put(param.id, &value.to_string());
            }
        }
        let usual = Settings::of(detector).rule;
        let numbers = [
            ("k", rule.threshold, usual.threshold),
            ("min", rule.min_deviation, usual.min_deviation),
            ("minrel", rule.min_relative, usual.min_relative),
            ("for", rule.at_least as f64, usual.at_least as f64),
            ("bridge", rule.bridge as f64, usual.bridge as f64),
            ("holdoff", rule.hold_off as f64, usual.hold_off as f64),
        ];
        for (key, value, _) in numbers.into_iter().filter(|(_, value, usual)| value != usual) {
            put(key, &value.to_string());
        }
        match rule.sides {
            Sides::Both => {}
            Sides::Up => put("dir", "up"),
            Sides::Down => put("dir", "down"),
        }
        if let Some(focus) = &self.focus {
            put("series", focus);
        }
        if let Some(zoom) = self.zoom {
            put("zoom", &format!("{}/{}", zoom.start, zoom.end));
        }
        if self.tab == Tab::Report {
            put("tab", "report");
        }
        if self.local_time {
            put("tz", "local");
        }
        out.finish()
    }

    /// Reads what [`Self::to_query`] writes, and links of Prometheus' graph page. Total: what is not
    /// understood is named and left at its default.
    pub fn from_query(query: &str) -> (Self, Vec<Problem>) {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).into_owned().collect();
        let mut reader = Reader { pairs: &pairs, problems: Vec::new() };
        let panel = reader.panel();
        (panel, reader.problems)
    }
}

struct Reader<'a> {
    pairs: &'a [(String, String)],
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn panel(&mut self) -> Panel {
        let base = Panel::default();
        let detector = self
            .parsed("detector", "one of the detectors of the page", Detector::by_id)
            .unwrap_or_default();
        Panel {
            expr: self.text("q").or_else(|| self.text("g0.expr")).unwrap_or_default(),
            source: self.text("source"),
            range: self.range().unwrap_or(base.range),
            step: self.step(),
            settings: self.settings(detector),
            focus: self.text("series"),
            zoom: self.parsed("zoom", "two times with a slash between", |text| {
                let (start, end) = text.split_once('/')?;
                TimeRange::new(start.parse().ok()?, end.parse().ok()?).ok()
            }),
            tab: self
                .parsed("tab", "events or report", |text| match text {
                    "events" => Some(Tab::Events),
                    "report" => Some(Tab::Report),
                    _ => None,
                })
                .unwrap_or_default(),
            local_time: self.text("tz").is_some_and(|zone| zone == "local"),
        }
    }

    fn range(&mut self) -> Option<Range> {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let (from, to) = (self.parsed("from", TIME, time), self.parsed("to", TIME, time));
        if let (Some(start), Some(end)) = (from, to) {
            match TimeRange::new(start, end) {
                Ok(range) => return Some(Range::Between(range)),
                Err(error) => self.problem("from", &start.to_string(), &error.to_string()),
            }
        } else if let Some((key, time)) = from.map(|t| ("from", t)).or(to.map(|t| ("to", t))) {
            self.problem(key, &time.to_string(), "both from and to");
        }
        let span = |text: &str| text.parse::<Span>().ok().filter(|span| *span > Span::ZERO);
        let span = self
            .parsed("range", SPAN, span)
            .or_else(|| self.parsed("g0.range_input", SPAN, span))?;
        match self.parsed("g0.end_input", TIME, time) {
            Some(end) => Some(Range::Between(TimeRange { start: end - span, end })),
            None => Some(Range::Last(span)),
        }
    }

    fn step(&mut self) -> Option<Step> {
        let step = |text: &str| text.parse::<Step>().ok();
        let fixed = self.text("g0.res_type").is_none_or(|kind| kind == "fixed" || kind == "custom");
        ["step", "g0.step_input", "g0.res_step"]
            .into_iter()
            .filter(|key| *key != "g0.res_step" || fixed)
            .find_map(|key| self.parsed(key, SPAN, step))
    }

    fn settings(&mut self, detector: Detector) -> Settings {
        let whole = "a whole number within the bounds of its slider";
        let detector = detector.about().params.iter().fold(detector, |detector, param| {
            let bounds = param.least..=param.most;
            let value = self.parsed(param.id, whole, |text| {
                text.parse().ok().filter(|value| bounds.contains(value))
            });
            value.map_or(detector, |value| detector.with(param.id, value))
        });
        let usual = Settings::of(detector).rule;
        let positive =
            |text: &str| text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
        let number = "a number of zero or more";
        let count = |text: &str| text.parse().ok().filter(|value: &usize| *value <= 100_000);
        let rule = Rule {
            threshold: self
                .parsed("k", "a number above zero", |text| positive(text).filter(|k| *k > 0.0))
                .unwrap_or(usual.threshold),
            min_deviation: self.parsed("min", number, positive).unwrap_or(usual.min_deviation),
            min_relative: self.parsed("minrel", number, positive).unwrap_or(usual.min_relative),
            at_least: self
                .parsed("for", "a count of samples, at least 1", |text| {
                    count(text).filter(|n| *n > 0)
                })
                .unwrap_or(usual.at_least),
            bridge: self.parsed("bridge", "a count of samples", count).unwrap_or(usual.bridge),
            hold_off: self.parsed("holdoff", "a count of samples", count).unwrap_or(usual.hold_off),
            sides: self
                .parsed("dir", "up, down or both", |text| match text {
                    "up" => Some(Sides::Up),
                    "down" => Some(Sides::Down),
                    "both" => Some(Sides::Both),
                    _ => None,
                })
                .unwrap_or(usual.sides),
        };
        Settings { detector, rule }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.pairs
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    }

    fn parsed<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.text(key)?;
        let parsed = parse(&value);
        if parsed.is_none() {
            self.problem(key, &value, expected);
        }
        parsed
    }

    fn problem(&mut self, key: &str, value: &str, expected: &str) {
        self.problems.push(Problem {
            key: key.to_owned(),
            value: value.to_owned(),
            expected: expected.to_owned(),
        });
    }
}

const TIME: &str = "a time such as 2026-01-31T13:45:00Z";
const SPAN: &str = "a duration such as 5m";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_of_prometheus_are_read() {
        let day = Span::from_seconds(86_400);
        let end: Timestamp = "2026-01-31T13:45:00Z".parse().unwrap();
        let cases = [
            (
                "g0.expr=up&g0.range_input=1h&g0.tab=0",
                "up",
                Range::Last(Span::from_seconds(3_600)),
                None,
            ),
            (
                "g0.expr=rate(a%5B5m%5D)%20*%2060&g0.range_input=1d&g0.end_input=2026-01-31+13%3A45%3A00&g0.step_input=60",
                "rate(a[5m]) * 60",
                Range::Between(TimeRange { start: end - day, end }),
                Some(Step::from_seconds(60)),
            ),
            ("g0.expr=up&g0.res_type=auto&g0.res_density=medium", "up", Range::Last(day), None),
            (
                "g0.expr=up&g0.res_type=fixed&g0.res_step=30",
                "up",
                Range::Last(day),
                Some(Step::from_seconds(30)),
            ),
        ];
        for (query, expr, range, step) in cases {
            let (panel, problems) = Panel::from_query(query);
            assert_eq!(
                (panel.expr.as_str(), panel.range, panel.step, problems.len()),
                (expr, range, step, 0),
                "{query}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let query =
            "q=up&window=abc&k=-1&detector=magic&range=soon&dir=left&from=x&for=0&zoom=1&tab=x";
        let (panel, problems) = Panel::from_query(query);
        let mut keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["detector", "dir", "for", "from", "k", "range", "tab", "window", "zoom"]);
        assert_eq!(panel, Panel { expr: "up".to_owned(), ..Panel::default() });
        for (query, key) in [("from=5", "from"), ("to=5", "to")] {
            let (panel, problems) = Panel::from_query(query);
            assert_eq!(
                (panel, problems[0].key.as_str(), problems.len()),
                (Panel::default(), key, 1)
            );
        }
    }

    fn panels() -> impl Strategy<Value = Panel> {
        let detectors: Vec<Detector> = Detector::all().collect();
        let range = prop_oneof![
            (1_u64..10_000_000_000).prop_map(|ms| Range::Last(Span::from_millis(ms))),
            (0_i64..4_000_000_000_000, 0_u64..10_000_000_000).prop_map(|(start, len)| {
                Range::Between(TimeRange {
                    start: Timestamp(start),
                    end: Timestamp(start) + Span::from_millis(len),
                })
            }),
        ];
        let rule =
            (0.01..1e3_f64, 0.0..1e9_f64, 1_usize..500, 0_usize..50, 0_usize..500, 0_usize..3);
        let text = prop::option::of("[^\\x00]{1,20}");
        (
            ".{0,40}",
            text.clone(),
            range,
            prop::option::of(1_u64..100_000_000),
            prop::sample::select(detectors),
            0_usize..6_000,
            rule,
            text,
            any::<bool>(),
        )
            .prop_map(|(expr, source, range, step, detector, param, rule, focus, flag)| {
                let detector =
                    detector.about().params.iter().fold(detector, |d, p| d.with(p.id, param));
                let (threshold, min_deviation, at_least, bridge, hold_off, sides) = rule;
                let sides = [Sides::Both, Sides::Up, Sides::Down][sides];
                let rule = Rule {
                    threshold,
                    sides,
                    min_deviation,
                    min_relative: min_deviation / 7.0,
                    at_least,
                    bridge,
                    hold_off,
                };
                Panel {
                    expr,
                    source,
                    range,
                    step: step.and_then(|ms| Step::new(Span::from_millis(ms)).ok()),
                    settings: Settings { detector, rule },
                    focus,
                    zoom: flag.then_some(TimeRange { start: Timestamp(5), end: Timestamp(7_000) }),
                    tab: if flag { Tab::Report } else { Tab::Events },
                    local_time: flag,
                }
            })
    }

    proptest! {
        #[test]
        fn a_written_panel_reads_back(panel in panels()) {
            let (back, problems) = Panel::from_query(&panel.to_query());
            prop_assert_eq!(problems, vec![]);
            prop_assert_eq!(back, panel);
        }

        #[test]
        fn no_query_string_panics(query in ".*") {
            let _ = Panel::from_query(&query);
        }
    }
}
