use std::fmt::Write;

use leptos::prelude::*;
use oddity_detect::series::{Grid, Series};
use oddity_figure::{MAX_DRAWN_POINTS, decimate};

use crate::state::State;
use crate::text;

/// Width and height of the drawing in its own units; it is stretched to its place.
const SIZE: (f64, f64) = (1_000.0, 300.0);

/// The values of one series while none has been judged yet.
#[component]
pub fn Preview() -> impl IntoView {
    let state = expect_context::<State>();
    move || {
        let loaded = state.fetched.get()?;
        let wanted = state.panel.read().focus.clone();
        let named = loaded.series.iter().find(|one| Some(one.labels.to_string()) == wanted);
        let series = named.or(loaded.series.first())?;
        let grid = Grid {
            start: loaded.query.start,
            len: series.grid.len.saturating_sub(loaded.query.history),
            ..series.grid
        };
        Some(view! {
            <section class="card preview" aria-labelledby="preview">
                <h2 id="preview">{text::NOT_JUDGED_YET}</h2>
                <div class="sub"><code>{series.labels.to_string()}</code></div>
                <svg viewBox=format!("0 0 {} {}", SIZE.0, SIZE.1) preserveAspectRatio="none" aria-hidden="true">
                    <path d=line(series, grid)></path>
                </svg>
            </section>
        })
    }
}

/// Returns the path of a line through the samples on `grid`, which ends with the last one; empty without a finite sample.
fn line(series: &Series, grid: Grid) -> String {
    let history = series.values.len().saturating_sub(grid.len);
    let range = (grid.start.0 as f64, grid.range().end.0 as f64);
    let (times, values) = decimate(&series.values[history..], grid, range, MAX_DRAWN_POINTS);
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let scale =
        |value: f64, (from, to): (f64, f64)| (value - from) / (to - from).max(f64::MIN_POSITIVE);
    let (mut path, mut drawn) = (String::new(), false);
    for (time, value) in times.iter().zip(&values) {
        if !value.is_finite() {
            drawn = false;
            continue;
        }
        let x = scale(*time, range) * SIZE.0;
        let y = (1.0 - scale(*value, (low, high))) * SIZE.1;
        let _ = write!(path, "{}{x:.1},{y:.1}", if drawn { 'L' } else { 'M' });
        drawn = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::series::Labels;
    use oddity_detect::time::{Step, Timestamp};

    #[test]
    fn a_line_of_anything() {
        let step = Step::from_seconds(60);
        let drawn = |values: &[f64], history: usize| {
            let grid = Grid { start: Timestamp(0), step, len: values.len() };
            let series = Series { labels: Labels::default(), grid, values: values.into() };
            line(&series, Grid { start: grid.at(history), len: grid.len - history, step })
        };
        assert_eq!(drawn(&[1.0, 2.0, 4.0, 3.0], 1), "M0.0,300.0L500.0,0.0L1000.0,150.0");
        assert_eq!(drawn(&[1.0, f64::NAN, 3.0], 0), "M0.0,300.0M1000.0,0.0");
        assert_eq!(drawn(&[5.0], 0), "M0.0,300.0");
        for nothing in [&[][..], &[f64::NAN; 9], &[f64::INFINITY; 9]] {
            assert_eq!(drawn(nothing, 0), "");
        }
    }
}
