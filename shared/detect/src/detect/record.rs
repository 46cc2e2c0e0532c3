use super::param::ParamField;
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, Feature, NormalRange, Param,
    Quantity, words,
};
use crate::stats::{extremes::prior_extremes, rolling::prior_moments};

/// Records: how far a sample lies beyond the smallest and largest of the `lookback` samples before it, in units of
/// their population standard deviation. What lies between them scores nothing; `expected` is their middle.
///
/// The longer the memory, the fewer records are left to chance: of independent samples 2 in `lookback`. 720 is what
/// a page of a day can have before it at two minutes; the 3,000 of offline benchmarks is far more than it fetches.
/// By how much chance exceeds the last record is about 0.3 standard deviations for normal samples and 0.7 for
/// Laplacian ones, so of 100,000 samples 1 and 34 are flagged at 1.5.
///
/// Cost: O(n). Source: Chandler, "The distribution and frequency of record values" (1952).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number of samples that a record must exceed.
    pub lookback: usize,
}

const LOOKBACK: Param = Param::samples(
    "memory",
    "Never seen in",
    "Number of earlier samples that a record must exceed. Longer finds fewer and greater records.",
    (10, 5_000),
    720,
);

impl Default for Record {
    fn default() -> Self {
        Self { lookback: LOOKBACK.count() }
    }
}

impl Algorithm for Record {
    const ABOUT: About = About {
        id: "record",
        name: "Record",
        group: DetectorGroup::Values,
        summary: "Distance of each sample beyond everything in a long window before it.",
        threshold: 1.5,
        alert_threshold: None,
        causal: true,
        params: &[LOOKBACK],
    };

    fn field(&mut self, _: usize) -> ParamField<'_> {
        ParamField::Count(&mut self.lookback)
    }

    fn history(&self) -> usize {
        self.lookback
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let extremes = prior_extremes(input.reference, self.lookback);
        let ends = extremes.lowest.iter().zip(&extremes.highest);
        Detection::judge(
            Quantity::Value,
            input.values.to_vec(),
            ends.map(|(lowest, highest)| lowest / 2.0 + highest / 2.0).collect(),
            prior_moments(input.reference, self.lookback).std,
            words::window(self.lookback, input.grid),
            self.lookback,
        )
        .with_normal(NormalRange { lowest: extremes.lowest, highest: extremes.highest })
        .with_feature(Feature::Record)
    }
}
