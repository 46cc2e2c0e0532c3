//! Sentences that the page shows, in the order in which they appear. Labels of a few words stand with their component.

use oddity_detect::event::SeverityLevel;
use oddity_detect::time::Span;
use oddity_source::plan::FetchProgress;
use oddity_source::promql::UnknownMetric;
use oddity_source::unit::format_count;

/// Placeholder of the query editor.
pub const QUERY_PLACEHOLDER: &str =
    "Enter a PromQL query, for example rate(http_requests_total[5m])";

// Header

pub const HISTORY_HELP: &str = "Recent queries and saved views (arrow up in an empty query)";
pub const UNDO_HELP: &str = "Undo the last change of query or settings (Ctrl or Cmd + Z)";
pub const REDO_HELP: &str = "Make the change again (Ctrl or Cmd + Shift + Z)";
pub const SHARE_HELP: &str = "Copy a link to this view";
pub const TIME_ZONE_HELP: &str = "Switch between UTC and browser time";
pub const THEME_HELP: &str = "Light, dark or system theme";

// Start page

pub const START: &str = "Enter a PromQL query above. Oddity evaluates the result and lists the \
    anomalies. Events update while you drag the sliders.";

pub const START_WITH_METRICS: &str = "Enter a PromQL query above, or pick a metric or an alert below. Oddity evaluates \
    the result and lists the anomalies.";
pub const NO_METADATA: &str =
    "The source returned no metadata, so the types of metrics are guessed from their names.";

/// Returns how many of the metrics of a source match a search.
pub fn metrics_found(count: usize, of: usize) -> String {
    match (count, of) {
        (_, 0) => "This source has no samples of the last 12 hours.".to_owned(),
        (0, _) => format!("None of {} metrics match.", format_count(of)),
        (count, of) if count == of => format!("{} metrics", format_count(of)),
        (count, of) => format!("{} of {} metrics", format_count(count), format_count(of)),
    }
}

/// Returns which query a button runs.
pub fn runs(query: &str) -> String {
    format!("Run {query}")
}

/// Returns how many more there are than are listed, and how to see them.
pub fn type_to_narrow(count: usize, of: &str) -> String {
    format!("{} more {of}. Type to narrow the search.", format_count(count))
}

// Waiting

/// Returns what the page waits for.
pub fn waiting(source: Option<&str>, progress: FetchProgress) -> String {
    let source = source.unwrap_or("the Oddity server");
    match progress.total {
        0 | 1 => format!("Waiting for {source} to answer. Press Cancel to stop waiting."),
        total => format!("Waiting for {source}: {} of {total} queries answered.", progress.done),
    }
}

// Queries and views

pub const NO_RECENT: &str = "Queries that you run in this browser are listed here.";
pub const NONE_FOUND: &str = "No recent query contains all of these words.";

/// Returns that a view was saved.
pub fn view_saved(name: &str) -> String {
    format!("Saved \"{name}\" in this browser.")
}

/// Returns that a view was deleted.
pub fn view_deleted(name: &str) -> String {
    format!("Deleted \"{name}\".")
}

/// Returns how many views a file had.
pub fn views_imported(count: usize) -> String {
    if count == 1 { "Imported 1 view.".to_owned() } else { format!("Imported {count} views.") }
}

// Range and refresh

pub const RANGE_HELP: &str = "Or relative times: now-6h to now.";

pub const REFRESH_HELP: &str = "How often newer samples are fetched: no more often than one step. Paused while the page is hidden.";
pub const NO_REFRESH_HELP: &str = "A range with a fixed end is not refreshed";
pub const ALERTS_HELP: &str = "Browser notifications of new events. With them, the page is refreshed even while it is hidden.";
pub const ALERTS_BLOCKED: &str = "The browser blocks notifications of this page. Allow them in its settings for this \
    site; it offers them on https and localhost only.";
pub const ALERTS_UNSUPPORTED: &str = "This browser cannot show notifications of a page.";

/// Returns the title of the tab.
pub fn title(odd_now: usize) -> String {
    match odd_now {
        0 => "Oddity".to_owned(),
        count => format!("({count}) odd now - Oddity"),
    }
}

/// Returns the age of the samples.
pub fn updated(age: Span) -> String {
    match age.millis() {
        0..1_000 => "Updated just now".to_owned(),
        _ => format!("Updated {} ago", whole_seconds(age).words()),
    }
}

/// Returns why the samples are not newer.
pub fn refresh_failed(error: &str) -> String {
    format!("Refresh failed: {error}.")
}

/// Returns when a refresh is tried again.
pub fn next_try(after: Span) -> String {
    format!("Next try in {}.", whole_seconds(after).words())
}

fn whole_seconds(span: Span) -> Span {
    Span::from_seconds(span.millis() / 1_000)
}

/// Returns which events the browser tells.
pub fn alerts_from(level: SeverityLevel) -> String {
    match level {
        SeverityLevel::Low => "Notify: all events".to_owned(),
        SeverityLevel::Critical => "Notify: critical".to_owned(),
        level => format!("Notify: {} or worse", level.name()),
    }
}

/// Returns how many incidents are not told one by one.
pub fn more_alerts(count: usize) -> String {
    if count == 1 {
        "And 1 more incident".to_owned()
    } else {
        format!("And {count} more incidents")
    }
}

/// Returns the details of an event for a notification of the browser.
pub fn alert(series: &str, since: &str, severity: &str) -> String {
    format!("{series}\nSince {since}. Severity: {severity}.")
}

// Notices

pub const RAW_COUNTER: &str =
    "This metric is a counter, so its increase per step was evaluated. A rate is easier to read:";
pub const OUTDATED_RESULTS: &str = "The results below are for ";

pub const JUDGING_CANCELLED: &str =
    "Not all series were judged with these samples and settings, so no results of them are shown.";

pub const NATIVE_HISTOGRAMS: &str =
    "A native histogram has no single value per sample. Evaluate one of its values instead:";

// Errors of a fetch: what happened and what to check

pub const UNREACHABLE: &str =
    "cannot reach the Oddity server: check that it is running and that the network is up";
pub const UNREADABLE: &str =
    "cannot read the response: reload the page, which may be older than the server";
pub const OLD_BROWSER: &str = "this browser is too old for Oddity: update it";
pub const INTERRUPTED_ANSWER: &str =
    "The connection to the Oddity server was lost. The partial answer is kept; ask again.";

/// Returns how many series were judged so far.
pub fn judged(done: usize, total: usize) -> String {
    format!("{} of {} series judged", format_count(done), format_count(total))
}

pub const NOT_JUDGED_YET: &str = "Values, not judged yet";

// Chart

/// Returns why there is no chart.
pub fn chart_failed(reason: &str) -> String {
    format!(
        "The chart cannot be drawn: {reason}. The results below are complete. Reload the page to load its parts again."
    )
}

pub const NO_SERIES: &str = "The query returned no series in this time range. Check the metric name and the labels, \
    select a longer range, or use a window of at least two scrape intervals in rate() and similar functions.";

/// Returns that the source does not have a metric, before the names that may be meant.
pub fn unknown_metric(unknown: &UnknownMetric) -> String {
    let name = &unknown.name;
    match unknown.similar.len() {
        0 => format!("The source has no metric named {name}."),
        _ => format!("The source has no metric named {name}. Did you mean:"),
    }
}

pub const EXCLUDE_HELP: &str =
    "Evaluate this time range but do not learn from it, for example after an outage or a load test";
pub const INCLUDE_HELP: &str = "Include in the baseline again";
pub const THRESHOLD_HELP: &str =
    "Threshold of the query: drag it to see when another one would hold";

pub const HEAT_STRIP_HELP: &str = "One row for each series. Click to show a series and its event.";

/// Returns what the strip of all series shows, for those who cannot see it.
pub fn heat_strip(odd: usize, of: usize) -> String {
    format!("Severity of {of} series over time: {odd} have events, which the table lists")
}

// Events

pub const SEPARATING_LABELS: &str = "Labels that tell these series from the others";

/// Returns how many events a filter keeps.
pub fn events_shown(count: usize, of: usize) -> String {
    format!("{} of {} events", format_count(count), format_count(of))
}

/// Returns why there is no event: nothing could be evaluated.
pub fn too_few_samples(scope: &str) -> String {
    format!(
        "{scope}: too few samples to evaluate. Select a shorter window, a shorter step or a longer range."
    )
}

/// Returns why there is no event: the series have just begun.
pub fn too_young(past: usize) -> String {
    format!(
        "About {past} samples are needed before the first one that is judged. Select a shorter step, or try again later."
    )
}

/// Returns why there is no event from a detector with a separate alert score.
pub fn no_alert(scope: &str, highest: &str, threshold: &str) -> String {
    format!(
        "{scope}: no alert, so no event. The highest score is {highest}. A sample is flagged at {threshold}, but an \
         event starts only with an alert. Increase the sensitivity to find smaller deviations."
    )
}

/// Returns why there is no event: the cooldown suppressed all of them.
pub fn suppressed_by_cooldown(scope: &str, highest: &str, threshold: &str) -> String {
    format!(
        "{scope}: scores reach {highest} at {threshold}, but none exceeds the scores within the cooldown before it, \
         so no event started. Shorten the cooldown under Advanced to see them."
    )
}

/// Returns why there is no event between fixed bounds.
pub fn within_bounds(scope: &str, bounds: &str) -> String {
    format!("{scope}: no sample is outside {bounds}.")
}

/// Returns why there is no event: every score is below the threshold.
pub fn below_threshold(scope: &str, highest: &str, threshold: &str) -> String {
    format!(
        "{scope}: no event at {threshold}. The highest score is {highest}. Increase the sensitivity to find smaller \
         deviations, or try another detector."
    )
}

/// Returns the worst event of an incident, below what the incident is.
pub fn worst_of_incident(kind: &str, series: &str) -> String {
    format!("Worst: {kind}, {series}")
}

pub const RUN_QUERY_HELP: &str = "Run this query. The browser's Back button returns to the event.";

pub const CHECKING: &str = "Looking up the metrics of the source…";
pub fn checking(done: usize, total: usize) -> String {
    format!("Checking causes: {done} of {total} queries…")
}

pub const CHECK_AGAIN: &str = "Check the causes again";

// Report

pub const DETAILS_HELP: &str =
    "Adds all facts, causes, the baseline, the detector and the Prometheus rule.";

// Related changes

pub const RELATED_HELP: &str = "Compares up to 200 series of the same target, host or job: the time of this event \
    with the time before it.";
pub const NOTHING_TO_COMPARE: &str = "The series of this query have no label that names a target, host or job, so \
    there is nothing to compare with.";

// Rules

pub const VERIFY_HELP: &str = "Runs these rules on the source for the same time range and compares their scores with \
    the scores shown here";

// Notifications

pub const TEST_HELP: &str = "Send a test message";
pub const SENDING: &str = "Sending… If the target is busy, this is retried for a few seconds.";
pub const ALREADY_SENT: &str = "Already sent to this target.";

// Assistant

pub const PARTIAL_TRUST: &str =
    ". The model may be wrong: numbers that are not in the facts are highlighted.";
pub const EARLIER_CONVERSATION: &str = "The results have changed since this conversation started. It still refers to \
    the earlier results and is not part of the report.";
pub const TOKEN_LIMIT: &str = "Stopped at the token limit. Ask the model to continue.";
pub const FILTERED: &str = "The provider filtered the rest of the answer.";
pub const INTERRUPTED: &str = "The answer was interrupted here.";
pub const CHECK_NUMBERS: &str = ". Verify these numbers before you rely on them.";
pub const PSEUDONYMS: &str = "Pseudonyms, replaced by the real values in the answer";

/// Returns how much was left out of a prompt to fit the token limit; nothing if it is complete.
pub fn left_out(facts: usize, questions: usize) -> Option<String> {
    let facts = counted(facts, "less important fact");
    let questions = counted(questions, "earlier question");
    let parts: Vec<String> = facts.into_iter().chain(questions).collect();
    (!parts.is_empty()).then(|| format!("Left out to fit the token limit: {}.", parts.join(", ")))
}

/// Returns a count with its noun, such as "2 facts"; nothing for 0.
fn counted(count: usize, noun: &str) -> Option<String> {
    let plural = if count == 1 { "" } else { "s" };
    (count > 0).then(|| format!("{count} {noun}{plural}"))
}

// Detector

pub const PAST_ONLY: &str = " Uses past samples only.";
pub const LOOKING_BACK: &str =
    " Also uses later samples: for analysis of past data, not for alerting.";
pub const SENSITIVITY_HELP: &str = "Sets the score at which a sample is flagged. A higher sensitivity lowers it and finds smaller \
    deviations.";
pub const CLEAN_HELP: &str = "Not available in exported rules: PromQL cannot express it.";

// Help

pub const NO_TARGETS: &str = "Events and reports can be sent to Slack, Alertmanager or a webhook once one is \
    configured on the server.";
pub const NO_MODEL: &str = "A language model can comment on the results: start the server with OPENAI_API_KEY, or with \
    OPENAI_BASE_URL and OPENAI_MODEL for a self-hosted model.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_of_a_prompt() {
        let check = |facts, questions, text: Option<&str>| {
            assert_eq!(left_out(facts, questions).as_deref(), text);
        };
        check(0, 0, None);
        check(1, 0, Some("Left out to fit the token limit: 1 less important fact."));
        check(
            12,
            2,
            Some("Left out to fit the token limit: 12 less important facts, 2 earlier questions."),
        );
    }
}
