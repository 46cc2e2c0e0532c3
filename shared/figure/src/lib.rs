//! The chart of an analysis as typed Plotly traces and layout: what the page draws and what is saved.
//!
//! Pure, as `shared` is: nothing here knows a browser. Samples stand beside the traces, because to Plotly they travel as
//! typed arrays and not through JSON.

mod decimate;
mod geometry;
mod interactive;
mod layout;
mod picture;

use oddity_analysis::analysis::{Analysis, RankedSeries};
use oddity_analysis::words::Clock;
use oddity_detect::detect::Quantity;
use oddity_detect::time::TimeRange;
use plotly::common::{HoverInfo, Line, Mode};
use plotly::{Scatter, Trace};
use serde::Serialize;

pub use decimate::{MAX_DRAWN_POINTS, decimate, visible_indices};
pub use geometry::{PlotArea, STRIP_DOMAIN};
pub use interactive::{NamedEvent, interactive_figure};
pub use layout::{ChartLayout, chart_layout};
pub use picture::static_figure;

use geometry::padded;

/// So many other series are drawn behind the one in focus.
const MAX_BACKGROUND_SERIES: usize = 12;

/// Colours, as CSS writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Of the samples.
    pub data: String,
    /// Of band and expectation.
    pub band: String,
    /// Of what is odd.
    pub odd: String,
    /// Of words.
    pub text: String,
    /// Of what is beside the point.
    pub muted: String,
    /// Of axes.
    pub line: String,
    /// Of the ground.
    pub surface: String,
}

/// A line and its samples.
pub struct ChartTrace {
    /// Style, without samples.
    pub trace: serde_json::Value,
    /// Milliseconds since 1970.
    pub x: Vec<f64>,
    /// Values; NaN breaks the line.
    pub y: Vec<f64>,
}

/// The ranges of the axes of one view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisRanges {
    /// Milliseconds since 1970.
    pub times: (f64, f64),
    /// Of the values.
    pub values: (f64, f64),
    /// Of the strip, where there is one.
    pub strip: Option<(f64, f64)>,
}

/// What is drawn of an analysis.
pub struct ChartView<'a> {
    /// What was found.
    pub analysis: &'a Analysis,
    /// The series that is drawn in full.
    pub focus: &'a RankedSeries,
    /// See [`axis_ranges`].
    pub ranges: AxisRanges,
    /// See [`Palette`].
    pub palette: &'a Palette,
    /// How times are written.
    pub clock: Clock,
    /// Pixels.
    pub size: (f64, f64),
}

/// The ranges that show the focused series and its band from `times.0` to `times.1`.
pub fn axis_ranges(analysis: &Analysis, focus: &RankedSeries, times: (f64, f64)) -> AxisRanges {
    let (series, found) = analysis.series(focus);
    let detection = &found.detection;
    let shown = visible_indices(series.grid, times);
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
    AxisRanges { times, values, strip }
}

/// The series that are drawn behind the one in focus, worst first.
fn behind<'a>(
    analysis: &'a Analysis,
    focus: &RankedSeries,
) -> impl Iterator<Item = &'a RankedSeries> {
    let index = focus.index;
    analysis.ranking.iter().filter(move |ranked| ranked.index != index).take(MAX_BACKGROUND_SERIES)
}

/// The value lines: other series behind, the focused one in front.
pub fn value_traces(view: &ChartView<'_>) -> Vec<ChartTrace> {
    let mut lines: Vec<ChartTrace> = behind(view.analysis, view.focus)
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

fn line(
    view: &ChartView<'_>,
    ranked: &RankedSeries,
    color: &str,
    width: f64,
    opacity: f64,
) -> ChartTrace {
    let series = view.analysis.series(ranked).0;
    let (x, y) = decimate(&series.values, series.grid, view.ranges.times, MAX_DRAWN_POINTS);
    let trace = bare()
        .mode(Mode::Lines)
        .opacity(opacity)
        .line(Line::new().color(color.to_owned()).width(width).simplify(false));
    styled(&trace, x, y)
}

fn bare() -> Box<Scatter<f64, f64>> {
    Scatter::new(Vec::new(), Vec::new()).hover_info(HoverInfo::Skip).connect_gaps(false)
}

fn styled(trace: &Scatter<f64, f64>, x: Vec<f64>, y: Vec<f64>) -> ChartTrace {
    ChartTrace { trace: to_json(trace), x, y }
}

fn to_json<T: Trace + Serialize>(trace: &T) -> serde_json::Value {
    serde_json::from_str(&trace.to_json()).unwrap_or_default()
}

/// The part of the range that is drawn, in milliseconds since 1970.
pub fn shown_times(analysis: &Analysis, zoom: Option<TimeRange>) -> (f64, f64) {
    span(zoom.unwrap_or_else(|| analysis.judged_grid().range()))
}

fn span(range: TimeRange) -> (f64, f64) {
    (range.start.0 as f64, (range.end.0.max(range.start.0 + 1)) as f64)
}
