//! Series with too few samples to judge: which samples get no verdict for that reason, and what is told of the series.

use oddity_detect::detect::{Detection, Detector};

/// Reason why no sample of a series was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// The series began too short a time before the end of the range.
    Young {
        /// Number of samples of the series, history included.
        samples: usize,
    },
    /// The series is old enough, but its samples are too few for the detector, or too far apart.
    Sparse {
        /// Number of samples of the series, history included.
        samples: usize,
    },
}

impl Shortage {
    /// Returns what a series without any verdict lacks. `values` are its own samples, history first; NaN is missing.
    pub(super) fn of(values: &[f64], detector: Detector) -> Self {
        let present = |value: &f64| !value.is_nan();
        let samples = values.iter().filter(|value| present(value)).count();
        let age = values.iter().position(present).map_or(0, |at| values.len() - at);
        let short = samples <= detector.min_past();
        if samples > 0 && short && age <= 2 * detector.min_past() {
            Self::Young { samples }
        } else {
            Self::Sparse { samples }
        }
    }

    /// Returns the number of samples of the series, history included.
    pub fn samples(self) -> usize {
        match self {
            Self::Young { samples } | Self::Sparse { samples } => samples,
        }
    }
}

/// Takes back the verdicts on the samples of a series that have fewer than [`Detector::min_past`] samples before them, and
/// returns the index of the first sample that keeps its verdict. `values` are those that were judged, history first; NaN is
/// missing.
pub(super) fn withhold_first(
    detection: &mut Detection,
    values: &[f64],
    detector: Detector,
) -> usize {
    let mut samples = (0..values.len()).filter(|at| !values[*at].is_nan());
    let first_judged = match detector.min_past() {
        0 => 0,
        past => samples.nth(past - 1).map_or(values.len(), |last| last + 1),
    };
    detection.withhold(0..first_judged);
    first_judged
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::detect::DetectorInput;
    use oddity_detect::series::Grid;
    use oddity_detect::time::{Step, Timestamp};

    /// Samples of a series: 1 is present, 0 is missing.
    fn series(parts: &[(usize, u8)]) -> Vec<f64> {
        let value = |present: u8, at: usize| if present == 1 { (at % 7) as f64 } else { f64::NAN };
        parts
            .iter()
            .flat_map(|&(count, present)| (0..count).map(move |at| value(present, at)))
            .collect()
    }

    #[test]
    fn young_or_sparse() {
        let check = |parts: &[(usize, u8)], expected| {
            assert_eq!(Shortage::of(&series(parts), Detector::default()), expected, "{parts:?}");
        };
        check(&[(988, 0), (12, 1)], Shortage::Young { samples: 12 });
        check(&[(970, 0), (30, 1)], Shortage::Young { samples: 30 });
        check(&[(960, 0), (5, 1), (30, 0), (5, 1)], Shortage::Young { samples: 10 });
        check(&[(12, 1)], Shortage::Young { samples: 12 });
        check(&[(100, 0), (12, 1), (888, 0)], Shortage::Sparse { samples: 12 });
        check(&[(900, 0), (100, 1)], Shortage::Sparse { samples: 100 });
        check(&[(1_000, 0)], Shortage::Sparse { samples: 0 });
        check(&[], Shortage::Sparse { samples: 0 });
    }

    #[test]
    fn no_detector_judges_without_a_past() {
        let values = series(&[(50, 0), (20, 1), (10, 0), (300, 1)]);
        let grid = Grid { start: Timestamp(0), step: Step::from_seconds(60), len: values.len() };
        let input = DetectorInput::new(&values, 0, grid);
        for detector in Detector::all() {
            let mut found = detector.detect(input);
            let all = found.score.clone();
            withhold_first(&mut found, &values, detector);
            // 20 samples, the gap, and 10 samples.
            let judged_from = if detector.min_past() == 0 { 0 } else { 90 };
            for (at, (judged, was)) in found.score.iter().zip(&all).enumerate() {
                let expected = if at < judged_from { f64::NAN } else { *was };
                assert_eq!(judged.to_bits(), expected.to_bits(), "{detector:?} {at}");
            }
        }
    }
}
