//! Evidence for and against causes: properties of an event that a knowledge base can name.

use serde::{Deserialize, Serialize};

use super::{Facts, lasts};
use oddity_detect::event::{Direction, EventKind};
use oddity_detect::time::Span;
use oddity_source::unit::Unit;

/// A property of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceTag {
    /// Fell to exactly 0.
    ToZero,
    /// At most half of what was expected.
    Halved,
    /// At least twice what was expected.
    Doubled,
    /// At least ten times what was expected.
    Tenfold,
    /// A share of 90 % or more.
    NearFull,
    /// Changed within a few samples.
    Sudden,
    /// Changed over many samples.
    Gradual,
    /// Over within 15 minutes.
    Short,
    /// Two hours or longer.
    Long,
    /// Back to what was usual.
    Recovered,
    /// Not over at the end of the range.
    Ongoing,
    /// A new level that stays.
    Lasting,
    /// Recurs at the same time of other hours, days or weeks.
    Recurring,
    /// Began within two minutes of a full hour.
    OnTheHour,
    /// Few of the series of the query are odd at this time.
    OneOfMany,
    /// Most of the series of the query are odd at this time.
    MostSeries,
    /// Samples are missing at the time of the event.
    SamplesMissing,
    /// The counter started anew.
    CounterReset,
    /// Higher or lower than all samples loaded before it.
    Unprecedented,
}

/// Minimum number of samples before the peak for it to be called unprecedented.
const WELL_KNOWN: u64 = 200;

/// Returns the tags that hold for an event. `raw` are the samples as loaded, before a counter is converted to its
/// increase.
pub(super) fn evidence(
    facts: &Facts,
    raw: &[f64],
    counter: bool,
    began: usize,
) -> Vec<EvidenceTag> {
    let event = &facts.event;
    let minutes = |count: u64| Span::from_seconds(60 * count);
    let ratio = |holds: fn(f64) -> bool| facts.ratio.is_some_and(holds);
    let up = event.direction == Direction::Up;
    let gradual = matches!(event.kind, EventKind::SlopeChange | EventKind::Drift);
    let excursion = matches!(
        event.kind,
        EventKind::Spike
            | EventKind::Dip
            | EventKind::LevelShiftUp
            | EventKind::LevelShiftDown
            | EventKind::Record
    );
    let last = (event.last + 2).min(raw.len());
    let around = raw.get(began.saturating_sub(2)..last).unwrap_or_default();
    let concurrent = |holds: fn(usize, usize) -> bool| {
        facts
            .concurrent
            .is_some_and(|concurrent| concurrent.of >= 3 && holds(concurrent.odd, concurrent.of))
    };
    let all = [
        (EvidenceTag::ToZero, ratio(|ratio| ratio == 0.0)),
        (EvidenceTag::Halved, ratio(|ratio| ratio <= 0.5)),
        (EvidenceTag::Doubled, ratio(|ratio| ratio >= 2.0)),
        (EvidenceTag::Tenfold, ratio(|ratio| ratio >= 10.0)),
        (EvidenceTag::NearFull, facts.unit == Unit::Ratio && up && event.peak.value >= 0.9),
        (EvidenceTag::Sudden, excursion),
        (EvidenceTag::Gradual, gradual),
        (
            EvidenceTag::Short,
            !event.ongoing && facts.lasted <= minutes(15).max(facts.step.times(3)),
        ),
        (EvidenceTag::Long, facts.lasted >= minutes(120)),
        (EvidenceTag::Recovered, facts.recovers()),
        (EvidenceTag::Ongoing, event.ongoing),
        (EvidenceTag::Lasting, event.new_level.is_some() && lasts(event.kind)),
        (EvidenceTag::Recurring, facts.recurrence.is_some()),
        (EvidenceTag::OnTheHour, excursion && on_the_hour(facts)),
        (EvidenceTag::OneOfMany, concurrent(|odd, of| odd == 1 || odd * 4 <= of)),
        (EvidenceTag::MostSeries, concurrent(|odd, of| odd * 5 >= of * 3)),
        (
            EvidenceTag::SamplesMissing,
            event.kind != EventKind::Gap && around.iter().any(|v| v.is_nan()),
        ),
        (EvidenceTag::CounterReset, counter && around.windows(2).any(|pair| pair[1] < pair[0])),
        (
            EvidenceTag::Unprecedented,
            facts.record_since.is_some_and(|record_since| {
                let known = facts.step.millis() * WELL_KNOWN;
                record_since.last.is_none() && record_since.looked_back.millis() >= known
            }),
        ),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(tag, _)| tag).collect()
}

/// Returns whether the event began within two minutes of a full hour, as far as the step lets one see that.
fn on_the_hour(facts: &Facts) -> bool {
    const HOUR: i64 = 3_600_000;
    let tolerance = 120_000.max(facts.step.millis() as i64);
    let past = facts.event.onset.time.0.rem_euclid(HOUR);
    facts.step.millis() <= 300_000 && (past <= tolerance || past >= HOUR - tolerance / 2)
}
