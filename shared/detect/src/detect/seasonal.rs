use super::param::{ParamField, named_choice};
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, ParamKind, Quantity, words,
};
use crate::seasonality::{Calendar, settled};
use crate::stats::quantile::QUARTILE_RANGE;
use crate::stats::{enough, sorted::SortedWindow};
use crate::time::Step;

/// Seasonal band: `expected` and `scale` are median and scaled quartile range, `(q75 - q25) / 1.349`, of
/// the samples at the same phase of the seasons before: those at `t - j P + d` for j = 1 to `seasons`
/// and |d| <= `tolerance`, at most half a season. Without half of them there is no verdict.
///
/// Of 4 seasons and 5 samples to either side, 3 of 195,000 samples of a daily wave in white noise score 6 or
/// more, in noise with an autoregression of 0.9 it is 259; with 3 samples to either side it is ten times as many
/// in white noise.
///
/// A detected season is learnt from samples before the judged one only, see
/// [`crate::seasonality::settled`]: those of the history, and, if they have none, of the range so far.
///
/// Cost: one exchange in a sorted list of `seasons (2 tolerance + 1)` samples for each season and
/// sample, and O(n log n) to find a season. Source: the seasonal naive forecast of any textbook, made
/// robust; quantiles as Prometheus' `quantile_over_time` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seasonal {
    /// Season to compare with.
    pub season: SeasonChoice,
    /// Length of the season in samples; 0 for that of `season`.
    pub length: usize,
    /// Number of earlier seasons to compare with.
    pub seasons: usize,
    /// Number of samples on each side of the same phase that count.
    pub tolerance: usize,
}

/// Season that samples are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SeasonChoice {
    /// A season that is found in the samples before the judged ones.
    #[default]
    Found,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
}

named_choice!(SeasonChoice { Found = "found", Hour = "hour", Day = "day", Week = "week" });

impl SeasonChoice {
    /// Returns the season of the calendar; `None` for one that is to be found.
    pub fn calendar(self) -> Option<Calendar> {
        match self {
            Self::Found => None,
            Self::Hour => Some(Calendar::Hour),
            Self::Day => Some(Calendar::Day),
            Self::Week => Some(Calendar::Week),
        }
    }
}

pub(super) const SEASON: Param = Param::choice(
    "season",
    "Season",
    "Season to compare with: one that is found in the samples before the range, or every hour, day or week.",
    SeasonChoice::WORDS,
);

pub(super) const LENGTH: Param = Param::samples(
    "length",
    "Own length",
    "Length of a custom season, such as that of a job that runs every 90 minutes; 0 for the season above.",
    (0, 5_000),
    0,
);

const SEASONS: Param = Param {
    id: "seasons",
    label: "Seasons back",
    help: "Number of earlier seasons to compare with. More are steadier, but need a longer history.",
    min: 1.0,
    max: 8.0,
    default: 4.0,
    kind: ParamKind::Count,
};

const TOLERANCE: Param = Param::samples(
    "tolerance",
    "Tolerance",
    "Number of samples before and after the same time that count too. More tolerate a job that starts a little early or late.",
    (0, 20),
    5,
);

/// Number of samples that a named season wants: three days of one-minute samples, two weeks of ten-minute samples.
pub(super) const HISTORY: usize = 4_500;

/// Number of samples after which a new level is a level shift; a season would not accept it for seasons.
const LEVEL_SHIFT_AFTER: usize = 60;

impl Default for Seasonal {
    fn default() -> Self {
        Self {
            season: SeasonChoice::default(),
            length: LENGTH.count(),
            seasons: SEASONS.count(),
            tolerance: TOLERANCE.count(),
        }
    }
}

impl Algorithm for Seasonal {
    const ABOUT: About = About {
        id: "seasonal",
        name: "Seasonal band",
        group: DetectorGroup::Seasons,
        summary: "Each sample against the same time in earlier hours, days or weeks.",
        threshold: 6.0,
        alert_threshold: None,
        causal: true,
        params: &[SEASON, LENGTH, SEASONS, TOLERANCE],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Count(match index {
            0 => return ParamField::Choice(&mut self.season),
            1 => &mut self.length,
            2 => &mut self.seasons,
            _ => &mut self.tolerance,
        })
    }

    fn history(&self) -> usize {
        match self.length {
            0 => HISTORY,
            length => length * self.seasons + self.tolerance,
        }
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let len = input.values.len();
        let (mut expected, mut scale) = (vec![f64::NAN; len], vec![f64::NAN; len]);
        let periods = self.periods(input);
        let ends = periods.iter().skip(1).map(|(from, _)| *from).chain([len]);
        for (&(from, period), to) in periods.iter().zip(ends) {
            self.bands(input.reference, period, from, &mut expected[..to], &mut scale[..to]);
        }
        let baseline = match periods.last() {
            Some(&(_, period)) => {
                let found = is_found(self.season, self.length);
                words::same_time(self.seasons, found, period, input.grid)
            }
            None => words::NO_SEASON.to_owned(),
        };
        let judged = input.values.to_vec();
        Detection::judge(Quantity::Value, judged, expected, scale, baseline, LEVEL_SHIFT_AFTER)
    }
}

/// Returns whether the parameters leave the season to be found.
pub(super) fn is_found(season: SeasonChoice, length: usize) -> bool {
    season == SeasonChoice::Found && length == 0
}

/// Returns the period, in samples, that the parameters name; `None` if it is to be found, or is too short.
pub(super) fn named(season: SeasonChoice, length: usize, step: Step) -> Option<usize> {
    if length > 0 {
        return Some(length);
    }
    season.calendar()?.period(step)
}

impl Seasonal {
    /// Returns the periods to compare with, each with the first sample that it counts for, oldest first.
    pub fn periods(&self, input: DetectorInput<'_>) -> Vec<(usize, usize)> {
        if is_found(self.season, self.length) {
            let found = settled(input.reference, input.history, input.grid.step);
            return found.into_iter().map(|(from, season)| (from, season.period)).collect();
        }
        let named = named(self.season, self.length, input.grid.step);
        named.map(|period| (0, period)).into_iter().collect()
    }

    /// Fills `expected` and `scale` from sample `from` to their end.
    fn bands(
        &self,
        reference: &[f64],
        period: usize,
        from: usize,
        expected: &mut [f64],
        scale: &mut [f64],
    ) {
        // The judged sample and what follows it stay out.
        let tolerance = self.tolerance.min(period.saturating_sub(1) / 2);
        let wanted = self.seasons * (2 * tolerance + 1);
        let least = enough(wanted);
        let mut window = SortedWindow::with_capacity(wanted);
        let sample = |at: usize, back: usize| match at.checked_sub(back) {
            Some(at) => reference[at],
            None => f64::NAN,
        };
        for back in (1..=self.seasons).map(|season| season * period) {
            for near in 0..=2 * tolerance {
                window.exchange(f64::NAN, sample(from + near, back + tolerance));
            }
        }
        for at in from..expected.len() {
            if at > from {
                for back in (1..=self.seasons).map(|season| season * period) {
                    let old = sample(at, back + tolerance + 1);
                    window.exchange(old, sample(at + tolerance, back));
                }
            }
            if window.count() >= least {
                expected[at] = window.quantile(0.5);
                scale[at] = (window.quantile(0.75) - window.quantile(0.25)) / QUARTILE_RANGE;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Grid;
    use crate::stats::testing::Random;
    use crate::time::Timestamp;

    fn input(values: &[f64], history: usize) -> DetectorInput<'_> {
        let grid = Grid { start: Timestamp(0), step: Step::from_seconds(300), len: values.len() };
        DetectorInput::new(values, history, grid)
    }

    /// Days of 288 samples with some noise and gaps.
    fn days(len: usize) -> Vec<f64> {
        let mut random = Random(1);
        let wave = |at: usize| libm::sin(at as f64 / 288.0 * std::f64::consts::TAU);
        let mut values: Vec<f64> =
            (0..len).map(|at| 10.0 + 5.0 * wave(at) + 0.5 * random.normal()).collect();
        for at in (0..len).filter(|at| at % 41 == 0) {
            values[at] = f64::NAN;
        }
        values
    }

    fn plain(values: &[f64], detector: Seasonal, period: usize, at: usize) -> (f64, f64) {
        let tolerance = detector.tolerance as isize;
        let mut past: Vec<f64> = (1..=detector.seasons as isize)
            .flat_map(|j| (-tolerance..=tolerance).map(move |d| (j, d)))
            .filter_map(|(j, d)| usize::try_from(at as isize - j * period as isize + d).ok())
            .map(|at| values[at])
            .filter(|value| value.is_finite())
            .collect();
        if past.len() < enough(detector.seasons * (2 * detector.tolerance + 1)) {
            return (f64::NAN, f64::NAN);
        }
        past.sort_by(f64::total_cmp);
        let quantile = |q: f64| {
            let rank = q * (past.len() - 1) as f64;
            let (low, high) = (past[rank as usize], past[rank.ceil() as usize]);
            low + (high - low) * rank.fract()
        };
        (quantile(0.5), (quantile(0.75) - quantile(0.25)) / 1.349)
    }

    #[test]
    fn median_and_quartiles_of_the_same_phase() {
        let values = days(2_000);
        let default = Seasonal::default();
        for (detector, period) in [
            (Seasonal { season: SeasonChoice::Day, ..default }, 288),
            (Seasonal { season: SeasonChoice::Hour, tolerance: 0, seasons: 6, ..default }, 12),
            (Seasonal { season: SeasonChoice::Week, length: 100, tolerance: 20, ..default }, 100),
            (Seasonal { season: SeasonChoice::Found, length: 1, tolerance: 0, ..default }, 1),
        ] {
            let found = detector.detect(input(&values, 500));
            for at in 0..values.len() {
                let (expected, scale) = plain(&values, detector, period, at);
                let close = |a: f64, b: f64| (a - b).abs() < 1e-12 || a.is_nan() && b.is_nan();
                assert!(close(found.expected[at], expected), "{detector:?} {at}");
                assert!(close(found.scale[at], scale), "{detector:?} {at}");
            }
        }
    }

    #[test]
    fn a_found_season_is_judged_by_and_none_is_said() {
        let values = days(2_500);
        let found = Seasonal::default().detect(input(&values, 1_400));
        let named = Seasonal { season: SeasonChoice::Day, ..Seasonal::default() }
            .detect(input(&values, 1_400));
        assert_eq!(found.score[1_400..2_400].len(), 1_000);
        for at in 1_400..2_500 {
            assert_eq!(found.score[at].to_bits(), named.score[at].to_bits());
        }
        assert_eq!(
            found.baseline,
            "the same time in the 4 detected seasons of 288 samples (24 h) before"
        );
        let flagged = found.score[1_400..].iter().filter(|score| **score >= 6.0).count();
        assert!(flagged <= 1, "{flagged}");

        let mut random = Random(2);
        let noise: Vec<f64> = (0..2_500).map(|_| random.normal()).collect();
        let none = Seasonal::default().detect(input(&noise, 1_400));
        assert!(none.score.iter().all(|score| score.is_nan()));
        assert_eq!(none.baseline, words::NO_SEASON);
    }

    #[test]
    fn the_future_never_changes_a_found_season() {
        let values = days(2_500);
        for history in [0, 300, 1_400] {
            let all = Seasonal::default().detect(input(&values, history));
            assert!(all.score[2_100] < 6.0);
            for cut in [10, 299, 301, 600, 700, 1_000, 1_399, 1_401, 2_000] {
                let past = Seasonal::default().detect(input(&values[..cut], history));
                for at in 0..cut {
                    assert_eq!(all.score[at].to_bits(), past.score[at].to_bits(), "{cut} {at}");
                }
            }
        }
    }
}
