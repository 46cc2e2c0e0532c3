//! First part of an analysis: what is known of the series before a detector runs.

use std::sync::Arc;

use super::inheritance::{self, LifeEdges};
use super::{Prepared, PreparedSeries};
use crate::content::SeriesContent;
use crate::counter::{CounterGrowth, growth, is_counter};
use crate::lifetimes::Lifetime;
use oddity_detect::series::{Series, short_names};
use oddity_source::prometheus::Loaded;
use oddity_source::promql;
use oddity_source::unit::Unit;

/// Looks at the data. Cost: O(n), and that of [`crate::lifetimes::lives`].
pub fn prepare(loaded: Arc<Loaded>) -> Prepared {
    Preparation::new(loaded).finish()
}

/// Preparation that can pause between two series: see [`prepare`].
#[derive(Debug)]
pub struct Preparation {
    loaded: Arc<Loaded>,
    /// Whether the query is a selector alone, so that its series may be raw counters.
    selects: bool,
    /// One a series that was looked at, in the order of `loaded`.
    seen: Vec<SeenSeries>,
}

/// Facts about one series that do not depend on the others.
#[derive(Debug)]
struct SeenSeries {
    growth: Option<CounterGrowth>,
    lifetime: Option<Lifetime>,
    content: SeriesContent,
    missing: usize,
    gaps: usize,
}

impl Preparation {
    /// Creates a preparation that has looked at no series yet.
    pub fn new(loaded: Arc<Loaded>) -> Self {
        let selects = promql::bare_selector(&loaded.query.expr).is_some();
        Self { selects, seen: Vec::with_capacity(loaded.series.len()), loaded }
    }

    /// Looks at the next series, and returns whether there was one. Cost: O(n) for its n samples.
    pub fn advance(&mut self) -> bool {
        let Some(series) = self.loaded.series.get(self.seen.len()) else { return false };
        let counts = self.selects && is_counter(series, self.loaded.is_counter);
        let judged = series.values.get(self.loaded.query.history..).unwrap_or_default();
        let (missing, gaps) = count_missing(judged);
        self.seen.push(SeenSeries {
            growth: counts.then(|| growth(&series.values)),
            lifetime: Lifetime::of(&series.values),
            content: SeriesContent::of(judged),
            missing,
            gaps,
        });
        true
    }

    /// Looks at the rest of the series, and at all of them together. Cost: see [`crate::lifetimes::lives`].
    pub fn finish(mut self) -> Prepared {
        while self.advance() {}
        let Self { loaded, seen, .. } = self;
        let Loaded { query, series, .. } = &*loaded;
        let labels: Vec<_> = series.iter().map(|series| &series.labels).collect();
        let names = short_names(&labels);
        let own: Vec<&[f64]> =
            series.iter().zip(&seen).map(|(series, seen)| seen.judged(series)).collect();
        let edges = LifeEdges::of(query);
        let lifetimes: Vec<_> = seen.iter().map(|seen| seen.lifetime).collect();
        let found = crate::lifetimes::lives(&labels, &lifetimes, edges.tolerance);
        let trained = inheritance::trained(&own, &found.lives, edges);
        let successions = inheritance::successions(&own, &found.lives, query.step);
        let counts = seen.iter().any(|seen| seen.growth.is_some());
        let long_past = inheritance::long_past(&loaded, counts, &found.lives, edges);
        let prepared: Vec<Arc<PreparedSeries>> = series
            .iter()
            .zip(names)
            .zip(seen)
            .zip(trained)
            .zip(successions)
            .zip(found.lives)
            .map(|(((((series, name), seen), trained), succession), life)| {
                let SeenSeries { growth, content, missing, gaps, .. } = seen;
                let absent = inheritance::absent(&life, query.history, series.values.len());
                let (period, kept) = Default::default();
                Arc::new(PreparedSeries {
                    name,
                    growth,
                    content,
                    missing,
                    gaps,
                    absent,
                    life,
                    trained,
                    succession,
                    period,
                    kept,
                })
            })
            .collect();
        let suggest = || promql::suggest_rate(&query.expr, query.rate_window());
        let suggestion = counts.then(suggest).flatten();
        let (unit, replaced_label) = (Unit::from_query(&query.expr), found.replaced_label);
        Prepared { unit, loaded, series: prepared, suggestion, replaced_label, edges, long_past }
    }
}

impl SeenSeries {
    fn judged<'a>(&'a self, series: &'a Series) -> &'a [f64] {
        self.growth.as_ref().map_or(&series.values[..], |growth| &growth.values)
    }
}

fn count_missing(values: &[f64]) -> (usize, usize) {
    let (mut missing, mut gaps, mut inside) = (0, 0, false);
    for value in values {
        missing += usize::from(value.is_nan());
        gaps += usize::from(value.is_nan() && !inside);
        inside = value.is_nan();
    }
    (missing, gaps)
}
