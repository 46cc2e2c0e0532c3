//! What happened in a run of flagged samples: baseline, peak, recovery, kind.

use super::{Direction, Event, Judged, Kind, Rule};
use crate::detect::{Detection, Quantity};
use crate::time::Timestamp;

/// So many samples in a row must lie in the band again before it counts as recovery.
const CALM: usize = 3;

/// The event of the run `first..=last`; `limit` is where the next one begins. Probability and severity
/// are left at 1 and 0.
pub(super) fn event(
    detection: &Detection,
    rule: &Rule,
    first: usize,
    last: usize,
    limit: usize,
    at: impl Fn(usize) -> Timestamp,
) -> Event {
    let onset = judged(detection, rule, first, &at);
    let len = detection.judged.len();
    let direction = if onset.value > onset.expected || onset.value == f64::INFINITY {
        Direction::Up
    } else {
        Direction::Down
    };
    let outside = |index: usize| {
        let value = detection.judged[index];
        match direction {
            Direction::Up => value > onset.upper,
            Direction::Down => value < onset.lower,
        }
    };
    let patience = (first + detection.memory).clamp(last + 1, limit.max(last + 1)).min(len);
    let back = (last + 1..patience).find(|&index| {
        detection.judged[index].is_finite()
            && (index..(index + CALM).min(len)).all(|next| !outside(next))
    });
    let known = back.unwrap_or(patience);
    let ongoing = back.is_none() && known == len;
    let lasting = back.is_none() && (!ongoing || known - first >= detection.memory / 4);

    let farthest =
        (first..known).filter(|&index| detection.judged[index].is_finite()).max_by(|&a, &b| {
            let distance = |index: usize| {
                let above = detection.judged[index] - onset.expected;
                if direction == Direction::Up { above } else { -above }
            };
            distance(a).total_cmp(&distance(b))
        });
    let peak = judged(detection, rule, farthest.unwrap_or(first), &at);
    let odd_until = match back {
        Some(back) => back - 1,
        None if ongoing => len - 1,
        None => last,
    };
    let seconds = at(first + 1).since(at(first)).as_seconds();
    let area = (first..=odd_until)
        .map(|index| (detection.judged[index] - onset.expected).abs())
        .filter(|distance| distance.is_finite())
        .sum::<f64>()
        * seconds;
    Event {
        quantity: detection.quantity,
        onset,
        peak,
        last,
        recovered: back,
        ongoing,
        end: at(odd_until),
        area,
        direction,
        kind: kind(detection.quantity, &onset, direction, lasting),
        score: detection.score[first..=last].iter().copied().fold(0.0, f64::max),
        probability: 1.0,
        severity: 0.0,
        baseline: detection.baseline.clone(),
    }
}

fn kind(quantity: Quantity, onset: &Judged, direction: Direction, lasting: bool) -> Kind {
    match (quantity, direction, lasting) {
        _ if onset.value.is_infinite() => Kind::Infinite,
        (Quantity::Slope, ..) => Kind::SlopeChange,
        (_, Direction::Up, false) => Kind::Spike,
        (_, Direction::Down, false) => Kind::Dip,
        (_, Direction::Up, true) => Kind::LevelShiftUp,
        (_, Direction::Down, true) => Kind::LevelShiftDown,
    }
}

fn judged(
    detection: &Detection,
    rule: &Rule,
    index: usize,
    at: impl Fn(usize) -> Timestamp,
) -> Judged {
    let (expected, half) = (detection.expected[index], rule.threshold * detection.scale[index]);
    Judged {
        index,
        time: at(index),
        value: detection.judged[index],
        expected,
        lower: expected - half,
        upper: expected + half,
        score: detection.score[index],
    }
}
