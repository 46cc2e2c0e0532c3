//! The samples before a sample, summed up in blocks of equal length.
//!
//! Neighbouring samples are alike: a thousand samples in bursts, or of a running statistic, tell no more than a few.
//! The extremes of blocks are nearly independent, and their tail is that of events rather than of samples:
//! block maxima with a threshold, as in extreme value theory (Coles, "An introduction to statistical modeling
//! of extreme values", 2001).

use std::cell::OnceCell;

use crate::stats::median::upper_median;

/// Minimum number of blocks to which a tail is fitted.
const MIN_BLOCKS: usize = 10;

/// Reciprocal of the share of the block extremes that is the tail.
const TAIL_DIVISOR: usize = 4;

/// Blocks of equal length from the first entry on; the latest ones before an entry are its lookback.
pub(super) struct LookbackBlocks<'a> {
    reference: &'a [f64],
    /// Number of entries in a block.
    length: usize,
    /// Maximum number of blocks in the lookback.
    most: usize,
    /// Smallest, last finite and largest entry of each block, NaN for a block without a finite entry; computed when
    /// first used.
    blocks: OnceCell<Vec<[f64; 3]>>,
    /// Cached result of [`Self::middle`], with the number of blocks before it: neighbours ask for the same.
    middle: Option<(usize, (f64, usize))>,
    /// Cached result of [`Self::tail`], with the number of blocks before it.
    tail: Option<(usize, Option<BlockTail>)>,
}

/// Tail of the distances of block extremes from the median, on both sides.
#[derive(Clone, Copy)]
pub(super) struct BlockTail {
    /// Median of one entry of each block.
    middle: f64,
    /// Distance from the median at which the tail begins.
    border: f64,
    /// Mean distance of the tail beyond `border`.
    excess: f64,
    /// Variance of these distances divided by the square of their mean; 1 for an exponential tail.
    varies: f64,
    /// Number of extremes in the tail.
    count: usize,
    /// Number of samples in a block.
    length: usize,
    /// Number of samples that the tail was learnt from.
    pub(super) remembered: usize,
}

impl<'a> LookbackBlocks<'a> {
    /// Divides `reference` into blocks of `length` entries, of which `lookback` entries count.
    pub(super) fn new(reference: &'a [f64], length: usize, lookback: usize) -> Self {
        let (most, blocks) = ((lookback / length).max(1), OnceCell::new());
        Self { reference, length, most, blocks, middle: None, tail: None }
    }

    /// Returns the blocks of the lookback that end before the entry `at`.
    fn before(&self, at: usize) -> &[[f64; 3]] {
        let block = |entries: &[f64]| {
            let finite = entries.iter().filter(|entry| entry.is_finite());
            finite.fold([f64::NAN; 3], |[low, _, high], &entry| {
                [
                    if entry > low { low } else { entry },
                    entry,
                    if entry < high { high } else { entry },
                ]
            })
        };
        let all = || self.reference.chunks_exact(self.length).map(block).collect();
        let blocks = self.blocks.get_or_init(all);
        let end = (at / self.length).min(blocks.len());
        &blocks[end.saturating_sub(self.most)..end]
    }

    /// Returns the median of one entry of each block before `at`, 0 without any, and the number of entries in those
    /// blocks.
    pub(super) fn middle(&mut self, at: usize) -> (f64, usize) {
        let end = at / self.length;
        if let Some((cached_end, found)) = self.middle
            && cached_end == end
        {
            return found;
        }
        let mut entries: Vec<f64> =
            self.before(at).iter().map(|block| block[1]).filter(|entry| !entry.is_nan()).collect();
        let count = entries.len();
        let middle = upper_median(&mut entries).unwrap_or(0.0);
        let found = (middle, count * self.length);
        self.middle = Some((end, found));
        found
    }

    /// Fits the tail of the extremes of the blocks before `at`; `None` if there are too few.
    pub(super) fn tail(&mut self, at: usize) -> Option<BlockTail> {
        let end = at / self.length;
        if let Some((cached_end, found)) = self.tail
            && cached_end == end
        {
            return found;
        }
        let (middle, remembered) = self.middle(at);
        let blocks = self.before(at).iter().filter(|block| !block[1].is_nan());
        let mut extremes: Vec<f64> =
            blocks.flat_map(|[low, _, high]| [middle - low, high - middle]).collect();
        let found = (extremes.len() >= 2 * MIN_BLOCKS).then(|| {
            extremes.sort_unstable_by(f64::total_cmp);
            let (rest, tail) = extremes.split_at(extremes.len() - extremes.len() / TAIL_DIVISOR);
            let border = rest.last().copied().unwrap_or_default();
            let excess = tail.iter().map(|size| size - border).sum::<f64>() / tail.len() as f64;
            let squares = tail.iter().map(|size| (size - border - excess).powi(2)).sum::<f64>();
            let (count, length) = (tail.len(), self.length);
            let varies = squares / count as f64 / (excess * excess);
            BlockTail { middle, border, excess, varies, count, length, remembered }
        });
        self.tail = Some((end, found));
        found
    }
}

impl BlockTail {
    /// Returns the distance of an entry beyond the border of the tail, in mean excesses of at least `min_excess`;
    /// negative within the border.
    pub(super) fn beyond(&self, entry: f64, floor: f64) -> f64 {
        ((entry - self.middle).abs() - self.border) / self.excess.max(floor)
    }

    /// Returns the probability of an entry so far off, above 0: by the generalised Pareto distribution with mean and
    /// variance of the excesses, which is no lighter than exponential, and heavier the fewer excesses there are.
    pub(super) fn probability(&self, entry: f64, floor: f64) -> f64 {
        let beyond = self.beyond(entry, floor).max(0.0);
        let even = (1.0 / self.varies).min(1.0);
        let shape = 0.5 * (1.0 - even);
        let scale = 0.5 * (1.0 + even);
        let shape = shape + 1.0 / self.count as f64;
        let share = 2.0 / (TAIL_DIVISOR as f64 * self.length as f64);
        share * libm::exp((-libm::log1p(shape * beyond / scale) / shape).max(-600.0))
    }
}
