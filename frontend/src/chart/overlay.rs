//! The fast half of the chart: band and marks on a canvas, drawn anew on every move of a slider in a fraction of the
//! time that Plotly takes, and the expectation on another, drawn anew when the detector has run.

mod marks;

use oddity_analysis::analysis::RankedSeries;
use oddity_detect::detect::Detection;
use oddity_detect::event::{Event, Rule};
use oddity_detect::series::Grid;
use oddity_detect::time::TimeRange;
use oddity_figure::{MAX_DRAWN_POINTS, Palette, PlotArea, decimate, visible_indices};
use web_sys::CanvasRenderingContext2d as Canvas;

/// Distance between points of an edge of the band, in pixels.
const EDGE: f64 = 2.0;

/// Distance by which the band may leave the plot, in pixels.
const BEYOND: f64 = 8.0;

/// Distance of the lines that hatch excluded ranges, in pixels.
const HATCH: f64 = 8.0;

/// The part of the chart that does not depend on the threshold.
pub(super) struct LineScene<'a> {
    /// Area of the judged quantity.
    pub(super) area: PlotArea,
    pub(super) grid: Grid,
    pub(super) detection: &'a Detection,
    pub(super) palette: &'a Palette,
    /// Whether the judged quantity differs from the values and needs a line of its own.
    pub(super) strip: bool,
}

/// The part of the chart that depends on the threshold or the pointer.
pub(super) struct Scene<'a> {
    /// Area of the judged quantity.
    pub(super) area: PlotArea,
    /// Area of the whole plot, strip and values.
    pub(super) plot: PlotArea,
    pub(super) grid: Grid,
    pub(super) detection: &'a Detection,
    pub(super) ranked: &'a RankedSeries,
    pub(super) rule: Rule,
    /// Time ranges that are excluded from the baseline.
    pub(super) excluded: &'a [TimeRange],
    /// Indices of the samples that an exported rule judges differently.
    pub(super) differing: &'a [usize],
    pub(super) palette: &'a Palette,
    /// Onset index of the selected event.
    pub(super) selected: Option<usize>,
    /// Index of the sample under the pointer.
    pub(super) hover: Option<usize>,
    /// Index of a sample and the words at it: the selected or the most severe event.
    pub(super) label: Option<(usize, String)>,
}

/// Clears `size` pixels and draws the expected values, and the judged quantity if it differs from the values.
pub(super) fn draw_lines(canvas: &Canvas, size: (f64, f64), lines: &LineScene<'_>) {
    canvas.clear_rect(0.0, 0.0, size.0, size.1);
    canvas.save();
    clip(canvas, lines.area);
    // A normal range has no single expected value.
    if lines.detection.normal.is_none() {
        let dashes = js_sys::Array::of2(&4.0.into(), &4.0.into());
        let _ = canvas.set_line_dash(&dashes);
        canvas.set_line_width(1.0);
        curve(canvas, lines, &lines.palette.band, &lines.detection.expected);
        let _ = canvas.set_line_dash(&js_sys::Array::new());
    }
    if lines.strip {
        canvas.set_line_width(1.2);
        curve(canvas, lines, &lines.palette.data, &lines.detection.judged);
    }
    canvas.restore();
}

/// Clears `size` pixels and draws the scene.
pub(super) fn draw(canvas: &Canvas, size: (f64, f64), scene: &Scene<'_>) {
    canvas.clear_rect(0.0, 0.0, size.0, size.1);
    canvas.save();
    clip(canvas, scene.plot);
    for range in scene.excluded {
        hatch(canvas, scene, *range);
    }
    shades(canvas, scene);
    canvas.save();
    clip(canvas, scene.area);
    band(canvas, scene);
    canvas.restore();
    marks::marks(canvas, scene);
    marks::crosses(canvas, scene);
    marks::hover(canvas, scene);
    marks::label(canvas, scene);
    canvas.restore();
}

fn clip(canvas: &Canvas, area: PlotArea) {
    canvas.begin_path();
    canvas.rect(area.left, area.top, area.width, area.height);
    canvas.clip();
}

fn x_of(scene: &Scene<'_>, index: usize) -> f64 {
    scene.area.x(scene.grid.at(index).0 as f64)
}

/// Draws the time ranges of events, that of the selected one stronger.
fn shades(canvas: &Canvas, scene: &Scene<'_>) {
    canvas.set_fill_style_str(&scene.palette.odd);
    for (looked_at, alpha) in [(false, 0.12), (true, 0.24)] {
        let events = scene.ranked.events.iter();
        canvas.begin_path();
        for event in events.filter(|e| (scene.selected == Some(e.onset.index)) == looked_at) {
            let (left, right) = times(scene, event);
            canvas.rect(left, scene.plot.top, right - left, scene.plot.height);
        }
        canvas.set_global_alpha(alpha);
        canvas.fill();
    }
    canvas.set_global_alpha(1.0);
}

/// Returns the left and right edge of an event, in pixels.
fn times(scene: &Scene<'_>, event: &Event) -> (f64, f64) {
    let half = scene.grid.step.millis() as f64 / 2.0;
    let left = scene.plot.x(event.display_start.0 as f64 - half);
    (left, scene.plot.x(event.end.0 as f64 + half).max(left + 2.0))
}

/// Draws diagonal grey lines over an excluded range.
fn hatch(canvas: &Canvas, scene: &Scene<'_>, range: TimeRange) {
    let plot = scene.plot;
    let left = plot.x(range.start.0 as f64).clamp(plot.left, plot.left + plot.width);
    let right = plot.x(range.end.0 as f64).clamp(plot.left, plot.left + plot.width);
    if right <= left {
        return;
    }
    canvas.save();
    canvas.begin_path();
    canvas.rect(left, plot.top, right - left, plot.height);
    canvas.clip();
    canvas.set_global_alpha(0.1);
    canvas.set_fill_style_str(&scene.palette.muted);
    canvas.fill_rect(left, plot.top, right - left, plot.height);
    canvas.set_global_alpha(0.45);
    canvas.set_stroke_style_str(&scene.palette.muted);
    canvas.set_line_width(1.0);
    canvas.begin_path();
    // In steps from the origin, so that the lines of neighbours meet.
    let mut x = ((left - plot.height) / HATCH).floor() * HATCH;
    while x < right {
        canvas.move_to(x, plot.top + plot.height);
        canvas.line_to(x + plot.height, plot.top);
        x += HATCH;
    }
    canvas.stroke();
    canvas.restore();
}

/// Draws the band as one shape for each stretch without a gap.
fn band(canvas: &Canvas, scene: &Scene<'_>) {
    let detection = scene.detection;
    let k = scene.rule.threshold;
    let shown = visible_indices(scene.grid, scene.area.times);
    let bucket = shown.len().div_ceil((scene.area.width / EDGE).max(1.0) as usize).max(1);
    let mut edges: Vec<(f64, f64, f64)> = Vec::with_capacity(shown.len() / bucket + 1);
    let flush = |edges: &mut Vec<(f64, f64, f64)>| {
        if let Some(&(x, upper, _)) = edges.first() {
            canvas.move_to(x, upper);
            edges.iter().for_each(|&(x, upper, _)| canvas.line_to(x, upper));
            edges.iter().rev().for_each(|&(x, _, lower)| canvas.line_to(x, lower));
            canvas.close_path();
        }
        edges.clear();
    };
    canvas.begin_path();
    let mut first = shown.start;
    while first < shown.end {
        let last = (first + bucket).min(shown.end);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for at in first..last {
            let (lower, upper) = detection.bounds(at, k);
            low = low.min(lower);
            high = high.max(upper);
        }
        let bounded = low.is_finite() || high.is_finite();
        if low <= high && bounded {
            edges.push((x_of(scene, first), edge(scene, high), edge(scene, low)));
        } else {
            flush(&mut edges);
        }
        first = last;
    }
    flush(&mut edges);
    canvas.set_global_alpha(0.26);
    canvas.set_fill_style_str(&scene.palette.band);
    canvas.fill();
    canvas.set_global_alpha(1.0);
}

/// Returns the vertical position of a bound; one that is far off or missing lies just outside the plot.
fn edge(scene: &Scene<'_>, bound: f64) -> f64 {
    let area = scene.area;
    area.y(bound).clamp(area.top - BEYOND, area.top + area.height + BEYOND)
}

/// Draws a line through the visible samples, broken at gaps.
fn curve(canvas: &Canvas, lines: &LineScene<'_>, color: &str, values: &[f64]) {
    let (times, values) = decimate(values, lines.grid, lines.area.times, MAX_DRAWN_POINTS);
    canvas.set_stroke_style_str(color);
    canvas.begin_path();
    let mut pen_down = false;
    for (time, value) in times.into_iter().zip(values) {
        let (x, y) = (lines.area.x(time), lines.area.y(value));
        match (value.is_finite(), pen_down) {
            (true, true) => canvas.line_to(x, y),
            (true, false) => canvas.move_to(x, y),
            (false, _) => {}
        }
        pen_down = value.is_finite();
    }
    canvas.stroke();
}
