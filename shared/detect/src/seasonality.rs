//! Which seasons a series has: lengths after which it repeats itself.
//!
//! Candidates come from the periodogram, the autocorrelation and the calendar. What decides is one
//! measure: the series less its moving average over the candidate length, correlated with itself one,
//! two, three and four seasons later. That is what a comparison with "the same time yesterday" can
//! know. Trends and slow drifts are gone with the moving average; how well a random walk would
//! repeat itself by chance, which is the more the fewer seasons there are, is what has to be exceeded.
//!
//! Cost: O(n log n). Sources: periodogram candidates validated by the autocorrelation as in Vlachos, Yu
//! and Castelli, "On periodicity detection and structural periodic similarity" (2005); seasons found
//! one after the other as in Wen et al., "RobustPeriod" (2021).

mod candidates;
mod samples;

use crate::time::Step;
use candidates::{NoiseSpectrum, SeasonCandidate, candidates};
use samples::CenteredSamples;

/// A season that people keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
}

/// A length after which a series repeats itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Season {
    /// Length in samples, at least [`MIN_PERIOD`].
    pub period: usize,
    /// Certainty: 0.5 for a repetition that is only just beyond chance, towards 1 for a certain one.
    pub confidence: f64,
    /// Share of the variance around the moving average that repeats, 0 to 1.
    pub strength: f64,
    /// Share of the whole variance, less trend and shorter seasons, that this season explains.
    pub explained: f64,
    /// Season of the calendar whose length in samples this is, if there is one.
    pub calendar: Option<Calendar>,
}

/// Minimum length of a season in samples; shorter ones have too few samples to have a shape.
pub const MIN_PERIOD: usize = 4;

/// Maximum number of seasons that are found.
const MAX_SEASONS: usize = 3;

/// Maximum number of earlier seasons to compare with.
const MAX_LAGS: usize = 4;

/// Minimum number of samples that are searched; with a shorter history the first judged samples are searched too.
const MIN_HISTORY: usize = 64;

/// Minimum confidence of a season that is settled, because several searches give chance several tries.
const MIN_CONFIDENCE: f64 = 0.6;

/// Factor on what chance explains for a season of the calendar: chance has one try at it, and many at seasons of
/// unknown length.
const EXPECTED: f64 = 0.85;

/// Factor by which a longer season must repeat better than one of the calendar to make that an overtone: a day is a
/// season even where weekends differ.
const CALENDAR_OVERTONE: f64 = 1.6;

/// Minimum strength of a season.
const MIN_STRENGTH: f64 = 0.08;

/// Minimum strength of a further season: what is left after subtracting a season correlates by 0.1 to 0.2 three of its
/// lengths apart.
const MIN_LATER_STRENGTH: f64 = 0.25;

/// Minimum of [`Season::explained`]; less is rounding or of no use.
const MIN_EXPLAINED: f64 = 1e-3;

/// Number of standard deviations by which the best of many candidates is off by chance.
const CHANCE_DEVIATIONS: f64 = 4.5;

impl Calendar {
    /// All seasons of the calendar, shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// Returns the length in samples, rounded; `None` if that is shorter than [`MIN_PERIOD`].
    pub fn period(self, step: Step) -> Option<usize> {
        let millis: u64 = match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 7 * 86_400_000,
        };
        let period = (millis + step.millis() / 2) / step.millis();
        usize::try_from(period).ok().filter(|period| *period >= MIN_PERIOD)
    }
}

/// Finds the seasons of a series, the one that explains most first; empty if there is none, or if there are fewer than
/// two full seasons or too many gaps to tell. NaN and infinities are missing. The unit of `values` does not matter.
pub fn periods(values: &[f64], step: Step) -> Vec<Season> {
    let Some(mut samples) = CenteredSamples::new(values) else { return Vec::new() };
    let whole = samples.energy();
    let mut found: Vec<Season> = Vec::new();
    while found.len() < MAX_SEASONS {
        let Some(season) = shortest_season(&samples, whole, step, found.last()) else { break };
        samples = samples.without(season.period);
        found.push(season);
    }
    found.sort_by(|a, b| b.explained.total_cmp(&a.explained));
    found
}

/// Finds the season that is known from each sample on, where only earlier samples may tell, oldest first: the strongest
/// season of the first quarter and half of `history`, of all of it, and, if it has none, of twice as many samples as
/// long as there are any. More samples at the end never change earlier entries. Cost: O(n log n).
pub fn settled(values: &[f64], history: usize, step: Step) -> Vec<(usize, Season)> {
    let history = history.max(MIN_HISTORY);
    let mut settled: Vec<(usize, Season)> = Vec::new();
    let mut known = history / 4;
    while known <= values.len() && (known <= history / 4 * 4 || settled.is_empty()) {
        if let Some(season) = periods(&values[..known], step).first()
            && season.confidence >= MIN_CONFIDENCE
            && settled.last().is_none_or(|(_, last)| last.period != season.period)
        {
            settled.push((known, *season));
        }
        known *= 2;
    }
    settled
}

/// Returns the shortest season beyond `last` that is no overtone of a longer one.
fn shortest_season(
    samples: &CenteredSamples,
    whole: f64,
    step: Step,
    last: Option<&Season>,
) -> Option<Season> {
    let longer = last.map_or(0, |last| last.period + last.period / 4);
    let least = if last.is_some() { MIN_LATER_STRENGTH } else { MIN_STRENGTH };
    let (candidates, spectrum) = candidates(samples, step);
    let seasons: Vec<Season> = candidates
        .into_iter()
        .filter(|candidate| candidate.period > longer)
        .filter_map(|candidate| measure(samples, candidate, &spectrum, whole))
        .filter(|season| season.strength >= least)
        .collect();
    let best_of_its_kind = |season: &&Season| {
        let near = (season.period / 10).max(season.period * season.period / (2 * samples.len()));
        let rank =
            |s: &Season| s.strength * if s.calendar.is_some() { 1.0 / EXPECTED } else { 1.0 };
        seasons
            .iter()
            .all(|other| other.period.abs_diff(season.period) > near || rank(other) <= rank(season))
    };
    let seasons: Vec<Season> = seasons.iter().filter(best_of_its_kind).copied().collect();
    let no_overtone = |(at, season): &(usize, &Season)| {
        let shape = samples.around_average(season.period);
        let own = shape.correlation(season.period);
        let factor = if season.calendar.is_some() { CALENDAR_OVERTONE } else { 1.0 };
        seasons[at + 1..].iter().all(|longer| {
            let pairs = samples.known() * (samples.len() - longer.period) as f64;
            let doubt = 0.02 + 3.0 * ((1.0 - own * own) / pairs).sqrt();
            shape.correlation(longer.period) <= factor * own + doubt
        })
    };
    seasons.iter().enumerate().find(no_overtone).map(|(_, season)| *season)
}

/// Returns the season of a candidate's length if it repeats beyond chance. `whole` is the energy of all samples.
fn measure(
    samples: &CenteredSamples,
    candidate: SeasonCandidate,
    spectrum: &NoiseSpectrum,
    whole: f64,
) -> Option<Season> {
    let SeasonCandidate { period, calendar } = candidate;
    let (len, known) = (samples.len(), samples.known());
    let lags = (len / period).checked_sub(1)?.min(MAX_LAGS);
    let mut chance = walk(len as f64 * known, period);
    if known > 0.95 {
        // By the spectrum, correlations of mere noise would be normal with this standard deviation.
        let pairs = lags as f64 * (len as f64 - period as f64 * (lags + 1) as f64 * 0.5);
        let independent = spectrum.independent(period) * pairs / len as f64;
        chance = chance.min(CHANCE_DEVIATIONS / independent.sqrt());
    }
    chance *= if calendar.is_some() { EXPECTED } else { 1.0 };

    let shape = samples.around_average(period);
    let first = shape.correlation(period);
    if first < 0.5 * chance {
        return None;
    }
    let later: f64 = (2..=lags).map(|lag| shape.correlation(lag * period)).sum();
    let strength = (first + later) / lags as f64;
    let explained = strength * shape.energy() / whole;
    let found = strength > chance && explained >= MIN_EXPLAINED;
    // What is as similar in between is smooth, and repeats nothing.
    let between = |eighths: usize| shape.correlation(eighths * period / 8) <= 0.5 * strength;
    (found && [4, 2, 3].into_iter().any(between)).then(|| Season {
        period,
        confidence: 1.0 - 0.5 * (chance / strength) * (chance / strength),
        strength: strength.min(1.0),
        explained,
        calendar,
    })
}

/// Returns the strength that about one random walk in 100 exceeds at its best candidate, measured on 200 walks of each
/// of 100, 500, 3,000 and 11,000 samples. Noise that remembers less stays further below.
fn walk(len: f64, period: usize) -> f64 {
    (0.1 + 2.1 * period as f64 / len + 0.7 / len.sqrt()).min(0.88)
}

#[cfg(test)]
mod tests;
