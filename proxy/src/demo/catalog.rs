//! Which series the demo source has, and what is planted in each.

mod service;
mod system;

use std::sync::Arc;

use oddity_analysis::api::ExampleQuery;
use oddity_detect::series::{Labels, METRIC_NAME};
use oddity_detect::time::Timestamp;

use super::signal::{Moment, Noise, PAST};
use crate::metrics::self_history::{MetricsHistory, OWN_METRICS, OwnMetric};

/// Milliseconds between two samples of a series.
pub(super) const SCRAPE_INTERVAL: i64 = 60_000;

/// Metadata of a metric, as Prometheus has them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    /// The family's name, without `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    pub help: &'static str,
    pub unit: &'static str,
}

/// The value of a sample, or none where the scrape failed.
type Signal = Box<dyn Fn(Moment) -> Option<f64> + Send + Sync>;

/// One series: its labels, when it is scraped and what its samples are.
pub(super) struct DemoSeries {
    pub labels: Labels,
    /// Time of sample 0 in milliseconds: the anchor's minute and an offset of its own in it.
    origin: i64,
    signal: Signal,
}

impl DemoSeries {
    /// Number of the first sample.
    pub(super) const FIRST: i64 = -PAST;

    /// Returns the time of a sample in milliseconds.
    pub(super) fn time(&self, index: i64) -> i64 {
        self.origin + index * SCRAPE_INTERVAL
    }

    /// Returns the number of the last sample at or before `time`.
    pub(super) fn index_at(&self, time: i64) -> i64 {
        time.saturating_sub(self.origin).div_euclid(SCRAPE_INTERVAL)
    }

    /// Returns the value of a sample; none before the first and where the scrape failed.
    pub(super) fn sample(&self, index: i64) -> Option<f64> {
        if index < Self::FIRST {
            return None;
        }
        let minutes_of = |millis: i64| millis as f64 / SCRAPE_INTERVAL as f64;
        let anchor = self.origin.div_euclid(SCRAPE_INTERVAL) * SCRAPE_INTERVAL;
        (self.signal)(Moment {
            index,
            minutes: minutes_of(self.time(index) - anchor),
            utc: minutes_of(self.time(index)),
        })
    }
}

/// Collects series while their signals are described.
struct Builder {
    anchor: i64,
    series: Vec<DemoSeries>,
}

impl Builder {
    fn add(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        signal: impl Fn(Moment, Noise) -> Option<f64> + Send + Sync + 'static,
    ) {
        let pairs = std::iter::once((METRIC_NAME, name)).chain(labels.iter().copied());
        let labels = Labels::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let noise = Noise::new(&labels.to_string());
        self.series.push(DemoSeries {
            origin: self.anchor + scrape_offset(noise),
            labels,
            signal: Box::new(move |moment| signal(moment, noise)),
        });
    }
}

/// Returns milliseconds into the minute, never on a whole second and so on no usual step's grid.
fn scrape_offset(noise: Noise) -> i64 {
    let seed = noise.seed();
    (1 + seed % 58) as i64 * 1_000 + 1 + (seed / 58 % 999) as i64
}

/// Makes all series around an anchor, in the order of their labels. The anchor is floored to its minute.
pub(super) fn series(anchor: Timestamp) -> Vec<DemoSeries> {
    let anchor = anchor.0.div_euclid(SCRAPE_INTERVAL) * SCRAPE_INTERVAL;
    let mut builder = Builder { anchor, series: Vec::new() };
    service::add(&mut builder);
    system::add(&mut builder);
    builder.series.sort_by(|a, b| a.labels.cmp(&b.labels));
    builder.series
}

/// Makes the series of the server's own metrics, which are as they were and not made up.
pub(super) fn own(anchor: Timestamp, history: &Arc<MetricsHistory>) -> Vec<DemoSeries> {
    let anchor = anchor.0.div_euclid(SCRAPE_INTERVAL) * SCRAPE_INTERVAL;
    let mut builder = Builder { anchor, series: Vec::new() };
    for (place, own) in OWN_METRICS.iter().enumerate() {
        let history = history.clone();
        builder.add(own.name, &[("job", "oddity")], move |moment, _| {
            // Minutes since 1970 fit by far.
            #[allow(clippy::cast_possible_truncation)]
            let minute = moment.utc.floor() as i64;
            history.sample(place, minute)
        });
    }
    builder.series
}

/// Returns the metadata of every metric.
pub(super) fn metrics() -> impl Iterator<Item = Metric> {
    let own =
        OWN_METRICS.map(|OwnMetric { name, kind, help }| Metric { name, kind, help, unit: "" });
    service::METRICS.into_iter().chain(system::METRICS).chain(own)
}

/// Returns queries worth showing to a newcomer.
pub(super) fn examples() -> Vec<ExampleQuery> {
    [
        ("rate(dhcp_lease_count[5m]) * 60", "DHCP leases a minute, with a spike"),
        ("node_cpu_utilisation_ratio", "four nodes, of which one misbehaves"),
        (
            "histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
            "HTTP latency with a level shift",
        ),
        ("cache_hit_ratio", "a hundred shards, of which one breaks down"),
        ("dns_validator_mismatch_total", "a raw counter whose rate drifts away: take the rate"),
        (
            "process_resident_memory_bytes",
            "two processes that a restart frees every eight hours, of which one begins to leak",
        ),
        ("rate(node_network_receive_errs_total[5m])", "interface errors in bursts"),
        ("queue_depth", "half an hour without samples"),
        ("room_temperature_celsius", "a sensor that stops moving"),
        ("ntp_offset_seconds", "a healthy control"),
    ]
    .map(|(expr, about)| ExampleQuery { expr: expr.to_owned(), about: about.to_owned() })
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANCHOR: Timestamp = Timestamp(1_768_469_820_000);

    #[test]
    fn stamps_lie_off_the_grid_of_usual_steps() {
        for series in series(ANCHOR) {
            assert_ne!(series.time(0) % 1_000, 0, "{}", series.labels);
            let at = series.time(-7);
            assert_eq!((series.index_at(at), series.index_at(at - 1)), (-7, -8));
        }
    }

    #[test]
    fn counters_never_fall_but_at_a_restart() {
        let counter = |labels: &Labels| {
            labels.metric_name().is_some_and(|name| {
                ["_total", "_count", "_bucket", "_sum"].iter().any(|end| name.ends_with(end))
            })
        };
        let mut seen = 0;
        for series in series(ANCHOR).iter().filter(|series| counter(&series.labels)) {
            let restarts = series.labels.metric_name() == Some("http_requests_total");
            for range in [-PAST..-PAST + 5_000, -6_000..6_000] {
                let values: Vec<f64> = range.filter_map(|index| series.sample(index)).collect();
                let falls = values.windows(2).filter(|pair| pair[1] < pair[0]).count();
                assert!(falls <= usize::from(restarts), "{}: {falls}", series.labels);
                assert!(values.iter().all(|value| *value >= 0.0), "{}", series.labels);
            }
            seen += 1;
        }
        assert!(seen > 15);
    }

    #[test]
    fn there_are_some_dozen_series_and_one_metric_of_a_hundred() {
        let all = series(ANCHOR);
        let shards = all.iter().filter(|s| s.labels.metric_name() == Some("cache_hit_ratio"));
        assert_eq!(shards.count(), 100);
        assert!((15..=50).contains(&(all.len() - 100)), "{}", all.len());
        assert!(all.windows(2).all(|pair| pair[0].labels < pair[1].labels));
    }
}
