//! Short sentences about one event.

use super::{bounds, feature, one_decimal, quantity};
use oddity_detect::detect::Quantity;
use oddity_detect::event::{Direction, Escalation, Event, EventKind, SeverityLevel, TimeLeft};
use oddity_source::unit::Unit;

/// Returns what happened, without when: "spike to 37 (8.1 expected)", "drift to 20 GiB (60 GiB expected), 0 in about 2 h",
/// "escalation to 37 (20 before, 8.1 expected)".
pub fn what(event: &Event, unit: Unit) -> String {
    let text = change(event, unit);
    match event.time_left {
        Some(time) => format!("{text}, {}", time_left(time, unit)),
        None => text,
    }
}

/// Returns when the values reach a bound: "0 in about 2 h (1 h 50 min to 2 h 40 min)".
pub fn time_left(time: TimeLeft, unit: Unit) -> String {
    let TimeLeft { bound, left, least, most } = time;
    let bound = if bound == 0.0 { "0".to_owned() } else { unit.format(bound) };
    if least == most {
        return format!("{bound} in about {}", left.words());
    }
    format!("{bound} in about {} ({} to {})", left.words(), least.words(), most.words())
}

fn change(event: &Event, unit: Unit) -> String {
    let peak = unit.format(event.peak.value);
    let expected = if event.ranged {
        bounds(event.reference.lower, event.reference.upper, unit)
    } else {
        unit.format(event.reference.expected)
    };
    let name = event.kind.name();
    let of_values = event.quantity.is_values();
    if let Some(Escalation { from, .. }) = event.escalation {
        return format!("escalation to {peak} ({} before, {expected} expected)", unit.format(from));
    }
    match event.kind {
        EventKind::Gap | EventKind::FlatLine => format!("{name} of {}", event.lasted.words()),
        _ if event.reference.expected.is_nan() => name.to_owned(),
        EventKind::Infinite => format!("infinite value ({expected} expected)"),
        EventKind::LevelShiftUp | EventKind::LevelShiftDown if of_values => {
            let level = unit.format(event.new_level.unwrap_or(event.peak.value));
            if event.ranged {
                format!("{name} to {level} ({expected} expected)")
            } else {
                format!("{name} from {expected} to {level}")
            }
        }
        // Its samples are anomalous together; none need be far from its expected value.
        _ if of_values && peak == expected => format!("{name} around {peak}"),
        _ if of_values || event.quantity == Quantity::Slope => {
            format!("{name} to {peak} ({expected} expected)")
        }
        _ => format!("{name}: {} {peak} ({expected} expected)", quantity(event.quantity)),
    }
}

/// Returns which end of its values the peak of an event is.
pub fn farthest(event: &Event) -> &'static str {
    if event.direction == Direction::Up { "highest" } else { "lowest" }
}

/// Returns why an event is odd, without its values, its expected value and its normal range: "compared with the 60 samples
/// (1 h) before; noticed by the level". `unit` is that of the series.
pub fn reason(event: &Event, unit: Unit) -> String {
    let mut parts = Vec::new();
    match event.kind {
        EventKind::Infinite => parts.push("not a finite value".to_owned()),
        _ if event.quantity == Quantity::Duration => {
            parts.push(format!("{} times {}", one_decimal(event.score), event.baseline));
        }
        _ => parts.push(format!("compared with {}", event.baseline)),
    }
    parts.extend(event.feature.map(|by| format!("noticed by {}", feature(by))));
    parts.extend(event.time_left.map(|time| time_left(time, unit)));
    parts.join("; ")
}

/// Returns whether an event is a worse turn that ended while the longer event went on.
pub(super) fn has_returned(event: &Event) -> bool {
    event.escalation.is_some_and(|escalation| escalation.returned)
}

/// Returns how the event ended: "10 min, recovered", "2 h, ongoing".
pub fn course(event: &Event) -> String {
    let lasted = event.lasted.words();
    let excursion = matches!(event.kind, EventKind::Spike | EventKind::Dip);
    match (event.ongoing, event.recovered) {
        _ if has_returned(event) => format!("{lasted}, then back to the level before"),
        (true, _) => format!("{lasted}, ongoing"),
        (false, Some(_)) => format!("{lasted}, recovered"),
        (false, None) if event.new_level.is_some() && !excursion => {
            format!("{lasted}, then the new normal")
        }
        (false, None) => format!("{lasted}, not recovered by the end of the range"),
    }
}

/// Returns the severity as a word and a number: "critical 96".
pub fn severity(event: &Event) -> String {
    format!("{} {:.0}", event.level().name(), event.severity)
}

/// Returns a mark beside the colour, so that severity is never colour alone.
pub fn sign(event: &Event) -> &'static str {
    match (event.level(), event.direction) {
        (SeverityLevel::Low, _) => "·",
        (_, Direction::Up) => "▲",
        (_, Direction::Down) => "▼",
    }
}
