//! The list of detectors, and all of them as one type.

use super::param::ParamField;
use super::{
    About, Algorithm, Detection, DetectorCache, DetectorInput, Param, PeerGroup, from_first_sample,
};

macro_rules! detectors {
    ($($module:ident::$name:ident),+ $(,)?) => {
        $(pub use super::$module::$name;)+

        /// A detector with its parameters.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Detector {
            $(#[allow(missing_docs)] $name($name)),+
        }

        impl Detector {
            /// Returns each detector with its defaults, in the order in which they are offered.
            pub fn all() -> impl Iterator<Item = Self> {
                [$(Self::$name($name::default())),+].into_iter()
            }

            /// Returns the description of the detector.
            pub fn about(&self) -> &'static About {
                match self {
                    $(Self::$name(_) => &<$name as Algorithm>::ABOUT),+
                }
            }

            /// Returns the number of samples before the judged range that the detector wants to learn from.
            pub fn history(&self) -> usize {
                match self {
                    $(Self::$name(algorithm) => algorithm.history()),+
                }
            }

            /// Computes the statistics of all series of the query, for [`DetectorInput::group`]; `None` for a detector that
            /// needs none. The series share a grid.
            pub fn group(&self, series: &[&[f64]]) -> Option<PeerGroup> {
                match self {
                    $(Self::$name(algorithm) => algorithm.group(series)),+
                }
            }

            /// Judges every sample of one series. Shape: as the input. The cost is in the documentation of each algorithm.
            pub fn detect(&self, input: DetectorInput<'_>) -> Detection {
                match self {
                    $(Self::$name(algorithm) => {
                        from_first_sample::<$name>(input, |input| algorithm.detect(input))
                    }),+
                }
            }

            /// Judges as [`Self::detect`] does, faster if only parameters have changed since `cache` was last given.
            pub fn detect_cached(&self, input: DetectorInput<'_>, cache: &mut DetectorCache) -> Detection {
                match self {
                    $(Self::$name(algorithm) => {
                        from_first_sample::<$name>(input, |input| algorithm.detect_cached(input, cache))
                    }),+
                }
            }

            fn field(&mut self, index: usize) -> ParamField<'_> {
                match self {
                    $(Self::$name(algorithm) => algorithm.field(index)),+
                }
            }
        }
    };
}

// In the order in which they are offered.
detectors!(
    auto::Auto,
    zscore::ZScore,
    rolling::Rolling,
    robust::Robust,
    ewma::Ewma,
    slope::Slope,
    seasonal::Seasonal,
    spectral::Spectral,
    decompose::Decompose,
    autoregressive::Autoregressive,
    level::Level,
    drift::Drift,
    variance::Variance,
    record::Record,
    peers::Peers,
    flatline::Flatline,
    gap::Gap,
    forecast::Forecast,
    threshold::Threshold,
);

/// Number of samples of a series that are enough to judge the next one.
pub const MIN_PAST: usize = 30;

impl Default for Detector {
    fn default() -> Self {
        Self::Auto(Auto::default())
    }
}

impl Detector {
    /// Returns the detector with this id and its defaults; `None` if there is none.
    ///
    /// ```
    /// use oddity_detect::Detector;
    ///
    /// let detector = Detector::by_id("rolling").unwrap().with("window", 120.0);
    /// assert_eq!(detector.history(), 120);
    /// ```
    pub fn by_id(id: &str) -> Option<Self> {
        Self::all().find(|detector| detector.about().id == id)
    }

    /// Returns the number of samples that a series must have before the first one that is judged: [`MIN_PAST`], fewer for a
    /// detector that compares with fewer, 0 for one that learns nothing.
    pub fn min_past(&self) -> usize {
        self.history().min(MIN_PAST)
    }

    /// Returns the parameters with their present values; of a choice the index of the word.
    pub fn params(mut self) -> Vec<(&'static Param, f64)> {
        self.about()
            .params
            .iter()
            .enumerate()
            .map(|(index, param)| (param, self.field(index).get()))
            .collect()
    }

    /// Returns the detector with one parameter changed, clamped to its bounds; an unknown id changes nothing.
    #[must_use]
    pub fn with(mut self, id: &str, value: f64) -> Self {
        let params = self.about().params;
        if let Some(index) = params.iter().position(|param| param.id == id) {
            self.field(index).set(&params[index], value);
        }
        self
    }
}
