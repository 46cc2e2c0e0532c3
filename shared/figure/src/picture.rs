//! The chart as a static Plotly figure, for a file.

use oddity_analysis::words;
use oddity_detect::event::{Direction, Mark, marks};
use oddity_detect::series::Grid;
use oddity_detect::time::TimeRange;
use plotly::Scatter;
use plotly::common::{DashType, Fill, Font, Line, Marker, MarkerSymbol, Mode, Title};

use crate::decimate::{MAX_DRAWN_POINTS, decimate, visible_indices};
use crate::layout::{ChartLayout, chart_layout};
use crate::{ChartTrace, ChartView, VALUES, bare, plain, styled, value_traces};

/// Returns the chart as a static figure with a title and a background.
pub fn static_figure(
    view: &ChartView<'_>,
    excluded: &[TimeRange],
) -> (ChartLayout, Vec<ChartTrace>) {
    let range = view.analysis.judged_grid().range();
    let about = format!(
        "{}, {} {}",
        view.analysis.detected.loaded.query.expr,
        view.clock.from_to(range.start, range.end),
        view.clock.zone(range.end)
    );
    let title = format!(
        "{}<br><span style=\"font-size:11px\">{}</span>",
        plain(&words::headline(view.analysis)),
        plain(&about)
    );
    let title =
        Title::with_text(title).font(Font::new().size(15).color(view.palette.text.clone())).x(0.02);
    let mut layout = chart_layout(view).without(excluded, view).with_thresholds(view);
    let (series, found) = view.analysis.series(view.focus);
    let worst = view.focus.events.iter().max_by(|a, b| a.severity.total_cmp(&b.severity));
    if let Some(event) = worst {
        let at = (series.grid.at(event.peak.index).0 as f64, event.peak.value);
        let text = words::what(event, view.analysis.judged_unit(event.quantity));
        if at.1.is_finite() && (view.ranges.times.0..=view.ranges.times.1).contains(&at.0) {
            layout = layout.labelled(at, judged_axis(view), format!("  {}  ", plain(&text)), view);
        }
    }
    let others = view.analysis.ranking.len() > 1;
    let values = if others { plain(&found.prepared.name) } else { "value".to_owned() };
    (layout.titled(title, &view.palette.surface), in_legend(traces(view), &values))
}

/// Lists the named traces in the legend, each name once, and that of the values under the name of their series.
fn in_legend(mut traces: Vec<ChartTrace>, values: &str) -> Vec<ChartTrace> {
    let mut known = Vec::new();
    for ChartTrace { trace, .. } in &mut traces {
        let name = match trace["name"].as_str() {
            Some(VALUES) => Some(values.to_owned()),
            name => name.map(str::to_owned),
        };
        let is_new = name.as_ref().is_some_and(|name| !known.contains(name));
        trace["showlegend"] = is_new.into();
        if let Some(name) = name {
            trace["name"] = name.clone().into();
            known.push(name);
        }
    }
    traces
}

/// Returns the axis of the judged quantity: that of the values, or that of the strip.
pub(crate) fn judged_axis(view: &ChartView<'_>) -> &'static str {
    if view.ranges.strip.is_some() { "y2" } else { "y" }
}

/// Returns band, expected values, values and marks, back to front.
pub(crate) fn traces(view: &ChartView<'_>) -> Vec<ChartTrace> {
    let (series, found) = view.analysis.series(view.focus);
    let detection = &found.detection;
    let axis = judged_axis(view);
    let rule = view.analysis.rule;
    // A bound that is missing lies beyond the axis.
    let (least, most) = view.ranges.strip.unwrap_or(view.ranges.values);
    let (least, most) = (2.0 * least - most, 2.0 * most - least);
    let (lower, upper): (Vec<f64>, Vec<f64>) = (0..detection.judged.len())
        .map(|at| detection.bounds(at, rule.threshold))
        .map(|(lower, upper)| (lower.clamp(least, most), upper.clamp(least, most)))
        .unzip();
    let series_line = |values: &[f64], trace: Box<Scatter<f64, f64>>| {
        let (x, y) = decimate(values, series.grid, view.ranges.times, MAX_DRAWN_POINTS);
        styled(&trace.y_axis(axis), x, y)
    };
    let dashed = Line::new().width(1.0).dash(DashType::Dash).color(view.palette.band.clone());
    let thin = Line::new().width(0.0).color(view.palette.band.clone());
    let band = bare().name("expected range").mode(Mode::Lines).line(thin).fill(Fill::ToSelf);
    let (x, y) = outline(series.grid, view.ranges.times, &lower, &upper);
    let mut traces = vec![styled(&band.fill_color("rgba(86,180,233,0.28)").y_axis(axis), x, y)];
    if detection.normal.is_none() {
        let line = bare().name("expected").mode(Mode::Lines).line(dashed);
        traces.push(series_line(&detection.expected, line));
    }
    if axis == "y2" {
        let line = Line::new().width(1.2).color(view.palette.data.clone());
        traces.push(series_line(&detection.judged, bare().mode(Mode::Lines).line(line)));
    }
    traces.extend(value_traces(view));
    traces.extend(mark_traces(view));
    traces
}

/// Draws the samples that [`marks`] names: triangles in events, on the side on which they are odd, and rings at flagged
/// samples outside of any event.
fn mark_traces(view: &ChartView<'_>) -> impl Iterator<Item = ChartTrace> {
    let (series, found) = view.analysis.series(view.focus);
    let detection = &found.detection;
    let shown = visible_indices(series.grid, view.ranges.times);
    let marks: Vec<Mark> =
        marks(detection, &view.analysis.rule, &view.focus.events, shown).collect();
    // A missing sample is marked where it was expected.
    let place = |at: usize| match detection.judged[at] {
        value if value.is_nan() => detection.expected[at],
        value => value,
    };
    let axis = judged_axis(view);
    let symbols = [
        (true, Some(Direction::Up), MarkerSymbol::TriangleUp),
        (true, Some(Direction::Down), MarkerSymbol::TriangleDown),
        (false, None, MarkerSymbol::CircleOpen),
    ];
    symbols.into_iter().filter_map(move |(in_event, direction, symbol)| {
        let has_symbol = |mark: &&Mark| {
            mark.in_event == in_event && direction.is_none_or(|side| side == mark.direction)
        };
        let (x, y): (Vec<f64>, Vec<f64>) = marks
            .iter()
            .filter(has_symbol)
            .map(|mark| (series.grid.at(mark.index).0 as f64, place(mark.index)))
            .unzip();
        let marker = Marker::new().symbol(symbol).size(9).color(view.palette.odd.clone());
        let name = if in_event { "odd" } else { "high score, no event" };
        let trace = bare().name(name).mode(Mode::Markers).y_axis(axis).marker(marker);
        (!x.is_empty()).then(|| styled(&trace, x, y))
    })
}

/// Returns the outline of each stretch of a band without a gap: upper edge forward, lower edge back, then NaN.
fn outline(grid: Grid, times: (f64, f64), lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    let known = |at: usize| !lower[at].is_nan() && !upper[at].is_nan();
    let shown = visible_indices(grid, times);
    let mut first = shown.start;
    while first < shown.end {
        let last = (first..shown.end).find(|at| !known(*at)).unwrap_or(shown.end);
        if last > first {
            let stretch = (grid.at(first).0 as f64, grid.at(last - 1).0 as f64);
            let edge = |of: &[f64]| {
                let (x, y) = decimate(of, grid, stretch, MAX_DRAWN_POINTS);
                x.into_iter().zip(y).collect::<Vec<_>>()
            };
            let around = edge(upper).into_iter().chain(edge(lower).into_iter().rev());
            for (time, bound) in around.chain([(stretch.1, f64::NAN)]) {
                x.push(time);
                y.push(bound);
            }
        }
        first = last.max(first + 1);
    }
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::time::{Step, Timestamp};

    #[test]
    fn a_band_with_a_gap_is_two_shapes() {
        let grid = Grid { start: Timestamp(0), step: Step::from_seconds(1), len: 6 };
        let mut lower = vec![1.0; 6];
        let upper = vec![2.0, 3.0, 4.0, 4.0, 3.0, 2.0];
        lower[2] = f64::NAN;
        let (x, y) = outline(grid, (0.0, 5_000.0), &lower, &upper);
        let seconds: Vec<f64> = x.iter().map(|x| x / 1e3).collect();
        assert_eq!(seconds, [0.0, 1.0, 1.0, 0.0, 1.0, 3.0, 4.0, 5.0, 5.0, 4.0, 3.0, 5.0]);
        let gaps: Vec<usize> = (0..y.len()).filter(|at| y[*at].is_nan()).collect();
        assert_eq!(gaps, [4, 11]);
        assert_eq!(&y[..4], [2.0, 3.0, 1.0, 1.0]);
        assert!(outline(grid, (0.0, 5_000.0), &[f64::NAN; 6], &upper).0.is_empty());
    }
}
