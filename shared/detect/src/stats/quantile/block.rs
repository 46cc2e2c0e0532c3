//! Windows that slide over one block of samples after the other.

use std::borrow::Cow;
use std::ops::Range;

use super::flags::Flags;
use super::{MAX_WINDOW, NO_RANK, Ranks, interpolate};

/// A statistic that is found in each window, with its state from one window to the next.
pub(super) trait WindowFinder {
    /// Positions that follow from the number of samples in a window.
    type Positions;

    /// Forgets the window before.
    fn begin(&mut self);

    /// Returns the positions in windows of `count` samples, of which the first is before the sample `at`; `None` if
    /// they are too few.
    fn places(&self, at: usize, count: usize) -> Option<Self::Positions>;

    /// Finds the statistic in the window before the sample `at`.
    fn find(&mut self, members: &WindowMembers<'_>, at: usize, places: &Self::Positions);

    /// Keeps up with a change of the window.
    fn follow(&mut self, change: WindowChange);
}

/// Ranks that a window gains and loses.
#[derive(Clone, Copy)]
pub(super) struct WindowChange {
    pub(super) come: u16,
    pub(super) gone: u16,
}

/// A window: ranks among the samples of a block.
pub(super) struct WindowMembers<'a> {
    /// Ranks that are in the window.
    pub(super) flags: &'a mut Flags,
    /// Samples of the block by rank.
    pub(super) sorted: &'a [f64],
}

impl WindowMembers<'_> {
    /// Returns the value from a member on by `weight` of the distance to the next one.
    #[inline(always)]
    pub(super) fn between(&self, member: u16, weight: f64) -> f64 {
        let low = self.sorted[member as usize];
        if weight > 0.0 {
            let high = self.sorted[self.flags.next(member + 1) as usize];
            interpolate(low, high, weight)
        } else {
            low
        }
    }

    /// Adds the rank that comes and removes the one that goes.
    #[inline(always)]
    pub(super) fn exchange(&mut self, WindowChange { come, gone }: WindowChange) {
        self.flags.insert(come);
        self.flags.remove(gone);
    }
}

/// Shows `finder` the `window` samples before each sample, at most [`MAX_WINDOW`].
pub(super) fn blocks<F: WindowFinder>(ranks: &Ranks, window: usize, mut finder: F) {
    let all = ranks.count;
    let window = window.clamp(1, all.max(1));
    // Short blocks lie close together in their sets of flags, long ones repeat fewer samples.
    let single = all / 8 <= window && ranks.of.len() == all;
    let len = if single { all } else { (3 * window).next_power_of_two().min(MAX_WINDOW + 1) };
    let RankedBlocks { of: ranked, sorted, counts } =
        if single { one(ranks, window) } else { many(ranks, window, len) };
    let room = window + len;
    let mut flags = Flags::new();
    let chunks = ranked.chunks(room).zip(sorted.chunks(room)).zip(counts);
    for (block, ((ranked, sorted), count)) in chunks.enumerate() {
        let first = block * len;
        let samples = first..(first + len).min(all);
        let whole = count == samples.end - first.saturating_sub(window);
        let members = WindowMembers { flags: &mut flags, sorted: &sorted[..count] };
        finder = one_block(members, ranked, window, samples, whole, finder);
        flags.clear(room as u16);
    }
}

/// Moves a window over successive `samples`; they and those in the windows before them are complete if `whole`. Returns
/// the finder: it is moved so that its state stays in registers.
fn one_block<F: WindowFinder>(
    mut members: WindowMembers<'_>,
    ranked: &[u16],
    window: usize,
    samples: Range<usize>,
    whole: bool,
    mut finder: F,
) -> F {
    finder.begin();
    let (before, come) = ranked.split_at(window);
    before.iter().for_each(|&rank| members.flags.insert(rank));
    let mut count = before.iter().filter(|rank| **rank != NO_RANK).count();
    let changes = come.iter().zip(ranked).map(|(&come, &gone)| WindowChange { come, gone });
    let mut changes = samples.clone().zip(changes);
    let filling = before.iter().take_while(|rank| **rank == NO_RANK).count();
    for (at, change) in changes.by_ref().take(if whole { filling } else { samples.len() }) {
        if let Some(places) = finder.places(at, count) {
            finder.find(&members, at, &places);
        }
        members.exchange(change);
        finder.follow(change);
        count += usize::from(change.come != NO_RANK);
        count -= usize::from(change.gone != NO_RANK);
    }
    if let Some(places) = finder.places(samples.end, count) {
        for (at, change) in changes {
            finder.find(&members, at, &places);
            members.exchange(change);
            finder.follow(change);
        }
    }
    finder
}

/// Blocks of ranks with a window before each.
struct RankedBlocks<'a> {
    /// Ranks among the samples of a block, by time; [`NO_RANK`] for one that enters no window.
    of: Vec<u16>,
    /// Samples of a block by rank.
    sorted: Cow<'a, [f64]>,
    /// Number of ranked samples in each block.
    counts: Vec<usize>,
}

/// Ranks all samples in one block.
fn one(ranks: &Ranks, window: usize) -> RankedBlocks<'_> {
    let mut ranked = vec![NO_RANK; window];
    ranked.extend_from_slice(&ranks.of);
    RankedBlocks {
        of: ranked,
        sorted: ranks.sorted.as_slice().into(),
        counts: vec![ranks.sorted.len()],
    }
}

/// Ranks samples in blocks of `len`, a power of two.
fn many(ranks: &Ranks, window: usize, len: usize) -> RankedBlocks<'_> {
    let (room, count) = (window + len, ranks.count.div_ceil(len));
    let mut ranked = vec![NO_RANK; count * room];
    let mut sorted = vec![0.0; count * room];
    let mut filled = vec![0; count];
    let mut put = |block: usize, slot: usize, value: f64| {
        let rank = &mut filled[block];
        ranked[block * room + slot] = *rank as u16;
        sorted[block * room + *rank] = value;
        *rank += 1;
    };
    for (&index, &value) in ranks.order.iter().zip(&ranks.sorted) {
        let (block, slot) = (index as usize >> len.trailing_zeros(), index as usize & (len - 1));
        put(block, slot + window, value);
        if slot + window >= len && block + 1 < count {
            put(block + 1, slot + window - len, value);
        }
    }
    RankedBlocks { of: ranked, sorted: sorted.into(), counts: filled }
}
