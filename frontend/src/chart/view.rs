//! The chart component: it owns the layers, follows size, theme and pointer, and draws on change.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::{Analysis, RankedSeries};
use oddity_analysis::{report, words};
use oddity_detect::detect::{Detector, Quantity};
use oddity_detect::event::EventKind;
use oddity_detect::time::{TimeRange, Timestamp};
use oddity_figure::{AxisRanges, ChartView, Palette, PlotArea, STRIP_DOMAIN, static_figure};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlElement, PointerEvent, ResizeObserver};

use super::overlay::{self, LineScene, Scene};
use super::plotly;
use super::threshold::Thresholds;
use super::tooltip::Tooltip;
use crate::browser::download::save_url;
use crate::state::State;
use crate::text;

/// Maximum time between two clicks of a double click, in milliseconds.
const DOUBLE_CLICK: f64 = 400.0;

/// Width and height of a downloaded picture, in pixels before it is doubled for sharp screens.
const PICTURE: (f64, f64) = (1_200.0, 600.0);

/// The chart of the focused series: values, expected values, band and marks.
#[component]
pub fn Chart() -> impl IntoView {
    let state = expect_context::<State>();
    let frame = NodeRef::<html::Div>::new();
    let drawing = NodeRef::<html::Div>::new();
    let (canvas, still) = (NodeRef::<html::Canvas>::new(), NodeRef::<html::Canvas>::new());
    let size = RwSignal::new((0.0, 0.0));
    let hover = RwSignal::new(None::<usize>);
    let ranges = RwSignal::new(None::<AxisRanges>);
    let failure = RwSignal::new(None::<String>);
    let palette = Memo::new(move |_| {
        state.dark.track();
        frame.get().map(|frame| read_palette(&frame)).unwrap_or_default()
    });
    let excluded = Memo::new(move |_| state.panel.read().excluded.clone());
    follow_size(frame, size);

    // Axes and lines: not while a slider is dragged, so the settings are read without following them. The detector is that of
    // the address once its scores are there.
    let detector = Memo::new(move |last: Option<&Option<Detector>>| {
        let kept = state.panel.read().settings.detector;
        let judged = state.detected.read().as_ref().map(|detected| detected.detector);
        if judged == Some(kept) { judged } else { last.copied().flatten() }
    });
    let redraw = Memo::new(move |_| {
        let panel = state.panel.read();
        (state.loaded.get(), state.focus.get(), panel.zoom, detector.get(), panel.local_time)
    });
    let zoom_closure = StoredValue::new_local(None);
    Effect::new(move |_| {
        let (_, focus, zoom, ..) = redraw.get();
        let (size, palette) = (size.get(), palette.get());
        let analysis = state.analysis.get_untracked();
        let (Some(target), Some(analysis)) = (drawing.get(), analysis) else { return };
        let Some(ranked) = analysis.of_series(focus) else { return };
        if size.0 < 1.0 {
            return;
        }
        let now = oddity_figure::axis_ranges(
            &analysis,
            ranked,
            oddity_figure::shown_times(&analysis, zoom),
        );
        let view = ChartView {
            analysis: &analysis,
            focus: ranked,
            ranges: now,
            palette: &palette,
            clock: untrack(|| state.clock()),
            size,
        };
        let drawn = plotly::react(
            &target,
            &oddity_figure::chart_layout(&view),
            oddity_figure::value_traces(&view),
        );
        match drawn {
            Ok(drawn) => spawn_local(async move {
                let error = JsFuture::from(drawn).await.err();
                failure.set(error.map(|error| plotly::reason(&error)));
            }),
            Err(error) => return failure.set(Some(plotly::reason(&error))),
        }
        ranges.set(Some(now));
        if zoom_closure.with_value(Option::is_none) {
            zoom_closure
                .set_value(plotly::on_zoom(&target, move |from, to| zoom_to(state, from, to)).ok());
        }
    });
    on_cleanup(move || {
        if let Some(target) = drawing.get_untracked() {
            plotly::purge(&target);
        }
    });

    Effect::new(move |_| {
        let (size, palette) = (size.get(), palette.get());
        let (Some(canvas), Some(detected), Some(now)) =
            (still.get(), state.detected.get(), ranges.get())
        else {
            return;
        };
        let Some(index) = state.focus.get() else { return };
        let (Some(series), Some(found)) =
            (detected.loaded.series.get(index), detected.series.get(index))
        else {
            return;
        };
        let Some(context) = sharp_context(&canvas, size) else { return };
        let detection = &found.detection;
        let strip = detection.quantity != Quantity::Value;
        let area = judged_area(size, now);
        let lines = LineScene { area, grid: series.grid, detection, palette: &palette, strip };
        overlay::draw_lines(&context, size, &lines);
    });

    Effect::new(move |_| {
        let (size, palette) = (size.get(), palette.get());
        let (Some(canvas), Some(analysis), Some(now)) =
            (canvas.get(), state.analysis.get(), ranges.get())
        else {
            return;
        };
        let Some(ranked) = analysis.of_series(state.focus.get()) else { return };
        let Some(context) = sharp_context(&canvas, size) else { return };
        let selected = state.selected.get().filter(|selected| selected.series == ranked.index);
        let excluded = excluded.read();
        let agreement = state.agreement.read();
        let differing = agreement.as_ref().map(|agreement| agreement.differing(ranked.index));
        let marked = Highlights {
            hover: hover.get(),
            selected: selected.map(|event| event.onset),
            excluded: &excluded,
            differing: differing.unwrap_or_default(),
        };
        draw_overlay(&context, size, &analysis, ranked, now, &palette, &marked);
    });

    let point = move |event: PointerEvent| {
        let (Some(frame), Some(now)) = (frame.get_untracked(), ranges.get_untracked()) else {
            return None;
        };
        let analysis = state.analysis.get_untracked()?;
        let series = state.focus.get_untracked()?;
        let area = PlotArea::new(size.get_untracked(), [0.0, 1.0], now.times, now.values);
        let box_ = frame.get_bounding_client_rect();
        let time = area.time_at(f64::from(event.client_x()) - box_.left());
        let inside = time >= now.times.0 && time <= now.times.1;
        let index = analysis.detected.loaded.series[series].grid.nearest(Timestamp(time as i64))?;
        inside.then_some((series, index))
    };
    // While a button is down Plotly covers the page, so its release is seen by the window alone.
    let pressed = StoredValue::new(None::<i32>);
    let clicked = StoredValue::new(f64::NEG_INFINITY);
    let release = window_event_listener(leptos::ev::pointerup, move |event| {
        let still = pressed.get_value().is_some_and(|x: i32| (x - event.client_x()).abs() < 4);
        pressed.set_value(None);
        if !still {
            return;
        }
        let again = event.time_stamp() - clicked.get_value() < DOUBLE_CLICK;
        clicked.set_value(event.time_stamp());
        if again {
            state.adjust(|panel| panel.zoom = None);
        } else if let Some((series, index)) = point(event) {
            state.select_at(series, index);
        }
    });
    on_cleanup(move || release.remove());

    view! {
        <div class="chart-place">
            <div
                class="chart-frame"
                node_ref=frame
                role="img"
                aria-label=move || state.throttled_analysis.get().map(|analysis| words::headline(&analysis)).unwrap_or_default()
                on:pointermove=move |event| hover.set(point(event).map(|(_, index)| index))
                on:pointerleave=move |_| hover.set(None)
                on:pointerdown=move |event| pressed.set_value(Some(event.client_x()))
            >
                <canvas node_ref=canvas aria-hidden="true"></canvas>
                <canvas node_ref=still aria-hidden="true"></canvas>
                <div class="plotly-layer" node_ref=drawing></div>
                <Tooltip hover=hover ranges=ranges size=size/>
            </div>
            {move || failure.get().map(|reason| view! {
                <p class="chart-failed problem" role="alert">{text::chart_failed(&reason)}</p>
            })}
            <Thresholds ranges=ranges size=size/>
        </div>
    }
}

/// Saves the chart as a PNG.
pub fn download(state: State) {
    let Some(analysis) = state.analysis.get_untracked() else { return };
    let Some(root) =
        document().document_element().and_then(|root| root.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let name =
        report::file_name(&analysis.detected.loaded.query.expr, untrack(|| state.now()), "png");
    spawn_local(async move {
        match picture(state, &root).await {
            Ok(url) => save_url(&url, &name),
            Err(error) => leptos::logging::error!("the picture cannot be made: {error:?}"),
        }
    });
}

/// Draws the chart in the colours of an element, and returns the `data:` URL of a PNG.
///
/// # Errors
/// The error of Plotly, or null if there is no chart.
pub async fn picture(state: State, colours: &HtmlElement) -> Result<String, JsValue> {
    let analysis = state.analysis.get_untracked().ok_or(JsValue::NULL)?;
    let panel = state.panel.get_untracked();
    let clock = untrack(|| state.clock());
    let (layout, lines) = {
        let ranked = analysis.of_series(state.focus.get_untracked()).ok_or(JsValue::NULL)?;
        let view = ChartView {
            analysis: &analysis,
            focus: ranked,
            ranges: oddity_figure::axis_ranges(
                &analysis,
                ranked,
                oddity_figure::shown_times(&analysis, panel.zoom),
            ),
            palette: &read_palette(colours),
            clock,
            size: PICTURE,
        };
        static_figure(&view, &panel.excluded)
    };
    plotly::to_image(&layout, lines, PICTURE.0 as u32, PICTURE.1 as u32).await
}

fn zoom_to(state: State, from: f64, to: f64) {
    let now = state.panel.read_untracked().zoom;
    if let Ok(range) = TimeRange::new(Timestamp(from as i64), Timestamp(to as i64))
        && now != Some(range)
    {
        state.adjust(|panel| panel.zoom = Some(range));
    }
}

/// Highlights in the chart beside the events.
struct Highlights<'a> {
    /// Index of the sample under the pointer.
    hover: Option<usize>,
    /// Onset index of the selected event.
    selected: Option<usize>,
    /// Time ranges that are excluded from the baseline.
    excluded: &'a [TimeRange],
    /// Indices of the samples that the exported rule judges differently.
    differing: &'a [usize],
}

fn draw_overlay(
    context: &CanvasRenderingContext2d,
    size: (f64, f64),
    analysis: &Analysis,
    ranked: &RankedSeries,
    ranges: AxisRanges,
    palette: &Palette,
    marked: &Highlights<'_>,
) {
    let (series, found) = analysis.series(ranked);
    let labelled = ranked
        .events
        .iter()
        .find(|event| Some(event.onset.index) == marked.selected)
        .or_else(|| ranked.events.iter().max_by(|a, b| a.severity.total_cmp(&b.severity)));
    let scene = Scene {
        area: judged_area(size, ranges),
        plot: PlotArea::new(size, [0.0, 1.0], ranges.times, ranges.values),
        grid: series.grid,
        detection: &found.detection,
        ranked,
        rule: analysis.rule,
        palette,
        excluded: marked.excluded,
        differing: marked.differing,
        selected: marked.selected,
        hover: marked.hover,
        label: labelled.map(|event| {
            // What is odd by lasting has no peak.
            let lasting = matches!(event.kind, EventKind::Gap | EventKind::FlatLine);
            let at = if lasting { event.onset.index } else { event.peak.index };
            (at, words::what(event, analysis.judged_unit(event.quantity)))
        }),
    };
    overlay::draw(context, size, &scene);
}

/// Returns the area of the judged quantity: the strip, if there is one.
fn judged_area(size: (f64, f64), ranges: AxisRanges) -> PlotArea {
    match ranges.strip {
        Some(strip) => PlotArea::new(size, STRIP_DOMAIN, ranges.times, strip),
        None => PlotArea::new(size, [0.0, 1.0], ranges.times, ranges.values),
    }
}

/// Returns a context with the resolution of the screen, in units of CSS pixels.
pub(super) fn sharp_context(
    canvas: &web_sys::HtmlCanvasElement,
    size: (f64, f64),
) -> Option<CanvasRenderingContext2d> {
    let ratio = window().device_pixel_ratio().max(1.0);
    let (width, height) = ((size.0 * ratio) as u32, (size.1 * ratio) as u32);
    if (canvas.width(), canvas.height()) != (width, height) {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0).ok()?;
    Some(context)
}

pub(super) fn follow_size(frame: NodeRef<html::Div>, size: RwSignal<(f64, f64)>) {
    let observer = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn Fn(JsValue)>)>);
    Effect::new(move |_| {
        let Some(element) = frame.get() else { return };
        let watched = element.clone();
        let closure = Closure::<dyn Fn(JsValue)>::new(move |_| {
            let now = (f64::from(watched.client_width()), f64::from(watched.client_height()));
            // What is hidden, as on paper, is drawn no smaller.
            let shown = now.0 > 0.0 && now.1 > 0.0;
            if shown && size.get_untracked() != now {
                size.set(now);
            }
        });
        if let Ok(made) = ResizeObserver::new(closure.as_ref().unchecked_ref()) {
            made.observe(&element);
            observer.set_value(Some((made, closure)));
        }
    });
    on_cleanup(move || {
        if let Some((observer, _)) = observer.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}

fn read_palette(element: &HtmlElement) -> Palette {
    let style = window().get_computed_style(element).ok().flatten();
    let read = |name: &str| {
        style
            .as_ref()
            .and_then(|style| style.get_property_value(name).ok())
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    Palette {
        data: read("--data"),
        band: read("--band"),
        odd: read("--odd"),
        text: read("--text"),
        muted: read("--muted"),
        line: read("--line"),
        surface: read("--surface"),
    }
}
