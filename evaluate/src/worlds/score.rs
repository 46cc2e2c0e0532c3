//! The scorer: compares entries with the truth.
//!
//! An entry is right if it is about a place, false if it is about nothing. Between them are entries of the other side, such
//! as the way back, and those about something harmless that is tolerated: neither right nor false.

mod place;
mod words;

use std::collections::BTreeSet;
use std::ops::AddAssign;

use super::entry::{Answer, Entry};
use super::world::{Place, PlaceWeight, Tolerated, World};
use place::{fits, is_other_side, is_required, overlaps};
pub use words::{Word, Words};

/// Part of a world that is judged, in minutes.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// First judged minute.
    pub start: usize,
    /// Last judged minute.
    pub end: usize,
    /// Minutes between samples.
    pub step: usize,
}

/// Findings, misses and false entries, added up over queries and worlds.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Places that had to be found.
    pub required: usize,
    /// Required places that were found.
    pub required_found: usize,
    /// All places that were found.
    pub found: usize,
    /// Entries about nothing.
    pub false_entries: usize,
    /// All entries.
    pub entries: usize,
    /// Length of all series in weeks.
    pub series_weeks: f64,
    /// Minutes from the start of each found place to the first odd sample of its first entry.
    pub delays: Vec<usize>,
    /// Comparison by common time alone.
    pub overlap: Overlap,
    /// Words about the places that were found.
    pub words: Words,
    /// Descriptions of the places that were missed, of false entries and of wrong words.
    pub remarks: Vec<String>,
}

/// Comparison by common time alone: an entry is right if it shares a minute with a place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overlap {
    /// Places that had to be found and share a minute with an entry.
    pub required_found: usize,
    /// All places that share a minute with an entry.
    pub found: usize,
    /// Entries that share no minute with any place.
    pub false_entries: usize,
}

/// Scores the answer about one query.
pub fn score(world: &World, query: usize, window: Window, answer: &Answer) -> Score {
    let places: Vec<&Place> = world.places.iter().filter(|place| place.query == query).collect();
    let mut sum = Score {
        entries: answer.entries.len(),
        series_weeks: (answer.series * (window.end - window.start)) as f64 / 10_080.0,
        ..Score::default()
    };
    let found = sum.compare(world, query, window, answer, &places);
    let tolerated = |entry: &Entry| {
        let mut of_query = world.tolerated.iter().filter(|tolerated| tolerated.query == query);
        of_query.any(|tolerated| place::is_tolerated(tolerated, entry, window))
    };
    sum.compare_overlap(window, answer, &places, tolerated);
    for (index, place) in places.iter().enumerate() {
        if is_required(place, window) {
            sum.required += 1;
            if found.contains(&index) {
                sum.required_found += 1;
            } else {
                sum.remark(world, query, &format!("missed {}: {}", place.id, when(world, place)));
            }
        }
    }
    sum
}

impl Score {
    /// Sorts the entries into right, tolerated and false ones, and returns the indices of the places that were found.
    fn compare(
        &mut self,
        world: &World,
        query: usize,
        window: Window,
        answer: &Answer,
        places: &[&Place],
    ) -> BTreeSet<usize> {
        let mut about: Vec<Vec<&Entry>> = vec![Vec::new(); places.len()];
        let tolerated = world.tolerated.iter().filter(|tolerated| tolerated.query == query);
        let mut allowed: Vec<(&Tolerated, usize)> =
            tolerated.map(|tolerated| (tolerated, tolerated.entries)).collect();
        for entry in &answer.entries {
            let near = places.iter().enumerate().filter(|(_, place)| fits(place, entry, window));
            let near: Vec<usize> = near.map(|(index, _)| index).collect();
            for &index in &near {
                about[index].push(entry);
            }
            if !near.is_empty() {
                continue;
            }
            let room = allowed.iter_mut().find(|(tolerated, left)| {
                *left > 0 && place::is_tolerated(tolerated, entry, window)
            });
            match room {
                Some((_, left)) => *left -= 1,
                None => {
                    self.false_entries += 1;
                    self.remark(world, query, &format!("false {}", described(world, query, entry)));
                }
            }
        }
        let mut found = BTreeSet::new();
        for (index, (place, near)) in places.iter().zip(&about).enumerate() {
            if place.weight == PlaceWeight::Neutral {
                continue;
            }
            let right: Vec<&Entry> =
                near.iter().copied().filter(|entry| !is_other_side(place, entry)).collect();
            let wrong = words::judge(&mut self.words, world, place, near, window);
            for word in wrong {
                self.remark(world, query, &format!("wrong {} of {}", word, place.id));
            }
            let Some(first) = right.iter().map(|entry| entry.onset).min() else { continue };
            found.insert(index);
            if place.start >= window.start {
                self.delays.push(first.saturating_sub(place.start));
            }
        }
        self.found += found.len();
        let possible = world.queries[query].possible;
        for wrong in words::judge_all(&mut self.words, &answer.entries, possible) {
            self.remark(world, query, &format!("wrong {wrong}"));
        }
        found
    }

    fn compare_overlap(
        &mut self,
        window: Window,
        answer: &Answer,
        places: &[&Place],
        tolerated: impl Fn(&Entry) -> bool,
    ) {
        for place in places.iter().filter(|place| place.weight != PlaceWeight::Neutral) {
            let found = answer.entries.iter().any(|entry| overlaps(place, entry));
            self.overlap.found += usize::from(found);
            self.overlap.required_found += usize::from(found && is_required(place, window));
        }
        let about_nothing = |entry: &&Entry| {
            !tolerated(entry) && !places.iter().any(|place| overlaps(place, entry))
        };
        self.overlap.false_entries += answer.entries.iter().filter(about_nothing).count();
    }

    fn remark(&mut self, world: &World, query: usize, text: &str) {
        self.remarks.push(format!("seed {} {}: {text}", world.seed, world.queries[query].id));
    }

    /// Returns the share of findings that are right; 1 without any.
    pub fn precision(&self) -> f64 {
        share(self.found, self.found + self.false_entries)
    }

    /// Returns the share of the required places that were found; 1 without any.
    pub fn recall(&self) -> f64 {
        share(self.required_found, self.required)
    }

    /// Returns precision and recall by common time alone.
    pub fn overlapping(&self) -> (f64, f64) {
        let Overlap { required_found, found, false_entries } = self.overlap;
        (share(found, found + false_entries), share(required_found, self.required))
    }

    /// Returns the median delay in minutes; `None` if nothing was found that began in a range.
    pub fn delay(&self) -> Option<usize> {
        let mut delays = self.delays.clone();
        delays.sort_unstable();
        delays.get(delays.len() / 2).copied()
    }

    /// Returns the number of false entries in a week of one series.
    pub fn false_a_week(&self) -> f64 {
        self.false_entries as f64 / self.series_weeks.max(f64::MIN_POSITIVE)
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.required += other.required;
        self.required_found += other.required_found;
        self.found += other.found;
        self.false_entries += other.false_entries;
        self.entries += other.entries;
        self.series_weeks += other.series_weeks;
        self.delays.extend(other.delays);
        self.overlap.required_found += other.overlap.required_found;
        self.overlap.found += other.overlap.found;
        self.overlap.false_entries += other.overlap.false_entries;
        self.words += other.words;
        self.remarks.extend(other.remarks);
    }
}

/// Returns the worst right entry about a place, as the stability of its severity compares it.
pub fn severity(place: &Place, answer: &Answer, window: Window) -> f64 {
    let right = answer.entries.iter().filter(|entry| fits(place, entry, window));
    let right = right.filter(|entry| !is_other_side(place, entry));
    right.map(|entry| entry.severity).fold(0.0, f64::max)
}

fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 1.0 } else { part as f64 / all as f64 }
}

fn when(world: &World, place: &Place) -> String {
    let start = world.time(place.start).format(0);
    match place.end {
        Some(end) => format!("{start} to {}", world.time(end).format(0)),
        None => format!("{start} and going on"),
    }
}

fn described(world: &World, query: usize, entry: &Entry) -> String {
    format!(
        "{} of {}, severity {:.0}: {} to {}",
        entry.kind,
        world.queries[query].series[entry.series].labels,
        entry.severity,
        world.time(entry.start).format(0),
        world.time(entry.end).format(0),
    )
}
