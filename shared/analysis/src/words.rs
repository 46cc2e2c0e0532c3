//! Every sentence that users read from this crate, so that the page, the report, notifications and rules say the same.
//!
//! | module | sentences |
//! |---|---|
//! | [`headline`], [`title`], [`scope`], [`history`] | about an analysis as a whole |
//! | [`shortage`] | about a series that could not be judged |
//! | [`what`], [`reason`], [`course`], [`severity`] | about an event, short |
//! | [`incident()`] | about events that began together |
//! | [`sentence`], [`lines`] | about the facts of an event, in full |
//! | [`evidence`] | what speaks for and against causes |
//! | [`condition`] | when the condition of a query holds |
//! | `data` | remarks on the samples |
//! | [`causes`] | caveats and reasons of candidate causes |
//! | [`checks`] | what the checks of causes observed |
//! | [`related`] | how other series changed |
//! | [`report`] | fixed texts of the report |
//! | [`rules`] | notes and caveats of exported rules |
//! | [`prompt`] | what the assistant is told |
//!
//! Messages of errors stand with their types: [`crate::rules::ExportError`], [`crate::rules::UnitTestError`],
//! [`crate::view_state::LinkError`], [`crate::assistant::PromptError`].

pub mod causes;
pub mod checks;
mod clock;
pub mod condition;
pub(crate) mod data;
mod event;
pub mod evidence;
mod facts;
mod incident;
pub(crate) mod notes;
mod overview;
pub mod prompt;
pub mod related;
pub mod report;
pub mod rules;
mod subject;

use oddity_detect::detect::{Feature, Quantity};
use oddity_source::note::{DataNote, NoteFix};
use oddity_source::promql::one_line;
use oddity_source::unit::Unit;

pub use clock::Clock;
use event::has_returned;
pub use event::{course, farthest, reason, severity, sign, time_left, what};
pub use facts::{FactLine, arithmetic, further, lines, sentence};
pub use incident::{incident, incident_place, others_of_incident, separating_label};
pub(crate) use overview::samples_of_each;
pub use overview::{headline, history, past_alerts, scope, shortage, threshold, title, unjudged};
pub use subject::subject;

/// Formats a number of samples: "1 sample", "1,441 samples".
pub fn count_samples(count: usize) -> String {
    if count == 1 {
        "1 sample".to_owned()
    } else {
        format!("{} samples", Unit::Plain.format(count as f64))
    }
}

/// Formats a remark about the data with its fix, in plain text: "The step of 15s is shorter ... Select a step of 1m".
pub fn note(note: &DataNote) -> String {
    match &note.fix {
        None => note.text.clone(),
        Some(NoteFix { label, query: None, .. }) => format!("{}. {label}", note.text),
        Some(NoteFix { label, query: Some(query), .. }) => {
            format!("{}. {label}: {}", note.text, one_line(query))
        }
    }
}

/// Formats how many of several series are odd: "1 of 4 series is odd at the same time".
pub fn odd_together(odd: usize, of: usize) -> String {
    let are = if odd == 1 { "is" } else { "are" };
    format!("{odd} of {of} series {are} odd at the same time")
}

/// Returns the text with a capital at the beginning.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Returns the text with its indefinite article: "a spike", "an infinite value".
pub fn with_article(what: &str) -> String {
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {what}")
}

/// Returns the name of what is compared, for the head of a column or a strip.
pub fn quantity(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Value => "value",
        Quantity::Increase => "increase per step",
        Quantity::Slope => "slope",
        Quantity::Spread => "log ratio of spreads",
        Quantity::Contrast => "level change",
        Quantity::CumulativeSum => "cumulative sum",
        Quantity::Duration => "duration",
        Quantity::Forecast => "forecast",
    }
}

/// Returns the title of the strip under the values: "slope, per second".
pub fn axis(of: Quantity, unit: Unit) -> String {
    let unit = match of {
        Quantity::CumulativeSum => "σ",
        // The marks of the axis say minutes or hours.
        Quantity::Duration => "",
        _ => unit.axis(),
    };
    let name = quantity(of);
    if unit.is_empty() { name.to_owned() } else { format!("{name}, {unit}") }
}

/// Formats a normal range: "6.2 to 10.4", "at most 20"; "unknown" where a bound is NaN.
pub fn bounds(lower: f64, upper: f64, unit: Unit) -> String {
    if lower.is_nan() || upper.is_nan() {
        return "unknown".to_owned();
    }
    let (low, high) = (unit.format(lower), unit.format(upper));
    match (lower == f64::NEG_INFINITY, upper == f64::INFINITY) {
        (false, false) => format!("{low} to {high}"),
        (true, false) => format!("at most {high}"),
        (false, true) => format!("at least {low}"),
        (true, true) => "any value".to_owned(),
    }
}

/// Returns the unit of a score, in short and in full.
pub(crate) fn counted(quantity: Quantity) -> [&'static str; 2] {
    match quantity {
        Quantity::Value
        | Quantity::Increase
        | Quantity::Slope
        | Quantity::Spread
        | Quantity::Contrast => ["σ", "standard deviations"],
        Quantity::CumulativeSum => ["σ accumulated", "accumulated standard deviations"],
        Quantity::Duration => ["times the longest", "times the longest before"],
        Quantity::Forecast => ["times the distance left", "times the distance left to the bound"],
    }
}

/// Formats a score for a small place: "4 σ", "3 times the longest".
pub fn score(quantity: Quantity, score: f64) -> String {
    format!("{} {}", Unit::Plain.format(score), counted(quantity)[0])
}

/// Returns the name of the feature that an alert came from.
pub fn feature(feature: Feature) -> &'static str {
    match feature {
        Feature::Value => "the values",
        Feature::Mean => "the short-term mean",
        Feature::Spread => "the spread",
        Feature::Season => "the deviation from the season",
        Feature::Slope => "the slope",
        Feature::Level => "the level",
        Feature::Drift => "accumulated small deviations",
        Feature::Flat => "flat values",
        Feature::Gap => "missing samples",
        Feature::Forecast => "the time left",
        Feature::Record => "values never seen before",
        Feature::Peers => "the comparison with the other series",
    }
}

/// Formats a figure for a sentence with at most one decimal: "46.5".
pub fn one_decimal(value: f64) -> String {
    Unit::Plain.format(libm::round(value * 10.0) / 10.0)
}
