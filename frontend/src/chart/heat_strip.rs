//! All series over time in one strip: a row for each, with the severity of its events as colour and lightness.

use leptos::html;
use leptos::prelude::*;
use oddity_analysis::analysis::{Analysis, RankedSeries};
use oddity_analysis::words;
use oddity_detect::event::{Event, SeverityLevel};
use oddity_detect::time::Timestamp;
use oddity_figure::PlotArea;
use web_sys::{CanvasRenderingContext2d, PointerEvent};

use super::view::{follow_size, sharp_context};
use crate::state::State;
use crate::text;

/// Maximum height of all rows, in pixels; of more series than that, several share a row.
const MAX_HEIGHT: f64 = 200.0;

/// Maximum height of a row, in pixels.
const MAX_ROW: f64 = 14.0;

/// Minimum width of an event, in pixels, and the distance from which a click still hits it.
const MIN_WIDTH: f64 = 3.0;

/// Levels of severity with the names of their colours, from light to heavy.
const COLOURS: [(SeverityLevel, &str); 5] = [
    (SeverityLevel::Low, "--heat-low"),
    (SeverityLevel::Warning, "--heat-warning"),
    (SeverityLevel::Minor, "--heat-minor"),
    (SeverityLevel::Major, "--heat-major"),
    (SeverityLevel::Critical, "--heat-critical"),
];

/// The strip of all listed series, below the chart and on its time axis. A click shows the series, and the event if one is
/// there.
#[component]
pub fn HeatStrip() -> impl IntoView {
    let state = expect_context::<State>();
    let frame = NodeRef::<html::Div>::new();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = RwSignal::new((0.0, 0.0));
    let hover = RwSignal::new(None::<(usize, Timestamp)>);
    follow_size(frame, size);
    let listed = state.listing.series;
    let count = Memo::new(move |_| listed.read().len());
    let height = Memo::new(move |_| (count.get() as f64 * MAX_ROW).min(MAX_HEIGHT));
    let zoom = Memo::new(move |_| state.panel.read().zoom);
    let area = move |analysis: &Analysis| {
        let times = oddity_figure::shown_times(analysis, zoom.get());
        let across = PlotArea::new(size.get(), [0.0, 1.0], times, (0.0, 1.0));
        PlotArea { top: 0.0, height: height.get(), values: (count.get() as f64, 0.0), ..across }
    };
    Effect::new(move |_| {
        state.dark.track();
        let (Some(canvas), Some(analysis)) = (canvas.get(), state.throttled_analysis.get()) else {
            return;
        };
        let (width, _) = size.get();
        let Some(context) = sharp_context(&canvas, (width, height.get())) else { return };
        let Ok(Some(style)) = window().get_computed_style(&canvas) else { return };
        let colour = |name: &str| style.get_property_value(name).unwrap_or_default();
        let strip = Strip { analysis: &analysis, area: area(&analysis), colour: &colour };
        listed.with(|listed| strip.draw(&context, listed, state.focus.get()));
    });
    let point = move |event: &PointerEvent| {
        let analysis = state.throttled_analysis.get_untracked()?;
        let area = untrack(|| area(&analysis));
        let (x, y) = (f64::from(event.offset_x()), f64::from(event.offset_y()));
        let row = area.value_at(y).max(0.0) as usize;
        let index = *listed.read_untracked().get(row)?;
        let (near, time) = (near(&area), area.time_at(x));
        (area.times.0..=area.times.1).contains(&time).then_some((analysis, index, time, near))
    };
    let pick = move |event: PointerEvent| {
        let Some((analysis, index, time, near)) = point(&event) else { return };
        match event_at(&analysis, index, time, near) {
            Some((ranked, event)) => state.show_event(ranked.event_id(event)),
            None => state.show_series(index, None),
        }
    };
    let told = move || {
        let analysis = state.throttled_analysis.get()?;
        let (index, time) = hover.get()?;
        let name = analysis.detected.series.get(index)?.prepared.name.clone();
        let near = near(&untrack(|| area(&analysis)));
        let what = event_at(&analysis, index, time.0 as f64, near).map(|(_, event)| {
            format!(
                ": {}, {}",
                words::what(event, analysis.judged_unit(event.quantity)),
                words::severity(event)
            )
        });
        Some(format!("{name}, {}{}", state.clock().short(time), what.unwrap_or_default()))
    };
    let summary = move || {
        let analysis = state.throttled_analysis.get()?;
        let odd = analysis.ranking.iter().filter(|ranked| !ranked.events.is_empty()).count();
        Some(text::heat_strip(odd, analysis.ranking.len()))
    };
    view! {
        <section class="card heat" aria-labelledby="heat">
            <div class="heat-head">
                <h2 id="heat">"All series over time"</h2>
                <div class="legend" aria-hidden="true">
                    {COLOURS.map(|(level, name)| view! {
                        <span><i class="sw" style:background=format!("var({name})")></i>{level.name()}</span>
                    })}
                </div>
            </div>
            <div class="heat-frame" node_ref=frame>
                <canvas
                    node_ref=canvas
                    role="img"
                    aria-label=summary
                    style:height=move || format!("{}px", height.get())
                    on:pointermove=move |event| {
                        hover.set(point(&event).map(|(_, index, time, _)| (index, Timestamp(time as i64))));
                    }
                    on:pointerleave=move |_| hover.set(None)
                    on:pointerup=pick
                ></canvas>
            </div>
            <div class="sub">{move || told().unwrap_or_else(|| text::HEAT_STRIP_HELP.to_owned())}</div>
        </section>
    }
}

/// Returns how near to an event the pointer counts as on it, in milliseconds.
fn near(area: &PlotArea) -> f64 {
    (area.times.1 - area.times.0) / area.width * MIN_WIDTH
}

/// Returns the worst event of a series at a time, both in milliseconds, or within `near` of it.
fn event_at(
    analysis: &Analysis,
    index: usize,
    time: f64,
    near: f64,
) -> Option<(&RankedSeries, &Event)> {
    let ranked = analysis.of_series(Some(index))?;
    let hit = |event: &&Event| {
        event.display_start.0 as f64 - near <= time && time <= event.end.0 as f64 + near
    };
    let worst =
        ranked.events.iter().filter(hit).max_by(|a, b| a.severity.total_cmp(&b.severity))?;
    Some((ranked, worst))
}

struct Strip<'a> {
    analysis: &'a Analysis,
    area: PlotArea,
    colour: &'a dyn Fn(&str) -> String,
}

impl Strip<'_> {
    fn draw(&self, context: &CanvasRenderingContext2d, listed: &[usize], focus: Option<usize>) {
        let area = &self.area;
        let fill = |colour: &str| context.set_fill_style_str(&(self.colour)(colour));
        context.clear_rect(0.0, 0.0, area.left + area.width + 100.0, area.height);
        fill("--sunken");
        context.fill_rect(area.left, 0.0, area.width, area.height);
        let row = area.height / listed.len().max(1) as f64;
        let mut places = vec![None; self.analysis.detected.loaded.series.len()];
        for (at, index) in listed.iter().enumerate() {
            if let Some(place) = places.get_mut(*index) {
                *place = Some(at as f64 * row);
            }
        }
        let ranking = self.analysis.ranking.iter();
        let mut events: Vec<(f64, &Event)> = ranking
            .filter_map(|ranked| Some((places.get(ranked.index).copied()??, ranked)))
            .flat_map(|(top, ranked)| ranked.events.iter().map(move |event| (top, event)))
            .collect();
        // Where rows share a pixel, the worst is seen.
        events.sort_by(|(_, a), (_, b)| a.severity.total_cmp(&b.severity));
        for (top, event) in events {
            let name = COLOURS.iter().find(|(level, _)| *level == event.level());
            fill(name.map_or("--odd", |(_, name)| name));
            let left = area.x(event.display_start.0 as f64).max(area.left);
            let right = area.x(event.end.0 as f64).max(left + MIN_WIDTH);
            let right = right.min(area.left + area.width);
            if left < right {
                let gap = if row > 6.0 { 1.0 } else { 0.0 };
                context.fill_rect(left, top, right - left, (row - gap).max(1.0));
            }
        }
        if let Some(at) = listed.iter().position(|index| Some(*index) == focus) {
            fill("--accent");
            context.fill_rect(area.left - 6.0, at as f64 * row, 4.0, row.max(3.0));
        }
    }
}
