//! One event.

use serde::Serialize;

use super::{LabelObject, Rfc3339Time};
use crate::analysis::Analysis;
use crate::explain::{ConcurrentAnomalies, EvidenceTag, Facts, Recurrence};
use crate::knowledge::{
    CandidateCause, CandidateCauses, CauseCheck, CauseReason, Citation, Confidence, Hypothesis,
};
use crate::words::{self, Clock, sentence};
use oddity_detect::detect::{Feature, Quantity};
use oddity_detect::event::{Direction, EventKind, SampleVerdict, SeverityLevel};
use oddity_source::unit::Unit;

/// Everything that is known of an event. Numbers are in `unit`, unless said otherwise.
#[derive(Debug, Serialize)]
pub struct EventFindings<'a> {
    /// Its place among all events, from 1.
    pub number: usize,
    /// Index of its series in [`super::Findings::series`].
    pub series: usize,
    /// What names the series.
    pub labels: LabelObject<'a>,
    /// What happened.
    pub kind: EventKind,
    /// On which side of the expectation.
    pub direction: Direction,
    /// 0 to 100.
    pub severity: f64,
    /// The same as a word.
    pub level: SeverityLevel,
    /// The largest score of a flagged sample.
    pub score: f64,
    /// The largest strength of the alert.
    pub strength: f64,
    /// Probability of so large a strength by those before the event.
    pub probability: f64,
    /// What happened, in a few words.
    pub what: String,
    /// What was observed, in a sentence.
    pub sentence: String,
    /// When it began.
    pub start: Rfc3339Time,
    /// The last odd time.
    pub end: Rfc3339Time,
    /// When it was odd for long enough to count.
    pub detected: Rfc3339Time,
    /// First time back in the band of the onset.
    pub recovered: Option<Rfc3339Time>,
    /// Whether it goes on at the end of the range.
    pub ongoing: bool,
    /// How long it was odd.
    pub lasted_seconds: f64,
    /// The sample with which it began to be odd.
    pub onset: JudgedSample,
    /// The one that is farthest from what was expected.
    pub peak: JudgedSample,
    /// What is judged.
    pub quantity: Quantity,
    /// Of what is judged.
    pub unit: Unit,
    /// The view that opened it, for detectors with several.
    pub view: Option<Feature>,
    /// What the expectation was learnt from, in words.
    pub baseline: &'a str,
    /// The spread of the baseline at the onset.
    pub spread: f64,
    /// How far the peak is from what was expected, in `spread`.
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
    /// Spread after the onset over spread before it.
    pub widened: Option<f64>,
    /// Total beyond what was expected, for rates.
    pub excess: Option<ExcessFindings>,
    /// Since when no value was as high or as low.
    pub extreme: Option<RecordFindings>,
    /// Whether the same happens again and again.
    pub recurrence: Option<Recurrence>,
    /// How many series are odd at the same time, of how many.
    pub company: Option<ConcurrentAnomalies>,
    /// What speaks for and against causes.
    pub signs: Vec<EvidenceTag>,
    /// What may be behind it, best first; `None` for events that are not among the worst.
    pub suspects: Option<Vec<CauseFindings<'a>>>,
}

/// One judged sample.
#[derive(Debug, Serialize)]
pub struct JudgedSample {
    /// When.
    pub time: Rfc3339Time,
    /// What is judged there.
    pub value: f64,
    /// What was expected.
    pub expected: f64,
    /// Lower bound of the band.
    pub lower: f64,
    /// Upper bound of the band.
    pub upper: f64,
    /// Its score.
    pub score: f64,
}

/// A change of level.
#[derive(Debug, Serialize)]
pub struct LevelFindings {
    /// Median of the values before.
    pub before: f64,
    /// And after.
    pub after: f64,
    /// Of the values.
    pub unit: Unit,
}

/// A total.
#[derive(Debug, Serialize)]
pub struct ExcessFindings {
    /// How much.
    pub total: f64,
    /// Of what.
    pub unit: Unit,
}

/// See [`crate::explain::Extreme`].
#[derive(Debug, Serialize)]
pub struct RecordFindings {
    /// From the last value that was as high or as low, or the first sample, to the peak.
    pub looked_back_seconds: f64,
    /// When that value came.
    pub last: Option<Rfc3339Time>,
}

/// What may be behind an event.
#[derive(Debug, Serialize)]
pub struct CauseFindings<'a> {
    /// Id of its family of metrics.
    pub family: &'a str,
    /// Its id in the family.
    pub id: &'a str,
    /// What may have happened.
    pub cause: &'a str,
    /// Why that would look like this.
    pub because: &'a str,
    /// Where that is written.
    pub source: &'a Citation,
    /// How well it fits.
    pub confidence: Confidence,
    /// What speaks for it and against it.
    pub reasons: &'a [CauseReason],
    /// What would confirm it.
    pub confirm: Vec<CheckFindings<'a>>,
    /// What would refute it.
    pub refute: Vec<CheckFindings<'a>>,
    /// What ends the harm.
    pub mitigate: &'a [String],
    /// What keeps it from coming back.
    pub prevent: &'a [String],
}

/// Something to look at.
#[derive(Debug, Serialize)]
pub struct CheckFindings<'a> {
    /// What one would see.
    pub see: &'a str,
    /// The PromQL that shows it, with the labels of the series.
    pub query: Option<String>,
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
    EventFindings {
        number,
        series: place.unwrap_or_default(),
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
