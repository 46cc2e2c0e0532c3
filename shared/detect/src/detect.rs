//! Detectors: from samples to an expectation, a scale and a score a sample.
//!
//! Every algorithm has its own file with its definition and its parameters; a new one is a file and a
//! line in [`Detector`]. A verdict uses nothing after its sample, but of a detector for looking back.

pub mod auto;
mod autoregressive;
mod contrast;
mod decompose;
mod drift;
mod duration;
mod ewma;
mod flatline;
mod gap;
mod level;
mod param;
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
mod zscore;

pub use auto::Auto;
pub use autoregressive::Autoregressive;
pub use decompose::Decompose;
pub use drift::Drift;
pub use ewma::Ewma;
pub use flatline::Flatline;
pub use gap::Gap;
pub use level::Level;
pub use param::{Param, ParamKind};
pub use peers::{MIN_PEERS, PeerGroup, Peers};
pub use record::Record;
pub use registry::Detector;
pub use robust::Robust;
pub use rolling::Rolling;
pub use seasonal::Seasonal;
pub use slope::Slope;
pub use spectral::Spectral;
pub use threshold::Threshold;
pub use variance::Variance;
pub use zscore::ZScore;

use std::ops::Range;

use param::ParamField;

use serde::Serialize;

use crate::series::Grid;
use crate::stats::{MAX_SCORE, floor_scale, score};
use crate::time::Span;

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// The samples themselves, in the unit of the series.
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
    /// How long nothing has changed or come, in seconds.
    Duration,
}

impl Quantity {
    /// Returns whether the samples themselves are judged, or the growth of a counter, not something derived from several.
    pub fn is_values(self) -> bool {
        matches!(self, Self::Value | Self::Increase)
    }
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
    /// Strength from which an alert opens an event, for those that tell it apart from the score.
    pub alert_threshold: Option<f64>,
    /// Whether a verdict uses only what lies before it.
    pub causal: bool,
    /// The parameters, in the order in which they are shown.
    pub params: &'static [Param],
}

/// The samples of one series, as a detector sees them.
#[derive(Clone, Copy, Debug)]
pub struct DetectorInput<'a> {
    /// What is judged: history first, then the judged range; NaN is missing.
    pub values: &'a [f64],
    /// What is learnt from: the same samples, not finite where they must not enter a baseline. A missing
    /// sample that must not, because its gap is none to learn from, is infinite.
    pub reference: &'a [f64],
    /// How many of them are history: they are learnt from, not judged.
    pub history: usize,
    /// When the samples are.
    pub grid: Grid,
    /// The series of the query at each sample, this one included, where [`Detector::group`] gives it.
    pub group: Option<&'a PeerGroup>,
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
    /// What scores nothing, `expected` alone where `None`.
    pub normal: Option<NormalRange>,
    /// Spread of `judged` around `expected`, floored as in [`floor_scale`].
    pub scale: Vec<f64>,
    /// How far `judged` is from `expected`, or beyond `normal`, in units of `scale`, 0 to [`MAX_SCORE`].
    pub score: Vec<f64>,
    /// When a person should be told, where that is not simply the score.
    pub alerts: Option<Alerts>,
    /// The one view that it is, where `quantity` does not say so.
    pub feature: Option<Feature>,
    /// What the expectation was learnt from, for a sentence: "the 60 samples (1 h) before".
    pub baseline: String,
    /// So many samples make it; a sample that fewer lie before has all of those. `None` where the sentence says it all.
    pub full_window: Option<usize>,
    /// A new level that lasts this many samples is a level shift; also how long a recovery is waited for.
    pub level_shift_after: usize,
    /// Index of the first sample of the series: missing samples before it are no part of any baseline.
    pub first_sample: usize,
}

/// The range of what scores nothing at each sample.
#[derive(Clone, Debug)]
pub struct NormalRange {
    /// Its lower end.
    pub lowest: Vec<f64>,
    /// Its upper end.
    pub highest: Vec<f64>,
}

/// Strength of the alert at each sample, before the hold-off, and what it is about.
#[derive(Clone, Debug)]
pub struct Alerts {
    /// 0 or more; NaN without a verdict.
    pub score: Vec<f64>,
    /// How probable what alerts by default is by what was before; 1 elsewhere.
    pub probability: Vec<f64>,
    /// The view of the series that was strongest.
    pub feature: Vec<Feature>,
}

/// One way to look at a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// The values less their running median.
    Value,
    /// Their mean over a short while.
    Mean,
    /// Their spread over a short while.
    Spread,
    /// Their deviation from the season.
    Season,
    /// How fast they rise or fall.
    Slope,
    /// A level that stays.
    Level,
    /// Small deviations that add up.
    Drift,
    /// A value that stopped changing.
    Flat,
    /// Samples that stopped coming.
    Gap,
    /// Their distance beyond all that was ever seen.
    Record,
    /// The same time in the other series.
    Peers,
}

impl Alerts {
    /// The least probability of some samples.
    pub fn least(&self, samples: Range<usize>) -> f64 {
        self.probability[samples].iter().copied().fold(1.0, f64::min)
    }
}

impl DetectorInput<'_> {
    /// Whether nothing is left out of what is learnt.
    fn learns_all(&self) -> bool {
        let pairs = self.values.iter().zip(self.reference);
        pairs.into_iter().all(|(value, reference)| value.to_bits() == reference.to_bits())
    }
}

impl Detection {
    /// Scores what was judged; `scale` is floored. All have the same length; no range, no alerts.
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
        }
        self.first_sample += missing;
        self
    }

    /// What the expectation at a sample was learnt from, for a sentence.
    pub fn baseline_at(&self, at: usize) -> String {
        let before = at.saturating_sub(self.first_sample);
        match self.full_window {
            Some(full_window) if before < full_window => format!("all {before} samples before"),
            _ => self.baseline.clone(),
        }
    }

    /// The same as another view than its quantity says.
    #[must_use]
    fn with_feature(mut self, feature: Feature) -> Self {
        self.feature = Some(feature);
        self
    }

    /// The view in which a sample is odd.
    pub fn feature(&self, at: usize) -> Feature {
        let alerted = self.alerts.as_ref().map(|alerts| alerts.feature[at]);
        alerted.or(self.feature).unwrap_or(match self.quantity {
            Quantity::Value | Quantity::Increase => Feature::Value,
            Quantity::Slope => Feature::Slope,
            Quantity::Spread => Feature::Spread,
            Quantity::Contrast => Feature::Level,
            Quantity::CumulativeSum => Feature::Drift,
            Quantity::Duration => Feature::Flat,
        })
    }

    /// The same with a range, one a sample, that scores nothing: what lies beyond it does.
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

    /// Strength of the alert at each sample, before the hold-off.
    pub fn alert_scores(&self) -> &[f64] {
        self.alerts.as_ref().map_or(&self.score, |alerts| &alerts.score)
    }

    /// Lower and upper bound of what is not flagged at threshold `k`, NaN without a verdict.
    pub fn bounds(&self, at: usize, k: f64) -> (f64, f64) {
        let (lowest, highest) = match &self.normal {
            Some(normal) => (normal.lowest[at], normal.highest[at]),
            None => (self.expected[at], self.expected[at]),
        };
        let half = k * self.scale[at];
        (lowest - half, highest + half)
    }
}

/// Judges a series from its first sample on, so that one that began within the grid is judged by as many samples as one that
/// is as old as the grid. Peers share a grid and are judged as they are.
fn from_first_sample(
    input: DetectorInput<'_>,
    judge: impl FnOnce(DetectorInput<'_>) -> Detection,
) -> Detection {
    let first = input.values.iter().position(|value| !value.is_nan()).unwrap_or_default();
    if first == 0 || input.group.is_some() {
        return judge(input);
    }
    let grid = Grid { start: input.grid.at(first), len: input.grid.len - first, ..input.grid };
    let present = DetectorInput {
        values: &input.values[first..],
        reference: &input.reference[first..],
        history: input.history.saturating_sub(first),
        grid,
        group: None,
    };
    judge(present).after_missing(first)
}

/// One algorithm: its parameters are the fields of the type.
trait Algorithm: Copy + Default {
    const ABOUT: About;

    /// Where the parameter with this index in [`About::params`] is kept.
    fn field(&mut self, index: usize) -> ParamField<'_>;

    /// Samples before the judged range that it wants.
    fn history(&self) -> usize;

    /// What it wants to know of all series of the query together, which share a grid.
    fn group(&self, _: &[&[f64]]) -> Option<PeerGroup> {
        None
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection;

    /// The same from what is kept, where that makes a difference.
    fn detect_cached(&self, input: DetectorInput<'_>, _: &mut DetectorCache) -> Detection {
        self.detect(input)
    }
}

/// What was derived from the last input and does not depend on what a slider changes, about 200 bytes a sample.
#[derive(Debug, Default)]
pub struct DetectorCache {
    auto: Option<Box<auto::AutoCache>>,
}

/// `count` samples and how long they last: "60 samples (1 h)".
fn samples(count: usize, grid: Grid) -> String {
    let span: Span = grid.duration(count);
    format!("{count} samples ({})", span.words())
}

#[cfg(test)]
mod tests;
