use super::param::{ParamField, named_choice};
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, NormalRange, Param, ParamKind,
    Quantity, words,
};

mod cluster;
mod group;

pub use group::PeerGroup;

/// Peers: each series of the query against all of them at the same time, itself included. It finds the one
/// replica that behaves differently, whatever all of them do together; it learns nothing from the past.
///
/// - `quartiles`: `expected` is the median of the group and the scale its quartile range over 1.349,
///   interpolated as Prometheus' `quantile()` does. One odd series moves neither from 5 series on; with 3 none
///   can score above 2.7, with 4 none above 5.4.
/// - `dbscan`: DBSCAN with a majority as its fewest points, so that there is one main cluster, and with
///   `tolerance` times the median distance to the majority's farthest as its radius. What lies in the main
///   cluster scores nothing, what lies outside its distance in radii; for groups of two habits or a long tail.
///
/// The spread of few samples varies much, and the more the fewer they are. Measured on normal noise that the
/// series do not share, at 12: one event of a series in 10,000 samples with 10 of them, one in 1,000,000 with 20
/// and 44 with 5, where the threshold wants to be higher.
///
/// No verdict where fewer than 3 series have a finite sample.
///
/// Cost: O(n) a series, and O(n m log m) once for the m series of a query. Source: Ester, Kriegel, Sander and
/// Xu, "A density-based algorithm for discovering clusters" (1996), radius by its sorted k-distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peers {
    /// Definition of what is normal in the group.
    pub method: PeerMethod,
    /// Radius of DBSCAN, in median distances to the majority.
    pub tolerance: f64,
}

/// Definition of what is normal in a group of series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeerMethod {
    /// The middle of the group, by its quartiles.
    #[default]
    Quartiles,
    /// The main cluster of the group (DBSCAN).
    Dbscan,
}

named_choice!(PeerMethod { Quartiles = "quartiles", Dbscan = "dbscan" });

const METHOD: Param = Param::choice(
    "method",
    "Normal is",
    "The middle of the group by its quartiles, which can be exported as a Prometheus rule, or its main cluster (DBSCAN).",
    PeerMethod::WORDS,
);

const TOLERANCE: Param = Param {
    id: "tolerance",
    label: "Cluster radius",
    help: "Distance within which a majority must lie around a member of the cluster, in medians of that distance. For DBSCAN only.",
    min: 0.5,
    max: 10.0,
    default: 1.0,
    kind: ParamKind::Number,
};

/// Fewest series with a sample that make a group.
pub const MIN_PEERS: usize = 3;

/// Nothing is learnt, so a new level is never accepted; after this many samples it is called one.
const LEVEL_SHIFT_AFTER: usize = 60;

impl Default for Peers {
    fn default() -> Self {
        Self { method: PeerMethod::default(), tolerance: TOLERANCE.default }
    }
}

impl Algorithm for Peers {
    const ABOUT: About = About {
        id: "peers",
        name: "Odd one out",
        group: DetectorGroup::Comparison,
        summary: "Each series against the others at the same time.",
        threshold: 12.0,
        alert_threshold: None,
        causal: true,
        params: &[METHOD, TOLERANCE],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        match index {
            0 => ParamField::Choice(&mut self.method),
            _ => ParamField::Number(&mut self.tolerance),
        }
    }

    fn history(&self) -> usize {
        0
    }

    fn group(&self, series: &[&[f64]]) -> Option<PeerGroup> {
        Some(match self.method {
            PeerMethod::Quartiles => PeerGroup::by_quartiles(series),
            PeerMethod::Dbscan => PeerGroup::by_clusters(series, self.tolerance),
        })
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let judged = input.values.to_vec();
        let len = judged.len();
        let Some(group) =
            input.group.filter(|group| group.of >= MIN_PEERS && group.center.len() == len)
        else {
            let words = words::too_few_peers(MIN_PEERS);
            let none = || vec![f64::NAN; len];
            return Detection::judge(
                Quantity::Value,
                judged,
                none(),
                none(),
                words,
                LEVEL_SHIFT_AFTER,
            );
        };
        let words = words::peers(group.of);
        let (center, scale) = (group.center.clone(), group.scale.clone());
        let found =
            Detection::judge(Quantity::Value, judged, center, scale, words, LEVEL_SHIFT_AFTER);
        match &group.cluster {
            Some(cluster) => found.with_normal(cluster.clone()),
            None => found,
        }
    }
}
