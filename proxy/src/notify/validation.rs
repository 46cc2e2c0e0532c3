//! Whether a notice may become a message.

use axum::http::{HeaderMap, HeaderValue, header::HOST};
use oddity_analysis::api::{MAX_NOTIFIED_EVENTS, Notification, NotifiedEvent};
use url::{Position, Url};

use crate::AppState;
use crate::error::ApiError;

/// Characters of a sentence.
const MAX_SENTENCE_CHARS: usize = 4_000;

/// Labels of a series.
const MAX_LABELS: usize = 64;

/// Bytes of the name or the value of a label.
const MAX_LABEL_BYTES: usize = 2_048;

/// The year 9999 ends: times beyond have no usual form.
const MAX_TIMESTAMP: i64 = 253_402_300_799_000;

/// Checks what the types leave open, and returns the name of the source.
///
/// # Errors
/// [`ApiError`] says what to change.
pub fn notice<'a>(
    notice: &Notification,
    headers: &HeaderMap,
    state: &'a AppState,
) -> Result<&'a str, ApiError> {
    let source = state.sources.iter().find(|source| source.about.id == notice.source);
    let source = source.ok_or_else(|| {
        ApiError::bad_data("no source has the id in `source`: GET /api/sources lists them")
    })?;
    if notice.expr.trim().is_empty() || notice.expr.len() > source.limits.query_bytes {
        return Err(ApiError::bad_data("`expr` must be a query within the limit of query_bytes"));
    }
    if notice.events.is_empty() || notice.events.len() > MAX_NOTIFIED_EVENTS {
        return Err(ApiError::bad_data(format!(
            "`events` must be 1 to {MAX_NOTIFIED_EVENTS}, worst first"
        )));
    }
    if notice.found < notice.events.len() {
        return Err(ApiError::bad_data("`found` must count all events, also those that are sent"));
    }
    notice.events.iter().try_for_each(event)?;
    link(&notice.link, headers, state)?;
    Ok(&source.about.name)
}

fn event(event: &NotifiedEvent) -> Result<(), ApiError> {
    let sound = event.labels.len() <= MAX_LABELS
        && event
            .labels
            .iter()
            .all(|(name, value)| name.len() <= MAX_LABEL_BYTES && value.len() <= MAX_LABEL_BYTES);
    if !sound {
        let message = format!("a series may have {MAX_LABELS} labels of {MAX_LABEL_BYTES} bytes");
        return Err(ApiError::bad_data(message));
    }
    if !(0.0..=100.0).contains(&event.severity) {
        return Err(ApiError::bad_data("`severity` must be from 0 to 100"));
    }
    let known = |t: i64| (0..=MAX_TIMESTAMP).contains(&t);
    if !known(event.start.0) || event.end.is_some_and(|end| end < event.start || !known(end.0)) {
        let message =
            "`start` and `end` must be milliseconds since 1970, the end not before the start";
        return Err(ApiError::bad_data(message));
    }
    let texts = [
        Some(&event.summary),
        event.cause.as_ref(),
        Some(&event.peak.text),
        Some(&event.expected.text),
    ];
    if texts.into_iter().flatten().any(|text| text.chars().count() > MAX_SENTENCE_CHARS) {
        return Err(ApiError::bad_data(format!(
            "a sentence may have {MAX_SENTENCE_CHARS} characters"
        )));
    }
    Ok(())
}

/// A link leads to this server, by the name that it was asked by or another one that it answers to, or to an allowed
/// origin: nobody sends others elsewhere in our name.
fn link(link: &str, headers: &HeaderMap, state: &AppState) -> Result<(), ApiError> {
    let ours = Url::parse(link).is_ok_and(|url| {
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.as_str() == link;
        plain && is_ours(&url, headers.get(HOST), state)
    });
    if ours {
        return Ok(());
    }
    Err(ApiError::bad_data(
        "`link` must be an address of this server or of an allowed origin (ODDITY_ALLOWED_HOSTS, ODDITY_ALLOWED_ORIGINS)",
    ))
}

fn is_ours(url: &Url, host: Option<&HeaderValue>, state: &AppState) -> bool {
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    let origin = url.origin().ascii_serialization();
    host.is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()))
        || state.allowed_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
        || url
            .host_str()
            .is_some_and(|name| state.allowed_hosts.iter().any(|allowed| allowed == name))
}
