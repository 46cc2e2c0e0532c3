//! One window at a time, block by block.

use std::borrow::Cow;
use std::ops::Range;

use super::flags::Flags;
use super::{MAX_WINDOW, NO_RANK, Ranks, interpolate};

/// What is found in windows, and kept from one to the next.
pub(super) trait WindowFinder {
    /// What follows from how many samples there are.
    type Positions;

    /// Forgets the window before.
    fn begin(&mut self);

    /// For windows of `count` samples, of which the first is before the sample `at`; `None` if they are too few.
    fn places(&self, at: usize, count: usize) -> Option<Self::Positions>;

    /// Finds it in the window before the sample `at`.
    fn find(&mut self, members: &WindowMembers<'_>, at: usize, places: &Self::Positions);

    /// Keeps up with a change of the window.
    fn follow(&mut self, change: WindowChange);
}

/// Which ranks a window gains and loses.
#[derive(Clone, Copy)]
pub(super) struct WindowChange {
    pub(super) come: u16,
    pub(super) gone: u16,
}

/// A window: ranks among the samples of a block.
pub(super) struct WindowMembers<'a> {
    pub(super) flags: &'a mut Flags,
    /// The samples of the block by rank.
    pub(super) sorted: &'a [f64],
}

impl WindowMembers<'_> {
    /// From a member by `weight` of the distance to the next one.
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

/// Looks at successive `samples`, of which, and of those in the windows before them, all are there if they are `whole`. Returns
/// the finder: it is moved so that what it keeps stays in registers.
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

/// Blocks with a window before each.
struct RankedBlocks<'a> {
    /// The ranks among the samples of a block, by time, [`NO_RANK`] for one that enters no window.
    of: Vec<u16>,
    /// The samples of a block by rank.
    sorted: Cow<'a, [f64]>,
    /// How many have ranks in each block.
    counts: Vec<usize>,
}

/// All in one block.
fn one(ranks: &Ranks, window: usize) -> RankedBlocks<'_> {
    let mut ranked = vec![NO_RANK; window];
    ranked.extend_from_slice(&ranks.of);
    RankedBlocks {
        of: ranked,
        sorted: ranks.sorted.as_slice().into(),
        counts: vec![ranks.sorted.len()],
    }
}

/// Many blocks of `len`, a power of two.
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
