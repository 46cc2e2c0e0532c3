//! One event.

use serde::Serialize;

use super::{LabelObject, Rfc3339Time};
use crate::analysis::{Analysis, EventId};
use crate::explain::{ConcurrentAnomalies, EvidenceTag, Facts, Recurrence};
use crate::knowledge::{
    CandidateCause, CandidateCauses, CauseCheck, CauseReason, CheckVerdict, Citation, Confidence,
    Hypothesis,
};
use crate::words::{self, Clock, sentence};
use oddity_detect::detect::{Feature, Quantity};
use oddity_detect::event::{Direction, EventKind, SampleVerdict, SeverityLevel};
use oddity_source::unit::Unit;

/// Everything that is known of an event. Numbers are in `unit`, unless said otherwise.
#[derive(Debug, Serialize)]
pub struct EventFindings<'a> {
    /// Rank among all events, from 1.
    pub number: usize,
    /// Index of its series in [`super::Findings::series`].
    pub series: usize,
    /// Number of its incident: see [`super::Findings::incidents`].
    pub group: usize,
    /// Labels of the series.
    pub labels: LabelObject<'a>,
    /// Kind of the event.
    pub kind: EventKind,
    /// On which side of the expectation.
    pub direction: Direction,
    /// 0 to 100.
    pub severity: f64,
    /// Severity as a word.
    pub level: SeverityLevel,
    /// The largest score of a flagged sample.
    pub score: f64,
    /// The largest strength of the alert.
    pub strength: f64,
    /// Probability of so large a strength by those before the event.
    pub probability: f64,
    /// Event in a few words.
    pub what: String,
    /// Facts of the event in a sentence.
    pub sentence: String,
    /// Estimated start of the event.
    pub start: Rfc3339Time,
    /// The last odd time.
    pub end: Rfc3339Time,
    /// Time at which enough samples were flagged for an event.
    pub detected: Rfc3339Time,
    /// Time of the first sample back within the band of the onset.
    pub recovered: Option<Rfc3339Time>,
    /// Whether the event is ongoing at the end of the range.
    pub ongoing: bool,
    /// Time from the start of the event to its last flagged sample, in seconds.
    pub lasted_seconds: f64,
    /// The sample with which it began to be odd.
    pub onset: JudgedSample,
    /// The one that is farthest from what was expected.
    pub peak: JudgedSample,
    /// Judged quantity.
    pub quantity: Quantity,
    /// Unit of the judged quantity.
    pub unit: Unit,
    /// The view that opened it, for detectors with several.
    pub view: Option<Feature>,
    /// Baseline of the expectation, in words.
    pub baseline: &'a str,
    /// The spread of the baseline at the onset.
    pub spread: f64,
    /// Distance of the peak from the expected value, in `spread`.
    pub deviations: Option<f64>,
    /// Whether the baseline did not vary at all.
    pub steady: bool,
    /// Whether a whole range is normal, not one expected value alone.
    pub ranged: bool,
    /// Whether no sample left the band, as what adds up or spreads wider need not.
    pub inside: bool,
    /// Peak over expected value.
    pub ratio: Option<f64>,
    /// Median of the values before and after, for what lasts.
    pub levels: Option<LevelFindings>,
    /// The level that lasted.
    pub new_level: Option<f64>,
    /// Median of the values of the longer event of which this is a worse turn.
    pub escalated_from: Option<f64>,
    /// Time until the values reach a bound, where they come closer steadily at the end of the range.
    pub forecast: Option<ForecastFindings>,
    /// Spread after the onset over spread before it.
    pub widened: Option<f64>,
    /// Total beyond what was expected, for rates.
    pub excess: Option<ExcessFindings>,
    /// Time for which no value was as high or as low.
    pub extreme: Option<RecordFindings>,
    /// Recurrence at the same time of other hours, days or weeks.
    pub recurrence: Option<Recurrence>,
    /// Series that are odd at the same time.
    pub company: Option<ConcurrentAnomalies>,
    /// Evidence for and against causes.
    pub signs: Vec<EvidenceTag>,
    /// Candidate causes, best first; `None` for events that are not among the worst.
    pub suspects: Option<Vec<CauseFindings<'a>>>,
}

/// One judged sample.
#[derive(Debug, Serialize)]
pub struct JudgedSample {
    /// Time of the sample.
    pub time: Rfc3339Time,
    /// Judged value.
    pub value: f64,
    /// Expected value.
    pub expected: f64,
    /// Lower bound of the band.
    pub lower: f64,
    /// Upper bound of the band.
    pub upper: f64,
    /// Score of the sample.
    pub score: f64,
}

/// A change of level.
#[derive(Debug, Serialize)]
pub struct LevelFindings {
    /// Median of the values before.
    pub before: f64,
    /// Median of the values after the change.
    pub after: f64,
    /// Unit of the values.
    pub unit: Unit,
}

/// Time until the values reach a bound.
#[derive(Debug, Serialize)]
pub struct ForecastFindings {
    /// The bound, in the unit of the series: 0 for what runs out.
    pub bound: f64,
    /// Seconds left at the usual pace.
    pub left_seconds: f64,
    /// Seconds left at the fastest pace of the last hours.
    pub least_seconds: f64,
    /// Seconds left at the slowest pace of the last hours.
    pub most_seconds: f64,
}

/// Total beyond the expected values.
#[derive(Debug, Serialize)]
pub struct ExcessFindings {
    /// Total in `unit`.
    pub total: f64,
    /// Unit of the total.
    pub unit: Unit,
}

/// Time before the peak in which no value was as high, or as low: see [`crate::explain::RecordSince`].
#[derive(Debug, Serialize)]
pub struct RecordFindings {
    /// From the last value that was as high or as low, or the first sample, to the peak.
    pub looked_back_seconds: f64,
    /// Time of the last value that was as high or as low; `None` without one.
    pub last: Option<Rfc3339Time>,
}

/// Candidate cause of an event.
#[derive(Debug, Serialize)]
pub struct CauseFindings<'a> {
    /// Id of its family of metrics.
    pub family: &'a str,
    /// Id of the hypothesis in its family.
    pub id: &'a str,
    /// Possible cause, in a sentence.
    pub cause: &'a str,
    /// Explanation why the cause would look like this.
    pub because: &'a str,
    /// Publication that says so.
    pub source: &'a Citation,
    /// Confidence in the cause.
    pub confidence: Confidence,
    /// Reasons for and against the cause.
    pub reasons: &'a [CauseReason],
    /// Results of its checks; empty where none were made.
    pub checks: Vec<CheckedFindings<'a>>,
    /// Checks that would confirm the cause.
    pub confirm: Vec<CheckFindings<'a>>,
    /// Checks that would refute the cause.
    pub refute: Vec<CheckFindings<'a>>,
    /// Actions that end the harm.
    pub mitigate: &'a [String],
    /// Actions that keep it from coming back.
    pub prevent: &'a [String],
}

/// Something to look at.
#[derive(Debug, Serialize)]
pub struct CheckFindings<'a> {
    /// Observation that one would make.
    pub see: &'a str,
    /// The PromQL that shows it, with the labels of the series.
    pub query: Option<String>,
}

/// Result of a check that was made.
#[derive(Debug, Serialize)]
pub struct CheckedFindings<'a> {
    /// Observation that was looked for.
    pub see: &'a str,
    /// PromQL that was asked.
    pub query: &'a str,
    /// Verdict on the cause.
    pub verdict: CheckVerdict,
    /// Observation in words, with its numbers.
    pub observed: String,
}

pub(super) fn findings<'a>(
    analysis: &'a Analysis,
    number: usize,
    facts: &Facts,
    causes: Option<&'a CandidateCauses<'a>>,
) -> EventFindings<'a> {
    let event = &facts.event;
    let loaded = &analysis.detected.loaded.series[facts.series];
    let place = analysis.ranking.iter().position(|ranked| ranked.index == facts.series);
    let id = EventId { series: facts.series, onset: event.onset.index };
    let group = analysis.incident_of(id);
    EventFindings {
        number,
        series: place.unwrap_or_default(),
        group: group.map_or(0, |(at, _)| at + 1),
        labels: LabelObject(&loaded.labels),
        kind: event.kind,
        direction: event.direction,
        severity: event.severity,
        level: event.level(),
        score: event.score,
        strength: event.alert_score,
        probability: event.probability,
        what: words::what(event, facts.unit),
        sentence: sentence(facts, Clock::UTC),
        start: Rfc3339Time(event.display_start),
        end: Rfc3339Time(event.end),
        detected: Rfc3339Time(facts.detected),
        recovered: facts.recovered.map(Rfc3339Time),
        ongoing: event.ongoing,
        lasted_seconds: facts.lasted.as_seconds(),
        onset: JudgedSample::from(&event.onset),
        peak: JudgedSample::from(&event.peak),
        quantity: event.quantity,
        unit: facts.unit,
        view: event.feature,
        baseline: &analysis.detected.series[facts.series].detection.baseline,
        spread: facts.spread,
        deviations: facts.deviations,
        steady: event.steady,
        ranged: event.ranged,
        inside: facts.inside,
        ratio: facts.ratio,
        levels: facts.levels.map(|(before, after)| LevelFindings {
            before,
            after,
            unit: facts.value_unit,
        }),
        new_level: event.new_level,
        escalated_from: event.escalation.map(|escalation| escalation.from),
        forecast: event.time_left.map(|time| ForecastFindings {
            bound: time.bound,
            left_seconds: time.left.as_seconds(),
            least_seconds: time.least.as_seconds(),
            most_seconds: time.most.as_seconds(),
        }),
        widened: facts.widened,
        excess: facts.excess.map(|(total, unit)| ExcessFindings { total, unit }),
        extreme: facts.record_since.map(|extreme| RecordFindings {
            looked_back_seconds: extreme.looked_back.as_seconds(),
            last: extreme.last.map(Rfc3339Time),
        }),
        recurrence: facts.recurrence,
        company: facts.concurrent,
        signs: facts.evidence.clone(),
        suspects: causes
            .map(|causes| causes.ranked.iter().map(|cause| found(cause, causes)).collect()),
    }
}

fn found<'a>(
    candidate: &'a CandidateCause<'a>,
    causes: &'a CandidateCauses<'a>,
) -> CauseFindings<'a> {
    let Hypothesis { id, cause, because, source, confirm, refute, mitigate, prevent, .. } =
        candidate.hypothesis;
    let looks = |checks: &'a [CauseCheck]| {
        checks
            .iter()
            .map(|check| CheckFindings { see: &check.see, query: causes.query(check) })
            .collect()
    };
    CauseFindings {
        family: &candidate.family.id,
        id,
        cause,
        because,
        source,
        confidence: candidate.confidence,
        reasons: &candidate.reasons,
        checks: candidate
            .checks
            .iter()
            .map(|check| CheckedFindings {
                see: &check.see,
                query: &check.query,
                verdict: check.verdict,
                observed: check.observed.words(Clock::UTC),
            })
            .collect(),
        confirm: looks(confirm),
        refute: looks(refute),
        mitigate,
        prevent,
    }
}

impl From<&SampleVerdict> for JudgedSample {
    fn from(judged: &SampleVerdict) -> Self {
        let SampleVerdict { time, value, expected, lower, upper, score, .. } = *judged;
        Self { time: Rfc3339Time(time), value, expected, lower, upper, score }
    }
}
