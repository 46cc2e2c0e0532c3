//! A made-up installation: the series of its queries at one sample a minute, and the truth about them.

use oddity_detect::series::Labels;
use oddity_detect::time::Timestamp;

/// Series of several queries over weeks, and what is wrong in them. Times are minutes since its start.
#[derive(Clone, Debug)]
pub struct World {
    /// Seed that it was generated from.
    pub seed: u64,
    /// Time of minute 0, a midnight in UTC.
    pub start: Timestamp,
    /// Number of minutes; the last one is the end of every range.
    pub len: usize,
    /// Queries with their series.
    pub queries: Vec<WorldQuery>,
    /// Incidents, and other things that a person may want to see.
    pub places: Vec<Place>,
    /// Harmless changes, of which a few entries are no mistake.
    pub tolerated: Vec<Tolerated>,
}

/// A query and the series that it returns at a step of one minute.
#[derive(Clone, Debug)]
pub struct WorldQuery {
    /// Short name.
    pub id: &'static str,
    /// PromQL expression whose result the series imitate.
    pub expr: &'static str,
    /// Least and greatest value that its samples can have.
    pub possible: (f64, f64),
    /// Series of the result.
    pub series: Vec<WorldSeries>,
}

/// One series from its first minute on.
#[derive(Clone, Debug)]
pub struct WorldSeries {
    /// Labels, with the metric name where the expression keeps it.
    pub labels: Labels,
    /// Minute of the first sample.
    pub first: usize,
    /// One sample a minute; NaN is missing.
    pub values: Vec<f64>,
}

/// Side of the expected value to which an incident leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Above the expected value.
    Up,
    /// Below the expected value.
    Down,
}

/// An incident as the result of one query shows it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Name of the incident.
    pub id: &'static str,
    /// Index of the query.
    pub query: usize,
    /// Indices of the series in which it shows.
    pub series: Vec<usize>,
    /// First minute.
    pub start: usize,
    /// Minute after the last one; `None` if it goes on.
    pub end: Option<usize>,
    /// Side of the deviation; `None` where values are missing or frozen.
    pub side: Option<Side>,
    /// Minutes that a range must show of it before it has to be found.
    pub needs: usize,
    /// Whether its largest deviation is clear enough to be compared.
    pub peaks: bool,
    /// Whether and how it counts.
    pub weight: PlaceWeight,
}

/// The way in which a place counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceWeight {
    /// Has to be found where it begins in the range.
    Required,
    /// Counts if it is found.
    Optional,
    /// Entries about it count neither as found nor as false, such as those about a public holiday.
    Neutral,
}

/// A harmless change of which some entries are no mistake, such as a deploy.
#[derive(Clone, Debug)]
pub struct Tolerated {
    /// Index of the query.
    pub query: usize,
    /// Indices of the series in which it shows.
    pub series: Vec<usize>,
    /// First minute.
    pub start: usize,
    /// Minute after the last one.
    pub end: usize,
    /// Number of entries that are no mistake, of all series together.
    pub entries: usize,
}

impl World {
    /// Returns the minute from which the values are back within what is usual: the end of a place, or that of the longer one
    /// of which it is a worse turn; `None` if that goes on.
    pub fn end_of_deviation(&self, place: &Place) -> Option<usize> {
        let holds = |outer: &&Place| {
            outer.query == place.query
                && outer.side == place.side
                && place.series.iter().all(|series| outer.series.contains(series))
                && outer.start <= place.start
                && place.end.is_some_and(|end| outer.end.is_none_or(|outer| outer >= end))
        };
        let outer = self.places.iter().filter(holds);
        outer.max_by_key(|outer| outer.end.unwrap_or(usize::MAX)).unwrap_or(place).end
    }

    /// Returns the time of a minute.
    pub fn time(&self, minute: usize) -> Timestamp {
        Timestamp(self.start.0 + minute as i64 * 60_000)
    }

    /// Returns the minute at or before a time; 0 for a time before the world.
    pub fn minute(&self, time: Timestamp) -> usize {
        usize::try_from((time.0 - self.start.0).div_euclid(60_000)).unwrap_or(0)
    }
}

impl WorldSeries {
    /// Returns the sample of a minute; NaN before the first and after the last one.
    pub fn at(&self, minute: usize) -> f64 {
        let index = minute.checked_sub(self.first);
        index.and_then(|index| self.values.get(index)).copied().unwrap_or(f64::NAN)
    }

    /// Returns whether a minute within two bounds, both included, has a sample.
    pub fn lives_in(&self, first: usize, last: usize) -> bool {
        (first.max(self.first)..=last).any(|minute| !self.at(minute).is_nan())
    }
}
