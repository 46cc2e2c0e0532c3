//! The default detector: it judges several features of a series at once and needs no tuning.

mod blocks;
mod cache;
mod evidence;
mod features;
mod flat_and_gap;
mod records;
mod reference;
mod residuals;
mod season;
mod slow;
mod structure;
mod tuning;

pub use evidence::{Alarm, AutoEvidence, RankedFeature};
pub use tuning::Tuning;

pub(crate) use cache::AutoCache;

use super::param::ParamField;
use super::{
    About, Algorithm, Detection, DetectorCache, DetectorGroup, DetectorInput, Param, Quantity,
    words,
};

/// Detector with a score and a separate alert score; no season and no window need to be chosen.
///
/// With weeks of past ([`LongPast`](crate::detect::LongPast)), a series is judged by its structure. **Expected value**: the
/// season that has predicted best so far (days alike, working days and weekends, each weekday, by one of several wall
/// clocks, or none) on a level that follows slowly, on a logarithmic scale where the spread grows with the level. Between
/// marks that a season is too steep for, the values at the same time of earlier days. **Score**: the distance in spreads,
/// which are learnt for each time of the day. **Alert score**: how improbable the sample, or the mean of the last 5 minutes
/// to 6 hours, is by the tails of earlier days; the tail that 70 % of the days keep within counts, so that an incident does
/// not widen it and a habit does. A gap or a flat line alerts once it is longer than those before.
///
/// Without, everything is compared with the samples before:
///
/// **Score**: how unusual a sample is. Several robust scores, each clipped at 30, are averaged: the distance from
/// the median of up to 2,000 earlier samples, from the mean of all earlier samples, from a prediction by the
/// previous sample, and, once a season has been found in earlier samples, from the same time of earlier seasons.
/// The result is averaged with the score of the previous sample, because two unusual samples in a row are rarer
/// than two apart.
///
/// **Alert score**: whether a person should be told. A feature (the values less their running median, the same on
/// a logarithmic scale, the residual from the season) alerts if it lies clearly farther out than everything in its
/// lookback. Levels and spread, which change slowly, alert if they lie far outside the range and the tail that
/// they had before the change can have begun. A flat line or a gap alerts once it lasts three times as long as any
/// before. Samples that do not alert are ranked below the alert threshold by the largest weighted distance of a
/// feature beyond everything in its lookback, in sixths of the range of the lookback.
///
/// Expected value and scale are the median and the quartile range of earlier samples, so that the band on a chart
/// is easy to read.
///
/// Cost: O(n log n). Sources: records and block maxima as in extreme value theory (Coles, "An introduction to
/// statistical modeling of extreme values", 2001). How often it alerts where nothing happened, and what it
/// finds, is measured in `docs/evaluation.md`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Auto {
    /// Number of samples before the judged one that a feature is compared with.
    pub lookback: usize,
    /// Weights and windows that no user sets.
    pub tuning: Tuning,
}

const LOOKBACK: Param = Param::samples(
    "memory",
    "Lookback",
    "Number of earlier samples to compare with where the source has no weeks of past to learn from.",
    (200, 10_000),
    3_000,
);

/// Default alert threshold. Noise alone reaches it in fewer than 1 of 10,000 samples.
const ALERT: f64 = 0.4;

/// Number of samples after which a new level that lasts is a level shift.
const LEVEL_SHIFT_AFTER: usize = 60;

impl Default for Auto {
    fn default() -> Self {
        Self { lookback: LOOKBACK.count(), tuning: Tuning::default() }
    }
}

impl Auto {
    /// Computes the evidence of all features for each sample: for the evaluation, which weighs it in many ways.
    pub fn evidence(&self, input: DetectorInput<'_>) -> AutoEvidence {
        features::all(input, self.lookback, &AutoCache::of(input, &self.tuning))
    }

    /// Judges every sample by the features in `cache`.
    fn judge(&self, input: DetectorInput<'_>, cache: &AutoCache) -> Detection {
        let residuals::ScoredSamples { expected, scale, score } = &cache.scored;
        let mut found = Detection::judge(
            Quantity::Value,
            input.values.to_vec(),
            expected.clone(),
            scale.clone(),
            words::window(residuals::BASELINE_WINDOW, input.grid),
            LEVEL_SHIFT_AFTER,
        );
        found.full_window = Some(residuals::BASELINE_WINDOW);
        for (at, score) in score.iter().enumerate() {
            // An infinity keeps the largest score.
            if !input.values[at].is_infinite() {
                found.score[at] = *score;
            }
        }
        let evidence = features::all(input, self.lookback, cache);
        found.alerts = Some(evidence.weigh(input.values, &self.tuning));
        found
    }
}

impl Algorithm for Auto {
    const ABOUT: About = About {
        id: "auto",
        name: "Auto",
        group: DetectorGroup::Automatic,
        summary: "Compares several features of each series at once with their past.",
        threshold: 4.0,
        alert_threshold: Some(ALERT),
        causal: true,
        params: &[LOOKBACK],
    };

    fn field(&mut self, _: usize) -> ParamField<'_> {
        ParamField::Count(&mut self.lookback)
    }

    fn history(&self) -> usize {
        650
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        structure::judge(input)
            .unwrap_or_else(|| self.judge(input, &AutoCache::of(input, &self.tuning)))
    }

    fn detect_cached(&self, input: DetectorInput<'_>, kept: &mut DetectorCache) -> Detection {
        if let Some(found) = structure::judge(input) {
            return found;
        }
        let cache = kept.auto.take().filter(|cache| cache.is_of(input, &self.tuning));
        let cache = cache.unwrap_or_else(|| Box::new(AutoCache::of(input, &self.tuning)));
        let found = self.judge(input, &cache);
        kept.auto = Some(cache);
        found
    }
}

#[cfg(test)]
mod tests;
