use serde::{Deserialize, Serialize};

use super::{MIN_PEERS, NormalRange, cluster};
use crate::stats::quantile::QUARTILE_RANGE;
use crate::stats::sorted::quantile;

/// Statistics of all series of a query at each sample, NaN where fewer than 3 of them have a finite one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PeerGroup {
    /// Number of series.
    pub of: usize,
    /// Median of all series, or of the main cluster.
    pub center: Vec<f64>,
    /// Scaled quartile range, `(q75 - q25) / 1.349`, or the radius of DBSCAN.
    pub scale: Vec<f64>,
    /// Range of the main cluster, where there are clusters.
    pub cluster: Option<NormalRange>,
}

impl PeerGroup {
    /// Computes median and scaled quartile range at each sample. The series share a grid. Cost: a sort for each sample.
    pub fn by_quartiles(series: &[&[f64]]) -> Self {
        let mut group = Self::of(series);
        each_sample(series, |at, sorted| {
            let [low, center, high] = [0.25, 0.5, 0.75].map(|rank| quantile(sorted, rank));
            group.center[at] = center;
            group.scale[at] = (high - low) / QUARTILE_RANGE;
        });
        group
    }

    /// Computes the main cluster at each sample, its median and the radius. The series share a grid. Cost: a sort for
    /// each sample.
    pub fn by_clusters(series: &[&[f64]], tolerance: f64) -> Self {
        let mut group = Self::of(series);
        let (mut lowest, mut highest) = (group.center.clone(), group.center.clone());
        let mut distances = Vec::with_capacity(series.len());
        each_sample(series, |at, sorted| {
            let majority = sorted.len() / 2 + 1;
            let radius = tolerance * cluster::median_reach(sorted, majority, &mut distances);
            let Some(members) = cluster::main(sorted, majority, radius) else { return };
            lowest[at] = sorted[members.start];
            highest[at] = sorted[members.end - 1];
            group.center[at] = quantile(&sorted[members], 0.5);
            group.scale[at] = radius;
        });
        Self { cluster: Some(NormalRange { lowest, highest }), ..group }
    }

    /// Adds the statistics of the samples that follow, of the same series and by the same method.
    pub fn append(&mut self, next: Self) {
        self.center.extend(next.center);
        self.scale.extend(next.scale);
        if let (Some(cluster), Some(next)) = (&mut self.cluster, next.cluster) {
            cluster.lowest.extend(next.lowest);
            cluster.highest.extend(next.highest);
        }
    }

    fn of(series: &[&[f64]]) -> Self {
        let nothing = vec![f64::NAN; series.iter().map(|values| values.len()).min().unwrap_or(0)];
        Self { of: series.len(), center: nothing.clone(), scale: nothing, cluster: None }
    }
}

/// Calls `visit` with the finite values of all series at each sample, ascending, where there are enough.
fn each_sample(series: &[&[f64]], mut visit: impl FnMut(usize, &[f64])) {
    let len = series.iter().map(|values| values.len()).min().unwrap_or(0);
    let mut sorted = Vec::with_capacity(series.len());
    for at in 0..len {
        sorted.clear();
        // Minus zero is zero.
        sorted.extend(series.iter().map(|values| values[at] + 0.0).filter(|v| v.is_finite()));
        if sorted.len() >= MIN_PEERS {
            sorted.sort_unstable_by(f64::total_cmp);
            visit(at, &sorted);
        }
    }
}
