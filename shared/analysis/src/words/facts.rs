//! The facts of an event in full: one sentence, and a list of everything that is known.

use super::{
    Clock, bounds, counted, farthest, feature, has_returned, odd_together, one_decimal, quantity,
    score, time_left,
};
use crate::explain::{Cycle, Facts, RecordSince, Recurrence};
use oddity_detect::detect::Quantity;
use oddity_detect::event::{Direction, EventKind};
use oddity_detect::time::Timestamp;
use oddity_source::unit::Unit;

/// One fact with its name, for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactLine {
    /// Name of the fact, with a capital: "Peak".
    pub name: &'static str,
    /// Text of the fact, without a full stop.
    pub text: String,
}

/// Returns in how many cycles the event recurs: "recurs at the same time on 3 of 7 days".
pub(super) fn recurrence(Recurrence { cycle, on, of }: Recurrence) -> String {
    match cycle {
        Cycle::Hour => format!("recurs at the same minute in {on} of {of} hours"),
        Cycle::Day => format!("recurs at the same time on {on} of {of} days"),
        Cycle::Week => format!("recurs at the same time in {on} of {of} weeks"),
    }
}

/// Returns since when no value was as far off: "highest in 7 d of loaded data", "lowest since Jan 31 13:42".
fn record(record: RecordSince, direction: Direction, clock: Clock) -> String {
    let side = if direction == Direction::Up { "highest" } else { "lowest" };
    match record.last {
        Some(last) => format!("{side} since {}", clock.short(last)),
        None => format!("{side} in {} of loaded data", record.looked_back.words()),
    }
}

/// Returns all facts in one sentence, without its full stop: "37/min against 8.1/min expected from the 60 samples (1 h)
/// before, 9.4 standard deviations above, highest in 7 d of loaded data, began Jan 31 13:42 UTC, recovered after 6
/// min".
pub fn sentence(facts: &Facts, clock: Clock) -> String {
    let event = &facts.event;
    let lasted = facts.lasted.words();
    let mut parts = vec![what(facts)];
    if let Some(deviations) = facts.deviations.filter(|_| tells_deviations(facts)) {
        parts.push(distance(facts, deviations));
    }
    if let Some(view) = event.feature.filter(|_| facts.inside && facts.deviations.is_some()) {
        parts.push(format!("within the band, detected from {}", feature(view)));
    }
    parts.extend(facts.record_since.map(|since| record(since, event.direction, clock)));
    parts.push(format!("began {}", moment(event.display_start, clock)));
    parts.push(match (event.ongoing, facts.recovered) {
        _ if has_returned(event) => format!("back to the level before after {lasted}"),
        (true, _) => format!("ongoing for {lasted}"),
        (_, Some(_)) if facts.recovers() => format!("recovered after {lasted}"),
        (_, Some(_)) => format!("odd for {lasted}"),
        _ if event.new_level.is_some() => format!("odd for {lasted}, then the new normal"),
        _ => format!("odd for {lasted}, not recovered by the end of the range"),
    });
    let mut out = parts.join(", ");
    if let Some(found) = facts.recurrence {
        out.push_str(&format!("; {}", recurrence(found)));
    }
    if let Some(all) = facts.concurrent {
        out.push_str(&format!("; {}", odd_together(all.odd, all.of)));
    }
    out
}

/// Returns what the levels, times and series of an event do not say: how long no value was like it, and how often it
/// recurs.
pub fn further(facts: &Facts, clock: Clock) -> Vec<String> {
    let since = facts.record_since.map(|since| record(since, facts.event.direction, clock));
    since.into_iter().chain(facts.recurrence.map(recurrence)).collect()
}

/// Returns what is odd about it, with the numbers that say so.
fn what(facts: &Facts) -> String {
    let (event, unit) = (&facts.event, facts.unit);
    let of_values = event.quantity.is_values();
    let (subject, mover) = match event.quantity {
        Quantity::Value => (String::new(), String::new()),
        other => (format!("{} of ", quantity(other)), format!("{} ", quantity(other))),
    };
    let (peak, expected) = (unit.format(event.peak.value), unit.format(event.reference.expected));
    let baseline = &event.baseline;
    let change = facts
        .levels
        .map(|(before, after)| (facts.value_unit.format(before), facts.value_unit.format(after)));
    match (event.kind, change) {
        (EventKind::Infinite, _) if event.reference.expected.is_nan() => {
            unit.format(event.onset.value)
        }
        (EventKind::Infinite, _) => {
            format!("{} against {expected} expected", unit.format(event.onset.value))
        }
        (EventKind::Gap, _) => format!("no samples for {}", facts.lasted.words()),
        (EventKind::FlatLine, _) if of_values => {
            format!("flat at {peak} for {}", facts.lasted.words())
        }
        _ if event.quantity == Quantity::Duration => {
            format!("unchanged for {peak} ({baseline}: {})", longest(facts))
        }
        (_, Some((before, after))) if !of_values => format!(
            "from {before} to {after}: {subject}{peak} against {expected} expected from {baseline}"
        ),
        (EventKind::LevelShiftUp | EventKind::LevelShiftDown, Some((before, after))) => format!(
            "{mover}from {before} to {after} ({} {peak}), against {expected} expected from {baseline}",
            farthest(event)
        ),
        (EventKind::SlopeChange | EventKind::Drift, Some((before, after))) => format!(
            "{mover}from {before} to {after}{}, against {expected} expected from {baseline}",
            pace(facts)
        ),
        _ if event.steady => format!("{subject}{peak} against a constant {expected} in {baseline}"),
        (EventKind::VarianceChange, _) if facts.widened.is_some() => format!(
            "{subject}{} times as widely spread as before, {} {peak} against {expected} expected from {baseline}",
            one_decimal(facts.widened.unwrap_or(1.0)),
            farthest(event)
        ),
        _ if event.ranged => format!(
            "{subject}{peak}, normal is {} (from {baseline})",
            bounds(event.reference.lower, event.reference.upper, unit)
        ),
        _ => format!("{subject}{peak} against {expected} expected from {baseline}"),
    }
}

/// Returns how fast it rose or fell: " in 3 h, 1.2 MiB per hour"; empty where it took no time.
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
    format!(" in {}, {} per hour", took.words(), facts.value_unit.format(hourly))
}

fn longest(facts: &Facts) -> String {
    Unit::Seconds.format(facts.spread)
}

/// Returns whether deviations are a part of what is odd; where not, they only confuse.
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
        format!("{count} standard deviations beyond the range")
    } else {
        format!("{count} {} {side}", counted(facts.event.quantity)[1])
    }
}

fn moment(at: Timestamp, clock: Clock) -> String {
    format!("{} {}", clock.short(at), clock.zone(at))
}

/// Returns the calculation behind the deviation, so that anybody can check it; `None` where there is none.
pub fn arithmetic(facts: &Facts) -> Option<String> {
    let (event, unit) = (&facts.event, facts.unit);
    if event.kind == EventKind::Infinite {
        return None;
    }
    let flagged = if facts.fixed {
        String::new()
    } else {
        format!("; threshold {}", score(event.quantity, facts.threshold))
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
        return Some("the baseline did not vary at all, so any change is flagged".to_owned());
    }
    let deviations = facts.deviations.filter(|_| tells_deviations(facts));
    let calculated = deviations.map(|deviations| {
        let (peak, spread) = (unit.format(event.peak.value), unit.format(facts.spread));
        let from = if event.ranged {
            let end = match event.direction {
                Direction::Up => event.reference.upper - facts.threshold * facts.spread,
                Direction::Down => event.reference.lower + facts.threshold * facts.spread,
            };
            unit.format(end)
        } else {
            unit.format(event.reference.expected)
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
    let score = one_decimal(event.score);
    let scored = if facts.by_weeks {
        format!("the largest distance was {score} spreads of its time of day")
    } else {
        format!("the score, a mean over several features, reached {score}")
    };
    let alert = format!(
        "alert from {} with an alert score of {} (threshold {}); {scored}",
        feature(view),
        one_decimal(event.alert_score),
        Unit::Plain.format(facts.alert.unwrap_or(facts.threshold)),
    );
    Some(calculated.map_or_else(|| alert.clone(), |text| format!("{text}; {alert}")))
}

/// Returns everything that is known of an event, one fact a line.
pub fn lines(facts: &Facts, clock: Clock) -> Vec<FactLine> {
    let (event, unit) = (&facts.event, facts.unit);
    let mut all = Vec::new();
    let mut put = |name: &'static str, text: String| all.push(FactLine { name, text });
    let gone = event.kind == EventKind::Gap && !event.peak.value.is_finite();
    let up = event.direction == Direction::Up;
    if event.quantity == Quantity::Duration {
        put("Lasted", facts.lasted.words());
        let upper = unit.format(event.reference.upper);
        let new = if event.kind == EventKind::Gap { "sample" } else { "value" };
        put("Expected", format!("a new {new} within {upper}, from {}", event.baseline));
    } else {
        if !gone {
            let (peak, at) = (unit.format(event.peak.value), clock.full(event.peak.time));
            let of = if event.quantity.is_values() { "value" } else { quantity(event.quantity) };
            put("Peak", format!("{peak} at {at}, the {} {of}", farthest(event)));
        }
        put(
            "Expected",
            match event.reference.expected.is_nan() {
                true => "unknown: too few samples for a baseline".to_owned(),
                false => format!(
                    "{} (normal: {}), from {}",
                    unit.format(event.reference.expected),
                    bounds(event.reference.lower, event.reference.upper, unit),
                    event.baseline
                ),
            },
        );
    }
    if let Some((before, after)) = facts.levels {
        let unit = facts.value_unit;
        let plus = if after > before { "+" } else { "" };
        let change = unit.format(after - before);
        let slow = matches!(event.kind, EventKind::SlopeChange | EventKind::Drift);
        let pace = if slow { pace(facts) } else { String::new() };
        let (before, after) = (unit.format(before), unit.format(after));
        put("Level", format!("{before} before, {after} after ({plus}{change}{pace})"));
    }
    if let Some(ratio) = facts.ratio.filter(|_| !gone) {
        let away = unit.format((event.peak.value - event.reference.expected).abs());
        let side = if up { "above" } else { "below" };
        put("Difference", format!("{away} {side}, {} times the expected value", times(ratio)));
    }
    if let Some((total, unit)) = facts.excess {
        let more = if up { "more" } else { "less" };
        put("Total", format!("about {} {more} than expected", unit.format(total)));
    }
    if let Some(time) = event.time_left {
        let left = time_left(time, facts.value_unit);
        put("Time left", format!("{left}, by the pace of the last hours"));
    }
    if let Some(text) = arithmetic(facts) {
        put("Arithmetic", text);
    }
    let severity = format!("severity {:.0} of 100 ({})", event.severity, event.level().name());
    put("Rarity", format!("{}; {severity}", rarity(event.probability)));
    if let Some(since) = facts.record_since {
        put("Record", record(since, event.direction, clock));
    }
    if let Some(found) = facts.recurrence {
        put("Recurrence", recurrence(found));
    }
    if let Some(all) = facts.concurrent {
        put("Other series", odd_together(all.odd, all.of));
    }
    all
}

/// Formats a factor with enough digits below one: "0.79", "4.8".
fn times(ratio: f64) -> String {
    if ratio >= 2.0 {
        one_decimal(ratio)
    } else {
        Unit::Plain.format(libm::round(ratio * 100.0) / 100.0)
    }
}

/// Formats how often something as extreme was seen: "about once in 10,000 samples of this series".
fn rarity(probability: f64) -> String {
    if probability.is_nan() || probability >= 0.5 {
        return "not rare for this series".to_owned();
    }
    if probability < 1e-9 {
        return "less than once in a billion samples of this series".to_owned();
    }
    let once = 1.0 / probability;
    let digits = libm::pow(10.0, libm::floor(libm::log10(once)));
    let rounded = Unit::Plain.format(libm::round(once / digits) * digits);
    format!("about once in {rounded} samples of this series")
}
