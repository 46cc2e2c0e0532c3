use super::param::ParamField;
use super::threshold::{LOWER, UPPER, ordered};
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, Feature, NormalRange, Param,
    ParamKind, Quantity, words,
};
use crate::stats::rolling::{Lines, lines};
use crate::time::Span;

/// Time to a bound: the least-squares line through the last `window` samples, continued for `horizon` hours, against
/// two bounds. The score is how far the line goes beyond a bound, as a multiple of the distance that is left to it: 0 if
/// the bound is reached just then, 1 if it is reached after half of the time.
///
/// Cost: O(n). Source: least squares as Prometheus' `predict_linear` does it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Number of samples that the line is fitted to.
    pub window: usize,
    /// Hours from a sample to the end of its line.
    pub horizon: f64,
    /// Lower bound in the unit of the series; minus infinity for none.
    pub lower: f64,
    /// Upper bound in the unit of the series; infinity for none.
    pub upper: f64,
}

const WINDOW: Param = Param::samples(
    "window",
    "Trend over",
    "Number of samples that the line is fitted to. Longer is steadier, but reacts later.",
    (3, 5_000),
    120,
);

const HORIZON: Param = Param {
    id: "horizon",
    label: "Hours ahead",
    help: "How many hours ahead the line is continued.",
    min: 0.1,
    max: 720.0,
    default: 4.0,
    kind: ParamKind::Number,
};

const EMPTY: Param = Param {
    help: "Values that will fall below are odd. 0 for what runs out; empty for no bound.",
    default: 0.0,
    ..LOWER
};

const FULL: Param = Param {
    help: "Values that will rise above are odd, such as the size of a disk. Empty for no bound.",
    ..UPPER
};

/// Number of samples beyond a bound after which there is a new level.
const LEVEL_SHIFT_AFTER: usize = 60;

impl Default for Forecast {
    fn default() -> Self {
        Self {
            window: WINDOW.count(),
            horizon: HORIZON.default,
            lower: EMPTY.default,
            upper: FULL.default,
        }
    }
}

impl Forecast {
    /// Returns lower and upper bound; a lower bound above the upper one is read as the range between them.
    pub fn bounds(&self) -> (f64, f64) {
        ordered(self.lower, self.upper)
    }

    /// Returns the time from a sample to the end of its line.
    pub fn horizon(&self) -> Span {
        Span::from_millis((self.horizon * 3_600_000.0).round() as u64)
    }
}

impl Algorithm for Forecast {
    const ABOUT: About = About {
        id: "forecast",
        name: "Time to a bound",
        group: DetectorGroup::Comparison,
        summary: "The trend, continued for some hours, against bounds such as 0 or the size of a disk.",
        threshold: 0.0,
        alert_threshold: None,
        causal: true,
        params: &[WINDOW, HORIZON, EMPTY, FULL],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        match index {
            0 => ParamField::Count(&mut self.window),
            1 => ParamField::Number(&mut self.horizon),
            2 => ParamField::Number(&mut self.lower),
            _ => ParamField::Number(&mut self.upper),
        }
    }

    fn history(&self) -> usize {
        self.window
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let len = input.values.len();
        let (lower, upper) = self.bounds();
        let ahead = self.horizon().as_seconds() / input.grid.step.span().as_seconds();
        let Lines { slopes, ends } = lines(input.reference, self.window);
        let (mut judged, mut distances) = (Vec::with_capacity(len), Vec::with_capacity(len));
        for ((slope, end), value) in slopes.into_iter().zip(ends).zip(input.values) {
            let continued = end + slope * ahead;
            judged.push(if value.is_finite() { continued } else { *value });
            distances.push(match (lower.is_finite(), upper.is_finite()) {
                (true, true) if continued < lower => end - lower,
                (true, false) => end - lower,
                (_, true) => upper - end,
                (false, false) => 1.0,
            });
        }
        let nearest =
            |value: &f64| if value.is_nan() { f64::NAN } else { value.clamp(lower, upper) };
        let expected = judged.iter().map(nearest).collect();
        let words = words::trend(self.window, self.horizon(), input.grid);
        Detection::judge(Quantity::Forecast, judged, expected, distances, words, LEVEL_SHIFT_AFTER)
            .with_normal(NormalRange { lowest: vec![lower; len], highest: vec![upper; len] })
            .with_feature(Feature::Forecast)
    }
}
