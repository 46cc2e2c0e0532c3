//! The server's own metrics of the last day, one sample a minute, which the demo source shows beside its synthetic series.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Maximum number of minutes kept.
const MAX_MINUTES: usize = 1_440;

/// Metric of the server that is kept, summed over its labels.
#[derive(Clone, Copy, Debug)]
pub struct OwnMetric {
    /// Name as in `/metrics`.
    pub name: &'static str,
    /// `counter` or `gauge`.
    pub kind: &'static str,
    /// Help text.
    pub help: &'static str,
}

/// Metrics of the server that are kept.
pub const OWN_METRICS: [OwnMetric; 4] = [
    OwnMetric {
        name: "oddity_http_connections",
        kind: "gauge",
        help: "Open connections to this server.",
    },
    OwnMetric {
        name: "oddity_http_requests_total",
        kind: "counter",
        help: "Requests to this server since it started.",
    },
    OwnMetric {
        name: "oddity_rejected_total",
        kind: "counter",
        help: "Requests that this server rejected since it started.",
    },
    OwnMetric {
        name: "oddity_upstream_errors_total",
        kind: "counter",
        help: "Failed requests to sources since this server started.",
    },
];

/// Samples by their minute since 1970.
#[derive(Default)]
pub struct MetricsHistory(Mutex<BTreeMap<i64, [f64; OWN_METRICS.len()]>>);

impl MetricsHistory {
    /// Records the first sample of a minute from the exposition of `/metrics`; later ones are dropped.
    pub fn record(&self, minute: i64, exposition: impl FnOnce() -> String) {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minutes.contains_key(&minute) {
            return;
        }
        let text = exposition();
        minutes.insert(minute, OWN_METRICS.map(|own| sum(&text, own.name)));
        while minutes.len() > MAX_MINUTES {
            minutes.pop_first();
        }
    }

    /// Returns the sample of the metric at an index of [`OWN_METRICS`], if one was taken in that minute.
    pub fn sample(&self, own: usize, minute: i64) -> Option<f64> {
        let minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        minutes.get(&minute)?.get(own).copied()
    }
}

/// Sums the series of one metric; zero if there is none.
fn sum(exposition: &str, name: &str) -> f64 {
    let values = exposition.lines().filter_map(|line| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']))?;
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    });
    // The sum of nothing is a negative zero.
    values.fold(0.0, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_sums_is_kept() {
        let history = MetricsHistory::default();
        let text = "# TYPE oddity_http_requests_total counter\noddity_http_requests_total{a=\"b c\"} 2\n\
                    oddity_http_requests_total{a=\"d\"} 3\noddity_http_requests_total_other 9\n";
        for minute in 0..=MAX_MINUTES as i64 {
            history.record(minute, || text.to_owned());
        }
        history.record(5, || panic!("asked twice in a minute"));
        assert_eq!(history.sample(1, 5), Some(5.0));
        assert_eq!(history.sample(0, 5).map(f64::to_bits), Some(0));
        assert_eq!(history.sample(1, 0), None);
        assert_eq!(history.sample(1, MAX_MINUTES as i64 + 1), None);
    }
}
