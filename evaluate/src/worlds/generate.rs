//! The generator of worlds. It knows nothing of the detectors.
//!
//! Sites in several time zones, autoscaled pods, sawtooth heaps and lags, office hours, batch jobs, disks and certificates:
//! most series are healthy, and nearly every kind of series has an incident. Times, sizes and the affected series depend on
//! the seed, the date also decides which holiday, month end or clock change lies in the range.

mod calendar;
mod cluster;
mod jobs;
mod messaging;
mod noise;
mod office;
mod storage;
mod tenants;
mod web;

use std::ops::Range;

use oddity_detect::series::Labels;
use oddity_detect::time::Timestamp;

use self::calendar::{Calendar, DAY, Zone, day};
use self::noise::SeriesNoise;
use super::world::{Place, PlaceWeight, Side, Tolerated, World, WorldQuery, WorldSeries};
use crate::planted::dice::Dice;

/// Last days of the worlds as month and day. Clock changes: 29 March and 25 October in Europe, 1 November in America.
const LAST_DAYS: [(usize, i64); 6] = [(12, 8), (4, 2), (11, 4), (9, 9), (7, 8), (10, 29)];

/// Days before the last one: 30 to judge, 35 before them, and one for times of day.
const DAYS: usize = 66;

/// Minutes of an hour.
const HOUR: usize = 60;

/// Generates the world of a seed, with its incidents or, for comparison, without any.
pub fn generate(seed: u64, incidents: bool) -> World {
    let mut builder = WorldBuilder::new(seed, incidents);
    web::add(&mut builder);
    cluster::add(&mut builder);
    messaging::add(&mut builder);
    office::add(&mut builder);
    jobs::add(&mut builder);
    storage::add(&mut builder);
    tenants::add(&mut builder);
    builder.world
}

/// A world that is being generated.
struct WorldBuilder {
    world: World,
    calendar: Calendar,
    /// Choices for the whole world, in the order of the code.
    dice: Dice,
    incidents: bool,
}

impl WorldBuilder {
    fn new(seed: u64, incidents: bool) -> Self {
        let mut dice = Dice::of(seed);
        let (month, date) = LAST_DAYS[(seed % LAST_DAYS.len() as u64) as usize];
        let start = (day(month, date) - DAYS as i64) * DAY as i64;
        let len = DAYS * DAY + dice.count(5 * HOUR, 22 * HOUR);
        let world = World {
            seed,
            start: Timestamp(start * 60_000),
            len,
            queries: Vec::new(),
            places: Vec::new(),
            tolerated: Vec::new(),
        };
        Self { world, calendar: Calendar { start, len }, dice, incidents }
    }

    fn len(&self) -> usize {
        self.world.len
    }

    /// Adds a query whose samples have these bounds, and returns its index.
    fn query(&mut self, id: &'static str, expr: &'static str, possible: (f64, f64)) -> usize {
        self.world.queries.push(WorldQuery { id, expr, possible, series: Vec::new() });
        self.world.queries.len() - 1
    }

    /// Adds a series that begins at minute `first`, and returns its index in the query.
    fn series(
        &mut self,
        query: usize,
        labels: &[(&str, &str)],
        first: usize,
        values: Vec<f64>,
    ) -> usize {
        let pairs = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let series = &mut self.world.queries[query].series;
        series.push(WorldSeries { labels: Labels::new(pairs), first, values });
        series.len() - 1
    }

    fn noise(&self, name: &str) -> SeriesNoise {
        SeriesNoise::new(self.world.seed, name)
    }

    /// Changes the values of an incident, unless the world has none.
    fn alter(&self, values: &mut [f64], minutes: Range<usize>, change: impl Fn(f64, usize) -> f64) {
        if self.incidents {
            for minute in minutes.start..minutes.end.min(values.len()) {
                values[minute] = change(values[minute], minute);
            }
        }
    }

    /// Freezes values at the one at which an incident begins, unless the world has none.
    fn freeze(&self, values: &mut [f64], minutes: Range<usize>) {
        let frozen = values[minutes.start];
        self.alter(values, minutes, |_, _| frozen);
    }

    /// Returns minutes of a length that end between two numbers of minutes before the end of the world.
    fn before_end(&mut self, (least, most): (usize, usize), length: usize) -> Range<usize> {
        let end = self.len() - self.dice.count(least, most);
        end - length..end
    }

    /// Returns minutes of a length near an hour of the latest local day for which `on` holds and which leaves `back`
    /// minutes until the end of the world.
    fn near_hour(
        &mut self,
        (zone, hour): (Zone, f64),
        back: usize,
        length: usize,
        on: impl Fn(i64) -> bool,
    ) -> Range<usize> {
        let hour = hour + self.dice.number(-0.4, 0.4);
        let start = self.calendar.latest(zone, hour, back + length, on);
        start..start + length
    }

    /// Adds an incident.
    fn place(&mut self, place: Place) {
        self.world.places.push(place);
    }

    /// Tells that public holidays change the traffic of a series.
    fn holidays(&mut self, query: usize, series: usize, zone: Zone) {
        for (start, end) in self.calendar.holidays(zone) {
            self.place(Place {
                weight: PlaceWeight::Neutral,
                side: None,
                ..Place::new("holiday", (query, series), start..end, Side::Down)
            });
        }
    }

    /// Allows entries about a harmless change in some series of a query.
    fn tolerate(
        &mut self,
        query: usize,
        series: Vec<usize>,
        minutes: Range<usize>,
        entries: usize,
    ) {
        let (start, end) = (minutes.start, minutes.end);
        self.world.tolerated.push(Tolerated { query, series, start, end, entries });
    }
}

impl Place {
    /// Creates a required incident in one series of a query that ends within the world.
    fn new(
        id: &'static str,
        (query, series): (usize, usize),
        minutes: Range<usize>,
        side: Side,
    ) -> Self {
        Self {
            id,
            query,
            series: vec![series],
            start: minutes.start,
            end: Some(minutes.end),
            side: Some(side),
            needs: 0,
            peaks: true,
            weight: PlaceWeight::Required,
        }
    }

    /// Creates a required incident that goes on.
    fn ongoing(id: &'static str, place: (usize, usize), start: usize, side: Side) -> Self {
        Self { end: None, ..Self::new(id, place, start..start, side) }
    }

    /// Creates a required incident of values that are missing or frozen.
    fn silent(id: &'static str, place: (usize, usize), minutes: Range<usize>) -> Self {
        Self { side: None, peaks: false, ..Self::new(id, place, minutes, Side::Down) }
    }
}
