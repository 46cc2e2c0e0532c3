//! Notes and caveats of exported rules, one sentence each.

/// Returns how a rule differs from the page by its missing cooldown.
pub(crate) fn no_cooldown(samples: usize, threshold: f64) -> String {
    format!(
        "The page opens an event only where the score exceeds all scores of the {samples} samples before (cooldown); the \
         alert has no cooldown and fires wherever the score is {threshold} or more."
    )
}

/// Returns how a rule differs from the page by gaps between flagged samples.
pub(crate) fn no_merge(gap: usize, in_a_row: usize) -> String {
    format!(
        "The page merges flagged samples across gaps of up to {gap} samples; the alert fires only after {in_a_row} flagged \
         samples in a row."
    )
}

/// Returns how a rule differs from the page by its fixed duration.
pub(crate) fn fixed_duration(seconds: &str) -> String {
    format!(
        "The rule compares with a fixed {seconds} s, the longest usual duration at the end of the range; the page updates \
         it over time, and does not count missing samples as part of a flat line."
    )
}

/// Returns that VictoriaMetrics refuses the expression.
pub(crate) fn too_long(limit: &str, length: &str) -> String {
    format!(
        "VictoriaMetrics rejects expressions longer than {limit} bytes, and this one has {length} unless parts of it are \
         recorded: compare with fewer seasons, or raise -search.maxQueryLen."
    )
}

/// Returns what an evaluation costs.
pub(crate) fn cost(samples: &str, interval: &str) -> String {
    format!("Each evaluation reads {samples} samples per series, every {interval}.")
}

/// Note on rules whose windows read recorded series.
pub(crate) const SILENT_AT_FIRST: &str = "Windows read the recorded series, so the alert cannot fire until half of the longest window has been recorded.";

/// Note on rules with `keep_firing_for`.
pub(crate) const KEEP_FIRING: &str = "keep_firing_for needs Prometheus 2.42 or newer.";
