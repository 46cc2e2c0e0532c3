//! Contents of a series that need no detector to be told: constants, two states, NaN and infinities.

/// Contents of the samples of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SeriesContent {
    /// Different finite values.
    Numbers,
    /// One finite value in every sample.
    Constant(f64),
    /// 0 in some samples and 1 in all others; the share of those with 1.
    States(f64),
    /// Infinite in every sample.
    Infinite,
    /// NaN in every sample, or no sample.
    Nothing,
}

impl SeriesContent {
    /// Returns the content of samples, in which NaN is missing. Cost: O(n).
    pub fn of(values: &[f64]) -> Self {
        let known = || values.iter().copied().filter(|value| !value.is_nan());
        let Some(first) = known().next() else { return Self::Nothing };
        let count = known().count() as f64;
        if known().all(f64::is_infinite) {
            Self::Infinite
        } else if known().all(|value| value.total_cmp(&first).is_eq()) {
            Self::Constant(first)
        } else if known().all(|value| value == 0.0 || value == 1.0) {
            Self::States(known().sum::<f64>() / count)
        } else {
            Self::Numbers
        }
    }

    /// Returns whether there is no finite value.
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Infinite | Self::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_of_series() {
        const NAN: f64 = f64::NAN;
        const INF: f64 = f64::INFINITY;
        let cases: [(&[f64], SeriesContent); 9] = [
            (&[], SeriesContent::Nothing),
            (&[NAN, NAN], SeriesContent::Nothing),
            (&[INF, NAN, -INF], SeriesContent::Infinite),
            (&[INF, 1.0], SeriesContent::Numbers),
            (&[1.0, NAN, 1.0], SeriesContent::Constant(1.0)),
            (&[0.0], SeriesContent::Constant(0.0)),
            (&[0.0, 1.0, 1.0, NAN, 1.0], SeriesContent::States(0.75)),
            (&[0.0, 1.0, 2.0], SeriesContent::Numbers),
            (&[0.5, 1.0], SeriesContent::Numbers),
        ];
        for (values, expected) in cases {
            assert_eq!(SeriesContent::of(values), expected, "{values:?}");
        }
    }
}
