//! The report: a finished analysis as Markdown. It recomputes nothing.

pub mod markdown;
pub mod words;

use std::fmt::Write;

use crate::analysis::Analysis;
use crate::detect::{Form, Quantity};
use crate::event::{Direction, Event, Sides};
use crate::time::{Span, Timestamp};
use crate::unit::Unit;
use markdown::{cell, code, fenced, link, text};
use words::Clock;

/// So many events are listed, the most severe ones; the rest is counted.
pub const MOST_EVENTS: usize = 50;

/// What the report says beyond the analysis.
#[derive(Clone, Debug)]
pub struct Context {
    /// When it is written.
    pub generated_at: Timestamp,
    /// Name and version of the tool.
    pub version: String,
    /// Name of the source.
    pub source: String,
    /// Absolute link that shows this view again.
    pub link: String,
    /// How times are written.
    pub clock: Clock,
}

/// The whole report in CommonMark with tables.
pub fn markdown(analysis: &Analysis, context: &Context) -> String {
    let mut out = String::new();
    for part in [
        title(analysis, context),
        summary(analysis, context),
        query(analysis, context),
        baseline(analysis),
        events(analysis, context),
        timeline(analysis, context),
        settings(analysis),
    ] {
        if !part.is_empty() {
            out.push_str(part.trim_end());
            out.push_str("\n\n");
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A name for a file about a query: what was asked and when, in characters that every system takes.
pub fn file_name(expr: &str, at: Timestamp, extension: &str) -> String {
    let letters: String =
        expr.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let words: Vec<&str> = letters.split('-').filter(|word| !word.is_empty()).collect();
    let mut name = words.join("-");
    name.truncate(60);
    let time = at.format(0).replace([' ', ':'], "-");
    let name = name.trim_end_matches('-').to_ascii_lowercase();
    let parts = ["oddity", &name, &time];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}.{extension}", parts.join("-"))
}

fn title(analysis: &Analysis, context: &Context) -> String {
    let worst = analysis.worst_events();
    let status = match worst.iter().filter(|(_, event)| event.ongoing).count() {
        _ if analysis.detected.series.iter().all(|series| series.judged == 0) => {
            "nothing could be judged".to_owned()
        }
        _ if worst.is_empty() => "nothing odd".to_owned(),
        0 => "no event is ongoing".to_owned(),
        1 => "1 event is ongoing".to_owned(),
        count => format!("{count} events are ongoing"),
    };
    format!(
        "# {}\n\n- **Status:** {status}\n- **Generated:** {}\n- **Tool:** {}",
        text(&words::headline(analysis)),
        context.clock.full(context.generated_at),
        text(&context.version),
    )
}

fn summary(analysis: &Analysis, context: &Context) -> String {
    let worst = analysis.worst_events();
    let Some((ranked, event)) = worst.first() else {
        if analysis.detected.series.is_empty() {
            return "The source has no series for this query and range. Check metric name and labels, \
                or choose a range in which they existed."
                .to_owned();
        }
        if analysis.detected.series.iter().all(|series| series.judged == 0) {
            return format!(
                "The detector {} had too few samples to judge ({}). \
                Choose a longer range, a shorter step or a shorter window.",
                text(analysis.detected.detector.about().name),
                text(&words::scope(analysis)),
            );
        }
        return format!(
            "The detector {} opened no event at {} ({}).",
            text(analysis.detected.detector.about().name),
            words::threshold(analysis),
            text(&words::scope(analysis)),
        );
    };
    let labels = &analysis.series(ranked).0.labels;
    let place = match labels.is_empty() {
        true => code(&analysis.detected.loaded.query.expr),
        false => code(&labels.to_string()),
    };
    let mut out = format!(
        "{} {} in {place}. It began at {} ({}) and {} at {}. Severity {:.0} of 100 ({}): {}.",
        if worst.len() == 1 { "The event is" } else { "The worst event is" },
        words::with_article(&text(&words::what(event, analysis.judged_unit(event.quantity)))),
        context.clock.full(event.start),
        words::course(event),
        if event.direction == Direction::Up { "was highest" } else { "was lowest" },
        context.clock.full(event.peak.time),
        event.severity,
        event.level().name(),
        text(&words::reason(event, analysis.judged_unit(event.quantity))),
    );
    if worst.len() > 1 {
        let series = analysis.ranking.iter().filter(|ranked| !ranked.events.is_empty()).count();
        let _ = write!(
            out,
            " There are {} events in {series} of {} series.",
            worst.len(),
            analysis.ranking.len()
        );
    }
    out
}

fn query(analysis: &Analysis, context: &Context) -> String {
    let loaded = &analysis.detected.loaded;
    let range = analysis.judged_grid().range();
    let mut out = format!(
        "## Query\n\n{}\n\n- **Source:** {}\n- **Range:** {} to {} ({})\n- **Step:** {}\n- **Data:** {}\n- **Before the range:** {}\n- **Link:** {}\n",
        fenced("promql", &loaded.query.expr),
        text(&context.source),
        context.clock.full(range.start),
        context.clock.full(range.end),
        range.span().words(),
        loaded.query.step,
        words::scope(analysis),
        words::history(analysis),
        link(&context.link),
    );
    if let Some(suggestion) = &analysis.detected.suggestion {
        let _ = writeln!(
            out,
            "- **Raw counter:** its increase a step was judged; {} may say more",
            code(suggestion)
        );
    }
    for (name, notes) in [("Warning", &loaded.warnings), ("Info", &loaded.infos)] {
        for note in notes {
            let _ = writeln!(out, "- **{name}:** {}", text(note));
        }
    }
    if !loaded.unsupported.is_empty() {
        let names: Vec<String> =
            loaded.unsupported.iter().take(5).map(|labels| text(&labels.to_string())).collect();
        let _ = writeln!(
            out,
            "- **Not analysed:** native histograms, which have no single value ({}): {}{}",
            loaded.unsupported.len(),
            names.join(", "),
            if loaded.unsupported.len() > names.len() { ", …" } else { "" }
        );
    }
    out
}

fn baseline(analysis: &Analysis) -> String {
    let Some((ranked, event)) = analysis.worst_events().first().copied() else {
        return String::new();
    };
    let detected = analysis.series(ranked).1;
    let unit = analysis.judged_unit(event.quantity);
    let spread = match event.steady {
        true => "0: the baseline is constant, so that any change scores high".to_owned(),
        false => unit.format(detected.detection.scale[event.onset.index]),
    };
    format!(
        "## Baseline\n\nOf the worst event, as it stood when the event began.\n\n- **Learnt from:** {}\n- **Centre:** {}\n- **Spread (standard deviation):** {}\n- **Expected range:** {}\n- **Causal:** {}",
        text(&event.baseline),
        unit.format(event.onset.expected),
        spread,
        words::bounds(event.onset.lower, event.onset.upper, unit),
        if analysis.detected.detector.about().causal {
            "yes, nothing after a sample is used to judge it"
        } else {
            "no, samples after it are used too: for looking back only"
        },
    )
}

fn events(analysis: &Analysis, context: &Context) -> String {
    let worst = analysis.worst_events();
    if worst.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "## Events\n\n| Severity | What | Series | Start | Course | Peak | Expected | Bounds | Score | Why |\n| --- | --- | --- | --- | --- | ---: | ---: | --- | ---: | --- |\n",
    );
    for (ranked, event) in worst.iter().take(MOST_EVENTS) {
        let unit = analysis.judged_unit(event.quantity);
        let row = [
            words::severity(event),
            event.kind.name().to_owned(),
            analysis.series(ranked).1.prepared.name.clone(),
            context.clock.full(event.start),
            words::course(event),
            unit.format(event.peak.value),
            unit.format(event.onset.expected),
            words::bounds(event.onset.lower, event.onset.upper, unit),
            Unit::Plain.format(event.score),
            words::reason(event, unit),
        ];
        let _ = writeln!(out, "| {} |", row.map(|value| cell(&value)).join(" | "));
    }
    if worst.len() > MOST_EVENTS {
        let _ = writeln!(
            out,
            "\nThe {} least severe events are not listed.",
            worst.len() - MOST_EVENTS
        );
    }
    out
}

fn timeline(analysis: &Analysis, context: &Context) -> String {
    let worst = analysis.worst_events();
    let Some((_, event)) = worst.first() else { return String::new() };
    let step = analysis.detected.loaded.query.step;
    let clock = context.clock;
    let pending = step.times(analysis.rule.at_least.saturating_sub(1));
    let peak = peak_words(event, analysis.judged_unit(event.quantity));
    let side = if event.direction == Direction::Up { "highest" } else { "lowest" };
    let mut moments = vec![(event.onset.time, "onset: the first odd sample".to_owned())];
    if event.start < event.onset.time {
        moments.push((event.start, "began: what is odd by how long it lasts".to_owned()));
    }
    if pending > Span::ZERO {
        let words = format!("detection: odd long enough to count (`for: {pending}`)");
        moments.push((event.onset.time + pending, words));
    }
    moments.push((event.peak.time, format!("{side}: {peak}")));
    if let Some(back) = event.recovered {
        let grid = analysis.detected.loaded.query.grid();
        moments.push((grid.at(back), "recovery: back in the band of the onset".to_owned()));
    }
    moments.sort_by_key(|(time, _)| *time);
    let mut out = String::from("## Timeline of the worst event\n\n");
    for (time, words) in moments {
        let _ = writeln!(out, "- **{}:** {words}", clock.full(time));
    }
    out
}

fn peak_words(event: &Event, unit: Unit) -> String {
    let of = if event.quantity == Quantity::Value {
        String::new()
    } else {
        format!(" ({})", words::quantity(event.quantity))
    };
    format!("{}{of}", unit.format(event.peak.value))
}

fn settings(analysis: &Analysis) -> String {
    let about = analysis.detected.detector.about();
    let rule = analysis.rule;
    let step = analysis.detected.loaded.query.step;
    let samples = |count: usize| match count {
        0 => "none".to_owned(),
        count => format!("{} ({})", words::count_samples(count), step.times(count).words()),
    };
    let mut out = format!(
        "## Detector\n\n- **Detector:** {} (`{}`): {}\n",
        about.name, about.id, about.summary
    );
    for (param, value) in analysis.detected.detector.params() {
        let value = match param.form {
            Form::Samples => samples(value as usize),
            _ => param.write(value),
        };
        let _ = writeln!(out, "- **{}:** {value}", param.label);
    }
    let _ = writeln!(
        out,
        "- **Threshold:** {}",
        words::threshold(analysis).trim_start_matches("a threshold of ")
    );
    let sides = match rule.sides {
        Sides::Both => "up and down",
        Sides::Up => "up",
        Sides::Down => "down",
    };
    let _ = writeln!(out, "- **Direction:** {sides}");
    let _ = writeln!(out, "- **At least:** {}", samples(rule.at_least));
    if rule.min_deviation > 0.0 {
        let quantity = analysis.detected.series.first().map(|found| found.detection.quantity);
        let unit = quantity.map_or(Unit::Plain, |quantity| analysis.judged_unit(quantity));
        let _ = writeln!(out, "- **Smallest deviation:** {}", unit.format(rule.min_deviation));
    }
    if rule.min_relative > 0.0 {
        let _ = writeln!(
            out,
            "- **Smallest deviation, relative:** {} of the expected value",
            Unit::Ratio.format(rule.min_relative)
        );
    }
    let _ = writeln!(out, "- **Pauses bridged:** {}", samples(rule.bridge));
    let _ = writeln!(out, "- **Hold-off:** {}", samples(rule.hold_off));
    out
}
