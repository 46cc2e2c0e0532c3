//! Series that come and go, applied to an analysis: what a new series learns from, and which verdicts the edges of a life
//! do not allow.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::Prepared;
use crate::counter::growth;
use crate::lifetimes::{Life, Lifetime, with_inherited_past};
use oddity_detect::detect::{Detection, Detector, Succession};
use oddity_detect::series::{Grid, Labels};
use oddity_detect::stats::median::finite_median;
use oddity_detect::stats::quantile::MAD_TO_STD;
use oddity_detect::time::{Span, Step};
use oddity_source::prometheus::Loaded;
use oddity_source::promql;
use oddity_source::query::RangeQuery;

/// Time by which the end of a series and the start of its successor may lie apart.
const TOLERANCE: Span = Span::from_seconds(900);

/// Minimum number of steps by which they may lie apart.
const MIN_TOLERANCE: usize = 3;

/// Lengths in samples around the start and the end of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LifeEdges {
    /// Number of samples by which the end of a series and the start of its successor may lie apart.
    pub(super) tolerance: usize,
    /// Number of samples after the start and before the end that depend on time without samples: the range of a rate.
    pub(super) edge: usize,
}

impl LifeEdges {
    pub(super) fn of(query: &RangeQuery) -> Self {
        let window = promql::longest_range(&query.expr);
        let tolerance = steps(TOLERANCE, query.step).max(MIN_TOLERANCE);
        Self { tolerance, edge: steps(window, query.step) + 1 }
    }

    /// Returns the number of samples after which a successor is judged: those that its predecessor is chosen by, and as many
    /// as any series needs.
    fn newborn(self, detector: Detector) -> usize {
        (self.tolerance + self.tolerance / 3 + 1).max(detector.min_past()).max(self.edge)
    }
}

/// Returns the number of steps that a length of time covers.
fn steps(span: Span, step: Step) -> usize {
    usize::try_from(span.millis().div_ceil(step.millis()))
        .unwrap_or(usize::MAX / 4)
        .min(usize::MAX / 4)
}

/// Returns the values that each series is judged by, where it inherits a past; `own` are those that are judged.
pub(super) fn trained(own: &[&[f64]], lives: &[Life], edges: LifeEdges) -> Vec<Option<Vec<f64>>> {
    let mut trained: Vec<Option<Vec<f64>>> = vec![None; own.len()];
    let heirs = lives
        .iter()
        .enumerate()
        .filter_map(|(series, life)| Some((life.lifetime?.first, series, life.predecessor?)));
    let mut heirs: Vec<_> = heirs.collect();
    // A predecessor is older, so that its own past is complete when it is inherited.
    heirs.sort_unstable();
    for (birth, series, predecessor) in heirs {
        let past = trained[predecessor].as_deref().unwrap_or(own[predecessor]);
        trained[series] = Some(with_inherited_past(own[series], past, birth, edges.edge));
    }
    trained
}

/// Takes back what a life does not allow to say: verdicts near its start and after its end, and everything about inherited
/// samples. Returns the samples that are judged by the series alone.
pub(super) fn confine(
    detection: &mut Detection,
    life: &Life,
    edges: LifeEdges,
    detector: Detector,
) -> Range<usize> {
    let len = detection.judged.len();
    let Some(lifetime) = life.lifetime else { return 0..len };
    let mut alone = 0..len;
    if life.began {
        let learns = detector.min_past() > 0;
        if life.predecessor.is_some() && learns {
            detection.inherit_before(lifetime.first);
            detection
                .withhold(lifetime.first..lifetime.first.saturating_add(edges.newborn(detector)));
            alone.start = lifetime.first.saturating_add(detector.history()).min(len);
        } else {
            detection.withhold(lifetime.first..lifetime.first.saturating_add(edges.edge));
            alone.start = lifetime.first.saturating_add(edges.edge).min(len);
        }
    }
    if life.has_ended() {
        alone.end = (lifetime.last + 1).saturating_sub(edges.edge).max(alone.start).min(len);
        detection.withhold((lifetime.last + 1).saturating_sub(edges.edge)..len);
    }
    alone
}

/// Returns the number of missing samples of the judged range before a series began or after it ended, and the number of
/// stretches that they form.
pub(super) fn absent(life: &Life, history: usize, len: usize) -> (usize, usize) {
    let Some(lifetime) = life.lifetime else { return (0, 0) };
    let before = lifetime.first.saturating_sub(history);
    let after =
        if life.has_ended() { len.saturating_sub((lifetime.last + 1).max(history)) } else { 0 };
    (before + after, usize::from(before > 0) + usize::from(after > 0))
}

/// Number of other members of a family whose levels are compared.
const MAX_SIBLINGS: usize = 16;

/// Time before the start of a series in which the levels of its family are compared.
const SIBLING_TIME: Span = Span::from_seconds(86_400);

/// Minimum number of members of a family from which the spread of their levels is known.
const MIN_SIBLINGS: usize = 3;

/// Returns where the own samples of each series begin that inherits a past, with the spread of the levels of its family on
/// the day before: the median absolute deviation of their medians, scaled as a standard deviation. 0 for a small family.
pub(super) fn successions(own: &[&[f64]], lives: &[Life], step: Step) -> Vec<Option<Succession>> {
    let mut families: HashMap<usize, Vec<usize>> = HashMap::new();
    for (series, life) in lives.iter().enumerate().filter(|(_, life)| life.lifetime.is_some()) {
        families.entry(life.family).or_default().push(series);
    }
    let before = steps(SIBLING_TIME, step);
    let spread = |life: &Life, birth: usize| {
        let window = birth.saturating_sub(before)..birth;
        let members = families.get(&life.family).map(Vec::as_slice).unwrap_or_default();
        let levels = members
            .iter()
            .filter_map(|member| finite_median(&mut own[*member].get(window.clone())?.to_vec()));
        let mut levels: Vec<f64> = levels.take(MAX_SIBLINGS).collect();
        let middle = finite_median(&mut levels).filter(|_| levels.len() >= MIN_SIBLINGS)?;
        let mut distances: Vec<f64> = levels.iter().map(|level| (level - middle).abs()).collect();
        finite_median(&mut distances).map(|distance| distance * MAD_TO_STD)
    };
    lives
        .iter()
        .map(|life| {
            let birth = life.predecessor.and(life.lifetime)?.first;
            Some(Succession { own: birth, spread: spread(life, birth).unwrap_or(0.0) })
        })
        .collect()
}

/// Coarse samples of the weeks before a range, with those that series inherit.
#[derive(Debug)]
pub(super) struct InheritedLongPast {
    grid: Grid,
    /// One a series of the query; empty where there is none.
    values: Vec<Vec<f64>>,
}

/// Builds the long past of each series: its own coarse samples, before them those of the series that it continues, also of
/// one that ended before the range. `counts` tells that growth is judged, which is that of one step of the query.
pub(super) fn long_past(
    loaded: &Loaded,
    counts: bool,
    lives: &[Life],
    edges: LifeEdges,
) -> Option<InheritedLongPast> {
    let past = loaded.long_past.as_ref()?;
    let step = loaded.query.step;
    let share = step.millis() as f64 / past.grid.step.millis() as f64;
    let all: Vec<(&Labels, &Arc<[f64]>)> = past.series.iter().collect();
    let labels: Vec<&Labels> = all.iter().map(|(labels, _)| *labels).collect();
    let lifetimes: Vec<_> = all.iter().map(|(_, values)| Lifetime::of(values)).collect();
    let coarse = LifeEdges {
        tolerance: steps(TOLERANCE, past.grid.step).max(MIN_TOLERANCE),
        edge: steps(step.times(edges.edge), past.grid.step),
    };
    let found = crate::lifetimes::lives(&labels, &lifetimes, coarse.tolerance);
    let own: Vec<Vec<f64>> = all
        .iter()
        .map(|(_, values)| match counts {
            true => growth(values).values.into_iter().map(|grown| grown * share).collect(),
            false => values.to_vec(),
        })
        .collect();
    let own: Vec<&[f64]> = own.iter().map(Vec::as_slice).collect();
    let inherited = trained(&own, &found.lives, coarse);
    let places: HashMap<&Labels, usize> =
        labels.iter().enumerate().map(|(at, labels)| (*labels, at)).collect();
    let coarse_of = |series: usize| -> &[f64] {
        match loaded.series.get(series).and_then(|series| places.get(&series.labels)) {
            Some(&at) => inherited[at].as_deref().unwrap_or(own[at]),
            None => &[],
        }
    };
    let mut values: Vec<Vec<f64>> =
        (0..loaded.series.len()).map(|series| coarse_of(series).to_vec()).collect();
    // Oldest first, so that a chain of successors inherits from its beginning.
    let mut heirs: Vec<(usize, usize, usize)> = lives
        .iter()
        .enumerate()
        .filter_map(|(series, life)| Some((life.lifetime?.first, series, life.predecessor?)))
        .collect();
    heirs.sort_unstable();
    let fine = loaded.query.grid();
    for (birth, series, predecessor) in heirs {
        let birth = past.grid.nearest(fine.at(birth)).unwrap_or(past.grid.len);
        if values[predecessor].is_empty() {
            continue;
        }
        let mut own = std::mem::take(&mut values[series]);
        own.resize(past.grid.len, f64::NAN);
        values[series] = with_inherited_past(&own, &values[predecessor], birth, coarse.edge);
    }
    Some(InheritedLongPast { grid: past.grid, values })
}

impl Prepared {
    /// Returns the values that a series is judged by: its own, after those that it inherits.
    pub(super) fn judged_by(&self, index: usize) -> &[f64] {
        let series = &self.series[index];
        series.trained.as_deref().unwrap_or_else(|| series.judged(&self.loaded.series[index]))
    }

    /// Returns the coarse samples of the weeks before a series, with those that it inherits; empty where it has none,
    /// `None` where none were fetched.
    pub(super) fn long_past(&self, index: usize) -> Option<(Grid, &[f64])> {
        let past = self.long_past.as_ref()?;
        Some((past.grid, past.values.get(index).map(Vec::as_slice).unwrap_or_default()))
    }
}
