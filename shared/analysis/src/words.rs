//! Sentences about what was found; the page and the report say the same.

mod clock;
mod subject;

use crate::analysis::Analysis;
use oddity_detect::detect::{Feature, Quantity};
use oddity_detect::event::{Direction, Event, EventKind, SeverityLevel};
use oddity_detect::time::Span;
use oddity_source::unit::Unit;

pub use clock::Clock;
pub use subject::subject;

/// The finding in one line: "3 odd things in 24 h. Worst: spike to 37 (8.1 expected)".
pub fn headline(analysis: &Analysis) -> String {
    let range = match analysis.judged_grid().range().span() {
        Span::ZERO => "1 sample".to_owned(),
        span => span.words(),
    };
    let loaded = &analysis.detected.loaded;
    if loaded.series.is_empty() {
        return format!("No series in {range}");
    }
    if analysis.detected.series.iter().all(|series| series.judged == 0) {
        return format!("Too few samples to judge anything in {range}");
    }
    let worst = analysis.worst_events();
    let Some((ranked, event)) = worst.first() else {
        return format!("Nothing odd in {range}");
    };
    let things = if worst.len() == 1 {
        format!("1 odd thing in {range}: ")
    } else {
        format!("{} odd things in {range}. Worst: ", worst.len())
    };
    let place = if loaded.series.len() > 1 {
        format!(", {}", analysis.series(ranked).1.prepared.name)
    } else {
        String::new()
    };
    format!("{things}{}{place}", what(event, analysis.judged_unit(event.quantity)))
}

/// What happened, for a title: "DHCP lease rate spike: 37/min against 7.75/min expected".
pub fn title(analysis: &Analysis) -> String {
    let loaded = &analysis.detected.loaded;
    let subject = subject(&loaded.query.expr);
    let worst = analysis.worst_events();
    let Some((_, event)) = worst.first() else {
        return if loaded.series.is_empty() {
            format!("{subject}: no series")
        } else if analysis.detected.series.iter().all(|series| series.judged == 0) {
            format!("{subject}: too few samples to judge")
        } else {
            format!("{subject}: nothing odd")
        };
    };
    let others = match worst.len() - 1 {
        0 => String::new(),
        1 => " (and 1 more event)".to_owned(),
        count => format!(" (and {count} more events)"),
    };
    let unit = analysis.judged_unit(event.quantity);
    let expected = unit.format(event.onset.expected);
    let of_values = matches!(event.quantity, Quantity::Value | Quantity::Increase);
    let numbers = match event.kind {
        EventKind::Gap | EventKind::FlatLine => {
            let lasted = event.lasted.words();
            format!(
                "{} for {lasted}",
                if event.kind == EventKind::Gap { "no samples" } else { "one value" }
            )
        }
        EventKind::Infinite => {
            format!("{} against {expected} expected", unit.format(event.onset.value))
        }
        _ if event.ranged => format!(
            "{} against {} expected",
            unit.format(event.new_level.unwrap_or(event.peak.value)),
            bounds(event.onset.lower, event.onset.upper, unit)
        ),
        _ => format!(
            "{} against {expected} expected",
            unit.format(event.new_level.unwrap_or(event.peak.value))
        ),
    };
    let of = if of_values { String::new() } else { format!(" in {}", quantity(event.quantity)) };
    format!("{subject} {}{of}: {numbers}{others}", event.kind.name())
}

/// What the analysis looked at: "3 series, 1,441 samples each, no gaps".
pub fn scope(analysis: &Analysis) -> String {
    let series = &analysis.detected.series;
    let missing: usize = series.iter().map(|series| series.prepared.missing).sum();
    let gaps: usize = series.iter().map(|series| series.prepared.gaps).sum();
    let (count, each) = if series.len() == 1 {
        ("1 series".to_owned(), "")
    } else {
        (format!("{} series", series.len()), " each")
    };
    let gaps = match (missing, gaps) {
        (0, _) => "no gaps".to_owned(),
        (missing, 1) => format!("1 gap of {}", count_samples(missing)),
        (missing, gaps) => format!("{gaps} gaps ({})", count_samples(missing)),
    };
    let samples = count_samples(analysis.judged_grid().len);
    let unjudged = match series.iter().filter(|series| series.judged == 0).count() {
        0 => String::new(),
        unjudged => format!(", {unjudged} series with too few samples to judge"),
    };
    format!("{count}, {samples}{each}, {gaps}{unjudged}")
}

/// What lies before the range, to learn from: "21 d of history", "4 h of history, as the source has no more".
pub fn history(analysis: &Analysis) -> String {
    let loaded = &analysis.detected.loaded;
    let query = &loaded.query;
    let asked = query.step.times(query.history);
    let known = loaded.first_sample().map_or(Span::ZERO, |first| query.start.since(first));
    match known {
        Span::ZERO => "no history".to_owned(),
        // The first samples of a rate are missing anyhow.
        known if known.millis() >= asked.millis() / 100 * 99 => {
            format!("{} of history", asked.words())
        }
        known => format!("{} of history, as the source has no more", known.words()),
    }
}

/// "1 sample", "1,441 samples".
pub fn count_samples(count: usize) -> String {
    if count == 1 {
        "1 sample".to_owned()
    } else {
        format!("{} samples", Unit::Plain.format(count as f64))
    }
}

/// What happened, without when: "spike to 37 (8.1 expected)".
pub fn what(event: &Event, unit: Unit) -> String {
    let peak = unit.format(event.peak.value);
    let expected = if event.ranged {
        bounds(event.onset.lower, event.onset.upper, unit)
    } else {
        unit.format(event.onset.expected)
    };
    let name = event.kind.name();
    let of_values = of_values(event);
    match event.kind {
        EventKind::Infinite => format!("infinite value ({expected} expected)"),
        EventKind::LevelShiftUp | EventKind::LevelShiftDown if of_values => {
            let level = unit.format(event.new_level.unwrap_or(event.peak.value));
            if event.ranged {
                format!("{name} to {level} ({expected} expected)")
            } else {
                format!("{name} from {expected} to {level}")
            }
        }
        EventKind::Gap | EventKind::FlatLine => format!("{name} of {}", event.lasted.words()),
        // It is odd by what its samples do together, not by how far one is off.
        _ if of_values && peak == expected => format!("{name} around {peak}"),
        _ if of_values || event.quantity == Quantity::Slope => {
            format!("{name} to {peak} ({expected} expected)")
        }
        _ => format!("{name}: {} {peak} ({expected} expected)", quantity(event.quantity)),
    }
}

/// With a capital at the beginning.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Which end of its values the peak of an event is.
pub fn farthest(event: &Event) -> &'static str {
    if event.direction == Direction::Up { "highest" } else { "lowest" }
}

fn of_values(event: &Event) -> bool {
    matches!(event.quantity, Quantity::Value | Quantity::Increase)
}

/// "a spike", "an infinite value".
pub fn with_article(what: &str) -> String {
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {what}")
}

/// What is compared, for the head of a column or a strip.
pub fn quantity(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Value => "value",
        Quantity::Increase => "increase a step",
        Quantity::Slope => "slope",
        Quantity::Spread => "log ratio of spreads",
        Quantity::Contrast => "step of the level",
        Quantity::CumulativeSum => "cumulative sum",
        Quantity::Duration => "duration",
    }
}

/// What a strip under the values shows: "slope, per second".
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

/// What is not odd: "6.2 to 10.4", "at most 20".
pub fn bounds(lower: f64, upper: f64, unit: Unit) -> String {
    let (low, high) = (unit.format(lower), unit.format(upper));
    match (lower == f64::NEG_INFINITY, upper == f64::INFINITY) {
        (false, false) => format!("{low} to {high}"),
        (true, false) => format!("at most {high}"),
        (false, true) => format!("at least {low}"),
        (true, true) => "anything".to_owned(),
    }
}

/// What a score counts, in short and in full.
pub(crate) fn counted(quantity: Quantity) -> [&'static str; 2] {
    match quantity {
        Quantity::Value
        | Quantity::Increase
        | Quantity::Slope
        | Quantity::Spread
        | Quantity::Contrast => ["σ", "standard deviations"],
        Quantity::CumulativeSum => ["σ in sum", "standard deviations in sum"],
        Quantity::Duration => ["times the longest", "times the longest before"],
    }
}

/// A score for a small place: "4 σ", "3 times the longest".
pub fn score(quantity: Quantity, score: f64) -> String {
    format!("{} {}", Unit::Plain.format(score), counted(quantity)[0])
}

/// From what on a sample is flagged: "a threshold of 4 standard deviations".
pub fn threshold(analysis: &Analysis) -> String {
    if analysis.detected.detector.about().threshold == 0.0 {
        return "the bounds that were set".to_owned();
    }
    let first = analysis.detected.series.first();
    let quantity = first.map_or(Quantity::Value, |found| found.detection.quantity);
    let threshold = Unit::Plain.format(analysis.rule.threshold);
    format!("a threshold of {threshold} {}", counted(quantity)[1])
}

/// What an alert was told by.
pub fn view(view: Feature) -> &'static str {
    match view {
        Feature::Value => "its values",
        Feature::Mean => "its mean over a short while",
        Feature::Spread => "its spread",
        Feature::Season => "its deviation from the season",
        Feature::Slope => "its slope",
        Feature::Level => "its level",
        Feature::Drift => "small deviations that add up",
        Feature::Flat => "a value that stands still",
        Feature::Gap => "samples that stay away",
        Feature::Record => "values never seen before",
        Feature::Peers => "the other series at the same time",
    }
}

/// The arithmetic behind an event, in a sentence without its full stop.
pub fn reason(event: &Event, unit: Unit) -> String {
    let onset = &event.onset;
    let baseline = &event.baseline;
    if event.kind == EventKind::Infinite {
        return format!("the value is {}, which no baseline explains", unit.format(onset.value));
    }
    let side = if event.direction == Direction::Up { "above" } else { "below" };
    let subject = match event.quantity {
        Quantity::Value => "",
        Quantity::Increase => "increase a step of ",
        Quantity::Slope => "slope of ",
        Quantity::Spread => "log ratio of spreads of ",
        Quantity::Contrast => "step of the level of ",
        Quantity::CumulativeSum => "cumulative sum of ",
        Quantity::Duration => "duration of ",
    };
    let (peak, expected) = (unit.format(event.peak.value), unit.format(onset.expected));
    let score = one_decimal(event.score);
    let range = bounds(onset.lower, onset.upper, unit);
    let told = match event.feature {
        Some(by) => {
            format!("; alert from {}, strength {}", view(by), one_decimal(event.alert_score))
        }
        None => String::new(),
    };
    if of_values(event) && event.kind == EventKind::Gap {
        return format!(
            "no sample for {}, where {expected} was expected ({range}){told}",
            event.lasted.words()
        );
    }
    if of_values(event) && event.kind == EventKind::FlatLine {
        return format!("{peak} without any change for {}{told}", event.lasted.words());
    }
    if event.steady {
        return format!("{subject}{peak} against a constant {expected} in {baseline}{told}");
    }
    if event.quantity == Quantity::Duration {
        return format!("{peak}, which is {score} times {baseline}");
    }
    if event.ranged {
        return format!(
            "{subject}{peak}, beyond what is normal ({range}) by {baseline}; score {score}{told}"
        );
    }
    let against = format!("{subject}{peak} against {expected} expected ({range}) from {baseline}");
    match event.feature {
        // Its score is a mean over several views, not a distance in the spread of this one.
        Some(_) => format!("{against}; score {score}{told}"),
        None => format!("{against}; up to {score} {} {side}", counted(event.quantity)[1]),
    }
}

/// A figure for a sentence: "46.5".
pub fn one_decimal(value: f64) -> String {
    Unit::Plain.format(libm::round(value * 10.0) / 10.0)
}

/// How the event ended: "10 min, recovered", "2 h, ongoing".
pub fn course(event: &Event) -> String {
    let lasted = event.lasted.words();
    let excursion = matches!(event.kind, EventKind::Spike | EventKind::Dip);
    match (event.ongoing, event.recovered) {
        (true, _) => format!("{lasted}, ongoing"),
        (false, Some(_)) => format!("{lasted}, recovered"),
        (false, None) if event.new_level.is_some() && !excursion => {
            format!("odd for {lasted}, then the new normal")
        }
        (false, None) => format!("{lasted}, recovery not seen"),
    }
}

/// Severity as a word and a number: "critical 96".
pub fn severity(event: &Event) -> String {
    format!("{} {:.0}", event.level().name(), event.severity)
}

/// A sign beside the colour, so that severity is never colour alone.
pub fn sign(event: &Event) -> &'static str {
    match (event.level(), event.direction) {
        (SeverityLevel::Low, _) => "·",
        (_, Direction::Up) => "▲",
        (_, Direction::Down) => "▼",
    }
}
