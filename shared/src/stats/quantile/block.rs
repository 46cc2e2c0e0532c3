//! One window at a time, block by block.

use std::borrow::Cow;

use super::bits::Bits;
use super::{NONE, Ranks, interpolate};

/// What happened to a window since the sample before.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// It has other ranks now.
    Block,
    /// These ranks came and left.
    Step { come: u32, gone: u32 },
}

/// A window: ranks among the samples of a block.
pub(super) struct Members<'a> {
    pub(super) bits: Bits,
    /// The samples of the block by rank.
    pub(super) sorted: &'a [f64],
    pub(super) count: usize,
}

impl Members<'_> {
    /// From a member by `weight` of the distance to the next one.
    #[inline(always)]
    pub(super) fn between(&self, member: u32, weight: f64) -> f64 {
        let low = self.sorted[member as usize];
        if weight > 0.0 {
            interpolate(low, self.sorted[self.bits.next(member + 1) as usize], weight)
        } else {
            low
        }
    }

    fn insert(&mut self, rank: u32) {
        if rank != NONE {
            self.bits.insert(rank);
            self.count += 1;
        }
    }

    fn remove(&mut self, rank: u32) {
        if rank != NONE {
            self.bits.remove(rank);
            self.count -= 1;
        }
    }
}

/// Calls `emit` once a sample with what changed since the call before and the `window` samples before it.
pub(super) fn blocks(ranks: &Ranks, window: usize, mut emit: impl FnMut(usize, Change, &Members)) {
    let all = ranks.of.len();
    let window = window.clamp(1, all.max(1));
    // Short blocks lie close together in their sets of bits, long ones repeat fewer samples.
    let len = if all / 8 <= window { all } else { (3 * window).next_power_of_two() };
    let (ranked, sorted) = if len == all { one(ranks, window) } else { many(ranks, window, len) };
    let room = window + len;
    let mut bits = Bits::new(room);
    for (block, (ranked, sorted)) in ranked.chunks(room).zip(sorted.chunks(room)).enumerate() {
        let mut members = Members { bits, sorted, count: 0 };
        ranked[..window].iter().for_each(|&rank| members.insert(rank));
        let mut change = Change::Block;
        let first = block * len;
        for (at, (&gone, &come)) in (first..all).zip(ranked.iter().zip(&ranked[window..])) {
            emit(at, change, &members);
            members.insert(come);
            members.remove(gone);
            change = Change::Step { come, gone };
        }
        bits = members.bits;
        bits.clear();
    }
}

/// The ranks by time of one block, with a window before it, and its samples by rank.
fn one(ranks: &Ranks, window: usize) -> (Cow<'_, [u32]>, Cow<'_, [f64]>) {
    let mut ranked = Vec::with_capacity(window + ranks.of.len());
    ranked.resize(window, NONE);
    ranked.extend_from_slice(&ranks.of);
    (ranked.into(), ranks.sorted.as_slice().into())
}

/// The same of many blocks of `len`, a power of two.
fn many(ranks: &Ranks, window: usize, len: usize) -> (Cow<'_, [u32]>, Cow<'_, [f64]>) {
    let (room, count) = (window + len, ranks.of.len().div_ceil(len));
    let mut ranked = vec![NONE; count * room];
    let mut sorted = vec![0.0; count * room];
    let mut filled = vec![0; count];
    let mut put = |block: usize, slot: usize, value: f64| {
        let rank = &mut filled[block];
        ranked[block * room + slot] = *rank as u32;
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
    (ranked.into(), sorted.into())
}
