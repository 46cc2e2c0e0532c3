//! Detectors: from samples to an expectation, a scale and a score a sample.
//!
//! Every algorithm has its own file with its definition and its parameters; a new one is a file and a
//! line in [`Detector`]. All are causal: the verdict on a sample uses nothing after it.

mod rolling;
mod slope;
mod zscore;

pub use rolling::Rolling;
pub use slope::Slope;
pub use zscore::ZScore;

use crate::series::Grid;
use crate::time::Span;

/// A number that the user may set, in steps of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Name in URLs.
    pub id: &'static str,
    /// Name for a person.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// Smallest value.
    pub least: usize,
    /// Largest value.
    pub most: usize,
    /// Value until it is changed.
    pub default: usize,
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The samples themselves, in the unit of the series.
    Value,
    /// Growth of a counter from one sample to the next, in the unit of the series.
    Increase,
    /// Slope in the unit of the series a second.
    Slope,
}

/// What every detector says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct About {
    /// Name in URLs, reports and rules.
    pub id: &'static str,
    /// Name for a person.
    pub name: &'static str,
    /// What it compares, in one sentence.
    pub summary: &'static str,
    /// Score from which a sample is flagged, until it is changed.
    pub threshold: f64,
    /// The parameters, in the order in which they are shown.
    pub params: &'static [Param],
}

/// The samples of one series, as a detector sees them.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// History first, then the judged range; NaN is missing.
    pub values: &'a [f64],
    /// How many of them are history: they are learnt from, not judged.
    pub history: usize,
    /// When the samples are.
    pub grid: Grid,
}

/// What a detector found, one of each a sample of the input, NaN where there is no verdict.
#[derive(Clone, Debug)]
pub struct Detection {
    /// What `judged` is.
    pub quantity: Quantity,
    /// What was judged: the values, or what was derived from them.
    pub judged: Vec<f64>,
    /// Expected value of `judged`.
    pub expected: Vec<f64>,
    /// Spread of `judged` around `expected`, floored as in [`crate::stats::floor_scale`].
    pub scale: Vec<f64>,
    /// `|judged - expected| / scale`, 0 to [`crate::stats::MAX_SCORE`].
    pub score: Vec<f64>,
    /// What the expectation was learnt from, for a sentence: "the 60 samples (1 h) before".
    pub baseline: String,
    /// A new level that lasts this many samples is a level shift; also how long a recovery is waited for.
    pub memory: usize,
}

/// One algorithm: its parameters are the fields of the type.
trait Algorithm: Copy + Default {
    const ABOUT: About;

    /// The parameter with this index in [`About::params`].
    fn param(&mut self, index: usize) -> &mut usize;

    /// Samples before the judged range that it wants.
    fn history(&self) -> usize;

    fn detect(&self, input: Input<'_>) -> Detection;
}

macro_rules! detectors {
    ($($name:ident),+) => {
        /// A detector with its parameters.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Detector {
            $(#[allow(missing_docs)] $name($name)),+
        }

        impl Detector {
            /// Each detector with its defaults, in the order in which they are offered.
            pub fn all() -> impl Iterator<Item = Self> {
                [$(Self::$name($name::default())),+].into_iter()
            }

            /// What it is and which parameters it has.
            pub fn about(&self) -> &'static About {
                match self {
                    $(Self::$name(_) => &<$name as Algorithm>::ABOUT),+
                }
            }

            /// Samples before the judged range that it wants to learn from.
            pub fn history(&self) -> usize {
                match self {
                    $(Self::$name(algorithm) => algorithm.history()),+
                }
            }

            /// Judges every sample. Shape: as the input. Cost: in the file of each algorithm.
            pub fn detect(&self, input: Input<'_>) -> Detection {
                match self {
                    $(Self::$name(algorithm) => algorithm.detect(input)),+
                }
            }

            fn param(&mut self, index: usize) -> &mut usize {
                match self {
                    $(Self::$name(algorithm) => algorithm.param(index)),+
                }
            }
        }
    };
}

detectors!(Rolling, ZScore, Slope);

impl Default for Detector {
    fn default() -> Self {
        Self::Rolling(Rolling::default())
    }
}

impl Detector {
    /// The detector of this name with its defaults.
    pub fn by_id(id: &str) -> Option<Self> {
        Self::all().find(|detector| detector.about().id == id)
    }

    /// Its parameters with their present values.
    pub fn params(mut self) -> Vec<(&'static Param, usize)> {
        self.about()
            .params
            .iter()
            .enumerate()
            .map(|(index, param)| (param, *self.param(index)))
            .collect()
    }

    /// The same with one parameter changed, held to its bounds; unchanged for an unknown name.
    #[must_use]
    pub fn with(mut self, id: &str, value: usize) -> Self {
        if let Some(index) = self.about().params.iter().position(|param| param.id == id) {
            let param = self.about().params[index];
            *self.param(index) = value.clamp(param.least, param.most);
        }
        self
    }
}

/// `count` samples and how long they last: "60 samples (1 h)".
fn samples(count: usize, grid: Grid) -> String {
    let span: Span = grid.duration(count);
    format!("{count} samples ({})", span.words())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::LEAST_SCALE;
    use crate::time::{Step, Timestamp};
    use proptest::prelude::*;

    fn input(values: &[f64], history: usize) -> Input<'_> {
        let grid = Grid { start: Timestamp(0), step: Step::from_seconds(60), len: values.len() };
        Input { values, history, grid }
    }

    fn small(detector: Detector) -> Detector {
        detector.params().iter().fold(detector, |d, (param, _)| d.with(param.id, param.least + 3))
    }

    fn arbitrary() -> impl Strategy<Value = f64> {
        prop_oneof![8 => -1e3..1e3_f64, 1 => Just(f64::NAN), 1 => any::<f64>()]
    }

    #[test]
    fn parameters_keep_their_bounds_and_names() {
        for detector in Detector::all() {
            assert_eq!(Detector::by_id(detector.about().id), Some(detector));
            for (param, value) in detector.params() {
                assert_eq!(value, param.default);
                assert!(param.least <= param.default && param.default <= param.most);
                let high = detector.with(param.id, usize::MAX).params();
                assert!(high.iter().any(|(p, v)| p.id == param.id && *v == param.most));
            }
            assert_eq!(detector.with("nonsense", 1), detector);
        }
        assert_eq!(Detector::by_id("nonsense"), None);
    }

    #[test]
    fn constants_are_never_odd_and_a_change_of_one_is() {
        for detector in Detector::all().map(small) {
            let mut values = vec![5.0; 300];
            let flat = detector.detect(input(&values, 100));
            assert!(flat.score[150..].iter().all(|score| *score == 0.0), "{detector:?}");
            values[200] = 6.0;
            let bump = detector.detect(input(&values, 100));
            assert!(bump.score[200] >= 1e3, "{detector:?}: {}", bump.score[200]);
        }
    }

    #[test]
    fn an_infinity_is_odd_and_enters_no_baseline() {
        for detector in Detector::all().map(small) {
            let plain: Vec<f64> = (0..300).map(|i| f64::from(i % 7)).collect();
            let mut values = plain.clone();
            values[200] = f64::INFINITY;
            let (with, without) =
                (detector.detect(input(&values, 100)), detector.detect(input(&plain, 100)));
            if with.quantity == Quantity::Value {
                assert_eq!(with.score[200], crate::stats::MAX_SCORE, "{detector:?}");
            }
            assert!((with.score[280] - without.score[280]).abs() < 1e-9, "{detector:?}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics_and_the_shape_is_kept(values in prop::collection::vec(arbitrary(), 0..80), history in 0_usize..100) {
            for detector in Detector::all().flat_map(|d| [d, small(d)]) {
                let found = detector.detect(input(&values, history));
                prop_assert_eq!(found.score.len(), values.len());
                prop_assert_eq!(found.expected.len(), values.len());
                prop_assert_eq!(found.scale.len(), values.len());
                prop_assert!(found.score.iter().all(|s| s.is_nan() || (0.0..=1e6).contains(s)));
                prop_assert!(found.scale.iter().all(|s| s.is_nan() || *s > 0.0));
            }
        }

        #[test]
        fn the_future_never_changes_a_verdict(values in prop::collection::vec(arbitrary(), 40..120), cut in 30_usize..120) {
            let cut = cut.min(values.len());
            for detector in Detector::all().map(small) {
                let all = detector.detect(input(&values, 20));
                let past = detector.detect(input(&values[..cut], 20));
                // Without a usable history the z-score learns from the first third of the whole range.
                if all.baseline.starts_with("the first third") {
                    continue;
                }
                for at in 0..cut {
                    prop_assert_eq!(all.score[at].to_bits(), past.score[at].to_bits(), "{:?} {}", detector, at);
                }
            }
        }

        #[test]
        fn scaling_by_a_power_of_two_leaves_scores_bit_equal(values in prop::collection::vec(-1e3..1e3_f64, 30..100), power in -20_i32..20) {
            let factor = 2_f64.powi(power);
            let scaled: Vec<f64> = values.iter().map(|v| v * factor).collect();
            for detector in Detector::all().map(small) {
                let (a, b) = (detector.detect(input(&values, 20)), detector.detect(input(&scaled, 20)));
                for at in 0..values.len() {
                    prop_assert_eq!(a.score[at].to_bits(), b.score[at].to_bits(), "{:?} {}", detector, at);
                    let floored = a.scale[at] == LEAST_SCALE || b.scale[at] == LEAST_SCALE;
                    prop_assert!(floored || a.scale[at].is_nan() || a.scale[at] * factor == b.scale[at]);
                }
            }
        }
    }
}
