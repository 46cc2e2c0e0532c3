//! Expected value and spread at each mark: the candidate season that has predicted best so far, on a level that follows slowly.

use std::ops::Range;

use super::marks::{Calendar, Marks};
use super::profile::{Candidate, Profile, candidates};
use crate::stats::median::middle_median;
use crate::stats::quantile::MAD_TO_STD;
use crate::stats::sorted::sorted;

/// Number of samples that a level needs to follow a change: two days of marks.
const LEVEL_DAYS: f64 = 2.0;

/// Number of first samples whose median is the level.
const FIRST_SAMPLES: usize = 12;

/// Number of first samples over which the spread is a mean.
const SPREAD_SAMPLES: f64 = 100.0;

/// Distance in spreads beyond which a sample hardly moves level and spread.
const FAR: f64 = 5.0;

/// Number of days over which the errors of candidates are compared.
const COMPARED_DAYS: usize = 14;

/// Factor by which the error of a candidate exceeds the least one from which it is wrong.
const OPEN: f64 = 1.5;

/// Number of days whose errors give the spread of a phase.
const SPREAD_DAYS: usize = 8;

/// Factor by which the error of a season by a clock other than UTC is multiplied before candidates are compared.
const OTHER_CLOCK: f64 = 1.02;

/// Number of days within which days of a kind are looked for.
const SPREAD_LOOKBACK: usize = 28;

/// Everything learnt about a series at its marks. A value at a mark depends on earlier samples alone.
pub(super) struct Learned {
    pub candidates: Vec<Candidate>,
    /// Level of each candidate at each mark.
    pub levels: Vec<Vec<f64>>,
    /// Index of the chosen candidate at each mark.
    pub chosen: Vec<usize>,
    /// Expected value at each mark by the chosen candidate.
    pub expected: Vec<f64>,
    /// Spread of samples around it.
    pub spread: Vec<f64>,
    /// Mean error of each candidate on each UTC day; NaN on a day without samples.
    errors: Vec<Vec<f64>>,
}

/// Level and spread of one candidate, with the errors it made.
struct Track {
    level: Vec<f64>,
    spread: Vec<f64>,
    error: Vec<f64>,
}

impl Learned {
    /// Learns from the marks up to the end. Shape of `y`: one value a mark, NaN is missing. Spreads are computed from
    /// mark `from` on. At mark `born` another series took over, whose level is learnt anew.
    pub(super) fn of(
        marks: &Marks,
        calendars: &[Calendar],
        y: &[f64],
        from: usize,
        born: Option<usize>,
    ) -> Self {
        let candidates = candidates(marks, calendars, y);
        let follow = LEVEL_DAYS * marks.phases() as f64;
        let tracks: Vec<Track> =
            candidates.iter().map(|of| Track::of(y, &of.values, follow, born)).collect();
        let days = marks.utc_days();
        let errors: Vec<Vec<f64>> = tracks.iter().map(|track| track.mean_errors(&days)).collect();
        let choice = choose(&candidates, &errors, &days);
        let mut chosen = vec![0; y.len()];
        for (day, choice) in days.iter().zip(&choice) {
            chosen[day.clone()].fill(*choice);
        }
        let expected = (0..y.len())
            .map(|at| candidates[chosen[at]].values[at] + tracks[chosen[at]].level[at])
            .collect();
        let spread = spread(marks, calendars, &candidates, &tracks, &chosen, from);
        let levels = tracks.into_iter().map(|track| track.level).collect();
        Self { candidates, levels, chosen, expected, spread, errors }
    }

    /// Returns by how much the expected value changes from a mark to the next; `None` if it does not.
    pub(super) fn change(&self, mark: usize) -> Option<f64> {
        let change = (self.expected.get(mark + 1)? - self.expected.get(mark)?).abs();
        (change > 0.0).then_some(change)
    }

    /// Returns whether each candidate may still be right by its errors on some UTC days.
    pub(super) fn open(&self, days: Range<usize>) -> Vec<bool> {
        let means: Vec<f64> = self.errors.iter().map(|of| mean(&of[days.clone()])).collect();
        let least = means.iter().copied().fold(f64::NAN, f64::min);
        means.into_iter().map(|mean| mean.is_nan() || mean <= OPEN * least).collect()
    }

    /// Returns whether the candidate chosen at a mark takes all days to be alike.
    pub(super) fn is_every_day(&self, mark: usize) -> bool {
        let profile = self.candidates[self.chosen[mark]].profile;
        !matches!(profile, Profile::Workdays | Profile::Weekly)
    }
}

impl Track {
    /// Follows the level of `y` above a profile. A sample far out moves it little, so an incident of hours does not become
    /// the level.
    fn of(y: &[f64], profile: &[f64], follow: f64, born: Option<usize>) -> Self {
        let len = y.len();
        let (mut level, mut spread, mut error) =
            (vec![f64::NAN; len], vec![f64::NAN; len], vec![f64::NAN; len]);
        let (mut now, mut scale, mut count) = (f64::NAN, f64::NAN, 0_usize);
        let mut first: Vec<f64> = Vec::with_capacity(FIRST_SAMPLES);
        for at in 0..len {
            level[at] = now;
            spread[at] = scale;
            if born == Some(at) {
                count = count.min(FIRST_SAMPLES);
            }
            let residual = y[at] - profile[at];
            if !residual.is_finite() {
                continue;
            }
            count += 1;
            if count <= FIRST_SAMPLES {
                error[at] = (residual - now).abs();
                first.push(residual);
                now = middle_median(&mut first);
                let size = 1.25 * (residual - now).abs();
                scale = if count == 1 { 0.0 } else { scale + (size - scale) / (count - 1) as f64 };
                continue;
            }
            let miss = residual - now;
            let size = miss.abs();
            error[at] = size;
            let most = if size > FAR * scale + 1e-12 { 0.5 } else { 2.0 } * scale;
            now += miss.clamp(-most, most) / (count as f64).min(follow);
            scale = if (count as f64) < SPREAD_SAMPLES && born.is_none_or(|born| at < born) {
                scale + (1.25 * size.min(4.0 * scale + 1e-12) - scale) / count as f64
            } else {
                let pace = if size > FAR * scale {
                    0.05
                } else if size > 0.6745 * scale {
                    0.5
                } else {
                    -0.5
                };
                scale.max(1e-9) * libm::exp(pace * 0.7 / 144.0)
            };
        }
        Self { level, spread, error }
    }

    fn mean_errors(&self, days: &[Range<usize>]) -> Vec<f64> {
        days.iter().map(|day| mean(&self.error[day.clone()])).collect()
    }
}

/// Returns the mean of the finite errors; NaN without one.
fn mean(errors: &[f64]) -> f64 {
    let known = || errors.iter().copied().filter(|error| error.is_finite());
    known().sum::<f64>() / known().count() as f64
}

/// Returns the index of the candidate for each day: the one with the least error on earlier days.
fn choose(candidates: &[Candidate], errors: &[Vec<f64>], days: &[Range<usize>]) -> Vec<usize> {
    let penalty =
        |of: &Candidate| of.profile.penalty() * if of.calendar > 0 { OTHER_CLOCK } else { 1.0 };
    let errors: Vec<Vec<f64>> = candidates
        .iter()
        .zip(errors)
        .map(|(candidate, errors)| errors.iter().map(|error| error * penalty(candidate)).collect())
        .collect();
    (0..days.len())
        .map(|day| {
            let window = day.saturating_sub(COMPARED_DAYS)..day;
            let mut best: Vec<f64> = window
                .clone()
                .map(|day| errors.iter().map(|of| of[day]).fold(f64::NAN, f64::min))
                .filter(|error| error.is_finite())
                .collect();
            // A day counts no more than the second worst without a season, so that one bad day does not decide, and a job
            // that runs once a week does.
            let flat = errors[0][window.clone()].iter().copied();
            let flat = sorted(flat.filter(|error| error.is_finite()).collect());
            let second = flat.len().checked_sub(2).map_or(0.0, |at| flat[at]);
            let cap = (5.0 * middle_median(&mut best)).max(second) + 1e-12;
            let ratio = |of: usize| {
                let known = candidates[of].values[days[day].clone()].iter().any(|v| v.is_finite());
                let (mut own, mut flat) = (0.0, 0.0);
                for day in window.clone() {
                    if errors[of][day].is_finite() && errors[0][day].is_finite() {
                        own += errors[of][day].min(cap);
                        flat += errors[0][day].min(cap);
                    }
                }
                if known && flat > 0.0 { own / flat } else { f64::INFINITY }
            };
            let mut choice = (0, 1.0);
            for of in 1..candidates.len() {
                let ratio = ratio(of);
                if ratio < choice.1 {
                    choice = (of, ratio);
                }
            }
            choice.0
        })
        .collect()
}

/// Computes the spread around the chosen candidate: by phase, from the errors on earlier days of the same kind, and
/// where the season is steep.
fn spread(
    marks: &Marks,
    calendars: &[Calendar],
    candidates: &[Candidate],
    tracks: &[Track],
    chosen: &[usize],
    from: usize,
) -> Vec<f64> {
    let phases = marks.phases();
    let tables: Vec<Vec<f64>> = candidates
        .iter()
        .zip(tracks)
        .enumerate()
        .map(|(of, (candidate, track))| {
            if !chosen[from..].contains(&of) {
                return Vec::new();
            }
            let calendar = &calendars[candidate.calendar];
            let mut table = vec![f64::NAN; calendar.weekday.len() * phases];
            for (at, error) in track.error.iter().enumerate() {
                table[calendar.day[at] * phases + calendar.phase[at]] = *error;
            }
            table
        })
        .collect();
    let mut room: Vec<f64> = Vec::with_capacity(5 * SPREAD_DAYS);
    let mut known = (usize::MAX, usize::MAX, Vec::new());
    (0..marks.len())
        .map(|at| {
            let of = chosen[at];
            let own = tracks[of].spread[at];
            if at < from {
                return own;
            }
            let calendar = &calendars[candidates[of].calendar];
            let (day, phase) = (calendar.day[at], calendar.phase[at]);
            if (known.0, known.1) != (of, day) {
                known = (of, day, spread_days(calendar, day));
            }
            room.clear();
            for earlier in &known.2 {
                for shift in 0..5 {
                    let near = (phase + phases + shift - 2) % phases;
                    let error = tables[of][earlier * phases + near];
                    if error.is_finite() {
                        room.push(error);
                    }
                }
            }
            let few = 1.0 + 1.5 / known.2.len().max(1) as f64;
            let by_phase = MAD_TO_STD * middle_median(&mut room) * few;
            let squared = if by_phase.is_finite() {
                0.75 * by_phase * by_phase + 0.25 * own * own
            } else {
                own * own
            };
            // The profile of the next day may have learnt from this mark.
            let next = usize::from(calendar.day.get(at + 1) == Some(&day));
            let near = candidates[of].values[at.saturating_sub(1)..=at + next].iter();
            let (low, high) = near
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (value.min(low), value.max(high))
                });
            let steep = if high > low { 0.2 * (high - low) } else { 0.0 };
            libm::sqrt(squared + steep * steep)
        })
        .collect()
}

/// Returns the earlier days whose errors tell the spread of a day: those of its kind, or the last ones.
fn spread_days(calendar: &Calendar, day: usize) -> Vec<usize> {
    let weekend = |day: usize| calendar.weekday[day] >= 5;
    let earlier = || (day.saturating_sub(SPREAD_LOOKBACK)..day).rev();
    let same: Vec<usize> =
        earlier().filter(|other| weekend(*other) == weekend(day)).take(SPREAD_DAYS).collect();
    if same.len() >= 2 { same } else { earlier().take(4).collect() }
}
