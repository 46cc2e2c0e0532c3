//! A position in a window that keeps up with its changes.

use super::block::{WindowChange, WindowMembers};
use super::flags::Flags;

/// A rank, and how many members of the window are below it.
#[derive(Clone, Copy, Default)]
pub(super) struct Cursor {
    rank: u16,
    below: usize,
    /// Whether the rank is known to be a member, so that it need not be searched for, which the next sample would wait
    /// for.
    member: bool,
}

impl Cursor {
    /// Updates the counts after a change of the window.
    #[inline(always)]
    pub(super) fn follow(&mut self, WindowChange { come, gone }: WindowChange) {
        self.below += usize::from(come < self.rank);
        self.below -= usize::from(gone < self.rank);
        self.member &= gone != self.rank;
    }

    /// Moves to the member that has `order` members below it, which must exist, and returns it.
    #[inline(always)]
    pub(super) fn seek(&mut self, flags: &Flags, order: usize) -> u16 {
        while self.below > order {
            self.rank = flags.previous(self.rank);
            self.below -= 1;
            self.member = true;
        }
        if !self.member {
            self.rank = flags.next(self.rank);
            self.member = true;
        }
        while self.below < order {
            self.rank = flags.next(self.rank + 1);
            self.below += 1;
        }
        self.rank
    }
}

/// Half of the members that is nearest to a centre: one stretch of them, found from where it was for the window before.
#[derive(Clone, Copy, Default)]
pub(super) struct NearestHalf {
    first: Cursor,
    last: Cursor,
}

impl NearestHalf {
    /// Updates the counts after a change of the window.
    #[inline(always)]
    pub(super) fn follow(&mut self, change: WindowChange) {
        self.first.follow(change);
        self.last.follow(change);
    }

    /// Returns the two middle ones of the distances of the members from `centre`, between which their median lies; one
    /// of them twice for an odd count.
    #[inline(always)]
    pub(super) fn deviations(
        &mut self,
        members: &WindowMembers<'_>,
        count: usize,
        centre: f64,
    ) -> (f64, f64) {
        let WindowMembers { flags, sorted } = members;
        let half = count.div_ceil(2);
        let most = count - half;
        let distance = |member: u16| (sorted[member as usize] - centre).abs();
        let mut below = self.first.below.min(most);
        let mut first = self.first.seek(flags, below);
        let mut last = self.last.seek(flags, below + half - 1);
        // The next members outside of the stretch, infinitely far where there is none.
        let before = |first: u16, below: usize| match below {
            0 => f64::INFINITY,
            _ => distance(flags.previous(first)),
        };
        let beyond = |last: u16, below: usize| {
            if below == most { f64::INFINITY } else { distance(flags.next(last + 1)) }
        };
        let (mut left, mut right) = (before(first, below), beyond(last, below));
        while right < distance(first) {
            left = distance(first);
            below += 1;
            (first, last) = (flags.next(first + 1), flags.next(last + 1));
            right = beyond(last, below);
        }
        while left < distance(last) {
            right = distance(last);
            below -= 1;
            (first, last) = (flags.previous(first), flags.previous(last));
            left = before(first, below);
        }
        self.first = Cursor { rank: first, below, member: true };
        self.last = Cursor { rank: last, below: below + half - 1, member: true };
        let low = distance(first).max(distance(last));
        (low, if count.is_multiple_of(2) { left.min(right) } else { low })
    }
}
