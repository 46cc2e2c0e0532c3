//! All detectors as one type.

use super::param::ParamField;
use super::{
    About, Algorithm, Auto, Autoregressive, Decompose, Detection, DetectorCache, DetectorInput,
    Drift, Ewma, Flatline, Gap, Level, Param, PeerGroup, Peers, Record, Robust, Rolling, Seasonal,
    Slope, Spectral, Threshold, Variance, ZScore, from_first_sample,
};

macro_rules! detectors {
    ($($name:ident),+) => {
        /// A detector with its parameters.
        #[derive(Clone, Copy, Debug, PartialEq)]
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

            /// What all series of the query are together, for [`DetectorInput::group`]; `None` where it does not
            /// matter. The series share a grid. Cost: in the file of each algorithm.
            pub fn group(&self, series: &[&[f64]]) -> Option<PeerGroup> {
                match self {
                    $(Self::$name(algorithm) => algorithm.group(series)),+
                }
            }

            /// Judges every sample. Shape: as the input. Cost: in the file of each algorithm.
            pub fn detect(&self, input: DetectorInput<'_>) -> Detection {
                from_first_sample(input, |input| match self {
                    $(Self::$name(algorithm) => algorithm.detect(input)),+
                })
            }

            /// The same, faster if only parameters have changed since `kept` was last given.
            pub fn detect_cached(&self, input: DetectorInput<'_>, kept: &mut DetectorCache) -> Detection {
                from_first_sample(input, |input| match self {
                    $(Self::$name(algorithm) => algorithm.detect_cached(input, kept)),+
                })
            }

            fn field(&mut self, index: usize) -> ParamField<'_> {
                match self {
                    $(Self::$name(algorithm) => algorithm.field(index)),+
                }
            }
        }
    };
}

detectors!(
    Auto,
    ZScore,
    Rolling,
    Robust,
    Ewma,
    Slope,
    Seasonal,
    Spectral,
    Decompose,
    Autoregressive,
    Level,
    Drift,
    Variance,
    Record,
    Peers,
    Flatline,
    Gap,
    Threshold
);

impl Default for Detector {
    fn default() -> Self {
        Self::Auto(Auto::default())
    }
}

impl Detector {
    /// The detector of this name with its defaults.
    pub fn by_id(id: &str) -> Option<Self> {
        Self::all().find(|detector| detector.about().id == id)
    }

    /// Its parameters with their present values.
    pub fn params(mut self) -> Vec<(&'static Param, f64)> {
        self.about()
            .params
            .iter()
            .enumerate()
            .map(|(index, param)| (param, self.field(index).get()))
            .collect()
    }

    /// The same with one parameter changed, held to its bounds; unchanged for an unknown name.
    #[must_use]
    pub fn with(mut self, id: &str, value: f64) -> Self {
        let params = self.about().params;
        if let Some(index) = params.iter().position(|param| param.id == id) {
            self.field(index).set(&params[index], value);
        }
        self
    }
}
