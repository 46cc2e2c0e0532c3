//! Everything that the user asked, to and from the query string of the page's address.
//!
//! Only what differs from the default is written. Links of Prometheus' own graph page are read too.

mod keys;
mod link;
mod outbound;
mod read;
mod saved;
mod typed;

use crate::analysis::{Analysis, Learning, Settings};
use oddity_detect::detect::{Detector, ParamKind};
use oddity_detect::event::{RULE_SETTINGS, Rule, RuleSetting};
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::plan::QuerySpec;
use oddity_source::query::MIN_HISTORY;

pub use outbound::{OutboundLink, outbound_links};

pub use keys::{CLEAN, CLEAN_ACCEPTS, CLEAN_HELP};
pub use saved::{MAX_JSON as MAX_VIEWS_JSON, SavedView, SavedViewError, SavedViews};

/// The question and the settings of one view.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewState {
    /// PromQL; empty before the first question.
    pub expr: String,
    /// Id of the source, `None` for the first.
    pub source: Option<String>,
    /// Which time.
    pub range: RangeSelection,
    /// Distance of samples, `None` to choose it by range and sample interval.
    pub step: Option<Step>,
    /// Time between two refreshes of a range that ends now; `None` to refresh only when asked.
    pub refresh: Option<Span>,
    /// Detector and rule.
    pub settings: Settings,
    /// Times that must not enter a baseline, such as an outage.
    pub excluded: Vec<TimeRange>,
    /// The series that is shown in full, by its labels; `None` for the worst.
    pub focus: Option<String>,
    /// The part of the range that is drawn.
    pub zoom: Option<TimeRange>,
    /// Which result is open below the chart.
    pub tab: ResultTab,
    /// Times in the browser's zone instead of UTC.
    pub local_time: bool,
}

/// Which time is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeSelection {
    /// The time before now.
    Last(Span),
    /// Fixed.
    Between(TimeRange),
}

/// The results below the chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultTab {
    /// The table of events.
    #[default]
    Events,
    /// The report.
    Report,
    /// Rules for Prometheus.
    Rules,
    /// The answers of the language model.
    Assistant,
}

/// A part of an address that was not understood; the default stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {key}={value} in the link: expected {expected}; the default is used")]
pub struct LinkError {
    /// Name of the parameter.
    pub key: String,
    /// Value in the link.
    pub value: String,
    /// Description of the accepted values.
    pub expected: String,
}

/// Range of a view whose address names none: one day.
pub const DEFAULT_RANGE: Span = Span::from_seconds(86_400);

/// Relative ranges that the page offers.
pub const RANGES: [&str; 12] =
    ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "1d", "2d", "1w", "2w", "30d"];

/// Intervals of refreshes that the page offers.
pub const REFRESHES: [&str; 6] = ["5s", "10s", "30s", "1m", "5m", "15m"];

/// Shortest interval of refreshes.
pub const MIN_REFRESH: Span = Span::from_seconds(5);

impl Default for ViewState {
    fn default() -> Self {
        Self {
            expr: String::new(),
            source: None,
            range: RangeSelection::Last(DEFAULT_RANGE),
            step: None,
            refresh: None,
            settings: Settings::default(),
            excluded: Vec::new(),
            focus: None,
            zoom: None,
            tab: ResultTab::default(),
            local_time: false,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::of(Detector::default())
    }
}

impl Settings {
    /// Returns a detector with its defaults and a rule at its threshold.
    pub fn of(detector: Detector) -> Self {
        Self { detector, rule: Rule::of(detector), clean: false }
    }

    /// Returns the rule at another threshold. The alert threshold moves along: its ratio is that of the defaults.
    pub fn rule_at(&self, threshold: f64) -> Rule {
        self.rule.with_threshold(threshold, self.detector)
    }

    /// Returns the number of samples before the range that are needed: the detector's history and the cooldown.
    /// Rounded up, so that a somewhat longer window fetches nothing.
    pub fn history(&self) -> usize {
        let wanted = self.detector.history() + self.rule.cooldown;
        wanted.next_multiple_of(250).max(MIN_HISTORY)
    }
}

impl RangeSelection {
    /// Returns the absolute time at `now`. The end of a relative range is `now`.
    pub fn at(self, now: Timestamp) -> TimeRange {
        match self {
            Self::Last(span) => TimeRange { start: now - span, end: now },
            Self::Between(range) => range,
        }
    }
}

impl ViewState {
    /// Returns the query for the source at `now`.
    pub fn question(&self, now: Timestamp) -> QuerySpec {
        QuerySpec {
            expr: self.expr.clone(),
            range: self.range.at(now),
            step: self.step,
            history: self.settings.history(),
        }
    }

    /// Returns the samples that must not enter a baseline.
    pub fn learning(&self) -> Learning {
        let Settings { clean, rule, .. } = self.settings;
        Learning {
            excluded: self.excluded.clone(),
            exclude_scores_above: clean.then_some(rule.threshold),
        }
    }

    /// Returns the time between two refreshes at a step, which is no shorter than the step; `None` for a fixed range.
    pub fn refresh_at(&self, step: Step) -> Option<Span> {
        let is_relative = matches!(self.range, RangeSelection::Last(_));
        self.refresh.filter(|_| is_relative).map(|interval| interval.max(step.span()))
    }

    /// Returns the view that shows the same samples of this analysis again, at any time.
    #[must_use]
    pub fn fixed(self, analysis: &Analysis, source: Option<String>) -> Self {
        Self {
            range: RangeSelection::Between(analysis.judged_grid().range()),
            step: Some(analysis.detected.loaded.query.step),
            refresh: None,
            source,
            tab: ResultTab::default(),
            ..self
        }
    }

    /// Writes the query string without the question mark; empty for the default.
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
            RangeSelection::Last(span) => put("range", &span.to_string()),
            RangeSelection::Between(range) => {
                put("from", &range.start.to_string());
                put("to", &range.end.to_string());
            }
        }
        if let Some(step) = self.step {
            put("step", &step.to_string());
        }
        if let Some(interval) = self.refresh {
            put("refresh", &interval.to_string());
        }
        let Settings { detector, rule, clean } = self.settings;
        if detector.about().id != base.settings.detector.about().id {
            put("detector", detector.about().id);
        }
        for (param, value) in detector.params() {
            if value != param.default {
                put(param.id, &param.write(value));
            }
        }
        // As they are read: a threshold takes the alert threshold along.
        let mut read = Settings::of(detector).rule;
        let mut put_setting = |setting: &RuleSetting, put: &mut dyn FnMut(&str, &str)| {
            let value = setting.get(&rule);
            if value != setting.get(&read) {
                put(setting.param.id, &setting.param.write(value));
                read = read.with(setting, value, detector);
            }
        };
        // Links of earlier versions name choices behind what is left out of the baseline, and are to stay the same to the letter.
        let is_choice = |setting: &&RuleSetting| matches!(setting.param.kind, ParamKind::Choice(_));
        for setting in RULE_SETTINGS.iter().filter(|setting| !is_choice(setting)) {
            put_setting(setting, &mut put);
        }
        if clean {
            put(CLEAN, "yes");
        }
        for range in &self.excluded {
            put("exclude", &format!("{}/{}", range.start, range.end));
        }
        for setting in RULE_SETTINGS.iter().filter(is_choice) {
            put_setting(setting, &mut put);
        }
        if let Some(focus) = &self.focus {
            put("series", focus);
        }
        if let Some(zoom) = self.zoom {
            put("zoom", &format!("{}/{}", zoom.start, zoom.end));
        }
        match self.tab {
            ResultTab::Events => {}
            ResultTab::Report => put("tab", "report"),
            ResultTab::Rules => put("tab", "rules"),
            ResultTab::Assistant => put("tab", "explain"),
        }
        if self.local_time {
            put("tz", "local");
        }
        out.finish()
    }

    /// Reads what [`Self::to_query`] writes, and links of Prometheus' graph page. Total: what is not
    /// understood is named and left at its default.
    pub fn from_query(query: &str) -> (Self, Vec<LinkError>) {
        read::view(query)
    }

    /// Reads a link that was pasted in place of a query: of Prometheus' graph page, as alerts carry it, of Grafana's
    /// Explore, or of this page. Returns `None` for any other text.
    pub fn from_link(text: &str) -> Option<Self> {
        link::view(text)
    }
}

#[cfg(test)]
mod tests;
