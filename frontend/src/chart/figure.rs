//! What Plotly is given: typed layout and traces, and the samples beside them, because those travel as
//! typed arrays and not through JSON.

use plotly::common::{DashType, Font, HoverInfo, Line, Mode, Title};
use plotly::layout::{Axis, DragMode, Margin};
use plotly::{Scatter, Trace};
use serde::Serialize;
use shared::analysis::{Analysis, Ranked};
use shared::detect::Quantity;
use shared::time::TimeRange;
use shared::words::{self, Clock};

use super::decimate::{MOST_POINTS, decimated, indices};
use super::geometry::{
    BOTTOM, LEFT, RIGHT, STRIP_DOMAIN, TOP, VALUES_DOMAIN, padded, ticks, time_ticks,
};
use super::{Palette, span};

/// Room for a title, in pixels.
const TITLE_TOP: f64 = 64.0;

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
    annotations: Vec<Caption>,
    shapes: Vec<Block>,
}

/// A stretch of time over the whole height, behind the lines, with words in its upper corner.
#[derive(Serialize)]
struct Block {
    #[serde(rename = "type")]
    kind: &'static str,
    xref: &'static str,
    yref: &'static str,
    layer: &'static str,
    x0: f64,
    x1: f64,
    y0: f64,
    y1: f64,
    fillcolor: String,
    opacity: f64,
    line: Line,
    label: Words,
}

#[derive(Serialize)]
struct Words {
    text: &'static str,
    textposition: &'static str,
    font: Font,
}

/// Words over an area, placed by its share of the plot.
#[derive(Serialize)]
struct Caption {
    text: String,
    x: f64,
    y: f64,
    xref: &'static str,
    yref: &'static str,
    xanchor: &'static str,
    yanchor: &'static str,
    showarrow: bool,
}

impl Caption {
    fn above(domain: [f64; 2], text: String) -> Self {
        let (xref, yref, xanchor, yanchor) = ("paper", "paper", "left", "bottom");
        Self { text, x: 0.0, y: domain[1], xref, yref, xanchor, yanchor, showarrow: false }
    }
}

/// A line and its samples.
pub(super) struct Curve {
    /// Style, without samples.
    pub(super) trace: serde_json::Value,
    /// Milliseconds since 1970.
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
            let (lower, upper) = detection.bounds(at, k);
            [lower, upper]
        });
        let bounds = bounds.filter(|bound| bound.is_finite());
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
    let count = |domain: [f64; 2]| ((domain[1] - domain[0]) * height / 70.0).clamp(3.0, 8.0);
    let (marks, labels) = time_ticks(times, view.clock, (view.size.0 / 110.0).clamp(3.0, 12.0));
    let x_axis = Axis::new()
        .range(vec![times.0, times.1])
        .tick_values(marks)
        .tick_text(labels)
        .zero_line(false)
        .grid_color(CLEAR)
        .line_color(view.palette.line.clone())
        .tick_length(4)
        .tick_color(view.palette.line.clone())
        .anchor(if strip.is_some() { "y2" } else { "y" });
    let quantity = view.analysis.series(view.focus).1.detection.quantity;
    let judged = view.analysis.judged_unit(quantity);
    let caption = strip.map(|_| Caption::above(STRIP_DOMAIN, words::axis(quantity, judged)));
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
        annotations: caption.into_iter().collect(),
        shapes: Vec::new(),
    }
}

impl Layout {
    /// The same with the times that were left out of the baseline.
    pub(super) fn without(mut self, excluded: &[TimeRange], view: &View<'_>) -> Self {
        let (first, last) = view.ranges.times;
        let muted = &view.palette.muted;
        let shown = excluded.iter().map(|range| span(*range));
        let shown = shown.map(|(start, end)| (start.max(first), end.min(last)));
        self.shapes = shown
            .filter(|(start, end)| start < end)
            .map(|(x0, x1)| Block {
                kind: "rect",
                xref: "x",
                yref: "paper",
                layer: "below",
                x0,
                x1,
                y0: 0.0,
                y1: 1.0,
                fillcolor: muted.clone(),
                opacity: 0.2,
                line: Line::new().color(muted.clone()).width(1.0).dash(DashType::Dash),
                label: Words {
                    text: "not learnt from",
                    textposition: "top left",
                    font: Font::new().size(11).color(view.palette.text.clone()),
                },
            })
            .collect();
        self
    }

    /// The same with a title above, on a ground of its own.
    pub(super) fn titled(self, title: Title, ground: &str) -> Self {
        Self {
            title: Some(title),
            paper_bgcolor: ground.to_owned(),
            margin: margin(TITLE_TOP),
            ..self
        }
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
        lines.push(styled(&unseen, vec![view.ranges.times.0], vec![low]));
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
    styled(&trace, x, y)
}

pub(super) fn bare() -> Box<Scatter<f64, f64>> {
    Scatter::new(Vec::new(), Vec::new()).hover_info(HoverInfo::Skip).connect_gaps(false)
}

pub(super) fn styled(trace: &Scatter<f64, f64>, x: Vec<f64>, y: Vec<f64>) -> Curve {
    Curve { trace: to_json(trace), x, y }
}

fn to_json<T: Trace + Serialize>(trace: &T) -> serde_json::Value {
    serde_json::from_str(&trace.to_json()).unwrap_or_default()
}

/// The part of the range that is drawn.
pub(super) fn times(analysis: &Analysis, zoom: Option<TimeRange>) -> (f64, f64) {
    span(zoom.unwrap_or_else(|| analysis.judged_grid().range()))
}
