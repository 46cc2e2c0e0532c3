//! Metrics of the server for `/metrics`; labels are configured or built in, never sent by a client.

pub mod self_history;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{
    BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use metrics_process::Collector;
use oddity_detect::time::Timestamp;

use crate::error::RejectionReason;
use crate::log;
use crate::metrics::self_history::MetricsHistory;

const BUILD: &str = "oddity_build_info";
const REQUESTS: &str = "oddity_http_requests_total";
const DURATION: &str = "oddity_http_request_duration_seconds";
const IN_FLIGHT: &str = "oddity_http_requests_in_flight";
const SENT: &str = "oddity_http_response_bytes_total";
const CONNECTIONS: &str = "oddity_http_connections";
const REJECTED: &str = "oddity_rejected_total";
const UPSTREAM_DURATION: &str = "oddity_upstream_duration_seconds";
const UPSTREAM_ERRORS: &str = "oddity_upstream_errors_total";
const RECEIVED: &str = "oddity_upstream_response_bytes_total";
const LOG_DROPPED: &str = "oddity_log_dropped_lines_total";
const NOTIFIED: &str = "oddity_notifications_total";

/// Upper bounds of the histograms in seconds; the last one is the default maximum time of a whole exchange.
const BUCKETS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 35.0];

/// Metrics of one server; several servers in a process do not share them.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    history: Arc<MetricsHistory>,
    process: Collector,
    in_flight: Gauge,
    connections: Gauge,
    log_dropped: Counter,
    /// Cached metrics by route, method and class of status: a look-up by labels takes longer than the rest of a request.
    routes: RwLock<HashMap<String, [[Option<RouteMeters>; 6]; METHODS.len() + 1]>>,
}

/// Metrics of one route, method and class of status.
struct RouteMeters {
    requests: Counter,
    duration: Histogram,
    sent: Counter,
}

/// Methods with a label of their own; others are counted together, since a client may invent any number of them.
const METHODS: [Method; 4] = [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS];

/// Increment of a gauge, reverted when dropped.
pub struct InFlightGuard(Gauge);

/// Counter of the bytes of responses as they are sent.
#[derive(Clone)]
pub struct SentBytes(Counter);

impl Metrics {
    /// Creates the metrics, all zero.
    ///
    /// # Errors
    /// [`BuildError`] for invalid buckets, which the constant ones are not.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS)?.build_recorder();
        let handle = recorder.handle();
        let process = Collector::default();
        let (in_flight, connections, log_dropped) = with_local_recorder(&recorder, || {
            use metrics::{describe_counter, describe_gauge, describe_histogram};
            describe_gauge!(BUILD, "Always 1, labelled by the version of the server.");
            describe_counter!(REQUESTS, "HTTP requests by route, method and status class.");
            describe_histogram!(DURATION, "Seconds until the response headers.");
            describe_gauge!(IN_FLIGHT, "HTTP requests in progress.");
            describe_counter!(SENT, "Bytes of response bodies sent, by route.");
            describe_gauge!(CONNECTIONS, "Open client connections.");
            describe_counter!(REJECTED, "Requests and connections rejected, by reason.");
            describe_counter!(
                LOG_DROPPED,
                "Log lines dropped because standard error did not take them."
            );
            describe_counter!(NOTIFIED, "Notifications by target and outcome.");
            describe_histogram!(UPSTREAM_DURATION, "Seconds until a source answered.");
            describe_counter!(UPSTREAM_ERRORS, "Failed requests to a source, by error class.");
            describe_counter!(RECEIVED, "Bytes of responses of sources, decompressed.");
            process.describe();
            gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            (gauge!(IN_FLIGHT), gauge!(CONNECTIONS), counter!(LOG_DROPPED))
        });
        let history = Arc::default();
        Ok(Self {
            recorder,
            handle,
            history,
            process,
            in_flight,
            connections,
            log_dropped,
            routes: RwLock::default(),
        })
    }

    /// Registers metrics of another module, which keeps them.
    pub fn register<T>(&self, meters: impl FnOnce() -> T) -> T {
        with_local_recorder(&self.recorder, meters)
    }

    /// Counts a request that `source` did not answer, by the class of its error.
    pub fn upstream_failed(&self, source: &str, class: &'static str) {
        with_local_recorder(&self.recorder, || {
            counter!(UPSTREAM_ERRORS, "source" => source.to_owned(), "class" => class).increment(1);
        });
    }

    /// Returns the histogram of the seconds that `source` needed for a request, answered or not.
    pub fn answered(&self, source: &str) -> Histogram {
        let source = source.to_owned();
        with_local_recorder(&self.recorder, || histogram!(UPSTREAM_DURATION, "source" => source))
    }

    /// Returns the counter of the bytes that `source` sends.
    pub fn received(&self, source: &str) -> Counter {
        with_local_recorder(&self.recorder, || counter!(RECEIVED, "source" => source.to_owned()))
    }

    /// Counts a request or a connection that was refused.
    pub fn rejected(&self, reason: RejectionReason) {
        with_local_recorder(&self.recorder, || {
            counter!(REJECTED, "reason" => reason.label()).increment(1);
        });
    }

    /// Registers the counters of a target at zero, so that rules see an increase when the first notification fails.
    pub fn expect_notifications(&self, target: &str) {
        with_local_recorder(&self.recorder, || {
            for outcome in ["sent", "failed"] {
                counter!(NOTIFIED, "target" => target.to_owned(), "outcome" => outcome)
                    .increment(0);
            }
        });
    }

    /// Counts a notification to a configured target.
    pub fn notified(&self, target: &str, outcome: &'static str) {
        with_local_recorder(&self.recorder, || {
            counter!(NOTIFIED, "target" => target.to_owned(), "outcome" => outcome).increment(1);
        });
    }

    /// Counts an open connection until the result is dropped.
    pub fn connection(&self) -> InFlightGuard {
        Self::count(self.connections.clone())
    }

    /// Moves observations into the buckets and keeps a sample a minute; to be called every few seconds.
    pub fn upkeep(&self, now: Timestamp) {
        self.handle.run_upkeep();
        self.history.record(now.0.div_euclid(60_000), || self.handle.render());
    }

    /// Renders the metrics in Prometheus' text format, after reading those of the process.
    fn render(&self) -> String {
        with_local_recorder(&self.recorder, || self.process.collect());
        self.log_dropped.absolute(log::dropped_lines());
        self.handle.render()
    }

    /// Returns the metrics of the last day.
    pub fn history(&self) -> Arc<MetricsHistory> {
        self.history.clone()
    }

    fn count(gauge: Gauge) -> InFlightGuard {
        gauge.increment(1.0);
        InFlightGuard(gauge)
    }

    /// Counts a request and its duration, and returns the counter of the bytes of its response.
    fn request(
        &self,
        route: &str,
        method: &Method,
        status: StatusCode,
        elapsed: Duration,
    ) -> SentBytes {
        let method = METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len());
        let class = usize::from(status.as_u16() / 100).min(5);
        let count = |meters: &RouteMeters| {
            meters.requests.increment(1);
            meters.duration.record(elapsed.as_secs_f64());
            SentBytes(meters.sent.clone())
        };
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(meters) = known.get(route).and_then(|route| route[method][class].as_ref()) {
            return count(meters);
        }
        drop(known);
        let meters = self.meters(route, METHODS.get(method), class);
        let sent = count(&meters);
        let mut known = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(route.to_owned()).or_default()[method][class] = Some(meters);
        sent
    }

    fn meters(&self, route: &str, method: Option<&Method>, class: usize) -> RouteMeters {
        let labels = [
            ("route", route.to_owned()),
            ("method", method.map_or("other", Method::as_str).to_owned()),
            ("status", format!("{class}xx")),
        ];
        with_local_recorder(&self.recorder, || RouteMeters {
            requests: counter!(REQUESTS, &labels),
            duration: histogram!(DURATION, &labels),
            sent: counter!(SENT, "route" => route.to_owned()),
        })
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl SentBytes {
    /// Adds a number of bytes.
    pub fn add(&self, bytes: usize) {
        self.0.increment(bytes as u64);
    }
}

/// Request in progress.
pub struct RequestObservation<'a> {
    metrics: &'a Metrics,
    route: Option<MatchedPath>,
    method: Method,
    start: Instant,
    _in_flight: InFlightGuard,
}

impl<'a> RequestObservation<'a> {
    /// Starts the observation of a request.
    pub fn start(metrics: &'a Metrics, request: &Request) -> Self {
        Self {
            metrics,
            route: request.extensions().get().cloned(),
            method: request.method().clone(),
            start: Instant::now(),
            _in_flight: Metrics::count(metrics.in_flight.clone()),
        }
    }

    /// Counts the request with its response.
    pub fn end(self, response: &mut Response) {
        let (status, elapsed) = (response.status(), self.start.elapsed());
        if let Some(reason) = response.extensions().get::<RejectionReason>() {
            self.metrics.rejected(*reason);
        }
        let route = self.route.as_ref().map_or("page", MatchedPath::as_str);
        let sent = self.metrics.request(route, &self.method, status, elapsed);
        response.extensions_mut().insert(sent);
    }
}

/// Answers `GET /metrics`.
pub async fn show(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}
