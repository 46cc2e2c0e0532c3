//! Axes, margins and captions of the chart.

use oddity_analysis::words;
use oddity_detect::time::TimeRange;
use plotly::common::{DashType, Font, Line, Title};
use plotly::layout::{Axis, DragMode, Margin};
use serde::Serialize;

use crate::geometry::{BOTTOM, LEFT, RIGHT, STRIP_DOMAIN, TOP, VALUES_DOMAIN, ticks, time_ticks};
use crate::{AxisRanges, ChartView, plain, span, thresholds};

/// Top margin of a chart with a title, in pixels.
const TITLE_TOP: f64 = 64.0;

/// The used part of the layout of Plotly; the type of the `plotly` crate serialises fifty more fields.
#[derive(Serialize)]
pub struct ChartLayout {
    width: usize,
    height: usize,
    margin: Margin,
    font: Font,
    paper_bgcolor: String,
    plot_bgcolor: String,
    showlegend: bool,
    legend: Legend,
    hovermode: HoverMode,
    dragmode: DragMode,
    xaxis: Axis,
    yaxis: Axis,
    #[serde(skip_serializing_if = "Option::is_none")]
    yaxis2: Option<Axis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Title>,
    annotations: Vec<Annotation>,
    shapes: Vec<Shape>,
}

/// A shape with a label.
#[derive(Serialize)]
#[serde(untagged)]
enum Shape {
    Excluded(ExcludedBlock),
    Threshold(ThresholdLine),
}

/// The samples that show a tooltip.
#[derive(Serialize)]
#[serde(untagged)]
enum HoverMode {
    None(bool),
    At(&'static str),
}

/// A shaded time range behind the lines, with a label in its upper corner.
#[derive(Serialize)]
struct ExcludedBlock {
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
    label: ShapeLabel,
}

/// A horizontal line at a threshold of the query, with its comparison at the right end.
#[derive(Serialize)]
struct ThresholdLine {
    #[serde(rename = "type")]
    kind: &'static str,
    xref: &'static str,
    yref: &'static str,
    x0: f64,
    x1: f64,
    y0: f64,
    y1: f64,
    line: Line,
    label: ShapeLabel,
}

#[derive(Serialize)]
struct ShapeLabel {
    text: String,
    textposition: &'static str,
    font: Font,
}

/// Place of the legend: above the plot, at its right end.
#[derive(Serialize)]
struct Legend {
    orientation: &'static str,
    x: f64,
    y: f64,
    xanchor: &'static str,
    yanchor: &'static str,
}

const LEGEND: Legend =
    Legend { orientation: "h", x: 1.0, y: 1.0, xanchor: "right", yanchor: "bottom" };

/// A text in the chart, at a share of the plot or at a time and a value.
#[derive(Serialize)]
struct Annotation {
    text: String,
    x: f64,
    y: f64,
    xref: &'static str,
    yref: &'static str,
    xanchor: &'static str,
    yanchor: &'static str,
    showarrow: bool,
}

impl Annotation {
    fn above(domain: [f64; 2], text: String) -> Self {
        let (xref, yref, xanchor, yanchor) = ("paper", "paper", "left", "bottom");
        Self { text, x: 0.0, y: domain[1], xref, yref, xanchor, yanchor, showarrow: false }
    }
}

/// Returns the layout of the chart on the page.
pub fn chart_layout(view: &ChartView<'_>) -> ChartLayout {
    let AxisRanges { times, values, strip } = view.ranges;
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
    let caption = strip.map(|_| Annotation::above(STRIP_DOMAIN, words::axis(quantity, judged)));
    ChartLayout {
        width: view.size.0 as usize,
        height: view.size.1 as usize,
        margin: margin(TOP),
        font: Font::new().size(11).color(view.palette.muted.clone()),
        paper_bgcolor: CLEAR.to_owned(),
        plot_bgcolor: CLEAR.to_owned(),
        showlegend: false,
        legend: LEGEND,
        hovermode: HoverMode::None(false),
        dragmode: DragMode::Zoom,
        xaxis: x_axis,
        yaxis: axis(values, unit, count(domain)).domain(&domain),
        yaxis2: strip.map(|range| axis(range, judged, count(STRIP_DOMAIN)).domain(&STRIP_DOMAIN)),
        title: None,
        annotations: caption.into_iter().collect(),
        shapes: Vec::new(),
    }
}

impl ChartLayout {
    /// Adds the time ranges that are excluded from the baseline.
    pub fn without(mut self, excluded: &[TimeRange], view: &ChartView<'_>) -> Self {
        let (first, last) = view.ranges.times;
        let muted = &view.palette.muted;
        let shown = excluded.iter().map(|range| span(*range));
        let shown = shown.map(|(start, end)| (start.max(first), end.min(last)));
        let shown = shown.filter(|(start, end)| start < end);
        self.shapes.extend(shown.map(|(x0, x1)| {
            Shape::Excluded(ExcludedBlock {
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
                label: ShapeLabel {
                    text: "excluded from baseline".to_owned(),
                    textposition: "top left",
                    font: Font::new().size(11).color(view.palette.text.clone()),
                },
            })
        }));
        self
    }

    /// Adds a line at each threshold of the query's condition that the value axis shows.
    pub(crate) fn with_thresholds(mut self, view: &ChartView<'_>) -> Self {
        let color = || view.palette.text.clone();
        self.shapes.extend(thresholds(view.analysis, view.ranges).map(|(comparison, y)| {
            Shape::Threshold(ThresholdLine {
                kind: "line",
                xref: "paper",
                yref: "y",
                x0: 0.0,
                x1: 1.0,
                y0: y,
                y1: y,
                line: Line::new().color(color()).width(1.0).dash(DashType::Dot),
                label: ShapeLabel {
                    text: plain(&comparison.text()),
                    textposition: "end",
                    font: Font::new().size(11).color(color()),
                },
            })
        }));
        self
    }

    /// Adds a text above or below a time and a value of an axis, within the plot.
    pub(crate) fn labelled(
        mut self,
        (time, value): (f64, f64),
        axis: &'static str,
        text: String,
        view: &ChartView<'_>,
    ) -> Self {
        let AxisRanges { times, values, strip } = view.ranges;
        let (low, high) = strip.unwrap_or(values);
        let xanchor = if time > f64::midpoint(times.0, times.1) { "right" } else { "left" };
        let yanchor = if value > f64::midpoint(low, high) { "top" } else { "bottom" };
        let (x, y, xref, yref, showarrow) = (time, value, "x", axis, false);
        self.annotations.push(Annotation { text, x, y, xref, yref, xanchor, yanchor, showarrow });
        self
    }

    /// Adds a title, a legend and a background.
    pub fn titled(self, title: Title, ground: &str) -> Self {
        Self {
            title: Some(title),
            showlegend: true,
            paper_bgcolor: ground.to_owned(),
            margin: margin(TITLE_TOP),
            ..self
        }
    }

    /// Replaces the time axis by one that Plotly zooms, and enables tooltips.
    pub(crate) fn zoomed_by_plotly(self, xaxis: Axis) -> Self {
        Self { xaxis, hovermode: HoverMode::At("x"), ..self }
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
