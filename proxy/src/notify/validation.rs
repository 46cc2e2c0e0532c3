//! Validation of notifications before they are sent.

use axum::http::{HeaderMap, header::HOST};
use oddity_analysis::api::{MAX_NOTIFIED_EVENTS, Notification, NotifiedEvent};
use url::Url;

use crate::error::ApiError;
use crate::http::guard::RequestGuard;
use crate::source::Source;

/// Maximum characters of a text.
const MAX_TEXT_CHARS: usize = 4_000;

/// Maximum number of labels of a series.
const MAX_LABELS: usize = 64;

/// Maximum bytes of the name or the value of a label.
const MAX_LABEL_BYTES: usize = 2_048;

/// End of the year 9999 in milliseconds since 1970, the last time with an RFC 3339 form.
const MAX_TIMESTAMP: i64 = 253_402_300_799_000;

/// Checks the bounds of a notification and returns the name of its source.
///
/// # Errors
/// [`ApiError`] with the field that is invalid.
pub fn check_notification<'a>(
    notice: &Notification,
    headers: &HeaderMap,
    sources: &'a [Source],
    guard: &RequestGuard,
) -> Result<&'a str, ApiError> {
    let source = sources.iter().find(|source| source.about.id == notice.source);
    let source = source.ok_or_else(|| {
        ApiError::bad_data("unknown `source`: GET /api/sources lists the configured ones")
    })?;
    if notice.expr.trim().is_empty() || notice.expr.len() > source.limits.query_bytes {
        return Err(ApiError::bad_data("`expr` must be a query of at most query_bytes"));
    }
    if notice.events.is_empty() || notice.events.len() > MAX_NOTIFIED_EVENTS {
        return Err(ApiError::bad_data(format!(
            "`events` must have 1 to {MAX_NOTIFIED_EVENTS} events, most severe first"
        )));
    }
    if notice.found < notice.events.len() {
        return Err(ApiError::bad_data(
            "`found` must be the number of all events, including those in `events`",
        ));
    }
    if notice.incidents.is_some_and(|incidents| incidents == 0 || incidents > notice.found) {
        return Err(ApiError::bad_data("`incidents` must be between 1 and `found`"));
    }
    notice.events.iter().try_for_each(check_event)?;
    check_link(&notice.link, headers, guard)?;
    Ok(&source.about.name)
}

fn check_event(event: &NotifiedEvent) -> Result<(), ApiError> {
    let sound = event.labels.len() <= MAX_LABELS
        && event
            .labels
            .iter()
            .all(|(name, value)| name.len() <= MAX_LABEL_BYTES && value.len() <= MAX_LABEL_BYTES);
    if !sound {
        let message = format!(
            "a series may have at most {MAX_LABELS} labels of {MAX_LABEL_BYTES} bytes each"
        );
        return Err(ApiError::bad_data(message));
    }
    if !(0.0..=100.0).contains(&event.severity) {
        return Err(ApiError::bad_data("`severity` must be between 0 and 100"));
    }
    let known = |t: i64| (0..=MAX_TIMESTAMP).contains(&t);
    if !known(event.start.0) || event.end.is_some_and(|end| end < event.start || !known(end.0)) {
        let message =
            "`start` and `end` must be milliseconds since 1970, with `end` not before `start`";
        return Err(ApiError::bad_data(message));
    }
    let texts = [
        Some(&event.summary),
        event.cause.as_ref(),
        event.incident.as_ref(),
        Some(&event.peak.text),
        Some(&event.expected.text),
    ];
    if texts.into_iter().flatten().any(|text| text.chars().count() > MAX_TEXT_CHARS) {
        return Err(ApiError::bad_data(format!(
            "a text may have at most {MAX_TEXT_CHARS} characters"
        )));
    }
    Ok(())
}

/// Refuses a link that does not lead to this server or an allowed origin, so that notifications cannot be used for phishing.
fn check_link(link: &str, headers: &HeaderMap, guard: &RequestGuard) -> Result<(), ApiError> {
    let ours = Url::parse(link).is_ok_and(|url| {
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.as_str() == link;
        plain && guard.is_own_address(&url, headers.get(HOST))
    });
    if ours {
        return Ok(());
    }
    Err(ApiError::bad_data(
        "`link` must be an address of this server or of an allowed origin (ODDITY_ALLOWED_HOSTS, ODDITY_ALLOWED_ORIGINS)",
    ))
}
