//! Sentences about what was found; the page and the report say the same.

use crate::analysis::Analysis;
use crate::detect::{Quantity, View};
use crate::event::{Direction, Event, Kind, Level};
use crate::time::{Span, Timestamp};
use crate::unit::Unit;

/// How times are written: minutes east of UTC, by the time that is written (clocks change).
#[derive(Clone, Copy, Debug)]
pub struct Clock(pub fn(Timestamp) -> i32);

impl Clock {
    /// Coordinated universal time.
    pub const UTC: Self = Self(|_| 0);

    /// `Jan 31 13:45`.
    pub fn short(self, t: Timestamp) -> String {
        t.format_short(self.0(t))
    }

    /// `2026-01-31 13:45:00 UTC` or `... UTC+01:00`.
    pub fn full(self, t: Timestamp) -> String {
        format!("{} {}", t.format(self.0(t)), self.zone(t))
    }

    /// `UTC` or `UTC+01:00` at time `t`.
    pub fn zone(self, t: Timestamp) -> String {
        match self.0(t) {
            0 => "UTC".to_owned(),
            minutes => {
                let sign = if minutes < 0 { '-' } else { '+' };
                format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }

    /// `Jan 31 13:45 to 13:50`, with the second date only when it is another day.
    pub fn from_to(self, start: Timestamp, end: Timestamp) -> String {
        let (first, second) = (self.short(start), self.short(end));
        let day = |text: &str| text.rsplit_once(' ').map(|(day, _)| day.to_owned());
        match second.rsplit_once(' ') {
            _ if first == second => first,
            Some((_, clock)) if day(&first) == day(&second) => format!("{first} to {clock}"),
            _ => format!("{first} to {second}"),
        }
    }
}

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
        Kind::Infinite => format!("infinite value ({expected} expected)"),
        Kind::LevelShiftUp | Kind::LevelShiftDown if of_values => {
            let level = unit.format(event.new_level.unwrap_or(event.peak.value));
            if event.ranged {
                format!("{name} to {level} ({expected} expected)")
            } else {
                format!("{name} from {expected} to {level}")
            }
        }
        Kind::Gap | Kind::FlatLine => format!("{name} of {}", event.lasted.words()),
        _ if of_values || event.quantity == Quantity::Slope => {
            format!("{name} to {peak} ({expected} expected)")
        }
        _ => format!("{name}: {} {peak} ({expected} expected)", quantity(event.quantity)),
    }
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
fn counted(quantity: Quantity) -> [&'static str; 2] {
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
fn view(view: View) -> &'static str {
    match view {
        View::Value => "its values",
        View::Mean => "its mean over a short while",
        View::Spread => "its spread",
        View::Season => "its deviation from the season",
        View::Slope => "its slope",
        View::Level => "its level",
        View::Drift => "small deviations that add up",
        View::Flat => "a value that stands still",
        View::Gap => "samples that stay away",
        View::Record => "values never seen before",
        View::Peers => "the other series at the same time",
    }
}

/// The arithmetic behind an event, in a sentence without its full stop.
pub fn reason(event: &Event, unit: Unit) -> String {
    let onset = &event.onset;
    let baseline = &event.baseline;
    if event.kind == Kind::Infinite {
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
    let score = Unit::Plain.format(libm::round(event.score * 10.0) / 10.0);
    let range = bounds(onset.lower, onset.upper, unit);
    let told = match event.view {
        Some(by) => {
            let strength = Unit::Plain.format(libm::round(event.strength * 10.0) / 10.0);
            format!("; alert from {}, strength {strength}", view(by))
        }
        None => String::new(),
    };
    if of_values(event) && event.kind == Kind::Gap {
        return format!(
            "no sample for {}, where {expected} was expected ({range}){told}",
            event.lasted.words()
        );
    }
    if of_values(event) && event.kind == Kind::FlatLine {
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
    format!(
        "{subject}{peak} against {expected} expected ({range}) from {baseline}; up to {score} {} {side}{told}",
        counted(event.quantity)[1],
    )
}

/// How the event ended: "10 min, recovered", "2 h, ongoing".
pub fn course(event: &Event) -> String {
    let lasted = event.lasted.words();
    let excursion = matches!(event.kind, Kind::Spike | Kind::Dip);
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
        (Level::Low, _) => "·",
        (_, Direction::Up) => "▲",
        (_, Direction::Down) => "▼",
    }
}
