use super::param::ParamField;
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, NormalRange, Param, ParamKind,
    Quantity, words,
};

/// Fixed bounds, to compare the others with: what lies beyond one of them is odd, its score the distance
/// in percent of the bound that is farther from zero.
///
/// Cost: O(n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Lower bound in the unit of the series; minus infinity for none.
    pub lower: f64,
    /// Upper bound in the unit of the series; infinity for none.
    pub upper: f64,
}

pub(super) const LOWER: Param = Param {
    id: "lower",
    label: "Lower bound",
    help: "Values below are odd. Empty for no bound.",
    min: f64::NEG_INFINITY,
    max: f64::INFINITY,
    default: f64::NEG_INFINITY,
    kind: ParamKind::Number,
};

pub(super) const UPPER: Param = Param {
    id: "upper",
    label: "Upper bound",
    help: "Values above are odd. Empty for no bound.",
    default: f64::INFINITY,
    ..LOWER
};

/// Number of samples beyond a bound after which there is a new level.
const LEVEL_SHIFT_AFTER: usize = 60;

impl Default for Threshold {
    fn default() -> Self {
        Self { lower: LOWER.default, upper: UPPER.default }
    }
}

impl Threshold {
    /// Returns lower and upper bound; a lower bound above the upper one is read as the range between them.
    pub fn bounds(&self) -> (f64, f64) {
        ordered(self.lower, self.upper)
    }

    /// Returns one percent of the bound that is farther from zero; 1 without such a bound.
    pub fn percent(&self) -> f64 {
        let finite = |bound: f64| if bound.is_finite() { bound.abs() } else { 0.0 };
        match finite(self.lower).max(finite(self.upper)) / 100.0 {
            0.0 => 1.0,
            percent => percent,
        }
    }
}

/// Orders two bounds.
pub(super) fn ordered(lower: f64, upper: f64) -> (f64, f64) {
    (lower.min(upper), upper.max(lower))
}

impl Algorithm for Threshold {
    const ABOUT: About = About {
        id: "threshold",
        name: "Fixed bounds",
        group: DetectorGroup::Comparison,
        summary: "Each sample against two bounds that you set, for comparison.",
        threshold: 0.0,
        alert_threshold: None,
        causal: true,
        params: &[LOWER, UPPER],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Number(if index == 0 { &mut self.lower } else { &mut self.upper })
    }

    fn history(&self) -> usize {
        0
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let len = input.values.len();
        let (lower, upper) = self.bounds();
        let nearest =
            |value: &f64| if value.is_nan() { f64::NAN } else { value.clamp(lower, upper) };
        Detection::judge(
            Quantity::Value,
            input.values.to_vec(),
            input.values.iter().map(nearest).collect(),
            vec![self.percent(); len],
            words::FIXED_BOUNDS.to_owned(),
            LEVEL_SHIFT_AFTER,
        )
        .with_normal(NormalRange { lowest: vec![lower; len], highest: vec![upper; len] })
    }
}
