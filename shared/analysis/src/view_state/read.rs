//! The address as a panel.

use super::keys::{CLEAN, CLEAN_ACCEPTS, REFRESH, SPAN, TIME, TIMES};
use super::{LinkError, MIN_REFRESH, RangeSelection, ResultTab, ViewState};
use crate::analysis::Settings;
use oddity_detect::detect::Detector;
use oddity_detect::event::RULE_SETTINGS;
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};

pub(super) fn view(query: &str) -> (ViewState, Vec<LinkError>) {
    let query = query.trim_start_matches('?').as_bytes();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query).into_owned().collect();
    let mut reader = Reader { pairs: &pairs, problems: Vec::new() };
    let view = reader.view();
    (view, reader.problems)
}

struct Reader<'a> {
    pairs: &'a [(String, String)],
    problems: Vec<LinkError>,
}

impl Reader<'_> {
    fn view(&mut self) -> ViewState {
        let base = ViewState::default();
        let detector = self
            .parsed("detector", "one of the detectors of the page", Detector::by_id)
            .unwrap_or_default();
        ViewState {
            expr: self.text("q").or_else(|| self.text("g0.expr")).unwrap_or_default(),
            source: self.text("source"),
            range: self.range().unwrap_or(base.range),
            step: self.step(),
            refresh: self.parsed("refresh", REFRESH, |text| {
                text.parse().ok().filter(|interval| *interval >= MIN_REFRESH)
            }),
            settings: self.settings(detector),
            focus: self.text("series"),
            excluded: self.excluded(),
            zoom: self.parsed("zoom", TIMES, times),
            tab: self
                .parsed("tab", "events, report, rules or explain", |text| match text {
                    "events" => Some(ResultTab::Events),
                    "report" => Some(ResultTab::Report),
                    "rules" => Some(ResultTab::Rules),
                    "explain" => Some(ResultTab::Assistant),
                    _ => None,
                })
                .unwrap_or_default(),
            local_time: self.text("tz").is_some_and(|zone| zone == "local"),
        }
    }

    fn range(&mut self) -> Option<RangeSelection> {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let (from, to) = (self.parsed("from", TIME, time), self.parsed("to", TIME, time));
        if let (Some(start), Some(end)) = (from, to) {
            match TimeRange::new(start, end) {
                Ok(range) => return Some(RangeSelection::Between(range)),
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
            Some(end) => Some(RangeSelection::Between(TimeRange { start: end - span, end })),
            None => Some(RangeSelection::Last(span)),
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
        let detector = detector.about().params.iter().fold(detector, |detector, param| {
            let value = self.parsed(param.id, &param.accepts(), |text| param.parse(text));
            value.map_or(detector, |value| detector.with(param.id, value))
        });
        let mut rule = Settings::of(detector).rule;
        for setting in RULE_SETTINGS {
            let param = &setting.param;
            if let Some(value) = self.parsed(param.id, &param.accepts(), |text| param.parse(text)) {
                rule = rule.with(setting, value, detector);
            }
        }
        let clean = self.parsed(CLEAN, CLEAN_ACCEPTS, |text| match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        });
        Settings { detector, rule, clean: clean.unwrap_or_default() }
    }

    fn excluded(&mut self) -> Vec<TimeRange> {
        let all = self.pairs.iter().filter(|(key, _)| key == "exclude");
        let (good, bad): (Vec<_>, Vec<_>) = all.partition(|(_, text)| times(text).is_some());
        for (key, text) in bad {
            self.problem(key, text, TIMES);
        }
        good.iter().filter_map(|(_, text)| times(text)).collect()
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
        self.problems.push(LinkError {
            key: key.to_owned(),
            value: value.to_owned(),
            expected: expected.to_owned(),
        });
    }
}

/// Parses two times with a slash between.
fn times(text: &str) -> Option<TimeRange> {
    let (start, end) = text.split_once('/')?;
    TimeRange::new(start.parse().ok()?, end.parse().ok()?).ok()
}
