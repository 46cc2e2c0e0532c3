//! What Plotly is given: typed layout and traces, and the samples beside them, because those travel as
//! typed arrays and not through JSON.

use plotly::common::{DashType, Fill, Font, HoverInfo, Line, Marker, MarkerSymbol, Mode, Title};
use plotly::layout::{Axis, AxisType, DragMode, Margin};
use plotly::{Scatter, Trace};
use serde::Serialize;
use shared::analysis::{Analysis, Ranked};
use shared::detect::Quantity;
use shared::report::words::{self, Clock};
use shared::series::Grid;
use shared::time::Timestamp;

use super::geometry::{BOTTOM, LEFT, RIGHT, STRIP_DOMAIN, TOP, VALUES_DOMAIN, padded, ticks};
use super::{Palette, span};

/// So many points of a line are drawn at the most; more cannot be seen and cost time.
const MOST_POINTS: usize = 2_000;

/// Room for the title of a saved picture, in pixels.
const TITLE_TOP: f64 = 44.0;

/// So many other series are drawn behind the one in focus.
const MOST_BEHIND: usize = 12;

/// The parts of Plotly's layout that are used; the crate's own type writes out fifty more.
#[derive(Serialize)]
pub(super) struct Layout {
    width: usize,
    height: usize,
    margin: Margin,
    font: Font,
    paper_bgcolor: String,
    plot_bgcolor: String,
    showlegend: bool,
    hovermode: bool,
    dragmode: DragMode,
    xaxis: Axis,
    yaxis: Axis,
    #[serde(skip_serializing_if = "Option::is_none")]
    yaxis2: Option<Axis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Title>,
}

/// A line and its samples.
pub(super) struct Curve {
    /// Style, without samples.
    pub(super) trace: serde_json::Value,
    /// Milliseconds since 1970, shifted by the offset of the zone.
    pub(super) x: Vec<f64>,
    /// Values; NaN breaks the line.
    pub(super) y: Vec<f64>,
}

/// The ranges of the axes of one view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ranges {
    /// Milliseconds since 1970.
    pub(super) times: (f64, f64),
    /// Of the values.
    pub(super) values: (f64, f64),
    /// Of the strip, where there is one.
    pub(super) strip: Option<(f64, f64)>,
}

/// What is drawn of an analysis.
pub(super) struct View<'a> {
    pub(super) analysis: &'a Analysis,
    pub(super) focus: &'a Ranked,
    pub(super) ranges: Ranges,
    pub(super) palette: &'a Palette,
    pub(super) clock: Clock,
    /// Pixels.
    pub(super) size: (f64, f64),
}

/// The ranges that show the focused series and its band from `times.0` to `times.1`.
pub(super) fn ranges(analysis: &Analysis, focus: &Ranked, times: (f64, f64)) -> Ranges {
    let (series, found) = analysis.series(focus);
    let detection = &found.detection;
    let shown = indices(series.grid, times);
    let k = analysis.rule.threshold;
    let band = |of: &[f64]| -> Vec<f64> {
        let own = padded(of[shown.clone()].iter().copied());
        let most = (own.1 - own.0) * 0.15;
        let least = if own.0 >= 0.0 { 0.0_f64.max(own.0 - most) } else { own.0 - most };
        let bounds = shown.clone().flat_map(|at| {
            let half = k * detection.scale[at];
            [detection.expected[at] - half, detection.expected[at] + half]
        });
        let held = bounds.map(|bound| bound.clamp(least, own.1 + most));
        of[shown.clone()].iter().copied().chain(held).collect()
    };
    let (own, strip) = match detection.quantity {
        Quantity::Value => (padded(band(&series.values)), None),
        _ => {
            let values = padded(series.values[shown.clone()].iter().copied());
            (values, Some(padded(band(&detection.judged))))
        }
    };
    let others = behind(analysis, focus).flat_map(|ranked| {
        let values = &analysis.series(ranked).0.values;
        shown.clone().map(|at| values[at])
    });
    let all = padded(others.chain([own.0, own.1]));
    // Others that would squeeze the focused series to a line are cut off at the edge.
    let values = if all.1 - all.0 <= 3.0 * (own.1 - own.0) { all } else { own };
    Ranges { times, values, strip }
}

/// The series that are drawn behind the one in focus, worst first.
fn behind<'a>(analysis: &'a Analysis, focus: &Ranked) -> impl Iterator<Item = &'a Ranked> {
    let index = focus.index;
    analysis.ranking.iter().filter(move |ranked| ranked.index != index).take(MOST_BEHIND)
}

/// The samples whose time lies in `times`, and one on each side so that lines reach the edge.
pub(super) fn indices(grid: Grid, times: (f64, f64)) -> std::ops::Range<usize> {
    let step = grid.step.millis() as f64;
    let at = |time: f64| ((time - grid.start.0 as f64) / step).max(0.0);
    let first = (at(times.0).floor() as usize).min(grid.len);
    let last = (at(times.1).ceil() as usize + 1).min(grid.len);
    first..last.max(first)
}

/// Axes and surroundings of the chart on the page.
pub(super) fn layout(view: &View<'_>) -> Layout {
    let Ranges { times, values, strip } = view.ranges;
    let unit = view.analysis.detected.unit;
    let axis = |range: (f64, f64), unit, count| {
        let (at, labels) = ticks(range, unit, count);
        Axis::new()
            .range(vec![range.0, range.1])
            .tick_values(at)
            .tick_text(labels)
            .fixed_range(true)
            .grid_color(view.palette.line.clone())
            .zero_line(false)
    };
    let domain = if strip.is_some() { VALUES_DOMAIN } else { [0.0, 1.0] };
    let height = view.size.1 - TOP - BOTTOM;
    let count = |domain: [f64; 2]| ((domain[1] - domain[0]) * height / 70.0).clamp(2.0, 8.0);
    let shift = |time: f64| time + f64::from((view.clock.0)(Timestamp(time as i64))) * 60_000.0;
    let x_axis = Axis::new()
        .type_(AxisType::Date)
        .range(vec![shift(times.0), shift(times.1)])
        .grid_color(CLEAR)
        .line_color(view.palette.line.clone())
        .tick_length(4)
        .tick_color(view.palette.line.clone())
        .n_ticks(((view.size.0 / 110.0) as usize).clamp(3, 12))
        .anchor(if strip.is_some() { "y2" } else { "y" });
    let judged = view.analysis.series(view.focus).1.detection.quantity;
    let judged = view.analysis.judged_unit(judged);
    Layout {
        width: view.size.0 as usize,
        height: view.size.1 as usize,
        margin: margin(TOP),
        font: Font::new().size(11).color(view.palette.muted.clone()),
        paper_bgcolor: CLEAR.to_owned(),
        plot_bgcolor: CLEAR.to_owned(),
        showlegend: false,
        hovermode: false,
        dragmode: DragMode::Zoom,
        xaxis: x_axis,
        yaxis: axis(values, unit, count(domain)).domain(&domain),
        yaxis2: strip.map(|range| axis(range, judged, count(STRIP_DOMAIN)).domain(&STRIP_DOMAIN)),
        title: None,
    }
}

const CLEAR: &str = "rgba(0,0,0,0)";

fn margin(top: f64) -> Margin {
    Margin::new()
        .left(LEFT as usize)
        .right(RIGHT as usize)
        .top(top as usize)
        .bottom(BOTTOM as usize)
        .pad(0)
}

/// The value lines: other series behind, the focused one in front.
pub(super) fn lines(view: &View<'_>) -> Vec<Curve> {
    let mut lines: Vec<Curve> = behind(view.analysis, view.focus)
        .map(|ranked| line(view, ranked, &view.palette.muted, 1.0, 0.28))
        .collect();
    lines.reverse();
    lines.push(line(view, view.focus, &view.palette.data, 1.5, 1.0));
    if let Some((low, _)) = view.ranges.strip {
        // Plotly draws no axis without a line on it; that of the strip is drawn on the canvas.
        let unseen = bare().mode(Mode::Lines).opacity(0.0).y_axis("y2");
        lines.push(styled(view, &unseen, vec![view.ranges.times.0], vec![low]));
    }
    lines
}

fn line(view: &View<'_>, ranked: &Ranked, color: &str, width: f64, opacity: f64) -> Curve {
    let series = view.analysis.series(ranked).0;
    let (x, y) = decimated(&series.values, series.grid, view.ranges.times, MOST_POINTS);
    let trace = bare()
        .mode(Mode::Lines)
        .opacity(opacity)
        .line(Line::new().color(color.to_owned()).width(width).simplify(false));
    styled(view, &trace, x, y)
}

/// The whole picture for a file: what page and canvas draw together, as Plotly traces, on its own ground.
pub(super) fn picture(view: &View<'_>) -> (Layout, Vec<Curve>) {
    let (series, found) = view.analysis.series(view.focus);
    let detection = &found.detection;
    let axis = if detection.quantity == Quantity::Value { "y" } else { "y2" };
    let k = view.analysis.rule.threshold;
    let bound = |sign: f64| -> Vec<f64> {
        detection.expected.iter().zip(&detection.scale).map(|(e, s)| e + sign * k * s).collect()
    };
    let series_line = |values: &[f64], trace: Box<Scatter<f64, f64>>| {
        let (x, y) = decimated(values, series.grid, view.ranges.times, MOST_POINTS);
        styled(view, &trace.y_axis(axis), x, y)
    };
    let thin =
        || bare().mode(Mode::Lines).line(Line::new().width(0.0).color(view.palette.band.clone()));
    let dashed = Line::new().width(1.0).dash(DashType::Dash).color(view.palette.band.clone());
    let marks: Vec<usize> = view
        .focus
        .events
        .iter()
        .flat_map(|event| event.onset.index..=event.last)
        .filter(|at| detection.score[*at] >= k)
        .collect();
    let at = |index: usize| series.grid.at(index).0 as f64;
    let mut traces = vec![
        series_line(&bound(-1.0), thin()),
        series_line(&bound(1.0), thin().fill(Fill::ToNextY).fill_color("rgba(86,180,233,0.28)")),
        series_line(&detection.expected, bare().mode(Mode::Lines).line(dashed)),
    ];
    if axis == "y2" {
        let line = Line::new().width(1.2).color(view.palette.data.clone());
        traces.push(series_line(&detection.judged, bare().mode(Mode::Lines).line(line)));
    }
    traces.extend(lines(view));
    traces.push(styled(
        view,
        &bare().mode(Mode::Markers).y_axis(axis).marker(
            Marker::new().symbol(MarkerSymbol::TriangleUp).size(9).color(view.palette.odd.clone()),
        ),
        marks.iter().map(|index| at(*index)).collect(),
        marks.iter().map(|index| detection.judged[*index]).collect(),
    ));
    let title = Title::with_text(plain(&words::headline(view.analysis)))
        .font(Font::new().size(15).color(view.palette.text.clone()))
        .x(0.02);
    let layout = Layout {
        title: Some(title),
        paper_bgcolor: view.palette.surface.clone(),
        margin: margin(TITLE_TOP),
        ..layout(view)
    };
    (layout, traces)
}

/// Plotly reads a little HTML in texts and makes live links of `<a>`: leave none to read.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn bare() -> Box<Scatter<f64, f64>> {
    Scatter::new(Vec::new(), Vec::new()).hover_info(HoverInfo::Skip).connect_gaps(false)
}

fn styled(view: &View<'_>, trace: &Scatter<f64, f64>, mut x: Vec<f64>, y: Vec<f64>) -> Curve {
    for time in &mut x {
        *time += f64::from((view.clock.0)(Timestamp(*time as i64))) * 60_000.0;
    }
    Curve { trace: to_json(trace), x, y }
}

fn to_json<T: Trace + Serialize>(trace: &T) -> serde_json::Value {
    serde_json::from_str(&trace.to_json()).unwrap_or_default()
}

/// At most about `most` points that look like all of them: of each bucket the smallest and the largest
/// sample, in their order, and a gap where the bucket holds nothing else. Cost: O(n).
pub(super) fn decimated(
    values: &[f64],
    grid: Grid,
    times: (f64, f64),
    most: usize,
) -> (Vec<f64>, Vec<f64>) {
    let shown = indices(grid, times);
    let at = |index: usize| grid.at(index).0 as f64;
    if shown.len() <= most {
        return (shown.clone().map(at).collect(), values[shown].to_vec());
    }
    let bucket = (2 * shown.len()).div_ceil(most);
    let (mut x, mut y) = (Vec::with_capacity(most + 2), Vec::with_capacity(most + 2));
    let mut push = |index: usize| {
        x.push(at(index));
        y.push(values[index]);
    };
    let mut first = shown.start;
    while first < shown.end {
        let last = (first + bucket).min(shown.end);
        let mut finite = (first..last).filter(|index| values[*index].is_finite());
        match finite.next() {
            None => push(first),
            Some(start) => {
                let (low, high) = finite.fold((start, start), |(low, high), index| {
                    let low = if values[index] < values[low] { index } else { low };
                    (low, if values[index] > values[high] { index } else { high })
                });
                push(low.min(high));
                if low != high {
                    push(low.max(high));
                }
                if let Some(gap) = (first..last)
                    .find(|index| !values[*index].is_finite() && *index > low.max(high))
                {
                    push(gap);
                }
            }
        }
        first = last;
    }
    (x, y)
}

/// The part of the range that is drawn.
pub(super) fn times(analysis: &Analysis, zoom: Option<shared::time::TimeRange>) -> (f64, f64) {
    span(zoom.unwrap_or_else(|| analysis.judged_grid().range()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::time::Step;

    fn grid(len: usize) -> Grid {
        Grid { start: Timestamp(0), step: Step::from_seconds(60), len }
    }

    #[test]
    fn decimation_keeps_extremes_and_gaps() {
        let mut values: Vec<f64> = (0..10_000).map(|i| f64::from(i % 10)).collect();
        values[5_003] = 99.0;
        values[7_001] = -99.0;
        values[2_000..3_000].fill(f64::NAN);
        let (x, y) = decimated(&values, grid(10_000), (0.0, 1e12), 2_000);
        assert!(x.len() == y.len() && x.len() <= 2_200, "{}", x.len());
        assert!(x.is_sorted());
        assert!(y.contains(&99.0) && y.contains(&-99.0));
        assert!(y.iter().any(|value| value.is_nan()));
        let (few, all) = decimated(&values, grid(10_000), (0.0, 600_000.0), 2_000);
        assert_eq!((few.len(), all.as_slice()), (11, &values[..11]));
    }

    #[test]
    fn the_shown_samples_reach_both_edges() {
        assert_eq!(indices(grid(100), (60_000.0 * 10.5, 60_000.0 * 20.5)), 10..22);
        assert_eq!(indices(grid(100), (-5.0, 1e15)), 0..100);
        assert!(indices(grid(100), (1e15, 2e15)).is_empty());
    }
}
