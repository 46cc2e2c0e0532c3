//! The facts of an event in words.

use super::{Cycle, Facts, RecordSince, Recurrence, of_values};
use crate::words::{self, Clock, one_decimal};
use oddity_detect::detect::Quantity;
use oddity_detect::event::{Direction, EventKind};
use oddity_detect::time::Timestamp;
use oddity_source::unit::Unit;

/// One fact with its name, for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactLine {
    /// What it is about.
    pub name: &'static str,
    /// What is known.
    pub text: String,
}

impl Recurrence {
    /// "at the same time on 3 of 7 days".
    pub fn words(self) -> String {
        let (on, of) = (self.on, self.of);
        match self.cycle {
            Cycle::Hour => format!("at the same minute in {on} of {of} hours"),
            Cycle::Day => format!("at the same time on {on} of {of} days"),
            Cycle::Week => format!("at the same time in {on} of {of} weeks"),
        }
    }
}

impl RecordSince {
    /// "highest in 7 d", "lowest since Jan 31 13:42".
    fn words(self, direction: Direction, clock: Clock) -> String {
        let side = if direction == Direction::Up { "highest" } else { "lowest" };
        match self.last {
            Some(last) => format!("{side} since {}", clock.short(last)),
            None => format!("{side} in the {} that were loaded", self.looked_back.words()),
        }
    }
}

/// All of it in one sentence, without its full stop: "37/min against 8.1/min expected from the last 60 samples
/// (1 h), 9.4 standard deviations above, highest in the 7 d that were loaded, began at 13:42 UTC, lasted 6 min,
/// recovered".
pub fn sentence(facts: &Facts, clock: Clock) -> String {
    let event = &facts.event;
    let mut parts = vec![what(facts)];
    if let Some(deviations) = facts.deviations.filter(|_| tells_deviations(facts)) {
        parts.push(distance(facts, deviations));
    }
    if let Some(view) = event.feature.filter(|_| facts.inside && facts.deviations.is_some()) {
        parts.push(format!("inside of the band, but odd by {}", words::view(view)));
    }
    parts.extend(facts.record_since.map(|record_since| record_since.words(event.direction, clock)));
    parts.push(format!("began at {}", moment(event.display_start, clock)));
    parts.push(match (event.ongoing, facts.recovered) {
        (true, _) => format!("has lasted {} and goes on", facts.lasted.words()),
        (_, Some(_)) if facts.recovers() => format!("lasted {}, recovered", facts.lasted.words()),
        (_, Some(_)) => format!("was odd for {}", facts.lasted.words()),
        _ if event.new_level.is_some() => {
            format!("was odd for {}, then the new normal", facts.lasted.words())
        }
        _ => format!("was odd for {}, recovery not seen", facts.lasted.words()),
    });
    let mut out = parts.join(", ");
    if let Some(recurrence) = facts.recurrence {
        out.push_str(&format!("; {}", recurrence.words()));
    }
    if let Some(concurrent) = facts.concurrent {
        out.push_str(&format!(
            "; {} of {} series are odd at this time",
            concurrent.odd, concurrent.of
        ));
    }
    out
}

/// What is odd about it, with the numbers that say so.
fn what(facts: &Facts) -> String {
    let (event, unit) = (&facts.event, facts.unit);
    let of_values = of_values(event);
    let (subject, mover) = match event.quantity {
        Quantity::Value => (String::new(), String::new()),
        other => {
            (format!("{} of ", words::quantity(other)), format!("{} ", words::quantity(other)))
        }
    };
    let (peak, expected) = (unit.format(event.peak.value), unit.format(event.onset.expected));
    let baseline = &event.baseline;
    let change = facts
        .levels
        .map(|(before, after)| (facts.value_unit.format(before), facts.value_unit.format(after)));
    match (event.kind, change) {
        (EventKind::Infinite, _) => {
            format!("{} where {expected} was expected", unit.format(event.onset.value))
        }
        (EventKind::Gap, _) => format!("no samples for {}", facts.lasted.words()),
        (EventKind::FlatLine, _) if of_values => {
            format!("{peak} again and again for {}", facts.lasted.words())
        }
        _ if event.quantity == Quantity::Duration => {
            format!("nothing new for {peak}, against {baseline}, which was {}", longest(facts))
        }
        (_, Some((before, after))) if !of_values => format!(
            "from {before} to {after}: {subject}{peak} against {expected} expected from {baseline}"
        ),
        (EventKind::LevelShiftUp | EventKind::LevelShiftDown, Some((before, after))) => format!(
            "{mover}from a level of {before} to {after}, {} {peak}, against {expected} expected from {baseline}",
            farthest(event.direction)
        ),
        (EventKind::SlopeChange | EventKind::Drift, Some((before, after))) => format!(
            "{mover}from {before} to {after}{}, against {expected} expected from {baseline}",
            pace(facts)
        ),
        _ if event.steady => format!("{subject}{peak} against a constant {expected} in {baseline}"),
        (EventKind::VarianceChange, _) if facts.widened.is_some() => format!(
            "{subject}spread {} times that of before, {} {peak} against {expected} expected from {baseline}",
            one_decimal(facts.widened.unwrap_or(1.0)),
            farthest(event.direction)
        ),
        _ if event.ranged => format!(
            "{subject}{peak} where {} is normal by {baseline}",
            words::bounds(event.onset.lower, event.onset.upper, unit)
        ),
        _ => format!("{subject}{peak} against {expected} expected from {baseline}"),
    }
}

fn farthest(direction: Direction) -> &'static str {
    if direction == Direction::Up { "at most" } else { "at least" }
}

/// How fast it rose or fell: " in 3 h, 1.2 MiB an hour".
fn pace(facts: &Facts) -> String {
    let Some((before, after)) = facts.levels else { return String::new() };
    let event = &facts.event;
    let end =
        facts.recovered.map_or(event.end, |back| back.min(event.end)).max(event.estimated_start);
    let took = end.since(event.estimated_start);
    if took.millis() == 0 {
        return String::new();
    }
    let hourly = (after - before) / (took.as_seconds() / 3_600.0);
    format!(" in {}, {} an hour", took.words(), facts.value_unit.format(hourly))
}

fn longest(facts: &Facts) -> String {
    Unit::Seconds.format(facts.spread)
}

/// Deviations that are no part of what is odd only confuse.
fn tells_deviations(facts: &Facts) -> bool {
    !matches!(
        facts.event.kind,
        EventKind::Gap | EventKind::FlatLine | EventKind::Infinite | EventKind::VarianceChange
    ) && facts.event.quantity != Quantity::Duration
}

fn distance(facts: &Facts, deviations: f64) -> String {
    let count = one_decimal(deviations);
    let side = if facts.event.direction == Direction::Up { "above" } else { "below" };
    if facts.fixed {
        format!("{count} % beyond the bound")
    } else if facts.event.ranged {
        format!("{count} standard deviations beyond that")
    } else {
        format!("{count} {} {side}", words::counted(facts.event.quantity)[1])
    }
}

fn moment(at: Timestamp, clock: Clock) -> String {
    format!("{} {}", clock.short(at), clock.zone(at))
}

/// The calculation behind the deviation, so that anybody can check it; `None` where there is none.
pub fn arithmetic(facts: &Facts) -> Option<String> {
    let (event, unit) = (&facts.event, facts.unit);
    if event.kind == EventKind::Infinite {
        return None;
    }
    let flagged = if facts.fixed {
        String::new()
    } else {
        format!("; flagged from {}", words::score(event.quantity, facts.threshold))
    };
    if event.feature.is_none() && event.quantity == Quantity::Duration {
        let score = one_decimal(event.score);
        return Some(format!(
            "{} / {} = {score} times the longest before{flagged}",
            unit.format(event.peak.value),
            longest(facts)
        ));
    }
    if event.steady {
        return Some("the baseline did not vary at all, so that any change is odd".to_owned());
    }
    let deviations = facts.deviations.filter(|_| tells_deviations(facts));
    let calculated = deviations.map(|deviations| {
        let (peak, spread) = (unit.format(event.peak.value), unit.format(facts.spread));
        let from = if event.ranged {
            let end = match event.direction {
                Direction::Up => event.onset.upper - facts.threshold * facts.spread,
                Direction::Down => event.onset.lower + facts.threshold * facts.spread,
            };
            unit.format(end)
        } else {
            unit.format(event.onset.expected)
        };
        let (large, small) = match event.direction {
            Direction::Up => (peak, from),
            Direction::Down => (from, peak),
        };
        let small = if small.starts_with('-') { format!("({small})") } else { small };
        format!("({large} − {small}) / {spread} = {}", distance(facts, deviations))
    });
    let Some(view) = event.feature else {
        return calculated.map(|text| format!("{text}{flagged}"));
    };
    let told = format!(
        "the alert came from {} with a strength of {} (alerts from {}), the score, a mean over several views, reached {}",
        words::view(view),
        one_decimal(event.alert_score),
        Unit::Plain.format(facts.alert.unwrap_or(facts.threshold)),
        one_decimal(event.score),
    );
    Some(calculated.map_or_else(|| told.clone(), |text| format!("{text}; {told}")))
}

/// Everything that is known, one fact a line.
pub fn lines(facts: &Facts, clock: Clock) -> Vec<FactLine> {
    let (event, unit) = (&facts.event, facts.unit);
    let mut all = Vec::new();
    let mut put = |name: &'static str, text: String| all.push(FactLine { name, text });
    let gone = event.kind == EventKind::Gap && !event.peak.value.is_finite();
    if event.quantity == Quantity::Duration {
        put("Lasted", facts.lasted.words());
        let upper = unit.format(event.onset.upper);
        put("Expected", format!("something new within {upper}; from {}", event.baseline));
    } else {
        if !gone {
            let (peak, at) = (unit.format(event.peak.value), clock.full(event.peak.time));
            let of = if of_values(event) { "value" } else { words::quantity(event.quantity) };
            put("Peak", format!("{peak} at {at}, the {} {of}", words::farthest(event)));
        }
        let bounds = words::bounds(event.onset.lower, event.onset.upper, unit);
        let expected = unit.format(event.onset.expected);
        put("Expected", format!("{expected}; {bounds} is not flagged; from {}", event.baseline));
    }
    if let Some((before, after)) = facts.levels {
        let unit = facts.value_unit;
        let change = unit.format(after - before);
        let slow = matches!(event.kind, EventKind::SlopeChange | EventKind::Drift);
        let pace = if slow { pace(facts) } else { String::new() };
        put(
            "Level",
            format!(
                "{} before, {} after ({change}{pace})",
                unit.format(before),
                unit.format(after)
            ),
        );
    }
    if let Some(ratio) = facts.ratio.filter(|_| !gone) {
        let away = unit.format((event.peak.value - event.onset.expected).abs());
        let more = if event.direction == Direction::Up { "more" } else { "less" };
        put("Difference", format!("{away} {more}: {} times what was expected", times(ratio)));
    }
    if let Some((total, unit)) = facts.excess {
        let more = if event.direction == Direction::Up { "more" } else { "fewer" };
        put("In all", format!("about {} {more} than expected", unit.format(total)));
    }
    if let Some(text) = arithmetic(facts) {
        put("Arithmetic", text);
    }
    put(
        "How rare",
        format!(
            "{}: severity {:.0} of 100, {}",
            rarity(event.probability),
            event.severity,
            event.level().name()
        ),
    );
    if let Some(record_since) = facts.record_since {
        put("Compared", record_since.words(event.direction, clock));
    }
    if let Some(recurrence) = facts.recurrence {
        put("Recurrence", recurrence.words());
    }
    if let Some(concurrent) = facts.concurrent {
        put(
            "Other series",
            format!("{} of {} are odd at this time", concurrent.odd, concurrent.of),
        );
    }
    all
}

/// A factor with enough digits below one: "0.79", "4.8".
fn times(ratio: f64) -> String {
    if ratio >= 2.0 {
        one_decimal(ratio)
    } else {
        Unit::Plain.format(libm::round(ratio * 100.0) / 100.0)
    }
}

/// "about once in 10,000 samples".
fn rarity(probability: f64) -> String {
    const BY: &str = "by the past of this series";
    if probability.is_nan() || probability >= 0.5 {
        return format!("no rarer than what it often does, {BY}");
    }
    if probability < 1e-9 {
        return format!("rarer than once in a billion samples, {BY}");
    }
    let once = 1.0 / probability;
    let digits = libm::pow(10.0, libm::floor(libm::log10(once)));
    let rounded = Unit::Plain.format(libm::round(once / digits) * digits);
    format!("about once in {rounded} samples, {BY}")
}
