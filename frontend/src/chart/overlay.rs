//! The fast half of the chart: expectation, band and marks on a canvas, drawn anew on every move of a
//! slider in a fraction of the time that Plotly takes.

use shared::analysis::Ranked;
use shared::detect::Detection;
use shared::event::{Direction, Event, Rule, Sides};
use shared::series::Grid;
use web_sys::CanvasRenderingContext2d as Canvas;

use super::Palette;
use super::decimate::{MOST_POINTS, decimated, indices};
use super::geometry::Area;

/// Marks closer than this hide each other; only the one farthest out is drawn. In pixels.
const MARK_DISTANCE: f64 = 5.0;

/// Everything that is drawn over one area.
pub(super) struct Scene<'a> {
    /// Where the judged quantity is drawn.
    pub(super) area: Area,
    /// The whole plot, for what spans strip and values.
    pub(super) plot: Area,
    pub(super) grid: Grid,
    pub(super) detection: &'a Detection,
    pub(super) ranked: &'a Ranked,
    pub(super) rule: Rule,
    pub(super) palette: &'a Palette,
    /// Whether the judged quantity is not the values and its own line is needed.
    pub(super) strip: bool,
    /// Onset of the event that is looked at.
    pub(super) selected: Option<usize>,
    /// The sample under the pointer.
    pub(super) hover: Option<usize>,
    /// A few words at the selected or worst event.
    pub(super) label: Option<(usize, String)>,
}

/// Clears `size` pixels and draws the scene.
pub(super) fn draw(canvas: &Canvas, size: (f64, f64), scene: &Scene<'_>) {
    canvas.clear_rect(0.0, 0.0, size.0, size.1);
    canvas.save();
    clip(canvas, scene.plot);
    for event in &scene.ranked.events {
        shade(canvas, scene, event);
    }
    canvas.save();
    clip(canvas, scene.area);
    band(canvas, scene);
    if scene.strip {
        canvas.set_line_width(1.2);
        curve(canvas, scene, &scene.palette.data, &scene.detection.judged);
    }
    canvas.restore();
    marks(canvas, scene);
    hover(canvas, scene);
    label(canvas, scene);
    canvas.restore();
}

fn clip(canvas: &Canvas, area: Area) {
    canvas.begin_path();
    canvas.rect(area.left, area.top, area.width, area.height);
    canvas.clip();
}

fn x_of(scene: &Scene<'_>, index: usize) -> f64 {
    scene.area.x(scene.grid.at(index).0 as f64)
}

fn shade(canvas: &Canvas, scene: &Scene<'_>, event: &Event) {
    let half = scene.grid.step.millis() as f64 / 2.0;
    let left = scene.plot.x(event.onset.time.0 as f64 - half);
    let right = scene.plot.x(event.end.0 as f64 + half).max(left + 2.0);
    let selected = scene.selected == Some(event.onset.index);
    canvas.set_global_alpha(if selected { 0.24 } else { 0.12 });
    canvas.set_fill_style_str(&scene.palette.odd);
    canvas.fill_rect(left, scene.plot.top, right - left, scene.plot.height);
    canvas.set_global_alpha(1.0);
}

/// Upper edge forth, lower edge back, for each stretch without a gap; then the expectation, dashed.
fn band(canvas: &Canvas, scene: &Scene<'_>) {
    let detection = scene.detection;
    let k = scene.rule.threshold;
    let shown = indices(scene.grid, scene.area.times);
    let bucket = shown.len().div_ceil(scene.area.width.max(1.0) as usize).max(1);
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
        if low <= high {
            edges.push((x_of(scene, first), scene.area.y(high), scene.area.y(low)));
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
    let dashes = js_sys::Array::of2(&4.0.into(), &4.0.into());
    let _ = canvas.set_line_dash(&dashes);
    canvas.set_line_width(1.0);
    curve(canvas, scene, &scene.palette.band, &detection.expected);
    let _ = canvas.set_line_dash(&js_sys::Array::new());
}

/// A line through the samples that can be seen, broken at gaps.
fn curve(canvas: &Canvas, scene: &Scene<'_>, color: &str, values: &[f64]) {
    let (times, values) = decimated(values, scene.grid, scene.area.times, MOST_POINTS);
    canvas.set_stroke_style_str(color);
    canvas.begin_path();
    let mut pen_down = false;
    for (time, value) in times.into_iter().zip(values) {
        let (x, y) = (scene.area.x(time), scene.area.y(value));
        match (value.is_finite(), pen_down) {
            (true, true) => canvas.line_to(x, y),
            (true, false) => canvas.move_to(x, y),
            (false, _) => {}
        }
        pen_down = value.is_finite();
    }
    canvas.stroke();
}

/// Triangles at the flagged samples of events, rings at flagged samples that did not make one.
fn marks(canvas: &Canvas, scene: &Scene<'_>) {
    let detection = scene.detection;
    let shown = indices(scene.grid, scene.area.times);
    let mut triangles: Vec<(f64, usize)> = Vec::new();
    let mut rings: Vec<(f64, usize)> = Vec::new();
    let farness = |at: usize| (detection.judged[at] - detection.expected[at]).abs();
    let mut events = scene.ranked.events.iter().peekable();
    for at in shown {
        if detection.score[at] < scene.rule.threshold || !detection.score[at].is_finite() {
            continue;
        }
        let up = detection.judged[at] > detection.expected[at];
        let counts = match scene.rule.sides {
            Sides::Both => true,
            Sides::Up => up,
            Sides::Down => !up,
        };
        if !counts || !detection.judged[at].is_finite() {
            continue;
        }
        while events.peek().is_some_and(|event| event.last < at) {
            events.next();
        }
        let inside =
            events.peek().is_some_and(|event| (event.onset.index..=event.last).contains(&at));
        let list = if inside { &mut triangles } else { &mut rings };
        let x = x_of(scene, at);
        match list.last_mut() {
            Some(last) if x - last.0 < MARK_DISTANCE => {
                if farness(at) > farness(last.1) {
                    last.1 = at;
                }
            }
            _ => list.push((x, at)),
        }
    }
    canvas.set_stroke_style_str(&scene.palette.odd);
    canvas.set_line_width(1.2);
    canvas.begin_path();
    for (_, at) in rings {
        let (x, y) = place(scene, at);
        canvas.move_to(x + 3.0, y);
        let _ = canvas.arc(x, y, 3.0, 0.0, std::f64::consts::TAU);
    }
    canvas.stroke();
    canvas.set_fill_style_str(&scene.palette.odd);
    canvas.begin_path();
    for (_, at) in triangles {
        let up = detection.judged[at] > detection.expected[at];
        let (x, y) = place(scene, at);
        let point = if up { -1.0 } else { 1.0 };
        canvas.move_to(x, y + point * 12.0);
        canvas.line_to(x + 5.0, y + point * 4.0);
        canvas.line_to(x - 5.0, y + point * 4.0);
        canvas.close_path();
    }
    canvas.fill();
}

fn place(scene: &Scene<'_>, at: usize) -> (f64, f64) {
    (x_of(scene, at), scene.area.y(scene.detection.judged[at]))
}

fn hover(canvas: &Canvas, scene: &Scene<'_>) {
    let Some(at) = scene.hover else { return };
    let (x, y) = place(scene, at);
    canvas.set_stroke_style_str(&scene.palette.muted);
    canvas.set_line_width(1.0);
    canvas.begin_path();
    canvas.move_to(x, scene.plot.top);
    canvas.line_to(x, scene.plot.top + scene.plot.height);
    canvas.stroke();
    if y.is_finite() {
        canvas.set_fill_style_str(&scene.palette.data);
        canvas.begin_path();
        let _ = canvas.arc(x, y, 3.5, 0.0, std::f64::consts::TAU);
        canvas.fill();
    }
}

/// The words beside the peak, on the side where there is room.
fn label(canvas: &Canvas, scene: &Scene<'_>) {
    let Some((at, words)) = &scene.label else { return };
    let (x, y) = place(scene, *at);
    if !y.is_finite() || x < scene.plot.left || x > scene.plot.left + scene.plot.width {
        return;
    }
    canvas
        .set_font("600 11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif");
    canvas.set_fill_style_str(&scene.palette.odd);
    let width = canvas.measure_text(words).map_or(0.0, |metrics| metrics.width());
    let right = scene.plot.left + scene.plot.width;
    let x = if x + 12.0 + width < right {
        x + 12.0
    } else {
        (x - 12.0 - width).max(scene.plot.left + 4.0)
    };
    let down =
        scene.ranked.events.iter().any(|e| e.peak.index == *at && e.direction == Direction::Down);
    let y = (y + if down { 14.0 } else { -2.0 })
        .clamp(scene.plot.top + 14.0, scene.plot.top + scene.plot.height - 6.0);
    let _ = canvas.fill_text(words, x, y);
}
