//! The chart as an interactive Plotly figure, for a file that is opened without the page.

use oddity_analysis::words;
use oddity_detect::detect::Detection;
use oddity_detect::event::{Direction, Event};
use oddity_detect::time::{TimeRange, Timestamp};
use plotly::Scatter;
use plotly::common::{Font, HoverInfo, Marker, Mode};
use plotly::layout::{Axis, AxisType};

use crate::decimate::{MAX_DRAWN_POINTS, decimate};
use crate::layout::{ChartLayout, chart_layout};
use crate::picture::{judged_axis, traces};
use crate::{ChartTrace, ChartView, bare, plain, styled};

/// An event with a label in the chart.
#[derive(Clone, Copy, Debug)]
pub struct NamedEvent<'a> {
    /// Number of the event in the list.
    pub number: usize,
    /// Event of the focused series.
    pub event: &'a Event,
}

/// Returns the chart as an interactive figure: [`crate::static_figure()`] with labels at the events, a time axis that can
/// be zoomed, and tooltips.
pub fn interactive_figure(
    view: &ChartView<'_>,
    excluded: &[TimeRange],
    named: &[NamedEvent<'_>],
) -> (ChartLayout, Vec<ChartTrace>) {
    let mut curves = traces(view);
    curves.push(tooltips(view));
    for side in [Direction::Up, Direction::Down] {
        let on = named.iter().filter(|named| named.event.direction == side);
        curves.push(names(view, &on.copied().collect::<Vec<_>>(), side));
    }
    let (start, end) = view.ranges.times;
    let axis = Axis::new()
        .type_(AxisType::Date)
        .range(vec![start, end])
        .zero_line(false)
        .line_color(view.palette.line.clone())
        .tick_color(view.palette.line.clone())
        .grid_color(view.palette.line.clone())
        .anchor(judged_axis(view));
    (
        chart_layout(view).without(excluded, view).with_thresholds(view).zoomed_by_plotly(axis),
        curves,
    )
}

/// Returns the labels, number and kind, at the peak of each event.
fn names(view: &ChartView<'_>, named: &[NamedEvent<'_>], side: Direction) -> ChartTrace {
    let text: Vec<String> = named
        .iter()
        .map(|NamedEvent { number, event }| format!("{number}: {}", plain(event.kind.name())))
        .collect();
    let trace = bare()
        .mode(Mode::MarkersText)
        .y_axis(judged_axis(view))
        // An invisible marker keeps the label away from the visible one.
        .marker(Marker::new().size(14).opacity(0.0))
        .clip_on_axis(false)
        .text_font(Font::new().size(12).color(view.palette.odd.clone()));
    // A missing sample is marked at its expected value.
    let places: Vec<(Timestamp, f64)> = named
        .iter()
        .map(|NamedEvent { event, .. }| match event.peak.value {
            value if value.is_finite() => (event.peak.time, value),
            _ => (event.onset.time, event.onset.expected),
        })
        .collect();
    let x: Vec<f64> = places.iter().map(|(time, _)| time.0 as f64).collect();
    let positions: Vec<String> = x.iter().map(|x| position(*x, view.ranges.times, side)).collect();
    let mut curve = with_text(&trace, x, places.iter().map(|(_, value)| *value).collect(), text);
    curve.trace["textposition"] = positions.into();
    curve
}

/// Returns the position of a label: beyond the peak, and towards the middle of the chart near its edge.
fn position(x: f64, (start, end): (f64, f64), side: Direction) -> String {
    let beyond = if side == Direction::Up { "top" } else { "bottom" };
    let towards = match (x - start) / (end - start) {
        share if share < 0.2 => "right",
        share if share > 0.8 => "left",
        _ => "center",
    };
    format!("{beyond} {towards}")
}

/// Returns an invisible line that carries the tooltips.
fn tooltips(view: &ChartView<'_>) -> ChartTrace {
    let (series, found) = view.analysis.series(view.focus);
    let (x, y) = decimate(&series.values, series.grid, view.ranges.times, MAX_DRAWN_POINTS);
    let text = x.iter().map(|time| {
        let at = series.grid.nearest(Timestamp(*time as i64)).unwrap_or_default();
        plain(&tooltip(view, &found.detection, at)).replace('\n', "<br>")
    });
    let text = text.collect();
    let trace = bare().mode(Mode::Lines).opacity(0.0).hover_info(HoverInfo::Text);
    with_text(&trace, x, y, text)
}

/// Returns the lines of a tooltip: time, value, band and score.
fn tooltip(view: &ChartView<'_>, detection: &Detection, at: usize) -> String {
    let (series, _) = view.analysis.series(view.focus);
    let (unit, judged) =
        (view.analysis.detected.unit, view.analysis.judged_unit(detection.quantity));
    let mut lines = vec![view.clock.full(series.grid.at(at)), unit.format(series.values[at])];
    if view.ranges.strip.is_some() && detection.judged[at].is_finite() {
        let quantity = words::quantity(detection.quantity);
        lines.push(format!("{quantity} {}", judged.format(detection.judged[at])));
    }
    let (lower, upper) = detection.bounds(at, view.analysis.rule.threshold);
    if !lower.is_nan() && !upper.is_nan() {
        lines.push(format!("expected {}", words::bounds(lower, upper, judged)));
    }
    if detection.score[at].is_finite() {
        lines.push(format!("score {}", words::score(detection.quantity, detection.score[at])));
    }
    lines.join("\n")
}

fn with_text(trace: &Scatter<f64, f64>, x: Vec<f64>, y: Vec<f64>, text: Vec<String>) -> ChartTrace {
    let mut curve = styled(trace, x, y);
    curve.trace["text"] = text.into();
    curve
}
