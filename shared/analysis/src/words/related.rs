//! How other series changed at the time of an event.

use oddity_detect::time::Span;

/// Returns how many metrics changed: "2 metrics changed more than chance explains, most unusual first".
pub fn summary(changed: usize) -> String {
    match changed {
        0 => "none changed more than chance explains".to_owned(),
        1 => "1 metric changed more than chance explains".to_owned(),
        count => format!("{count} metrics changed more than chance explains, most unusual first"),
    }
}

/// Returns how many other series of a metric changed too: " (+1 more of this metric)"; empty for none.
pub fn others(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" (+{count} more of this metric)") }
}

/// Returns when a change began, compared with the event: "2 min before", "at the same time".
pub(crate) fn before(span: Span) -> String {
    format!("{} before", span.words())
}

/// Text for changes that began within a step of the event.
pub(crate) const SAME_TIME: &str = "at the same time";

/// Returns when a change began that came later than the event.
pub(crate) fn after(span: Span) -> String {
    format!("{} after", span.words())
}

/// Returns a change of level: "12/s to 96/s".
pub(crate) fn level(before: &str, during: &str) -> String {
    format!("{before} to {during}")
}

/// Returns a change of a few samples: "0.5, peak 12".
pub(crate) fn peak(before: &str, peak: &str) -> String {
    format!("{before}, peak {peak}")
}

/// Returns how unusual a change is for its series. `ratio` is the change over its usual change, if that is known.
pub(crate) fn unusual(constant: bool, ratio: Option<f64>) -> String {
    match ratio {
        _ if constant => "constant before".to_owned(),
        Some(ratio) if ratio >= 100.0 => "over 100 times its usual change".to_owned(),
        Some(ratio) => format!("{ratio:.1} times its usual change"),
        None => "never changed like this before".to_owned(),
    }
}

/// Text under a list of series that changed.
pub const NOT_A_CAUSE: &str = "Changing at the same time does not make a series the cause.";
