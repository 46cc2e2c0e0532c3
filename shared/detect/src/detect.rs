//! Detectors: from samples to an expected value, a scale and a score for each sample.
//!
//! Every algorithm has a file of its own with its definition and its parameters. A new one is that file, its `mod` line here,
//! and a line in `registry.rs`; link, command line and page list it by its [`About`]. A verdict depends on no later sample,
//! except that of a detector for looking back (see [`About::causal`]).

pub mod auto;
mod autoregressive;
mod codec;
mod contrast;
mod decompose;
mod drift;
mod duration;
mod ewma;
mod flatline;
mod forecast;
mod gap;
mod level;
pub(crate) mod param;
mod peers;
mod record;
mod registry;
mod robust;
mod rolling;
mod seasonal;
mod slope;
mod spectral;
mod threshold;
mod variance;
mod words;
mod zscore;

pub use codec::CodecError;
pub use param::{Param, ParamKind};
pub use peers::{MIN_PEERS, PeerGroup, PeerMethod};
pub use registry::*;
pub use robust::RobustScale;
pub use seasonal::SeasonChoice;

use std::ops::Range;

use param::ParamField;

use serde::{Deserialize, Serialize};

use crate::series::Grid;
use crate::stats::{MAX_SCORE, floor_scale, score};

/// Quantity that a detector judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// Values of the samples, in the unit of the series.
    Value,
    /// Growth of a counter from one sample to the next, in the unit of the series.
    Increase,
    /// Slope in the unit of the series a second.
    Slope,
    /// Natural logarithm of a short spread over a long one.
    Spread,
    /// A short median less a long one, in the unit of the series.
    Contrast,
    /// Cumulative sum of standardised residuals beyond an allowance, in standard deviations.
    CumulativeSum,
    /// Time without a change, or without a sample, in seconds.
    Duration,
    /// Value some hours ahead by the trend, in the unit of the series.
    Forecast,
}

/// Group in which a detector is listed: what it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectorGroup {
    /// Everything at once.
    Automatic,
    /// Values of single samples.
    Values,
    /// Values against the same time of a season.
    Seasons,
    /// Changes of level, slope or spread.
    Changes,
    /// Whether values still change and samples still come.
    Liveness,
    /// Values against other series or fixed bounds.
    Comparison,
}

/// Description of a detector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct About {
    /// Name in links, reports and rules.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Group in which the detector is listed.
    pub group: DetectorGroup,
    /// Comparison that the detector makes, in one sentence.
    pub summary: &'static str,
    /// Default score from which a sample is flagged.
    pub threshold: f64,
    /// Default alert score from which an event opens; `None` where the alert score is the score.
    pub alert_threshold: Option<f64>,
    /// Whether a verdict depends only on samples before it.
    pub causal: bool,
    /// Parameters, in the order in which they are shown.
    pub params: &'static [Param],
}

/// Samples of one series, as a detector sees them.
#[derive(Clone, Copy, Debug)]
pub struct DetectorInput<'a> {
    /// Samples to judge: history first, then the judged range; NaN is missing.
    pub values: &'a [f64],
    /// Samples to learn from: those of `values`, not finite where they must not enter a baseline. A missing sample of a gap
    /// that must not be learnt from is infinite.
    pub reference: &'a [f64],
    /// Number of samples at the front that are learnt from and not judged.
    pub history: usize,
    /// Times of the samples.
    pub grid: Grid,
    /// Statistics of all series of the query at each sample, where [`Detector::group`] gives them.
    pub group: Option<&'a PeerGroup>,
    /// Weeks of coarse samples before `values`, where they were fetched; only `auto` learns from them.
    pub long_past: Option<LongPast<'a>>,
    /// Where the series took over from another one of its kind, whose samples stand before its own.
    pub succession: Option<Succession>,
}

/// Point at which a series took over from another one, such as a pod from the pod that it replaced.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Succession {
    /// Index of the first sample of its own; those before are of the other series, in the long past as well.
    pub own: usize,
    /// Spread between the levels of series of the kind, in the unit of the series; 0 where it is not known.
    pub spread: f64,
}

/// Coarse samples of the weeks before the samples of a [`DetectorInput`].
#[derive(Clone, Copy, Debug)]
pub struct LongPast<'a> {
    /// Times of the samples: a step of whole seconds that divides a day, no shorter than the step of the samples to judge.
    pub grid: Grid,
    /// Samples at single points of time, in the unit of the series; NaN is missing. They may end before the samples to
    /// judge begin, or overlap them, and may be empty.
    pub values: &'a [f64],
    /// Value of a single occurrence where the series counts occurrences, such as 1/300 for a rate over five minutes; 0
    /// where it counts nothing.
    pub count_unit: f64,
    /// Whether the samples are quotients, such as an error ratio, which jump where both parts are few.
    pub quotient: bool,
}

/// Verdict of a detector on one series. Vectors have one entry for each sample of the input, NaN without a verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Detection {
    /// Quantity that `judged` holds.
    pub quantity: Quantity,
    /// Judged quantity: the values, or what was derived from them.
    pub judged: Vec<f64>,
    /// Expected value of `judged`.
    pub expected: Vec<f64>,
    /// Range of `judged` that scores 0; `None` where only `expected` does.
    pub normal: Option<NormalRange>,
    /// Spread of `judged` around `expected`, floored as in [`floor_scale`].
    pub scale: Vec<f64>,
    /// Distance of `judged` from `expected`, or from the normal range, in units of `scale`: 0 to [`MAX_SCORE`].
    pub score: Vec<f64>,
    /// Alert scores, where they are not the score.
    pub alerts: Option<Alerts>,
    /// Feature that the detector judges, where `quantity` does not tell.
    pub feature: Option<Feature>,
    /// Origin of the expected value, for a sentence: "the 60 samples (1 h) before".
    pub baseline: String,
    /// Number of samples in a full baseline; a sample with fewer before it is judged by all of those. `None` where
    /// `baseline` says it all.
    pub full_window: Option<usize>,
    /// Number of samples after which a new level that lasts is a level shift; also how long a recovery is waited for.
    pub level_shift_after: usize,
    /// Index of the first sample of the series: missing samples before it are no part of any baseline.
    pub first_sample: usize,
    /// Offset of each sample judged on a logarithmic scale, on which the bounds of its band are equally far; NaN for a
    /// sample on a linear scale. `None` where all are.
    pub log_offset: Option<Vec<f64>>,
    /// Least and greatest value that the judged quantity can have, by all samples of the input; bounds do not exceed them.
    /// Unlike scores and alerts they may follow from later samples.
    pub possible: (f64, f64),
}

/// Range of what scores 0 at each sample.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NormalRange {
    /// Lower end.
    pub lowest: Vec<f64>,
    /// Upper end.
    pub highest: Vec<f64>,
}

/// Alert scores before the cooldown, one for each sample.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alerts {
    /// Alert score, 0 or more; NaN without a verdict.
    pub score: Vec<f64>,
    /// Probability by the samples before, where a sample reaches the default alert threshold; 1 elsewhere.
    pub probability: Vec<f64>,
    /// Feature with the largest alert score.
    pub feature: Vec<Feature>,
    /// Side and length of what alerts, where each sample has them.
    pub views: Option<AlertViews>,
}

/// Stretches that end with each sample and have its largest alert score.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlertViews {
    /// Length of the stretch in samples, 1 or more.
    pub window: Vec<u32>,
    /// Whether the stretch lies above what was expected.
    pub above: Vec<bool>,
}

/// Feature of a series: one way to look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Values less their running median.
    Value,
    /// Mean over a short window.
    Mean,
    /// Spread over a short window.
    Spread,
    /// Deviation from the season.
    Season,
    /// Rate of rise or fall.
    Slope,
    /// Level over a longer window.
    Level,
    /// Sum of small deviations.
    Drift,
    /// A value that stopped changing.
    Flat,
    /// Samples that stopped coming.
    Gap,
    /// Time that is left until a value runs out.
    Forecast,
    /// Distance beyond the extremes of a long window.
    Record,
    /// Values of the other series at the same time.
    Peers,
}

impl DetectorGroup {
    /// All groups, in the order in which they are listed.
    pub const ALL: [Self; 6] = [
        Self::Automatic,
        Self::Values,
        Self::Seasons,
        Self::Changes,
        Self::Liveness,
        Self::Comparison,
    ];

    /// Returns the heading of the group for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Automatic => "Automatic",
            Self::Values => "Values",
            Self::Seasons => "Seasons",
            Self::Changes => "Change",
            Self::Liveness => "Liveness",
            Self::Comparison => "Compare",
        }
    }

    /// Returns the detectors of the group with their defaults, in the order of [`Detector::all`].
    pub fn detectors(self) -> impl Iterator<Item = Detector> {
        Detector::all().filter(move |detector| detector.about().group == self)
    }
}

impl Quantity {
    /// Returns whether the values themselves are judged, or their growth, rather than a statistic of several of them.
    pub fn is_values(self) -> bool {
        matches!(self, Self::Value | Self::Increase)
    }
}

impl Alerts {
    /// Returns the smallest probability among some samples.
    pub fn min_probability(&self, samples: Range<usize>) -> f64 {
        self.probability[samples].iter().copied().fold(1.0, f64::min)
    }
}

impl<'a> DetectorInput<'a> {
    /// Creates an input that is learnt from as it is, without other series and without a long past. The first `history`
    /// of the `values` are not judged; `grid` has their length.
    pub fn new(values: &'a [f64], history: usize, grid: Grid) -> Self {
        Self {
            values,
            reference: values,
            history,
            grid,
            group: None,
            long_past: None,
            succession: None,
        }
    }
}

impl DetectorInput<'_> {
    /// Returns whether no sample is left out of the baseline.
    fn learns_all(&self) -> bool {
        let pairs = self.values.iter().zip(self.reference);
        pairs.into_iter().all(|(value, reference)| value.to_bits() == reference.to_bits())
    }
}

impl Detection {
    /// Scores what was judged, without a normal range and without alerts of its own. `judged`, `expected` and `scale` have one
    /// length; `scale` is floored.
    fn judge(
        quantity: Quantity,
        judged: Vec<f64>,
        expected: Vec<f64>,
        mut scale: Vec<f64>,
        baseline: String,
        level_shift_after: usize,
    ) -> Self {
        let (normal, alerts, feature, full_window) = (None, None, None, None);
        let against = expected.iter().zip(&mut scale);
        let score = judged
            .iter()
            .zip(against)
            .map(|(value, (expected, scale))| {
                *scale = floor_scale(*scale, *expected);
                score(*value, *expected, *scale)
            })
            .collect();
        Self {
            quantity,
            judged,
            expected,
            normal,
            scale,
            score,
            alerts,
            feature,
            baseline,
            full_window,
            level_shift_after,
            first_sample: 0,
            log_offset: None,
            possible: (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// Puts `missing` samples without a verdict before all others.
    fn after_missing(mut self, missing: usize) -> Self {
        let pad = |values: &mut Vec<f64>, with: f64| {
            values.splice(..0, std::iter::repeat_n(with, missing));
        };
        for values in [&mut self.judged, &mut self.expected, &mut self.scale, &mut self.score] {
            pad(values, f64::NAN);
        }
        if let Some(normal) = &mut self.normal {
            pad(&mut normal.lowest, f64::NAN);
            pad(&mut normal.highest, f64::NAN);
        }
        if let Some(alerts) = &mut self.alerts {
            pad(&mut alerts.score, f64::NAN);
            pad(&mut alerts.probability, 1.0);
            alerts.feature.splice(..0, std::iter::repeat_n(Feature::Value, missing));
            if let Some(views) = &mut alerts.views {
                views.window.splice(..0, std::iter::repeat_n(1, missing));
                views.above.splice(..0, std::iter::repeat_n(false, missing));
            }
        }
        if let Some(offset) = &mut self.log_offset {
            pad(offset, f64::NAN);
        }
        self.first_sample += missing;
        self
    }

    /// Returns what the expected value of a sample was learnt from, for a sentence: "the 60 samples (1 h) before".
    pub fn baseline_at(&self, at: usize) -> String {
        let before = at.saturating_sub(self.first_sample);
        match self.full_window {
            Some(full_window) if before < full_window => words::part_of_window(before),
            _ => self.baseline.clone(),
        }
    }

    /// Sets the feature, where the quantity does not tell it.
    #[must_use]
    fn with_feature(mut self, feature: Feature) -> Self {
        self.feature = Some(feature);
        self
    }

    /// Returns the feature in which a sample is odd.
    pub fn feature(&self, at: usize) -> Feature {
        let alerted = self.alerts.as_ref().map(|alerts| alerts.feature[at]);
        alerted.or(self.feature).unwrap_or(match self.quantity {
            Quantity::Value | Quantity::Increase => Feature::Value,
            Quantity::Slope => Feature::Slope,
            Quantity::Spread => Feature::Spread,
            Quantity::Contrast => Feature::Level,
            Quantity::CumulativeSum => Feature::Drift,
            Quantity::Duration => Feature::Flat,
            Quantity::Forecast => Feature::Forecast,
        })
    }

    /// Sets the range that scores 0 at each sample, and scores the distance beyond it.
    fn with_normal(mut self, normal: NormalRange) -> Self {
        let range = normal.lowest.iter().zip(&normal.highest);
        let judged = self.judged.iter().zip(&self.scale);
        for (score, ((value, scale), (lowest, highest))) in
            self.score.iter_mut().zip(judged.zip(range))
        {
            let (above, below) = (value - highest, lowest - value);
            let beyond = if above > below { above } else { below };
            let distance = if beyond > 0.0 { beyond } else { 0.0 } / scale;
            let capped = if distance > MAX_SCORE { MAX_SCORE } else { distance };
            let judged = value.is_finite() & !score.is_nan();
            *score = if judged { capped } else { *score };
        }
        self.normal = Some(normal);
        self
    }

    /// Returns the alert score of each sample before the cooldown: the score, where alerts have none of their own.
    pub fn alert_scores(&self) -> &[f64] {
        self.alerts.as_ref().map_or(&self.score, |alerts| &alerts.score)
    }

    /// Takes back the verdicts on some samples: they keep value and expected value, and are neither odd nor normal.
    pub fn withhold(&mut self, samples: Range<usize>) {
        let samples = samples.start.min(self.score.len())..samples.end.min(self.score.len());
        if samples.is_empty() {
            return;
        }
        self.score[samples.clone()].fill(f64::NAN);
        if let Some(alerts) = &mut self.alerts {
            alerts.score[samples.clone()].fill(f64::NAN);
            alerts.probability[samples].fill(1.0);
        }
    }

    /// Removes everything about the samples before `birth`, which belong to a series that this one replaced: they were
    /// learnt from, and that is all.
    pub fn inherit_before(&mut self, birth: usize) {
        let birth = birth.min(self.score.len());
        self.withhold(0..birth);
        for values in [&mut self.judged, &mut self.expected, &mut self.scale] {
            values[..birth].fill(f64::NAN);
        }
        if let Some(normal) = &mut self.normal {
            normal.lowest[..birth].fill(f64::NAN);
            normal.highest[..birth].fill(f64::NAN);
        }
        self.baseline.push_str(words::INHERITED);
    }

    /// Returns lower and upper bound of what is not flagged at `threshold`; NaN without a verdict.
    pub fn bounds(&self, at: usize, threshold: f64) -> (f64, f64) {
        let (lowest, highest) = match &self.normal {
            Some(normal) => (normal.lowest[at], normal.highest[at]),
            None => (self.expected[at], self.expected[at]),
        };
        let half = threshold * self.scale[at];
        let offset = self.log_offset.as_ref().map_or(f64::NAN, |offset| offset[at]);
        let (lower, upper) = if offset.is_nan() {
            (lowest - half, highest + half)
        } else {
            let factor = libm::exp(half / (highest + offset));
            ((lowest + offset) / factor - offset, (highest + offset) * factor - offset)
        };
        let (least, most) = self.possible;
        (if lower < least { least } else { lower }, if upper > most { most } else { upper })
    }
}

/// Judges a series from its first sample on, so that one that began within the grid is judged by as many samples as one that
/// is as old as the grid. Peers share a grid and are judged as they are.
fn from_first_sample<A: Algorithm>(
    input: DetectorInput<'_>,
    judge: impl FnOnce(DetectorInput<'_>) -> Detection,
) -> Detection {
    let first = input.values.iter().position(|value| !value.is_nan()).unwrap_or_default();
    if first == 0 || input.group.is_some() || A::FIXED_BASELINE {
        return judge(input);
    }
    let grid = Grid { start: input.grid.at(first), len: input.grid.len - first, ..input.grid };
    let present = DetectorInput {
        values: &input.values[first..],
        reference: &input.reference[first..],
        history: input.history.saturating_sub(first),
        grid,
        group: None,
        long_past: input.long_past,
        succession: input
            .succession
            .map(|of| Succession { own: of.own.saturating_sub(first), ..of }),
    };
    judge(present).after_missing(first)
}

/// Algorithm of a detector; its parameters are the fields of the type.
trait Algorithm: Copy + Default {
    /// Description of the detector.
    const ABOUT: About;

    /// Whether the baseline is a stretch of time at the start of the range, whenever a series began.
    const FIXED_BASELINE: bool = false;

    /// Returns the field that holds the parameter with this index in [`About::params`].
    fn field(&mut self, index: usize) -> ParamField<'_>;

    /// Returns the number of samples before the judged range that the algorithm wants.
    fn history(&self) -> usize;

    /// Computes what the algorithm needs of all series of the query together, which share a grid.
    fn group(&self, _: &[&[f64]]) -> Option<PeerGroup> {
        None
    }

    /// Judges every sample of one series.
    fn detect(&self, input: DetectorInput<'_>) -> Detection;

    /// Judges as [`Self::detect`] does, with intermediate results from the cache where that saves work.
    fn detect_cached(&self, input: DetectorInput<'_>, _: &mut DetectorCache) -> Detection {
        self.detect(input)
    }
}

/// Cache of what was derived from the last input and does not depend on the parameters; about 200 bytes a sample.
#[derive(Debug, Default)]
pub struct DetectorCache {
    auto: Option<Box<auto::AutoCache>>,
}

#[cfg(test)]
mod tests;
