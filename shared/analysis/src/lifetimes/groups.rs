//! Series with common labels, sorted by their starts and ends.

use std::collections::HashMap;

use super::labels::LabelTable;
use super::{LifeEnd, Lifetime, MAX_PAIRED_LABELS};

/// Maximum number of candidates at a time that are compared with a series.
const MAX_CANDIDATES: usize = 32;

/// Maximum number of members of a group that are searched for one property.
const MAX_SEARCHED: usize = 1_024;

/// Minimum number of series of a group that began, and of others that ended, for ends to be usual in it.
const MIN_TURNOVER: usize = 2;

/// Series that have all values in common that a key holds.
#[derive(Debug, Default)]
struct Group {
    /// First samples with their series, in ascending order.
    firsts: Vec<(usize, usize)>,
    /// Last samples with their series, in ascending order; [`usize::MAX`] where a series goes on.
    lasts: Vec<(usize, usize)>,
}

/// Groups of the series of a query.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    table: &'a LabelTable<'a>,
    spans: &'a [Option<Lifetime>],
    tolerance: usize,
    /// Sample from which on a first sample is the beginning of a series.
    data_begins: usize,
    /// By masked values.
    families: HashMap<&'a [u32], Group>,
    /// By the values of all labels but some.
    alike: HashMap<Vec<u32>, Group>,
}

impl Group {
    fn add(&mut self, series: usize, span: &Lifetime) {
        self.firsts.push((span.first, series));
        self.lasts.push((span.last, series));
    }

    fn sort(&mut self) {
        self.firsts.sort_unstable();
        self.lasts.sort_unstable();
    }

    /// Returns the number of members with a sample at `at`, which no gap within a life changes.
    fn alive(&self, at: usize) -> usize {
        let began = self.firsts.partition_point(|(first, _)| *first <= at);
        began - self.lasts.partition_point(|(last, _)| *last < at).min(began)
    }

    /// Returns the series whose entry in `sorted` lies within `tolerance` of `at`, nearest first.
    fn near(sorted: &[(usize, usize)], at: usize, tolerance: usize) -> Vec<usize> {
        let from = sorted.partition_point(|(entry, _)| *entry < at.saturating_sub(tolerance));
        let mut near: Vec<(usize, usize)> = sorted[from..]
            .iter()
            .take_while(|(entry, _)| *entry <= at.saturating_add(tolerance))
            .take(MAX_CANDIDATES)
            .map(|(entry, series)| (entry.abs_diff(at), *series))
            .collect();
        near.sort_unstable();
        near.into_iter().map(|(_, series)| series).collect()
    }
}

impl<'a> Groups<'a> {
    pub(super) fn new(
        table: &'a LabelTable<'a>,
        spans: &'a [Option<Lifetime>],
        tolerance: usize,
        data_begins: usize,
    ) -> Self {
        let mut groups = Self {
            table,
            spans,
            tolerance,
            data_begins,
            families: HashMap::new(),
            alike: HashMap::new(),
        };
        for (series, span) in spans.iter().enumerate() {
            let Some(span) = span else { continue };
            groups.families.entry(table.family(series)).or_default().add(series, span);
            let stays = !groups.begins(span) && span.last == usize::MAX;
            for without in groups.exceptions() {
                if stays && without.len() > 1 {
                    break;
                }
                groups.alike.entry(table.key(series, &without)).or_default().add(series, span);
            }
        }
        groups.families.values_mut().chain(groups.alike.values_mut()).for_each(Group::sort);
        groups
    }

    /// Returns the labels that may differ between a series and its successor: each one, and each pair if there are few.
    fn exceptions(&self) -> Vec<Vec<usize>> {
        let width = self.table.width();
        let mut all: Vec<Vec<usize>> = (0..width).map(|label| vec![label]).collect();
        if width <= MAX_PAIRED_LABELS {
            all.extend((0..width).flat_map(|a| (a + 1..width).map(move |b| vec![a, b])));
        }
        all
    }

    fn begins(&self, span: &Lifetime) -> bool {
        span.first > self.data_begins
    }

    /// Returns a number that the members of a family have in common: the index of the one that began first.
    pub(super) fn family_number(&self, series: usize) -> usize {
        let oldest = self.family(series).and_then(|family| family.firsts.first());
        oldest.map_or(series, |(_, oldest)| *oldest)
    }

    fn family(&self, series: usize) -> Option<&Group> {
        let generated = self.table.is_generated(series);
        self.families.get(self.table.family(series)).filter(|_| generated)
    }

    /// Returns whether `new` continues `old`, where their labels are those of one key: a label changed for good.
    fn continues(&self, old: usize, new: usize) -> bool {
        let (Some(past), Some(next)) = (self.spans[old], self.spans[new]) else { return false };
        let (before, after) =
            (next.first.saturating_sub(self.tolerance), next.first + self.tolerance);
        old != new
            && past.first < before
            && past.last != usize::MAX
            && past.steady_end
            && next.steady_start
            && self.table.differing(old, new).any(|label| {
                self.table.is_new(new, label, before) && self.table.is_gone(old, label, after)
            })
    }

    /// Returns the series whose past `series` inherits: the member of its family that ended when it began, else a series
    /// that it continues, else the oldest member alive then, else the one that ended last.
    pub(super) fn predecessor(&self, series: usize) -> Option<usize> {
        let span = self.spans[series]?;
        let family = self.family(series);
        let older = |&other: &usize| {
            let began = self.spans[other].map(|other| other.first);
            began.is_some_and(|began| began + self.tolerance < span.first)
        };
        let ended = family.and_then(|family| {
            let near = Group::near(&family.lasts, span.first, self.tolerance);
            let prefix = |other: &usize| self.table.common_prefix(*other, series);
            near.into_iter().filter(older).rev().max_by_key(prefix)
        });
        ended.or_else(|| self.continued(series, &span)).or_else(|| {
            let alive = |other: &usize| {
                self.spans[*other]
                    .is_some_and(|other| other.last >= span.first.saturating_sub(self.tolerance))
            };
            let oldest = family?.firsts.iter().map(|(_, other)| *other).take(MAX_SEARCHED);
            let mut oldest = oldest.filter(older);
            oldest.find(alive).or_else(|| {
                let lasts = &family?.lasts;
                let before = lasts.partition_point(|(last, _)| *last < span.first);
                let latest = lasts[..before].iter().rev().map(|(_, other)| *other);
                latest.take(MAX_CANDIDATES).find(older)
            })
        })
    }

    fn continued(&self, series: usize, span: &Lifetime) -> Option<usize> {
        self.exceptions().iter().find_map(|without| {
            let group = self.alike.get(&self.table.key(series, without))?;
            let near = Group::near(&group.lasts, span.first, self.tolerance).into_iter();
            let near = near.filter(|old| self.continues(*old, series)).rev();
            near.max_by_key(|old| self.table.common_prefix(*old, series))
        })
    }

    /// Returns a series that began when `series` ended and continues it.
    pub(super) fn successor(&self, series: usize) -> Option<usize> {
        self.succession(series).map(|(successor, _)| successor)
    }

    /// Returns the successor of a series with the group that both belong to.
    fn succession(&self, series: usize) -> Option<(usize, &Group)> {
        let span = self.spans[series]?;
        let begins = |other: &usize| self.spans[*other].is_some_and(|other| self.begins(&other));
        let in_family = self.family(series).and_then(|family| {
            let near = Group::near(&family.firsts, span.last, self.tolerance).into_iter();
            let successor = near.filter(|other| *other != series).find(begins)?;
            Some((successor, family))
        });
        in_family.or_else(|| {
            self.exceptions().iter().find_map(|without| {
                let group = self.alike.get(&self.table.key(series, without))?;
                let mut near = Group::near(&group.firsts, span.last, self.tolerance).into_iter();
                let successor = near.find(|new| begins(new) && self.continues(series, *new))?;
                Some((successor, group))
            })
        })
    }

    /// Returns how a series ended that has no samples at the end of the data.
    pub(super) fn end(&self, series: usize) -> LifeEnd {
        let Some(span) = self.spans[series].filter(|span| span.steady_end) else {
            return LifeEnd::Stopped;
        };
        if let Some((_, group)) = self.succession(series) {
            let collapses = self.collapses(group, span.last);
            return if collapses { LifeEnd::Stopped } else { LifeEnd::Replaced };
        }
        let retired = self.family(series).is_some_and(|family| {
            let goes_on = family.alive(self.after(span.last)) > 0;
            (goes_on && !self.collapses(family, span.last))
                || self.is_often_empty(family, span.last)
        });
        let turned_over = || {
            (0..self.table.width()).any(|label| {
                let group = self.alike.get(&self.table.key(series, &[label]));
                group.is_some_and(|group| self.turns_over(group, series, label))
            })
        };
        if retired || turned_over() { LifeEnd::Ended } else { LifeEnd::Stopped }
    }

    /// Returns the sample after `at` at which those that ended together have ended and their successors have begun.
    fn after(&self, at: usize) -> usize {
        at + self.tolerance + 1
    }

    /// Returns whether fewer than half of the members of a group are left after some ended around `at`.
    fn collapses(&self, group: &Group, at: usize) -> bool {
        let before = group.alive(at.saturating_sub(self.tolerance));
        2 * group.alive(self.after(at)) < before
    }

    /// Returns whether a group had no member at all after at least [`MIN_TURNOVER`] earlier ends, as the pods of a job that
    /// runs each hour.
    fn is_often_empty(&self, group: &Group, at: usize) -> bool {
        let until = at.saturating_sub(self.tolerance);
        let ends = group.lasts[..group.lasts.partition_point(|(last, _)| *last < until)].iter();
        let empty = ends.rev().take(MAX_CANDIDATES);
        empty.filter(|(last, _)| group.alive(self.after(*last)) == 0).count() >= MIN_TURNOVER
    }

    /// Returns whether members of a group come and go all the time with new values of one label, and go on to do so.
    fn turns_over(&self, group: &Group, series: usize, label: usize) -> bool {
        let Some(span) = self.spans[series] else { return false };
        let spans = |other: usize| self.spans[other];
        let steady = |life: &Lifetime| life.steady_start && life.steady_end;
        let came = group.firsts.iter().take(MAX_SEARCHED).filter(|(first, other)| {
            spans(*other).is_some_and(|life| self.begins(&life) && steady(&life))
                && self.table.is_new(*other, label, first.saturating_sub(self.tolerance))
        });
        let went = group.lasts.iter().take(MAX_SEARCHED).filter(|(last, other)| {
            *last != usize::MAX
                && last.abs_diff(span.last) > self.tolerance
                && spans(*other).as_ref().is_some_and(steady)
                && self.table.is_gone(*other, label, last + self.tolerance)
        });
        came.take(MIN_TURNOVER).count() == MIN_TURNOVER
            && went.take(MIN_TURNOVER).count() == MIN_TURNOVER
            && self.table.is_gone(series, label, span.last.saturating_add(self.tolerance))
            && group.alive(self.after(span.last)) > 0
            && !self.collapses(group, span.last)
    }
}
