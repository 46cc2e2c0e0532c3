//! The tooltip of the sample under the pointer.

use leptos::prelude::*;
use oddity_analysis::words;
use oddity_detect::detect::Quantity;
use oddity_figure::{AxisRanges, PlotArea};
use oddity_source::unit::Unit;

use crate::state::State;

/// Value, expected value, band and score of a sample, beside the pointer.
#[component]
pub(super) fn Tooltip(
    /// Index of the sample under the pointer.
    hover: RwSignal<Option<usize>>,
    /// Ranges of the axes.
    ranges: RwSignal<Option<AxisRanges>>,
    /// Width and height of the chart, in pixels.
    size: RwSignal<(f64, f64)>,
) -> impl IntoView {
    let state = expect_context::<State>();
    move || {
        let (at, ranges, analysis) = (hover.get()?, ranges.get()?, state.analysis.get()?);
        let ranked = analysis.of_series(state.focus.get())?;
        let (series, found) = analysis.series(ranked);
        let (detection, k) = (&found.detection, analysis.rule.threshold);
        let unit = analysis.judged_unit(detection.quantity);
        let (expected, bounds) = (*detection.expected.get(at)?, detection.bounds(at, k));
        let mut rows = vec![("value", analysis.detected.unit.format(series.values[at]))];
        if detection.quantity != Quantity::Value {
            rows.push((words::quantity(detection.quantity), unit.format(detection.judged[at])));
        }
        if expected.is_finite() {
            rows.push(("expected", unit.format(expected)));
            rows.push(("range", words::bounds(bounds.0, bounds.1, unit)));
        }
        let score = detection.score[at];
        if score.is_finite() {
            let share = Unit::Plain.format((score * 100.0).round() / 100.0);
            rows.push(("score", format!("{share} of {}", Unit::Plain.format(k))));
        }
        let time = series.grid.at(at);
        let x = PlotArea::new(size.get(), [0.0, 1.0], ranges.times, ranges.values).x(time.0 as f64);
        let side = if x > size.get().0 / 2.0 { "left" } else { "right" };
        let clock = state.clock();
        Some(view! {
            <dl class=format!("tooltip {side}") style=format!("--x: {x:.0}px")>
                <div class="when">{clock.full(time)}</div>
                {rows
                    .into_iter()
                    .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
                    .collect_view()}
            </dl>
        })
    }
}
