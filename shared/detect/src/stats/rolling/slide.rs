//! Sliding windows over several blocks at once, one in each lane.

use super::aggregate::WindowAggregate;
use super::nearest_to_zero;
use super::sums::{WindowConstants, WindowSums};
use crate::stats::enough;
use crate::stats::lanes::{LANES, Lanes, blocks, blocks_mut};

/// Results of a group of blocks, by lane and place in the block.
type BlockResults<'a> = [&'a mut [f64]; LANES];

/// Computes statistics of the `window` samples before each sample and, as the last one, before the end: one more than
/// there are samples. NaN without enough samples.
pub(super) fn slide<S: WindowSums<N>, A: WindowAggregate<N>, const N: usize>(
    values: &[f64],
    window: usize,
) -> [Vec<f64>; N] {
    let (least, places) = (enough(window), values.len() + 1);
    let window = window.min(places);
    if window < least {
        return [(); N].map(|()| vec![f64::NAN; places]);
    }
    let group = window * LANES;
    // Before the first block is one of its pivot, which adds nothing to a sum.
    let pivot = values.iter().take(window).find(|value| value.is_finite()).copied().unwrap_or(0.0);
    let mut samples = vec![pivot; window];
    samples.extend_from_slice(values);
    samples.resize(window + places.next_multiple_of(group), 0.0);

    let mut kernel = SlidingKernel::<S, A, N>::new(window, least);
    let near = pivots(&samples, window, |block| block.last().copied());
    let mut least_pivots = None;
    let mut out = [(); N].map(|()| vec![0.0; samples.len() - window]);
    for first in (0..places).step_by(group) {
        let group_samples = &samples[first..][..window + group];
        let lanes_of = |all: &[f64]| Lanes::from_fn(|lane| all[first / window + lane]);
        let mut results = out.each_mut().map(|out| &mut out[first..][..group]);
        kernel.plain(
            group_samples,
            lanes_of(&near),
            first == 0,
            results.each_mut().map(|all| blocks_mut(all, window)),
        );
        let wanted = least.saturating_sub(first)..group.min(places - first);
        if results[N - 1].get(wanted).is_some_and(any_nan) {
            let all = least_pivots.get_or_insert_with(|| pivots(&samples, window, nearest_to_zero));
            kernel.careful(
                group_samples,
                lanes_of(all),
                first == 0,
                results.map(|all| blocks_mut(all, window)),
            );
        }
    }
    for out in &mut out {
        out.truncate(places);
        out.iter_mut().take(least).for_each(|result| *result = f64::NAN);
    }
    out
}

/// Returns the number that is subtracted from the samples of each block and of the one before it: the one that is
/// chosen from that block, or from an earlier one where it is not finite.
fn pivots(samples: &[f64], window: usize, choose: impl Fn(&[f64]) -> Option<f64>) -> Vec<f64> {
    let mut pivot = 0.0;
    let next = |block| {
        pivot = choose(block).filter(|pivot| pivot.is_finite()).unwrap_or(pivot);
        pivot
    };
    samples.chunks(window).map(next).collect()
}

/// Returns whether any value is NaN. Does not stop at the first, so that it takes several at a time.
fn any_nan(values: &[f64]) -> bool {
    values.iter().fold(false, |any, value| any | value.is_nan())
}

/// Scratch space that every group of blocks uses.
struct SlidingKernel<S, A, const N: usize> {
    window: usize,
    least: f64,
    /// Constants by the number of samples, up to the window.
    known: Vec<WindowConstants<f64>>,
    /// Sums from each place to the end of the block before.
    ends: Vec<S>,
    /// Exact statistics from each place to the end of the block before, with the number of samples.
    careful_ends: Vec<(A, Lanes)>,
}

impl<S: WindowSums<N>, A: WindowAggregate<N>, const N: usize> SlidingKernel<S, A, N> {
    /// Allocates scratch space for a window.
    fn new(window: usize, least: usize) -> Self {
        Self {
            window,
            least: least as f64,
            known: (0..=window).map(WindowConstants::of).collect(),
            ends: vec![S::empty(); window],
            careful_ends: Vec::new(),
        }
    }

    /// Fills in the results of a group; `samples` are those of its blocks and of the block before them, which is empty
    /// for the `first` group.
    fn plain(
        &mut self,
        samples: &[f64],
        pivots: Lanes,
        first: bool,
        mut results: [BlockResults<'_>; N],
    ) {
        let window = self.window;
        let [before, here] = [0, window].map(|from| blocks(&samples[from..], window));
        let mut end = S::empty();
        for at in (0..window).rev() {
            let value = Lanes::at(&before, at);
            end = end.add(at as f64 - window as f64, value - pivots);
            self.ends[at] = end;
        }
        let (all, mut begin) = (self.known[window], S::empty());
        for (at, end) in self.ends.iter().enumerate() {
            let known = all.with_first(if first { &self.known[at] } else { &all });
            let found = end.join(begin).results(pivots, at as f64, &known);
            for (results, found) in results.iter_mut().zip(found) {
                found.put(results, at);
            }
            let value = Lanes::at(&here, at);
            begin = begin.add(at as f64, value - pivots);
        }
    }

    /// Fills in the results that are NaN, exactly: where samples are missing or levels lie far apart.
    fn careful(
        &mut self,
        samples: &[f64],
        pivots: Lanes,
        first: bool,
        mut results: [BlockResults<'_>; N],
    ) {
        let window = self.window;
        let [before, here] = [0, window].map(|from| blocks(&samples[from..], window));
        let mut end = (A::empty(), Lanes::splat(0.0));
        self.careful_ends.clear();
        self.careful_ends.resize(window, end);
        for at in (0..window).rev() {
            let mut value = Lanes::at(&before, at);
            if first {
                value = value.with_first(f64::NAN);
            }
            end = add_present(end, at as f64 - window as f64, value, pivots);
            self.careful_ends[at] = end;
        }
        let mut begin = (A::empty(), Lanes::splat(0.0));
        for at in 0..window {
            let (end, before) = self.careful_ends[at];
            let count = before + begin.1;
            let share = (begin.1 / count).only_where(count);
            let whole = end.merge(begin.0, share, before * share);
            let found = whole.results(pivots, inverse(count));
            let found = found.map(|found| found.known(count, Lanes::splat(self.least)).to_array());
            for lane in 0..LANES {
                if results[N - 1][lane][at].is_nan() {
                    for (results, found) in results.iter_mut().zip(&found) {
                        results[lane][at] = found[lane];
                    }
                }
            }
            let value = Lanes::at(&here, at);
            begin = add_present(begin, at as f64, value, pivots);
        }
    }
}

/// Adds one sample to each aggregate and its count, where it is finite.
#[inline(always)]
fn add_present<A: WindowAggregate<N>, const N: usize>(
    (whole, count): (A, Lanes),
    position: f64,
    values: Lanes,
    pivots: Lanes,
) -> (A, Lanes) {
    let present = values.present();
    let value = (values - pivots).only_where(present);
    let both = count + present;
    let share = present * inverse(both);
    (whole.add(Lanes::splat(position), value, share, count * share), both)
}

/// Returns 1 over each count, 0 for none.
#[inline(always)]
fn inverse(count: Lanes) -> Lanes {
    (Lanes::splat(1.0) / count).only_where(count)
}
