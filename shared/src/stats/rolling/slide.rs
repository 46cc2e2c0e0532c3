//! The windows of as many blocks at once as there are lanes.

use super::aggregate::Aggregate;
use crate::stats::enough;
use crate::stats::lanes::{LANES, Lanes};

/// One sample of each block of a group; before them that of the block before the group.
type Row = [f64; LANES + 1];

/// Puts the results of the `window` samples up to and including each one into `out`, `later` samples on; NaN without
/// enough samples.
pub(super) fn slide<A: Aggregate<N>, const N: usize>(
    values: &[f64],
    window: usize,
    later: usize,
    mut out: [&mut [f64]; N],
) {
    let least = enough(window) as f64;
    let window = window.clamp(1, values.len().max(1));
    let first = values.iter().take(window).find(|value| value.is_finite());
    let mut blocks = Blocks {
        rows: vec![[0.0; LANES + 1]; window],
        pivot: first.copied().unwrap_or(0.0),
        smallest: f64::INFINITY,
        full: true,
    };
    let mut kernel = Kernel::<A, N> {
        inverses: (0..=window).map(|count| 1.0 / count as f64).collect(),
        ends: vec![A::empty(); window + 1],
        counts: vec![Lanes::splat(0.0); window + 1],
        results: [(); N].map(|()| vec![[0.0; LANES]; window]),
        least,
    };
    for (group, values) in values.chunks(window * LANES).enumerate() {
        let (pivot, full) = blocks.next(values);
        if full {
            kernel.full(&blocks.rows, pivot, group == 0);
        } else {
            kernel.with_gaps(&blocks.rows, pivot, group == 0);
        }
        let from = group * window * LANES + later;
        for (out, results) in out.iter_mut().zip(&kernel.results) {
            let out = out.get_mut(from..).unwrap_or_default();
            for (lane, out) in out.chunks_mut(window).take(LANES).enumerate() {
                for (out, results) in out.iter_mut().zip(results) {
                    *out = results[lane];
                }
            }
        }
    }
}

/// The samples of a group of blocks, by their place in the block.
struct Blocks {
    rows: Vec<Row>,
    /// What is subtracted from the samples of the last block, and what is known of that block.
    pivot: f64,
    smallest: f64,
    full: bool,
}

impl Blocks {
    /// Goes on to the samples of the next group. Where there are no more they are of no matter, as no result that is wanted
    /// comes after them. Returns what is to be subtracted from the
    /// samples of each block and from those of the one before it, and whether none of them all is missing.
    fn next(&mut self, values: &[f64]) -> (Lanes, bool) {
        let window = self.rows.len();
        for row in &mut self.rows {
            row[0] = row[LANES];
        }
        if values.len() < window * LANES {
            self.rows.iter_mut().for_each(|row| row[1..].fill(0.0));
        }
        for (lane, block) in values.chunks(window).enumerate() {
            for (row, value) in self.rows.iter_mut().zip(block) {
                row[lane + 1] = *value;
            }
        }
        let mut smallest = Lanes::splat(f64::INFINITY);
        let mut count = Lanes::splat(0.0);
        for row in &self.rows {
            smallest = smallest.nearer_to_zero(here(row));
            count = count + here(row).present();
        }
        let (smallest, count) = (smallest.to_array(), count.to_array());
        let full = self.full && count.iter().all(|count| *count == window as f64);
        self.full = count[LANES - 1] == window as f64;
        let pivots = Lanes::from_fn(|lane| {
            if self.smallest.is_finite() {
                self.pivot = self.smallest;
            }
            self.smallest = smallest[lane];
            self.pivot
        });
        (pivots, full)
    }
}

/// The memory that every group needs.
struct Kernel<A, const N: usize> {
    /// 1 over each count up to the window.
    inverses: Vec<f64>,
    /// The end of the block before, from each place on, and how many samples that has.
    ends: Vec<A>,
    counts: Vec<Lanes>,
    results: [Vec<[f64; LANES]>; N],
    least: f64,
}

impl<A: Aggregate<N>, const N: usize> Kernel<A, N> {
    /// No sample is missing, so that all counts are known. Before the `first` group is nothing.
    fn full(&mut self, rows: &[Row], pivot: Lanes, first: bool) {
        let window = rows.len();
        let mut end = A::empty();
        self.ends[window] = end;
        for (at, row) in rows.iter().enumerate().rev() {
            let count = window - at;
            let (share, weight) = (self.inverses[count], (count - 1) as f64 * self.inverses[count]);
            let position = Lanes::splat(-(count as f64));
            end = end.add(position, before(row) - pivot, Lanes::splat(share), Lanes::splat(weight));
            self.ends[at] = if first { end.without_first() } else { end };
        }
        let mut begin = A::empty();
        for (at, row) in rows.iter().enumerate() {
            let (count, inverse) = ((at + 1) as f64, self.inverses[at + 1]);
            let (share, weight) = (Lanes::splat(inverse), Lanes::splat(at as f64 * inverse));
            begin = begin.add(Lanes::splat(at as f64), here(row) - pivot, share, weight);

            let (all, over) = (window as f64, self.inverses[window]);
            let share = count / all;
            let (mut all, mut inverses) = (Lanes::splat(all), Lanes::splat(over));
            let mut shares = (Lanes::splat(share), Lanes::splat((window - 1 - at) as f64 * share));
            if first {
                (all, inverses) = (all.with_first(count), inverses.with_first(inverse));
                shares = (shares.0.with_first(1.0), shares.1.with_first(0.0));
            }
            let whole = self.ends[at + 1].merge(begin, shares.0, shares.1);
            self.put(at, all, whole.results(pivot, inverses));
        }
    }

    /// The same operations, with a count for each lane.
    fn with_gaps(&mut self, rows: &[Row], pivot: Lanes, first: bool) {
        let window = rows.len();
        let (mut end, mut count) = (A::empty(), Lanes::splat(0.0));
        (self.ends[window], self.counts[window]) = (end, count);
        for (at, row) in rows.iter().enumerate().rev() {
            let position = at as f64 - window as f64;
            (end, count) = add_present(end, count, position, before(row), pivot);
            if first {
                (end, count) = (end.without_first(), count.with_first(0.0));
            }
            (self.ends[at], self.counts[at]) = (end, count);
        }
        let (mut begin, mut count) = (A::empty(), Lanes::splat(0.0));
        for (at, row) in rows.iter().enumerate() {
            (begin, count) = add_present(begin, count, at as f64, here(row), pivot);
            let before = self.counts[at + 1];
            let both = before + count;
            let share = (count / both).only_where(both);
            let whole = self.ends[at + 1].merge(begin, share, before * share);
            self.put(at, both, whole.results(pivot, inverse(both)));
        }
    }

    #[inline(always)]
    fn put(&mut self, at: usize, count: Lanes, results: [Lanes; N]) {
        for (out, results) in self.results.iter_mut().zip(results) {
            out[at] = results.known(count, self.least).to_array();
        }
    }
}

/// The samples of the blocks before those of a group.
#[inline(always)]
fn before(row: &Row) -> Lanes {
    Lanes::from_fn(|lane| row[lane])
}

/// The samples of the blocks of a group.
#[inline(always)]
fn here(row: &Row) -> Lanes {
    Lanes::from_fn(|lane| row[lane + 1])
}

/// Adds one sample to each aggregate and its count, where it is finite.
#[inline(always)]
fn add_present<A: Aggregate<N>, const N: usize>(
    whole: A,
    count: Lanes,
    position: f64,
    values: Lanes,
    pivot: Lanes,
) -> (A, Lanes) {
    let present = values.present();
    let value = (values - pivot).only_where(present);
    let both = count + present;
    let share = present * inverse(both);
    (whole.add(Lanes::splat(position), value, share, count * share), both)
}

/// 1 over each count, 0 for none.
#[inline(always)]
fn inverse(count: Lanes) -> Lanes {
    (Lanes::splat(1.0) / count).only_where(count)
}
