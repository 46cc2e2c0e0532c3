//! Evidence for and against causes, as phrases that follow "it": "changed within a few samples".

use super::facts::recurrence;
use super::{odd_together, one_decimal};
use crate::explain::{EvidenceTag, Facts};
use oddity_source::unit::Unit;

/// Returns the tags of an event as a list: "fell to 0; lasted 6 min"; empty where there are none.
pub fn all(facts: &Facts) -> String {
    let all: Vec<String> = facts.evidence.iter().map(|tag| phrase(*tag, facts)).collect();
    all.join("; ")
}

/// Returns what a tag says, with the numbers of the event.
pub fn phrase(tag: EvidenceTag, facts: &Facts) -> String {
    match (tag, facts.ratio) {
        (EvidenceTag::Doubled | EvidenceTag::Tenfold, Some(ratio)) => {
            format!("{} times the expected value", one_decimal(ratio))
        }
        (EvidenceTag::Halved, Some(ratio)) => {
            format!("{} of the expected value", Unit::Ratio.format(ratio))
        }
        (EvidenceTag::OneOfMany | EvidenceTag::MostSeries, _) => match facts.concurrent {
            Some(all) => odd_together(all.odd, all.of),
            None => name(tag).to_owned(),
        },
        (EvidenceTag::Recurring, _) => {
            facts.recurrence.map_or_else(|| name(tag).to_owned(), recurrence)
        }
        (EvidenceTag::Short | EvidenceTag::Long, _) => format!("lasted {}", facts.lasted.words()),
        _ => name(tag).to_owned(),
    }
}

/// Returns what a tag says, without numbers.
fn name(tag: EvidenceTag) -> &'static str {
    match tag {
        EvidenceTag::ToZero => "fell to 0",
        EvidenceTag::Halved => "at most half of the expected value",
        EvidenceTag::Doubled => "at least twice the expected value",
        EvidenceTag::Tenfold => "at least ten times the expected value",
        EvidenceTag::NearFull => "reached 90 % or more",
        EvidenceTag::Sudden => "changed within a few samples",
        EvidenceTag::Gradual => "changed slowly",
        EvidenceTag::Short => "short",
        EvidenceTag::Long => "long",
        EvidenceTag::Recovered => "recovered",
        EvidenceTag::Ongoing => "still ongoing",
        EvidenceTag::Lasting => "the new level persists",
        EvidenceTag::Recurring => "recurs",
        EvidenceTag::OnTheHour => "began on the hour",
        EvidenceTag::OneOfMany => "few series are odd at the same time",
        EvidenceTag::MostSeries => "most series are odd at the same time",
        EvidenceTag::SamplesMissing => "samples are missing around it",
        EvidenceTag::CounterReset => "the counter was reset",
        EvidenceTag::Unprecedented => "most extreme value in the loaded data",
    }
}
