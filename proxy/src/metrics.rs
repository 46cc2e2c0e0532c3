//! What the server counts about itself, for `/metrics`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::{Gauge, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use crate::fault::Fault;

const DURATION: &str = "oddity_http_request_duration_seconds";
const REQUESTS: &str = "oddity_http_requests_total";
const IN_FLIGHT: &str = "oddity_http_requests_in_flight";
const UPSTREAM_ERRORS: &str = "oddity_upstream_errors_total";

/// Upper bounds in seconds; the last one is the time a whole exchange has.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 35.0];

/// The meters of one server; several servers in a process do not share them.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

/// One request that has no answer yet.
struct InFlight(Gauge);

impl Metrics {
    /// Meters at zero.
    ///
    /// # Errors
    /// Never with the buckets above.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS)?
            .build_recorder();
        let handle = recorder.handle();
        with_local_recorder(&recorder, || {
            use metrics::{describe_counter, describe_gauge, describe_histogram};
            describe_counter!(REQUESTS, "Requests by route, method and class of status.");
            describe_histogram!(DURATION, "Seconds until the head of the answer.");
            describe_gauge!(IN_FLIGHT, "Requests without an answer yet.");
            describe_counter!(
                UPSTREAM_ERRORS,
                "Questions that a source did not answer, by reason."
            );
        });
        Ok(Self { recorder, handle })
    }

    /// A question that `source` did not answer.
    pub fn upstream_fault(&self, source: &str, fault: Fault) {
        with_local_recorder(&self.recorder, || {
            counter!(UPSTREAM_ERRORS, "source" => source.to_owned(), "class" => fault.class())
                .increment(1);
        });
    }

    /// Moves what was observed into the buckets; to be called every few seconds.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    fn start(&self) -> InFlight {
        let gauge = with_local_recorder(&self.recorder, || gauge!(IN_FLIGHT));
        gauge.increment(1.0);
        InFlight(gauge)
    }

    fn request(&self, route: &str, method: &Method, status: StatusCode, elapsed: Duration) {
        let labels = [
            ("route", route.to_owned()),
            ("method", method_label(method).to_owned()),
            ("status", format!("{}xx", status.as_u16() / 100)),
        ];
        with_local_recorder(&self.recorder, || {
            counter!(REQUESTS, &labels).increment(1);
            histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
        });
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// A client may invent methods; each label costs memory.
fn method_label(method: &Method) -> &str {
    match *method {
        Method::GET | Method::HEAD | Method::POST | Method::OPTIONS => method.as_str(),
        _ => "other",
    }
}

/// Layer: counts, times and logs every request.
pub async fn observe(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("page", MatchedPath::as_str);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let in_flight = metrics.start();
    let start = Instant::now();
    let response = next.run(request).await;
    let (status, elapsed) = (response.status(), start.elapsed());
    drop(in_flight);
    metrics.request(route, &method, status, elapsed);
    let path: String = path.chars().take(200).collect();
    tracing::info!(%method, path, status = status.as_u16(), ms = elapsed.as_millis(), "request");
    response
}

/// `GET /metrics`.
pub async fn show(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.handle.render())
}
