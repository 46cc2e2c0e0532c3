//! The servers that speak PromQL, all with the same samples.

use std::net::SocketAddr;

use super::prometheus::Prometheus;
use super::victoria::VictoriaMetrics;

/// A Prometheus 2, a Prometheus 3 and a VictoriaMetrics, as far as they are available.
pub(crate) struct EveryServer {
    older: Option<Prometheus>,
    newer: Option<Prometheus>,
    victoria: Option<VictoriaMetrics>,
}

impl EveryServer {
    /// Starts them with the samples of an OpenMetrics text.
    ///
    /// # Panics
    /// If one of them is available and does not start.
    pub(crate) async fn with_samples(openmetrics: &str) -> Self {
        Self {
            older: Prometheus::with_samples(openmetrics).await,
            newer: Prometheus::newer(openmetrics).await,
            victoria: VictoriaMetrics::with_samples(openmetrics).await,
        }
    }

    /// Lists the servers that run, by name.
    pub(crate) fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        let older = self.older.as_ref().map(|server| ("Prometheus 2", server.address()));
        let newer = self.newer.as_ref().map(|server| ("Prometheus 3", server.address()));
        let victoria = self.victoria.as_ref().map(|server| ("VictoriaMetrics", server.address()));
        [older, newer, victoria].into_iter().flatten().collect()
    }
}
