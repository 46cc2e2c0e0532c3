//! Sentences about an analysis as a whole.

use super::{
    Clock, bounds, count_samples, counted, data, incident, others_of_incident, quantity, subject,
    what,
};
use crate::analysis::{Analysis, PastAlerts, Shortage, Unjudged};
use crate::content::SeriesContent;
use oddity_detect::detect::Quantity;
use oddity_detect::event::{Event, EventKind};
use oddity_detect::time::Span;
use oddity_source::unit::Unit;

/// Number of seconds in a week.
const WEEK: f64 = 604_800.0;

/// Returns the finding in one line: "3 anomalies in 24 h. Worst: spike to 37 (8.1 expected)".
pub fn headline(analysis: &Analysis) -> String {
    let range = match analysis.judged_grid().range().span() {
        Span::ZERO => "1 sample".to_owned(),
        span => span.words(),
    };
    let loaded = &analysis.detected.loaded;
    if loaded.series.is_empty() {
        return match loaded.unsupported.len() {
            0 => format!("No series in {range}"),
            _ => format!("Native histograms only in {range}"),
        };
    }
    match analysis.unjudged() {
        Some(Unjudged::Nan) => return format!("Every sample in {range} is NaN"),
        Some(Unjudged::Infinite) => return format!("Every sample in {range} is infinite"),
        Some(Unjudged::Young) => {
            return format!("Too young to judge: {} in {range}", samples_of_each(analysis));
        }
        Some(Unjudged::TooFew) => return format!("Too few samples to evaluate in {range}"),
        None => {}
    }
    let worst = analysis.worst_events();
    let Some((ranked, event)) = worst.first() else {
        if let Some(silence) = analysis.silence() {
            return format!("{}. No anomalies before that in {range}", silence.text);
        }
        let where_judged = match analysis.detected.lacks_samples() {
            true => " while the query returns samples",
            false => "",
        };
        let constant = match analysis.content() {
            Some(SeriesContent::Constant(value)) => {
                data::constant(value, loaded.series.len(), analysis.detected.unit)
            }
            _ => String::new(),
        };
        return format!("No anomalies in {range}{where_judged}{constant}");
    };
    let what_happened = what(event, analysis.judged_unit(event.quantity));
    if let [only] = analysis.incidents.as_slice()
        && only.is_shared()
    {
        return format!("1 incident in {range}: {}, {what_happened}", incident(only, Clock::UTC));
    }
    if let Some(first) = analysis.incidents.first()
        && analysis.has_shared_incidents()
    {
        let count = analysis.incidents.len();
        let place = match first.series {
            0 | 1 => analysis.series(ranked).1.prepared.name.clone(),
            _ => incident(first, Clock::UTC),
        };
        return format!("{count} incidents in {range}. Worst: {what_happened}, {place}");
    }
    let things = if worst.len() == 1 {
        format!("1 anomaly in {range}: ")
    } else {
        format!("{} anomalies in {range}. Worst: ", worst.len())
    };
    let place = if loaded.series.len() > 1 {
        format!(", {}", analysis.series(ranked).1.prepared.name)
    } else {
        String::new()
    };
    format!("{things}{what_happened}{place}")
}

/// Returns how many samples the series have: "12 samples", "3 series of at most 12 samples".
pub(crate) fn samples_of_each(analysis: &Analysis) -> String {
    let samples = analysis.detected.series.iter().filter_map(|series| series.shortage);
    let most = count_samples(samples.map(Shortage::samples).max().unwrap_or_default());
    match analysis.detected.series.len() {
        1 => most,
        series => format!("{series} series of at most {most}"),
    }
}

/// Returns why no sample of a series was judged: "too young to judge: 12 samples".
pub fn shortage(shortage: Shortage) -> String {
    match shortage {
        Shortage::Young { samples } => format!("too young to judge: {}", count_samples(samples)),
        Shortage::Sparse { samples: 0 } => "no samples to judge".to_owned(),
        Shortage::Sparse { samples } => {
            format!("too few samples to judge: {}", count_samples(samples))
        }
    }
}

/// Returns why nothing was judged, in a few words.
pub fn unjudged(reason: Unjudged) -> &'static str {
    match reason {
        Unjudged::Nan => "every sample is NaN",
        Unjudged::Infinite => "every sample is infinite",
        Unjudged::Young => "too young to judge",
        Unjudged::TooFew => "too few samples to judge",
    }
}

/// Returns what happened, for a title: "DHCP lease rate spike: 37/min against 7.75/min expected".
pub fn title(analysis: &Analysis) -> String {
    let subject = subject(&analysis.detected.loaded.query.expr);
    let worst = analysis.worst_events();
    let Some((_, event)) = worst.first() else {
        let found = match analysis.unjudged() {
            _ if analysis.detected.loaded.series.is_empty() => "no series",
            Some(reason) => unjudged(reason),
            None => "no anomalies",
        };
        return format!("{subject}: {found}");
    };
    let more = match (analysis.incidents.len() - 1, analysis.has_shared_incidents()) {
        (0, _) => None,
        (1, false) => Some("1 more event".to_owned()),
        (count, false) => Some(format!("{count} more events")),
        (1, true) => Some("1 more incident".to_owned()),
        (count, true) => Some(format!("{count} more incidents")),
    };
    let others = match (analysis.incidents.first().and_then(others_of_incident), more) {
        (None, None) => String::new(),
        (Some(series), None) => format!(" ({series})"),
        (None, Some(more)) => format!(" (and {more})"),
        (Some(series), Some(more)) => format!(" ({series}, and {more})"),
    };
    let of = match event.quantity.is_values() {
        true => String::new(),
        false => format!(" in {}", quantity(event.quantity)),
    };
    let figures = figures(event, analysis.judged_unit(event.quantity));
    format!("{subject} {}{of}: {figures}{others}", event.kind.name())
}

fn figures(event: &Event, unit: Unit) -> String {
    let value = match event.kind {
        EventKind::Gap => return format!("no samples for {}", event.lasted.words()),
        EventKind::FlatLine => return format!("unchanged for {}", event.lasted.words()),
        EventKind::Infinite => event.onset.value,
        _ => event.new_level.unwrap_or(event.peak.value),
    };
    let value = unit.format(value);
    if event.reference.expected.is_nan() {
        return value;
    }
    let expected = match event.ranged && event.kind != EventKind::Infinite {
        true => bounds(event.reference.lower, event.reference.upper, unit),
        false => unit.format(event.reference.expected),
    };
    format!("{value} against {expected} expected")
}

/// Returns what the analysis looked at: "3 series, 1,441 samples each, no gaps".
pub fn scope(analysis: &Analysis) -> String {
    let series = &analysis.detected.series;
    let (mut missing, mut gaps, mut partly) = (0, 0, 0);
    for series in series {
        let (absent, stretches) = series.prepared.absent;
        missing += series.prepared.missing.saturating_sub(absent);
        gaps += series.prepared.gaps.saturating_sub(stretches);
        partly += usize::from(absent > 0);
    }
    let (count, each) = if series.len() == 1 {
        ("1 series".to_owned(), "")
    } else {
        (format!("{} series", series.len()), " each")
    };
    let gaps = match (missing, gaps) {
        (0, _) => "no gaps".to_owned(),
        (missing, 1) => format!("1 gap of {}", count_samples(missing)),
        (missing, gaps) => format!("{gaps} gaps ({})", count_samples(missing)),
    };
    let samples = count_samples(analysis.judged_grid().len);
    let unjudged = match series.iter().filter(|series| series.judged == 0).count() {
        0 => String::new(),
        unjudged => format!(", {unjudged} series with too few samples to judge"),
    };
    let partly = match partly {
        0 => String::new(),
        partly => format!(", {partly} present for part of the range"),
    };
    format!("{count}, {samples}{each}, {gaps}{partly}{unjudged}")
}

/// Returns how much history was loaded before the range: "21 d of history", "4 h of history (the source has no more)".
pub fn history(analysis: &Analysis) -> String {
    let loaded = &analysis.detected.loaded;
    let query = &loaded.query;
    let asked = query.step.times(query.history);
    let known = loaded.first_sample().map_or(Span::ZERO, |first| query.start.since(first));
    match known {
        Span::ZERO => "no history".to_owned(),
        // The first samples of a rate are missing anyhow.
        known if known.millis() >= asked.millis() / 100 * 99 => {
            format!("{} of history", asked.words())
        }
        known => format!("{} of history (the source has no more)", known.words()),
    }
}

/// Returns from which score on a sample is flagged: "a threshold of 4 standard deviations".
pub fn threshold(analysis: &Analysis) -> String {
    if analysis.detected.detector.about().threshold == 0.0 {
        return "the configured bounds".to_owned();
    }
    let first = analysis.detected.series.first();
    let quantity = first.map_or(Quantity::Value, |found| found.detection.quantity);
    let threshold = Unit::Plain.format(analysis.rule.threshold);
    format!("a threshold of {threshold} {}", counted(quantity)[1])
}

/// Returns what the sensitivity costs: "In the 6 d before this range, these 60 series would have alerted 3 times (about 4 a
/// week)".
pub fn past_alerts(past: PastAlerts) -> String {
    let PastAlerts { count, series, span } = past;
    let series = match series {
        1 => "this series".to_owned(),
        series => format!("these {series} series"),
    };
    let before = span.words();
    let often = match count {
        0 => return format!("In the {before} before this range, {series} would not have alerted"),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    let weekly = (count as f64 * WEEK / span.as_seconds()).round();
    let weekly = if weekly < 1.0 { "less than 1".to_owned() } else { format!("about {weekly}") };
    format!(
        "In the {before} before this range, {series} would have alerted {often} ({weekly} a week)"
    )
}
