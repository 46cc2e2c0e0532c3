//! Whether the words about a place are right.

use std::ops::AddAssign;

use super::Window;
use super::place::{early, is_other_side};
use crate::worlds::entry::Entry;
use crate::worlds::world::{Place, Side, World};

/// Minutes by which a recovery may be told too early or too late, and the same as a share of the place.
const RECOVERY: (usize, f64) = (15, 0.15);

/// Share by which the largest deviation may be told wrong.
const PEAK: f64 = 0.1;

/// Minutes since the end of a place from which it has to be told as over.
const OVER: usize = 60;

/// Statement about a place or a query that is right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Side of the deviation.
    Direction,
    /// Whether it goes on.
    Ongoing,
    /// Time of the recovery.
    Recovered,
    /// Largest deviation.
    Peak,
    /// Bounds that the values can reach.
    Band,
    /// Kind, side and values that belong together.
    Agreement,
}

/// Numbers of right and of all statements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words {
    counts: [(usize, usize); Word::ALL.len()],
}

impl Word {
    /// All statements.
    pub const ALL: [Self; 6] =
        [Self::Direction, Self::Ongoing, Self::Recovered, Self::Peak, Self::Band, Self::Agreement];

    /// Returns the name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direction => "direction",
            Self::Ongoing => "ongoing",
            Self::Recovered => "recovered",
            Self::Peak => "peak",
            Self::Band => "band",
            Self::Agreement => "agreement",
        }
    }
}

impl Words {
    fn add(&mut self, word: Word, right: bool) {
        let (of, all) = &mut self.counts[word as usize];
        *of += usize::from(right);
        *all += 1;
    }

    /// Returns the numbers of right and of all statements of a kind.
    pub fn count(&self, word: Word) -> (usize, usize) {
        self.counts[word as usize]
    }

    /// Returns the numbers of right and of all statements.
    pub fn total(&self) -> (usize, usize) {
        self.counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
    }
}

impl AddAssign for Words {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.counts.iter_mut().zip(other.counts) {
            sum.0 += more.0;
            sum.1 += more.1;
        }
    }
}

/// Judges the worst entry about a place, and returns what it says wrong.
pub(super) fn judge(
    words: &mut Words,
    world: &World,
    place: &Place,
    near: &[&Entry],
    window: Window,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |word: Word, right: bool, says: String| {
        words.add(word, right);
        if !right {
            wrong.push(format!("{} ({says})", word.name()));
        }
    };
    let worst = |entries: &mut dyn Iterator<Item = &&Entry>| -> Option<Entry> {
        let worst =
            entries.max_by(|a, b| a.severity.total_cmp(&b.severity).then(b.start.cmp(&a.start)));
        worst.map(|entry| (*entry).clone())
    };
    let end = place.end.unwrap_or(window.end + 1);
    let is_right = |entry: &Entry| !is_other_side(place, entry);
    if place.side.is_some() {
        // The way back is told by its own entry, which is no word about the incident.
        let ahead = |entry: &&&Entry| is_right(entry) || entry.start + early(window.step) < end;
        if let Some(entry) = worst(&mut near.iter().filter(ahead)) {
            check(Word::Direction, is_right(&entry), entry.kind.to_owned());
        }
    }
    let Some(entry) = worst(&mut near.iter().filter(|entry| is_right(entry))) else { return wrong };
    let over = place.end.is_some_and(|end| window.end >= end + OVER.max(5 * window.step));
    if over || place.end.is_none() {
        check(Word::Ongoing, entry.ongoing == place.end.is_none(), format!("{}", entry.ongoing));
        // What is silent has no band to come back to, so its end is as good.
        let back = entry.recovered.or(if entry.side.is_none() { Some(entry.end) } else { None });
        let right = match world.end_of_deviation(place) {
            None => entry.recovered.is_none(),
            Some(end) => {
                let slack = (RECOVERY.1 * (end - place.start) as f64) as usize;
                let slack = slack.max(RECOVERY.0 + 3 * window.step);
                back.is_some_and(|back| back.abs_diff(end) <= slack)
            }
        };
        let says = back.map_or_else(|| "never".to_owned(), |back| world.time(back).format(0));
        check(Word::Recovered, right, says);
    }
    if place.peaks
        && entry.side.is_some()
        && place.start >= window.start
        && let Some((truth, usual)) = peak(world, place, entry.series, window)
    {
        let off = (entry.value - truth).abs();
        let right = off <= PEAK * truth.abs().max((truth - usual).abs());
        check(Word::Peak, right, format!("{:.4}, not {truth:.4}", entry.value));
    }
    wrong
}

/// Returns the extreme sample of a place at the steps of a range, and the median of the hour before.
fn peak(world: &World, place: &Place, series: usize, window: Window) -> Option<(f64, f64)> {
    let series = &world.queries[place.query].series[series];
    let end = place.end.unwrap_or(window.end + 1).min(window.end + 1);
    let offset = window.start % window.step;
    let on_grid = |minute: &usize| minute % window.step == offset;
    let present = |minutes: std::ops::Range<usize>| {
        minutes.filter(on_grid).map(|minute| series.at(minute)).filter(|value| value.is_finite())
    };
    let (least, most) = present(place.start..end)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
            (value.min(least), value.max(most))
        });
    let truth = if place.side == Some(Side::Up) { most } else { least };
    let mut before: Vec<f64> = present(place.start.saturating_sub(60)..place.start).collect();
    before.sort_unstable_by(f64::total_cmp);
    let usual = before.get(before.len() / 2).copied().unwrap_or(truth);
    truth.is_finite().then_some((truth, usual))
}

/// Judges all entries about a query together, and returns what is wrong with them.
pub(super) fn judge_all(
    words: &mut Words,
    entries: &[Entry],
    (least, most): (f64, f64),
) -> Vec<String> {
    if entries.is_empty() {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    let mut check = |word: Word, wrongs: usize| {
        words.add(word, wrongs == 0);
        if wrongs > 0 {
            wrong.push(format!("{} in {wrongs} of {} entries", word.name(), entries.len()));
        }
    };
    if least.is_finite() || most.is_finite() {
        let slack = |bound: f64| 1e-9 * bound.abs().max(1.0);
        let beyond = |entry: &&Entry| {
            entry.bounds.0 < least - slack(least) || entry.bounds.1 > most + slack(most)
        };
        check(Word::Band, entries.iter().filter(beyond).count());
    }
    check(Word::Agreement, entries.iter().filter(|entry| !entry.agrees).count());
    wrong
}
