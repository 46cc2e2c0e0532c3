//! Marks on the canvas: anomalous samples, differences of an exported rule, and the sample under the pointer.

use oddity_detect::event::{Direction, Mark};
use oddity_figure::visible_indices;
use web_sys::CanvasRenderingContext2d as Canvas;

use super::{Scene, x_of};

/// Minimum distance of marks, in pixels; of closer ones only the most extreme is drawn.
const MARK_DISTANCE: f64 = 5.0;

/// Draws triangles at the onset and the flagged samples of events, and rings at flagged samples outside events.
pub(super) fn marks(canvas: &Canvas, scene: &Scene<'_>) {
    let detection = scene.detection;
    let shown = visible_indices(scene.grid, scene.area.times);
    let mut triangles: Vec<(f64, Mark)> = Vec::new();
    let mut rings: Vec<(f64, Mark)> = Vec::new();
    let farness = |at: usize| (detection.judged[at] - detection.expected[at]).abs();
    for mark in oddity_detect::event::marks(detection, &scene.rule, &scene.ranked.events, shown) {
        let list = if mark.in_event { &mut triangles } else { &mut rings };
        let x = x_of(scene, mark.index);
        match list.last_mut() {
            Some((last, kept)) if x - *last < MARK_DISTANCE => {
                if farness(mark.index) > farness(kept.index) {
                    *kept = mark;
                }
            }
            _ => list.push((x, mark)),
        }
    }
    canvas.set_stroke_style_str(&scene.palette.odd);
    canvas.set_line_width(1.2);
    canvas.begin_path();
    for (_, mark) in rings {
        let (x, y) = place(scene, mark.index);
        canvas.move_to(x + 3.0, y);
        let _ = canvas.arc(x, y, 3.0, 0.0, std::f64::consts::TAU);
    }
    canvas.stroke();
    canvas.set_fill_style_str(&scene.palette.odd);
    canvas.begin_path();
    for (_, mark) in triangles {
        let (x, y) = place(scene, mark.index);
        let point = if mark.direction == Direction::Up { -1.0 } else { 1.0 };
        canvas.move_to(x, y + point * 12.0);
        canvas.line_to(x + 5.0, y + point * 4.0);
        canvas.line_to(x - 5.0, y + point * 4.0);
        canvas.close_path();
    }
    canvas.fill();
}

/// Returns the position of a sample: of a missing one at its expected value, of an infinite one at the edge.
fn place(scene: &Scene<'_>, at: usize) -> (f64, f64) {
    let (area, detection) = (scene.area, scene.detection);
    let known = [detection.judged[at], detection.expected[at]];
    let value = known.into_iter().find(|value| !value.is_nan());
    let y = value.map_or(area.top + area.height / 2.0, |value| area.y(value));
    (x_of(scene, at), y.clamp(area.top, area.top + area.height))
}

/// Draws crosses at the samples that an exported rule judges differently.
pub(super) fn crosses(canvas: &Canvas, scene: &Scene<'_>) {
    const ARM: f64 = 4.0;
    let mut last = f64::NEG_INFINITY;
    canvas.set_stroke_style_str(&scene.palette.text);
    canvas.set_line_width(1.6);
    canvas.begin_path();
    for at in scene.differing {
        let (x, y) = place(scene, *at);
        if x - last < MARK_DISTANCE {
            continue;
        }
        last = x;
        canvas.move_to(x - ARM, y - ARM);
        canvas.line_to(x + ARM, y + ARM);
        canvas.move_to(x - ARM, y + ARM);
        canvas.line_to(x + ARM, y - ARM);
    }
    canvas.stroke();
}

pub(super) fn hover(canvas: &Canvas, scene: &Scene<'_>) {
    let Some(at) = scene.hover else { return };
    let (x, y) = place(scene, at);
    let known = scene.detection.judged[at].is_finite();
    canvas.set_stroke_style_str(&scene.palette.muted);
    canvas.set_line_width(1.0);
    canvas.begin_path();
    canvas.move_to(x, scene.plot.top);
    canvas.line_to(x, scene.plot.top + scene.plot.height);
    canvas.stroke();
    if known {
        canvas.set_fill_style_str(&scene.palette.data);
        canvas.begin_path();
        let _ = canvas.arc(x, y, 3.5, 0.0, std::f64::consts::TAU);
        canvas.fill();
    }
}

/// Draws the label of an event at the height of its peak, on the side where there is room.
pub(super) fn label(canvas: &Canvas, scene: &Scene<'_>) {
    let Some((at, words)) = &scene.label else { return };
    let (x, y) = place(scene, *at);
    let (left, right) = (scene.plot.left, scene.plot.left + scene.plot.width);
    if x < left || x > right {
        return;
    }
    canvas
        .set_font("600 11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif");
    canvas.set_fill_style_str(&scene.palette.odd);
    let width = canvas.measure_text(words).map_or(0.0, |metrics| metrics.width());
    let event = scene.ranked.events.iter().find(|event| event.peak.index == *at);
    let (first, last) = event.map_or((x, x), |event| {
        (x_of(scene, event.onset.index).max(left), x_of(scene, event.last).min(right))
    });
    let x = if last.max(x) + 12.0 + width < right {
        last.max(x) + 12.0
    } else {
        (first.min(x) - 12.0 - width).max(left + 4.0)
    };
    let down = event.is_some_and(|event| event.direction == Direction::Down);
    let y = (y + if down { 14.0 } else { -2.0 })
        .clamp(scene.plot.top + 14.0, scene.plot.top + scene.plot.height - 6.0);
    let _ = canvas.fill_text(words, x, y);
}
