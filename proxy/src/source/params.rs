//! Which parameters of a client are forwarded, and the limits that they must keep.

use std::time::Duration;

use axum::http::StatusCode;
use oddity_detect::time::{Span, Step, TimeRange};

use crate::config::Limits;
use crate::error::{ApiError, RejectionReason};
use crate::source::allowlist::{Endpoint, Params};
use crate::source::subquery;

/// Reads the query string and the form body of one request.
///
/// Unknown parameters are dropped. `timeout` is set where an expression is evaluated, and never exceeds that of
/// `limits`.
///
/// # Errors
/// `bad_data` for a repeated parameter (except `match[]`), a text beyond the limit, a time, a step or a truth value that
/// cannot be read, too many points, or too many steps in subqueries.
pub fn check(
    endpoint: &Endpoint,
    sources: [&[u8]; 2],
    limits: &Limits,
) -> Result<Params, ApiError> {
    let mut params = Params::new();
    for (name, value) in sources.into_iter().flat_map(form_urlencoded::parse) {
        if !endpoint.parameters().contains(&name.as_ref()) {
            continue;
        }
        if name != "match[]" && params.iter().any(|(known, _)| *known == name) {
            return Err(ApiError::bad_data(format!("`{name}` is given twice: give it once")));
        }
        if value.len() > limits.query_bytes {
            let (bytes, most) = (value.len(), limits.query_bytes);
            let message = format!("`{name}` has {bytes} bytes, more than {most}: shorten it");
            return Err(ApiError::refused(StatusCode::BAD_REQUEST, RejectionReason::Size, message));
        }
        params.push((name.into_owned(), value.into_owned()));
    }
    if let Some(text) = value(&params, "exclude_alerts")
        && !matches!(text, "true" | "false")
    {
        return Err(ApiError::bad_data("`exclude_alerts` is neither `true` nor `false`"));
    }
    if endpoint.parameters().contains(&"timeout") {
        clamp_timeout(&mut params, limits.timeout)?;
    }
    let over = if *endpoint == Endpoint::QueryRange {
        Some(check_points(&params, limits.points)?)
    } else {
        None
    };
    if let Some(expr) = value(&params, "query") {
        check_subqueries(expr, over, limits.subquery_steps)?;
    }
    Ok(params)
}

/// Returns the value of a parameter that is given at most once.
fn value<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn parse<T>(params: &Params, name: &str) -> Result<T, ApiError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = value(params, name)
        .ok_or_else(|| ApiError::bad_data(format!("`{name}` is missing: add it")))?;
    text.parse().map_err(|error| ApiError::bad_data(format!("`{name}`: {error}")))
}

/// Returns the length of the range and its step, if they keep the limit.
fn check_points(params: &Params, most: u64) -> Result<(Span, Span), ApiError> {
    let range = TimeRange::new(parse(params, "start")?, parse(params, "end")?)
        .map_err(|error| ApiError::bad_data(error.to_string()))?;
    let step: Step = parse(params, "step")?;
    let span = range.span();
    let points = (span.millis() / step.millis()).saturating_add(1);
    if points <= most {
        return Ok((span, Span::from_millis(step.millis())));
    }
    let message = format!(
        "{span} at a step of {step} are {points} points a series, more than {most}: choose a step of {} or \
         more, or a shorter range",
        sufficient_step(span, most),
    );
    Err(ApiError::refused(StatusCode::BAD_REQUEST, RejectionReason::Points, message))
}

fn check_subqueries(
    expr: &str,
    over: Option<(Span, Span)>,
    max_steps: u64,
) -> Result<(), ApiError> {
    let (window, step) = over.unzip();
    let steps = subquery::count(expr, window.unwrap_or(Span::ZERO), step);
    if steps <= max_steps {
        return Ok(());
    }
    let message = format!(
        "the subqueries evaluate {steps} steps, more than {max_steps}: shorten their ranges or choose longer steps, \
         as in [1h:1m]"
    );
    Err(ApiError::refused(StatusCode::BAD_REQUEST, RejectionReason::Subqueries, message))
}

/// Returns a step that keeps `span` within the limit: whole seconds, or milliseconds below one second.
fn sufficient_step(span: Span, most: u64) -> Span {
    let millis = span.millis().div_ceil(most.saturating_sub(1).max(1));
    if millis < 1_000 {
        Span::from_millis(millis)
    } else {
        Span::from_seconds(millis.div_ceil(1_000))
    }
}

fn clamp_timeout(params: &mut Params, most: Duration) -> Result<(), ApiError> {
    let most = Span::from_millis(u64::try_from(most.as_millis()).unwrap_or(u64::MAX));
    let given: Span =
        if value(params, "timeout").is_some() { parse(params, "timeout")? } else { most };
    if given == Span::ZERO {
        return Err(ApiError::bad_data("`timeout` must be longer than 0 s".to_owned()));
    }
    params.retain(|(name, _)| name != "timeout");
    params.push(("timeout".to_owned(), given.min(most).to_string()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, query: &str) -> Result<String, String> {
        let endpoint = Endpoint::parse(path).expect(path);
        let limits = Limits::default();
        super::check(&endpoint, [query.as_bytes(), b""], &limits)
            .map(|params| {
                let pairs = params.iter().map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join(" ")
            })
            .map_err(|error| error.message)
    }

    #[test]
    fn only_known_parameters_pass() {
        // What our own rule of the slope needs, and syntax that is not known here.
        let slope = "query=deriv(up[1d:1s])";
        let newer = "query=future_over_time(up[1d:1m])";
        let cases = [
            ("query", slope, "query=deriv(up[1d:1s]) timeout=30s"),
            ("query", newer, "query=future_over_time(up[1d:1m]) timeout=30s"),
            ("query", "query=up&time=1&url=http://169.254.169.254", "query=up time=1 timeout=30s"),
            ("query", "query=up&timeout=1h", "query=up timeout=30s"),
            ("query", "query=up&timeout=5", "query=up timeout=5s"),
            ("query", "query=a%2Bb+c&nocache=0&match[]=x", "query=a+b c timeout=30s"),
            (
                "query_range",
                "query=up&start=0&end=11000&step=1",
                "query=up start=0 end=11000 step=1 timeout=30s",
            ),
            (
                "query_range",
                "query=up&start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z&step=1m",
                "query=up start=2026-01-01T00:00:00Z end=2026-01-02T00:00:00Z step=1m timeout=30s",
            ),
            ("series", "match[]=up&match[]=down&query=x", "match[]=up match[]=down"),
            ("labels", "start=1&end=2&limit=3", "start=1 end=2 limit=3"),
            ("label/job/values", "match%5B%5D=up", "match[]=up"),
            ("metadata", "metric=up&limit=1", "metric=up limit=1"),
            ("rules", "type=alert&exclude_alerts=true&file[]=x", "exclude_alerts=true"),
            ("alerts", "type=alert", ""),
            ("status/buildinfo", "query=up", ""),
        ];
        for (path, query, expected) in cases {
            assert_eq!(check(path, query).as_deref(), Ok(expected), "{path}?{query}");
        }
    }

    #[test]
    fn wrong_parameters_say_what_to_change() {
        let long = format!("query={}", "x".repeat(16 * 1024 + 1));
        let cases = [
            ("query", "query=up&query=down", "given twice"),
            ("query", "timeout=1s&timeout=1h", "given twice"),
            ("query", long.as_str(), "16385 bytes, more than 16384: shorten it"),
            ("query", "query=up&timeout=0", "`timeout` must be longer than 0 s"),
            ("query", "query=up&timeout=soon", "`timeout`: \"soon\" is not a duration"),
            ("query_range", "query=up&start=0&end=11001&step=1", "11002 points"),
            (
                "query",
                "query=max_over_time(vector(1)[11000d:1s])",
                "the subqueries evaluate 950400000 steps, more than 5000000: shorten",
            ),
            (
                "query_range",
                "query=max_over_time(up[1m:1s])&start=0&end=11000000&step=1000",
                "11000060 steps",
            ),
            ("query_range", "query=up&start=0&end=86400&step=1", "choose a step of 8s or more"),
            ("query_range", "query=up&start=0&end=20&step=0.001", "choose a step of 2ms or more"),
            ("query_range", "query=up&start=0&end=20&step=0", "longer than zero"),
            ("query_range", "query=up&start=9&end=1&step=1", "ends"),
            ("query_range", "query=up&start=x&end=1&step=1", "`start`: \"x\" is not a time"),
            ("query_range", "query=up&start=1&end=1", "`step` is missing"),
            ("query_range", "query=up&start=-9e15&end=9e15&step=1", "is not a time"),
        ];
        for (path, query, expected) in cases {
            let message = check(path, query).expect_err(query);
            assert!(message.contains(expected), "{query}: {message}");
        }
    }

    #[test]
    fn the_step_that_is_named_passes() {
        for end in [11_001, 86_400, 604_800, 31_536_000, 1_999_999_999] {
            let step = sufficient_step(Span::from_seconds(end), Limits::default().points);
            let query = format!("query=up&start=0&end={end}&step={step}");
            assert!(check("query_range", &query).is_ok(), "{query}");
        }
    }
}
