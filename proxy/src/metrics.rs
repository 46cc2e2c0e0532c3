//! What the server counts about itself, for `/metrics`: labelled by what is configured or built in, never by what a
//! client sends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::{Counter, Gauge, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{
    BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use crate::error::Reason;
use crate::fault::Fault;

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

/// Upper bounds in seconds; the last one is the time a whole exchange has.
const BUCKETS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 35.0];

/// The meters of one server; several servers in a process do not share them.
///
/// Routes that ask a language model or notify people will count their tokens and what is left of their budget here,
/// as `oddity_llm_tokens_total` and `oddity_llm_budget_tokens`.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

/// One more of something that is under way, until this is dropped.
pub struct InFlight(Gauge);

/// Counts the bytes of an answer as they are sent.
#[derive(Clone)]
pub struct Sent(Counter);

impl Metrics {
    /// Meters at zero.
    ///
    /// # Errors
    /// Never with the buckets above.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS)?.build_recorder();
        let handle = recorder.handle();
        with_local_recorder(&recorder, || {
            use metrics::{describe_counter, describe_gauge, describe_histogram};
            describe_gauge!(BUILD, "Always 1; its label is the version of this server.");
            describe_counter!(REQUESTS, "Requests by route, method and class of status.");
            describe_histogram!(DURATION, "Seconds until the head of the answer.");
            describe_gauge!(IN_FLIGHT, "Requests without an answer yet.");
            describe_counter!(SENT, "Bytes of answers' bodies that were sent, by route.");
            describe_gauge!(CONNECTIONS, "Open connections of clients.");
            describe_counter!(REJECTED, "Requests and connections that were refused, by reason.");
            describe_histogram!(UPSTREAM_DURATION, "Seconds until a source has answered.");
            describe_counter!(
                UPSTREAM_ERRORS,
                "Questions that a source did not answer, by class of error."
            );
            describe_counter!(RECEIVED, "Bytes of sources' answers, decompressed.");
            gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
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

    /// How long a question to `source` took, answered or not.
    pub fn answered(&self, source: &str, elapsed: Duration) {
        with_local_recorder(&self.recorder, || {
            histogram!(UPSTREAM_DURATION, "source" => source.to_owned())
                .record(elapsed.as_secs_f64());
        });
    }

    /// Counts the bytes that `source` sends.
    pub fn received(&self, source: &str) -> Counter {
        with_local_recorder(&self.recorder, || counter!(RECEIVED, "source" => source.to_owned()))
    }

    /// A request or a connection that was refused.
    pub fn rejected(&self, reason: Reason) {
        with_local_recorder(&self.recorder, || {
            counter!(REJECTED, "reason" => reason.label()).increment(1);
        });
    }

    /// One more open connection.
    pub fn connection(&self) -> InFlight {
        self.count(CONNECTIONS)
    }

    /// Moves what was observed into the buckets; to be called every few seconds.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    fn count(&self, name: &'static str) -> InFlight {
        let gauge = with_local_recorder(&self.recorder, || gauge!(name));
        gauge.increment(1.0);
        InFlight(gauge)
    }

    fn request(
        &self,
        route: String,
        method: &Method,
        status: StatusCode,
        elapsed: Duration,
    ) -> Sent {
        let sent = ("route", route.clone());
        let labels = [
            ("route", route),
            ("method", method_label(method).to_owned()),
            ("status", format!("{}xx", status.as_u16() / 100)),
        ];
        with_local_recorder(&self.recorder, || {
            counter!(REQUESTS, &labels).increment(1);
            histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
            Sent(counter!(SENT, &[sent]))
        })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Sent {
    /// So many bytes more.
    pub fn add(&self, bytes: usize) {
        self.0.increment(bytes as u64);
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
    let in_flight = metrics.count(IN_FLIGHT);
    let start = Instant::now();
    let mut response = next.run(request).await;
    let (status, elapsed) = (response.status(), start.elapsed());
    drop(in_flight);
    if let Some(reason) = response.extensions().get::<Reason>() {
        metrics.rejected(*reason);
    }
    let sent = metrics.request(route.to_owned(), &method, status, elapsed);
    response.extensions_mut().insert(sent);
    let path: String = path.chars().take(200).collect();
    tracing::info!(%method, path, status = status.as_u16(), ms = elapsed.as_millis(), "request");
    response
}

/// `GET /metrics`.
pub async fn show(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.handle.render())
}
