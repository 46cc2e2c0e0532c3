use super::param::ParamField;
use super::seasonal::{HISTORY, LENGTH, SEASON, SeasonChoice, is_found, named};
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, ParamKind, Quantity, words,
};
use crate::seasonality::periods;
use crate::stats::median::{finite_quartiles, middle_median};
use crate::stats::quantile::QUARTILE_RANGE;
use crate::stats::stl::{Smoothing, decompose_all, fill, moving_average};

/// Decomposition: `expected` is trend plus season as STL (of several found seasons, MSTL) sees them, see
/// [`crate::stats::stl`], plus the median of the remainder; `scale` is the scaled quartile range of the
/// remainder, `(q75 - q25) / 1.349`, over all samples. Before it, what is far
/// off the moving average plus the median of its phase is replaced by that, so that a spike leaves no echo in
/// other seasons.
///
/// It looks at all samples to judge each, so it is for looking back only. Cost: O(n) for STL, O(n log n) to
/// find a season. Source: Cleveland et al. (1990); as a detector Hochenbaum, Vallis and Kejariwal, "Automatic
/// anomaly detection in the cloud via statistical learning" (2017).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decompose {
    /// Season to compare with.
    pub season: SeasonChoice,
    /// Length of the season in samples; 0 for that of `season`.
    pub length: usize,
    /// Number of seasons over which the shape of one is averaged.
    pub seasons: usize,
}

const SEASONS: Param = Param {
    id: "seasons",
    label: "Shape over",
    help: "Number of seasons over which the shape of a season is averaged. Fewer let the shape change, but also absorb more anomalies.",
    min: 3.0,
    max: 51.0,
    default: 11.0,
    kind: ParamKind::Count,
};

/// Maximum number of found seasons that are fitted; others are left to the remainder.
const MAX_SEASONS: usize = 2;

/// Distance, in scales, beyond which samples do not shape trend and season.
const OUTLIER: f64 = 3.0;

/// Number of samples after which a new level is a level shift; the trend follows it within seasons.
const LEVEL_SHIFT_AFTER: usize = 60;

impl Default for Decompose {
    fn default() -> Self {
        Self { season: SeasonChoice::default(), length: LENGTH.count(), seasons: SEASONS.count() }
    }
}

impl Algorithm for Decompose {
    const ABOUT: About = About {
        id: "decompose",
        name: "Decomposition",
        group: DetectorGroup::Seasons,
        summary: "Each sample against trend and season of the whole range. For looking back only.",
        threshold: 5.0,
        alert_threshold: None,
        causal: false,
        params: &[SEASON, LENGTH, SEASONS],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Count(match index {
            0 => return ParamField::Choice(&mut self.season),
            1 => &mut self.length,
            _ => &mut self.seasons,
        })
    }

    fn history(&self) -> usize {
        if self.length == 0 { HISTORY } else { 3 * self.length }
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let len = input.values.len();
        let periods = self.periods(input);
        let (expected, scale) =
            fit(input.reference, &periods, self.seasons).unwrap_or((vec![f64::NAN; len], f64::NAN));
        let baseline = if scale.is_nan() {
            words::NO_SEASON.to_owned()
        } else {
            words::trend_and_season(&periods, input.grid)
        };
        let (judged, scale) = (input.values.to_vec(), vec![scale; len]);
        Detection::judge(Quantity::Value, judged, expected, scale, baseline, LEVEL_SHIFT_AFTER)
    }
}

impl Decompose {
    /// Returns the periods to fit, in samples, shortest first.
    fn periods(&self, input: DetectorInput<'_>) -> Vec<usize> {
        let step = input.grid.step;
        if !is_found(self.season, self.length) {
            return named(self.season, self.length, step).into_iter().collect();
        }
        let found = periods(input.reference, step);
        let mut all: Vec<usize> =
            found.iter().take(MAX_SEASONS).map(|season| season.period).collect();
        all.sort_unstable();
        all
    }
}

/// Fits trend plus season at each sample, and the scale of the remainder. `None` without two seasons or with more than
/// half of the samples missing.
fn fit(reference: &[f64], periods: &[usize], seasons: usize) -> Option<(Vec<f64>, f64)> {
    let [_, pivot, _] = finite_quartiles(reference)?;
    // Less a pivot, so that constants and high levels are exact.
    let mut values: Vec<f64> = reference.iter().map(|value| value - pivot).collect();
    let typical = typical(&values, periods)?;
    let rest: Vec<f64> = values.iter().zip(&typical).map(|(value, fit)| value - fit).collect();
    let [low, middle, high] = finite_quartiles(&rest)?;
    let far = OUTLIER * (high - low) / QUARTILE_RANGE;
    let cleaned: Vec<f64> = (0..values.len())
        .map(|at| if (rest[at] - middle).abs() <= far { values[at] } else { typical[at] })
        .collect();
    let fit = decompose_all(&cleaned, periods, Smoothing { seasons, robust: 0 })?;
    for (value, (trend, season)) in values.iter_mut().zip(fit.trend.iter().zip(&fit.seasonal)) {
        *value -= trend + season;
    }
    let [low, middle, high] = finite_quartiles(&values)?;
    let sums = fit.trend.iter().zip(&fit.seasonal);
    let expected = sums.map(|(trend, season)| pivot + (trend + season + middle)).collect();
    Some((expected, (high - low) / QUARTILE_RANGE))
}

/// Fits a first, robust estimate: the moving average over the longest season, plus the median of each phase of each
/// season. `None` without two seasons.
fn typical(values: &[f64], periods: &[usize]) -> Option<Vec<f64>> {
    let (len, longest) = (values.len(), *periods.last()?);
    if longest < 2 || len < 2 * longest {
        return None;
    }
    let mut rest = fill(values, longest)?;
    let mut averages = rest.clone();
    moving_average(&mut averages, longest);
    let before = longest / 2;
    let trend = |at: usize| averages[at.saturating_sub(before).min(averages.len() - 1)];
    let mut fit: Vec<f64> = (0..len).map(trend).collect();
    rest.iter_mut().zip(&fit).for_each(|(rest, fit)| *rest -= fit);
    let mut samples = Vec::new();
    for &period in periods {
        for phase in 0..period {
            samples.clear();
            samples.extend(rest.iter().skip(phase).step_by(period));
            let median = middle_median(&mut samples);
            for at in (phase..len).step_by(period) {
                rest[at] -= median;
                fit[at] += median;
            }
        }
    }
    Some(fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Grid;
    use crate::stats::testing::Random;
    use crate::time::{Step, Timestamp};

    fn detect(values: &[f64], detector: Decompose) -> Detection {
        let grid = Grid { start: Timestamp(0), step: Step::from_seconds(300), len: values.len() };
        detector.detect(DetectorInput::new(values, 0, grid))
    }

    /// A week of days with a rising trend, a spike and a gap.
    fn week() -> Vec<f64> {
        let mut random = Random(5);
        let wave = |at: usize| libm::sin(at as f64 / 288.0 * std::f64::consts::TAU);
        let mut values: Vec<f64> = (0..2_016)
            .map(|at| 1e6 + 0.01 * at as f64 + 5.0 * wave(at) + 0.5 * random.normal())
            .collect();
        values[1_000] += 30.0;
        values[1_200..1_220].fill(f64::NAN);
        values
    }

    #[test]
    fn a_spike_is_odd_and_leaves_no_echo() {
        let values = week();
        let found = detect(&values, Decompose::default());
        assert_eq!(found.baseline, "trend and season of 288 samples (24 h) over all samples");
        let flagged: Vec<usize> = (0..values.len()).filter(|at| found.score[*at] >= 5.0).collect();
        assert_eq!(flagged, [1_000]);
        assert!(found.score[1_000 - 288] < 3.0 && found.score[1_000 + 288] < 3.0);
        assert!((found.scale[0] - 0.5).abs() < 0.1, "{}", found.scale[0]);
        assert!(found.score[1_200..1_220].iter().all(|score| score.is_nan()));
    }

    #[test]
    fn a_named_season_and_one_that_does_not_fit() {
        let values = week();
        let day = detect(&values, Decompose { season: SeasonChoice::Day, ..Decompose::default() });
        assert!(day.score[1_000] > 30.0);
        let own = detect(
            &values,
            Decompose { season: SeasonChoice::Day, length: 576, ..Decompose::default() },
        );
        assert!(own.baseline.contains("576 samples"));
        for detector in [
            Decompose { season: SeasonChoice::Week, ..Decompose::default() },
            Decompose { length: 1, ..Decompose::default() },
        ] {
            let none = detect(&values, detector);
            assert_eq!(none.baseline, words::NO_SEASON);
            assert!(none.score.iter().all(|score| score.is_nan()));
        }
    }
}
