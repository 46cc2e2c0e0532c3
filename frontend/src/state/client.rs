//! The only network access of the page: Prometheus' API through the proxy.

use gloo_net::http::{Request as Http, Response};
use shared::api::{Sources, form, source_path};
use shared::prometheus::{Loaded, Position, ReplyError, Stitcher, decode_vector};
use shared::promql;
use shared::query::{LEAST_HISTORY, QueryError, RangeQuery, detection_step, step_warning};
use shared::time::{Span, Step, TimeRange, Timestamp};
use web_sys::AbortSignal;

/// What is asked of a source.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) source: &'a str,
    pub(super) expr: &'a str,
    pub(super) range: TimeRange,
    /// `None` to choose it.
    pub(super) step: Option<Step>,
    pub(super) history: usize,
    pub(super) signal: &'a AbortSignal,
}

/// How many pieces of a range query have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pieces that came.
    pub done: usize,
    /// Pieces in all, 0 until known.
    pub of: usize,
}

/// Why there is nothing to show; each message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The question itself.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// What the source answered.
    #[error("{0}")]
    Reply(#[from] ReplyError),
    /// The link names a source that this server does not have.
    #[error("this server has no source \"{0}\": choose one from the list")]
    UnknownSource(String),
    /// The proxy does not answer.
    #[error("the Oddity server does not answer: is it still running, and is the network up?")]
    Unreachable,
    /// The proxy answers something else.
    #[error("the Oddity server answered with status {0} and nothing else: see its log")]
    Status(u16),
    /// The list of sources is not what this page expects.
    #[error("the list of sources cannot be read: is the page older than its server? Reload it.")]
    Sources,
    /// The browser lacks something.
    #[error("this browser is too old for Oddity")]
    OldBrowser,
}

impl LoadError {
    /// The headline over the message.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Query(_) | Self::UnknownSource(_) => "This cannot be asked",
            Self::Reply(ReplyError::Prometheus { error_type, .. }) => match error_type.as_str() {
                "bad_data" => "The query is not right",
                "timeout" => "It took too long",
                "unavailable" => "The source cannot be reached",
                _ => "The query failed",
            },
            Self::Reply(_) => "The answer cannot be used",
            Self::Unreachable | Self::Status(_) | Self::Sources | Self::OldBrowser => {
                "No connection"
            }
        }
    }

    /// Whether the same question may succeed later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Reply(ReplyError::Prometheus { error_type, .. }) => {
                !matches!(error_type.as_str(), "bad_data" | "execution")
            }
            Self::Reply(ReplyError::Cut { .. }) | Self::Unreachable | Self::Status(_) => true,
            Self::Reply(_)
            | Self::Query(_)
            | Self::UnknownSource(_)
            | Self::Sources
            | Self::OldBrowser => false,
        }
    }

    /// Where in the query the fault is.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Reply(error) => error.position(),
            _ => None,
        }
    }
}

pub(super) async fn sources() -> Result<Sources, LoadError> {
    let reply = Http::get("/api/sources").send().await.map_err(|_| LoadError::Unreachable)?;
    if !reply.ok() {
        return Err(LoadError::Status(reply.status()));
    }
    reply.json().await.map_err(|_| LoadError::Sources)
}

/// Finds step and grid of a range query and fetches it, and more history where that is little. Without the latter
/// there is less to learn from, which is said.
pub(super) async fn load(
    request: Request<'_>,
    report: impl Fn(Progress),
) -> Result<Loaded, LoadError> {
    let interval = sample_interval(request).await;
    let step = request
        .step
        .unwrap_or_else(|| detection_step(request.range.span(), LEAST_HISTORY, interval));
    let query = RangeQuery::new(request.expr, request.range, step, request.history)?;
    let pieces = query.chunks().len();
    let mut loaded = fetch(request.source, query, request.signal, &report).await?;
    if let Some(older) = loaded.query.older(loaded.series.len()) {
        let all = pieces + older.chunks().len();
        let report =
            |progress: Progress| report(Progress { done: pieces + progress.done, of: all });
        match fetch(request.source, older, request.signal, report).await {
            Ok(older) => loaded = loaded.with_older(older),
            Err(error) => loaded.warnings.push(format!(
                "only {} before the range {} learnt from, as the source gave no more: {error}",
                step.times(request.history).words(),
                if request.history == 1 { "is" } else { "are" },
            )),
        }
    }
    loaded.warnings.extend(step_warning(step, interval));
    Ok(loaded)
}

/// Fetches all pieces of a range query whose grid is known.
pub(super) async fn fetch(
    source: &str,
    query: RangeQuery,
    signal: &AbortSignal,
    report: impl Fn(Progress),
) -> Result<Loaded, LoadError> {
    let chunks = query.chunks();
    let mut stitcher = Stitcher::new(query.clone());
    for (done, chunk) in chunks.iter().enumerate() {
        report(Progress { done, of: chunks.len() });
        let parameters = [
            ("query", query.expr.clone()),
            ("start", seconds(chunk.start)),
            ("end", seconds(chunk.end)),
            ("step", query.step.span().as_seconds().to_string()),
        ];
        let body = post(source, signal, "query_range", &parameters).await?;
        stitcher = stitcher.with_reply(&body)?;
    }
    Ok(stitcher.finish())
}

/// How far apart the samples of the query's series are, by counting those at the end of the range;
/// `None` if that cannot be told. The query itself reports what is wrong with it.
async fn sample_interval(request: Request<'_>) -> Option<Span> {
    let mut longest = None;
    for selector in promql::selectors(request.expr).into_iter().take(3) {
        for window in [Span::from_seconds(600), Span::from_seconds(10_800)] {
            let parameters = [
                ("query", format!("max(count_over_time({selector}[{window}]))")),
                ("time", seconds(request.range.end)),
            ];
            let body = post(request.source, request.signal, "query", &parameters).await.ok()?;
            let count = decode_vector(&body).ok()?.samples.first().map(|sample| sample.value);
            if let Some(count) = count.filter(|count| *count >= 2.0) {
                longest =
                    longest.max(Some(Span::from_millis((window.millis() as f64 / count) as u64)));
                break;
            }
        }
    }
    longest
}

pub(super) async fn post(
    source: &str,
    signal: &AbortSignal,
    endpoint: &str,
    parameters: &[(&str, String)],
) -> Result<Vec<u8>, LoadError> {
    let body = form(parameters);
    let path = format!("{}/api/v1/{endpoint}", source_path(source));
    let reply: Response = Http::post(&path)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .abort_signal(Some(signal))
        .body(body)
        .map_err(|_| LoadError::OldBrowser)?
        .send()
        .await
        .map_err(|_| LoadError::Unreachable)?;
    let status = reply.status();
    let body = reply.binary().await.map_err(|_| ReplyError::Cut { bytes: 0 })?;
    if body.is_empty() && !reply.ok() {
        return Err(LoadError::Status(status));
    }
    Ok(body)
}

fn seconds(t: Timestamp) -> String {
    t.as_seconds().to_string()
}
