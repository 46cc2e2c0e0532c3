//! Options of `oddity detect`, and their translation into the view state of the page.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser};
use oddity_analysis::view_state::{CLEAN, CLEAN_ACCEPTS, CLEAN_HELP, DEFAULT_RANGE, ViewState};
use oddity_detect::detect::Detector;
use oddity_detect::event::{RULE_SETTINGS, Rule, SeverityLevel};
use oddity_detect::time::{Span, Step, Timestamp};
use url::Url;

const QUERY_HEADING: &str = "Query";
const DETECTION_HEADING: &str = "Detection";
const OUTPUT_HEADING: &str = "Output";

/// Usage lines.
pub const USAGE: &str = "\
oddity detect --query <PROMQL> [OPTIONS]
       oddity detect --link <URL> [OPTIONS]";

/// Exit status and examples, shown below the long help.
pub const EXAMPLES: &str = "\
Exit status:
  0         no anomaly, or none as severe as --fail-on
  1         error, described on stderr
  2         invalid usage
  3         anomalies found
  130, 143  cancelled by a signal

Examples:
  oddity detect --query 'rate(dhcp_lease_count[5m]) * 60' --range 6h
  oddity detect --query up --fail-on major --quiet || echo 'check up'
  oddity detect --link 'http://oddity.example/?q=up&detector=rolling' --range 1h --format json | jq .headline
  oddity detect --query up --detector rolling --set window=120 --set k=5 --report up.md --chart up.html

Tune the detector in the page, copy its address, and pass it to --link; other options override it.
`oddity detectors ID` lists the settings for --set.";

/// Options of `oddity detect`.
#[derive(Clone, Debug, clap::Args)]
pub struct DetectArgs {
    /// PromQL expression that returns an instant vector, for example `rate(http_requests_total[5m])`.
    #[arg(
        long,
        value_name = "PROMQL",
        required_unless_present = "link",
        help_heading = QUERY_HEADING
    )]
    query: Option<String>,
    /// Address of the page, or its part after the question mark: runs the same query with the same settings.
    #[arg(long, value_name = "URL", help_heading = QUERY_HEADING)]
    link: Option<String>,
    /// Source id [default: the first configured source].
    #[arg(long, value_name = "ID", help_heading = QUERY_HEADING)]
    source: Option<String>,
    /// Evaluation window, which ends at --to or now [default: 1d].
    #[arg(long, value_name = "DURATION", conflicts_with = "from", help_heading = QUERY_HEADING)]
    range: Option<Span>,
    /// Start of the evaluation window: RFC 3339 or Unix seconds.
    #[arg(long, value_name = "TIME", help_heading = QUERY_HEADING)]
    from: Option<Timestamp>,
    /// End of the evaluation window [default: now].
    #[arg(long, value_name = "TIME", help_heading = QUERY_HEADING)]
    to: Option<Timestamp>,
    /// Step between samples [default: chosen from the range and the scrape interval].
    #[arg(long, value_name = "DURATION", help_heading = QUERY_HEADING)]
    step: Option<Step>,
    /// Detector id [default: auto]; `oddity detectors` lists them.
    #[arg(
        long,
        value_name = "ID",
        value_parser = ids(),
        hide_possible_values = true,
        help_heading = DETECTION_HEADING
    )]
    detector: Option<String>,
    /// Setting of the detector or the alert rule; can be repeated. `oddity detectors ID` lists them.
    #[arg(long, value_name = "KEY=VALUE", help_heading = DETECTION_HEADING)]
    set: Vec<String>,
    /// Time range to exclude from baselines, for example an outage; can be repeated.
    #[arg(long, value_name = "FROM/TO", help_heading = DETECTION_HEADING)]
    exclude: Vec<String>,
    /// Minimum severity that sets exit status 3.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t, help_heading = DETECTION_HEADING)]
    pub fail_on: FailOn,
    /// Output format on stdout.
    #[arg(long, value_enum, default_value_t, help_heading = OUTPUT_HEADING)]
    pub format: Format,
    /// Write the report to a file: JSON if its name ends in .json, Markdown otherwise.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT_HEADING)]
    pub report: Option<PathBuf>,
    /// Write a chart to a self-contained HTML file.
    #[arg(long, value_name = "FILE.html", help_heading = OUTPUT_HEADING)]
    pub chart: Option<PathBuf>,
    /// Address of your Oddity server, for the links in the output.
    #[arg(
        long,
        env = "ODDITY_LINK_BASE",
        value_name = "URL",
        value_parser = base,
        help_heading = OUTPUT_HEADING
    )]
    pub link_base: Option<Url>,
    /// Ask the source which possible causes of the worst event its data support or contradict: up to 16 queries, 60 s.
    #[arg(long, help_heading = OUTPUT_HEADING)]
    pub explain: bool,
    /// Add all facts, causes, the baseline, the detector and the Prometheus rule to the Markdown report.
    #[arg(long, help_heading = OUTPUT_HEADING)]
    pub details: bool,
    /// Do not fail if there are no series, or too few samples to evaluate.
    #[arg(long, help_heading = OUTPUT_HEADING)]
    pub allow_empty: bool,
    /// Print errors only; files are still written.
    #[arg(long, short, help_heading = OUTPUT_HEADING)]
    pub quiet: bool,
}

/// Output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Report in Markdown.
    #[default]
    Md,
    /// All findings as JSON, described in docs/detect.md.
    Json,
}

/// Minimum severity of an event that sets the exit status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any event.
    #[default]
    Low,
    /// Severity of at least 3.
    Warning,
    /// Severity of at least 25.
    Minor,
    /// Severity of at least 50.
    Major,
    /// Severity of at least 75.
    Critical,
    /// No event.
    Never,
}

impl FailOn {
    /// Returns whether an event of this level counts.
    pub fn counts(self, level: SeverityLevel) -> bool {
        let minimum = match self {
            Self::Low => SeverityLevel::Low,
            Self::Warning => SeverityLevel::Warning,
            Self::Minor => SeverityLevel::Minor,
            Self::Major => SeverityLevel::Major,
            Self::Critical => SeverityLevel::Critical,
            Self::Never => return false,
        };
        level >= minimum
    }
}

/// Returns a parser that accepts the ids of all detectors.
pub fn ids() -> PossibleValuesParser {
    let about = Detector::all().map(|detector| detector.about());
    about.map(|about| PossibleValue::new(about.id).help(about.summary)).collect::<Vec<_>>().into()
}

fn base(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}: expected https://host/"))?;
    let web = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    if !web || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(
            "expected https://host/ or https://host/path/, without a user, a query or a fragment"
                .to_owned(),
        );
    }
    Ok(url)
}

/// Keys of a link that set the evaluation window.
const RANGE_KEYS: [&str; 5] = ["range", "from", "to", "g0.range_input", "g0.end_input"];

impl DetectArgs {
    /// Returns the view state of the page for the same analysis at `now`.
    ///
    /// # Errors
    /// A message with the invalid option and the expected value.
    pub fn panel(&self, now: Timestamp) -> Result<ViewState, String> {
        let mut pairs = self.linked()?;
        let mut put = |key: &str, value: String| pairs.push((key.to_owned(), value));
        let texts = [("q", &self.query), ("source", &self.source), ("detector", &self.detector)];
        for (key, value) in texts {
            if let Some(value) = value {
                put(key, value.clone());
            }
        }
        if let Some(step) = self.step {
            put("step", step.to_string());
        }
        let length = self.range.unwrap_or(DEFAULT_RANGE);
        match (self.from, self.to) {
            (None, None) => {
                if self.range.is_some() {
                    put("range", length.to_string());
                }
            }
            (from, to) => {
                let to = to.unwrap_or(now);
                let from = from.unwrap_or(to - length);
                if from > to {
                    return Err(format!("--from {from} is after --to {to}"));
                }
                put("from", from.to_string());
                put("to", to.to_string());
            }
        }
        for range in &self.exclude {
            put("exclude", range.clone());
        }
        let of = pairs.iter().rev().find(|(key, _)| key == "detector");
        let detector = of.and_then(|(_, id)| Detector::by_id(id)).unwrap_or_default();
        for setting in &self.set {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| format!("--set {setting}: expected KEY=VALUE, for example k=5"))?;
            let params = detector.about().params.iter().map(|param| param.id);
            let mut keys = params.chain(RULE_SETTINGS.iter().map(|of| of.param.id)).chain([CLEAN]);
            if !keys.any(|known| known == key) {
                return Err(format!(
                    "--set {setting}: unknown setting.\n\n{}",
                    settings(detector).trim_end()
                ));
            }
            pairs.push((key.to_owned(), value.to_owned()));
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let (panel, problems) = ViewState::from_query(&query);
        if let Some(problem) = problems.first() {
            let (key, value) = (&problem.key, &problem.value);
            let expected = match key.as_str() {
                "detector" => format!("one of {}", names()),
                _ => problem.expected.clone(),
            };
            return Err(format!("invalid value {key}={value}: expected {expected}"));
        }
        if panel.expr.trim().is_empty() {
            return Err("no query: set one with --query".to_owned());
        }
        Ok(panel)
    }

    /// Returns the parameters of the link, without those that other options replace as a group.
    fn linked(&self) -> Result<Vec<(String, String)>, String> {
        let Some(link) = &self.link else { return Ok(Vec::new()) };
        let part = link.split_once('?').map_or(link.as_str(), |(_, query)| query);
        let query = part.split('#').next().unwrap_or_default();
        if !query.contains('=') {
            return Err(format!("--link {link}: the address contains no query such as ?q=up"));
        }
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let timed = self.range.is_some() || self.from.is_some() || self.to.is_some();
        let of_detector = |key: &str| {
            matches!(key, "k" | "alert")
                || Detector::all().any(|of| of.about().params.iter().any(|param| param.id == key))
        };
        let kept = pairs.filter(|(key, _)| {
            !(timed && RANGE_KEYS.contains(&key.as_str())
                || self.detector.is_some() && of_detector(key))
        });
        Ok(kept.collect())
    }
}

fn names() -> String {
    let ids: Vec<_> = Detector::all().map(|detector| detector.about().id).collect();
    ids.join(", ")
}

/// Lists all detectors, one a line.
pub fn detectors() -> String {
    let mut out = String::new();
    for detector in Detector::all() {
        let about = detector.about();
        let _ = writeln!(out, "{:14} {}", about.id, about.summary);
    }
    out
}

/// Lists the settings of a detector and its alert rule.
pub fn settings(detector: Detector) -> String {
    let about = detector.about();
    let mut out = format!("Settings of the detector {}, for --set KEY=VALUE:\n", about.id);
    let mut put = |key: &str, about: &str, accepts: &str, default: &str| {
        let _ = write!(out, "  {key:10} {about}\n  {:10} {accepts}{default}\n", "");
    };
    for param in about.params {
        let default = format!(" [default: {}]", param.write(param.default));
        put(param.id, param.help, &param.accepts(), &default);
    }
    let rule = Rule::of(detector);
    for setting in RULE_SETTINGS.iter().filter(|setting| setting.applies_to(detector)) {
        let param = &setting.param;
        let default = format!(" [default: {}]", param.write(setting.get(&rule)));
        put(param.id, param.help, &param.accepts(), &default);
    }
    put(CLEAN, CLEAN_HELP, CLEAN_ACCEPTS, " [default: no]");
    out
}

#[cfg(test)]
mod tests;
