//! Candidate seasons: for each mark the usual value of its phase, from earlier days alone.

use super::clock::DAY;
use super::marks::{Calendar, Marks};
use crate::stats::median::middle_median;

/// Candidate for what a series repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// No season: a level alone.
    Flat,
    /// Every day is alike.
    Daily,
    /// Working days are alike, and each day of the weekend by itself.
    Workdays,
    /// Each weekday by itself.
    Weekly,
    /// A straight line through the medians of earlier days.
    Trend,
}

/// Values of a candidate at each mark; NaN where earlier days do not tell it.
pub(super) struct Candidate {
    pub profile: Profile,
    /// Index of its calendar; the first for candidates without one.
    pub calendar: usize,
    pub values: Vec<f64>,
}

/// Maximum number of earlier days that a phase is learnt from.
const MAX_DAYS: usize = 8;

/// Number of days from which a phase is learnt without its neighbours.
const ENOUGH_DAYS: usize = 5;

/// Number of days through which the line of a trend is drawn.
const TREND_DAYS: usize = 6;

impl Profile {
    /// Returns the factor by which the error of a candidate is multiplied before candidates are compared: simple ones
    /// are preferred, and a trend follows everything.
    pub(super) fn penalty(self) -> f64 {
        match self {
            Self::Flat => 0.88,
            Self::Daily => 0.95,
            Self::Workdays => 1.0,
            Self::Weekly => 1.03,
            Self::Trend => 3.0,
        }
    }

    /// Returns the earlier days that day `day` is learnt from, latest first. `is_present` tells days with samples.
    pub(super) fn days(
        self,
        day: usize,
        weekday: &[i64],
        is_present: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let of_week = weekday[day];
        let earlier = || (0..day).rev().filter(|day| is_present(*day));
        let same = |most| earlier().filter(|day| weekday[*day] == of_week).take(most);
        let weekend = |day: usize| weekday[day] >= 5;
        let mut days: Vec<usize> = match self {
            Self::Daily => earlier().take(7).collect(),
            Self::Workdays if weekend(day) => same(4).collect(),
            Self::Workdays => earlier().filter(|day| !weekend(*day)).take(MAX_DAYS).collect(),
            Self::Weekly => same(4).collect(),
            Self::Flat | Self::Trend => Vec::new(),
        };
        if days.is_empty() && self == Self::Workdays {
            days = earlier().filter(|other| weekend(*other) == weekend(day)).take(4).collect();
        }
        if days.is_empty() {
            days = earlier().take(3).collect();
        }
        days
    }
}

/// Computes all candidates. `y` has one value a mark.
pub(super) fn candidates(marks: &Marks, calendars: &[Calendar], y: &[f64]) -> Vec<Candidate> {
    let flat = Candidate { profile: Profile::Flat, calendar: 0, values: vec![0.0; y.len()] };
    let mut all = vec![flat];
    for (index, calendar) in calendars.iter().enumerate() {
        let days = Days::of(calendar, marks.phases(), y);
        for profile in [Profile::Daily, Profile::Workdays, Profile::Weekly] {
            let values = days.values(calendar, profile);
            all.push(Candidate { profile, calendar: index, values });
        }
    }
    let values = trend(marks, y);
    all.push(Candidate { profile: Profile::Trend, calendar: 0, values });
    all
}

/// Values by local day and phase.
struct Days {
    phases: usize,
    values: Vec<f64>,
    present: Vec<bool>,
}

impl Days {
    fn of(calendar: &Calendar, phases: usize, y: &[f64]) -> Self {
        let count = calendar.weekday.len();
        let mut values = vec![f64::NAN; count * phases];
        let mut present = vec![false; count];
        for ((day, phase), value) in calendar.day.iter().zip(&calendar.phase).zip(y) {
            values[day * phases + phase] = *value;
            present[*day] |= value.is_finite();
        }
        Self { phases, values, present }
    }

    /// Returns the median of the same phase of earlier days for each mark.
    fn values(&self, calendar: &Calendar, profile: Profile) -> Vec<f64> {
        let mut values = vec![f64::NAN; calendar.day.len()];
        let mut row = vec![f64::NAN; self.phases];
        let mut known = usize::MAX;
        for (at, (day, phase)) in calendar.day.iter().zip(&calendar.phase).enumerate() {
            if *day != known {
                let days = profile.days(*day, &calendar.weekday, |day| self.present[day]);
                self.day(*day, &days, &mut row);
                known = *day;
            }
            values[at] = row[*phase];
        }
        values
    }

    /// Writes the median of `days` for each phase of a day. With few of them, neighbouring phases help.
    fn day(&self, day: usize, days: &[usize], row: &mut [f64]) {
        let reach = usize::from(days.len() < ENOUGH_DAYS);
        let mut room = [f64::NAN; 3 * MAX_DAYS];
        for (phase, value) in row.iter_mut().enumerate() {
            let mut count = 0;
            for earlier in days {
                let base = earlier * self.phases;
                for shift in 0..=2 * reach {
                    let at = (phase + self.phases + shift - reach) % self.phases;
                    // Yesterday's samples are known up to midnight, so a phase that wraps is.
                    let sample = self.values[base + at];
                    if sample.is_finite() && count < room.len() {
                        room[count] = sample;
                        count += 1;
                    }
                }
            }
            debug_assert!(days.iter().all(|earlier| *earlier < day));
            *value = middle_median(&mut room[..count]);
        }
    }
}

/// Returns the line through the median of the day before at the median pace of the days before, for each mark.
fn trend(marks: &Marks, y: &[f64]) -> Vec<f64> {
    let days = marks.utc_days();
    let medians: Vec<f64> = days
        .iter()
        .map(|day| {
            let mut of: Vec<f64> =
                y[day.clone()].iter().copied().filter(|v| v.is_finite()).collect();
            middle_median(&mut of)
        })
        .collect();
    let mut values = vec![f64::NAN; y.len()];
    for (index, day) in days.iter().enumerate().skip(3) {
        let before = &medians[index.saturating_sub(TREND_DAYS)..index];
        let mut paces: Vec<f64> = before
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .filter(|pace| pace.is_finite())
            .collect();
        let (pace, last) = (middle_median(&mut paces), medians[index - 1]);
        let midnight = marks.time(day.start).div_euclid(DAY) * DAY;
        for at in day.clone() {
            let since = (marks.time(at) - midnight) as f64 / DAY as f64 + 0.5;
            values[at] = last + pace * since;
        }
    }
    values
}
