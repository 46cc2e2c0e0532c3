//! Made-up installations with known incidents, and how well the product finds and describes them.
//!
//! Recordings with labels are few and short, and planted anomalies stand in tidy series. A world has the shapes of real
//! metrics over weeks: seasons in several time zones, deploys, batches, growth and public holidays, most of it healthy.

pub mod entry;
pub mod fetch;
pub mod generate;
pub mod score;
pub mod world;

use oddity_detect::detect::Detector;
use oddity_source::query::QueryError;
use rayon::prelude::*;

pub use fetch::RangeLength;
pub use score::{Score, Word};

use score::Window;
use world::{Place, PlaceWeight, World};

/// Seeds that the documentation reports. Even seeds serve for tuning, so that odd ones are never tuned on.
pub const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// Minutes by which the end of the range moves while the severity of a past event is compared.
const MOVES: [usize; 4] = [1, 10, 30, 60];

/// Points by which the severity of a past event may vary.
const STABLE: f64 = 5.0;

/// Minutes between a place and both ends of the range in which its severity is compared.
const MARGIN: usize = 90;

/// Results for one length of the range.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Comparison with the truth.
    pub score: Score,
    /// Places whose severity stays the same while the end of the range moves, and all that were compared.
    pub stable: (usize, usize),
}

/// Returns whether a seed serves for tuning.
pub fn is_tuned(seed: u64) -> bool {
    seed.is_multiple_of(2)
}

/// Measures a detector with its default rule on the world of a seed, for each length of the range.
///
/// # Errors
/// Those of [`fetch::fetch`].
pub fn measure(
    seed: u64,
    lengths: &[RangeLength],
    detector: Detector,
) -> Result<Vec<Measured>, QueryError> {
    let world = generate::generate(seed, true);
    let queries = 0..world.queries.len();
    let parts: Vec<(RangeLength, usize)> =
        lengths.iter().flat_map(|length| queries.clone().map(|query| (*length, query))).collect();
    let each: Vec<Measured> = parts
        .par_iter()
        .map(|(length, query)| one(&world, *query, *length, detector))
        .collect::<Result<_, _>>()?;
    let mut measured = vec![Measured::default(); lengths.len()];
    for ((length, _), one) in parts.iter().zip(each) {
        let index = lengths.iter().position(|known| known == length).unwrap_or_default();
        measured[index] += one;
    }
    Ok(measured)
}

impl std::ops::AddAssign for Measured {
    fn add_assign(&mut self, other: Self) {
        self.score += other.score;
        self.stable.0 += other.stable.0;
        self.stable.1 += other.stable.1;
    }
}

fn one(
    world: &World,
    query: usize,
    length: RangeLength,
    detector: Detector,
) -> Result<Measured, QueryError> {
    let answer_at = |back: usize| {
        let fetched = fetch::fetch(world, &world.queries[query], length, back)?;
        let range = &fetched.loaded.query;
        let window = Window {
            start: world.minute(range.start),
            end: world.minute(range.grid().range().end),
            step: (range.step.millis() / 60_000) as usize,
        };
        Ok((window, entry::answer(world, fetched, detector)))
    };
    let (window, answer) = answer_at(0)?;
    let mut score = score::score(world, query, window, &answer);
    let mut stable = (0, 0);
    let compared: Vec<&Place> = world
        .places
        .iter()
        .filter(|place| {
            let within = place.start >= window.start + MARGIN
                && place.end.is_some_and(|end| end + MARGIN <= window.end);
            place.query == query && place.weight == PlaceWeight::Required && within
        })
        .collect();
    if length == RangeLength::Day && !compared.is_empty() {
        let mut answers = vec![(window, answer)];
        for back in MOVES {
            answers.push(answer_at(back)?);
        }
        for place in compared {
            let severities: Vec<f64> = answers
                .iter()
                .map(|(window, answer)| score::severity(place, answer, *window))
                .collect();
            let least = severities.iter().copied().fold(f64::INFINITY, f64::min);
            let most = severities.iter().copied().fold(0.0, f64::max);
            if most > 0.0 {
                stable.1 += 1;
                stable.0 += usize::from(most - least <= STABLE);
                if most - least > STABLE {
                    let id = world.queries[query].id;
                    score.remarks.push(format!(
                        "seed {} {id}: severity of {} from {least:.0} to {most:.0}",
                        world.seed, place.id
                    ));
                }
            }
        }
    }
    Ok(Measured { score, stable })
}
