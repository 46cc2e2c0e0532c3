//! What a person gets who touches nothing: several views of a series, one answer.

mod records;
mod residuals;
mod views;

use views::Pair;

use super::param::Field;
use super::{About, Alerts, Algorithm, Detection, Input, Param, Quantity, View, samples};
use crate::stats::MAX_SCORE;

/// Two answers, because they are two questions, and neither asks for a season or a window to be chosen.
///
/// **Score**: how unusual a sample is. Mean of robust scores, each clipped at 30: distance from the median
/// of up to 2,000 samples before, from the mean of all before, from what the sample before predicts, and,
/// once a season was found in earlier samples, from the same time of the seasons before. Half of it and
/// half of the score before make the score, because what is odd for two samples is more than twice as odd.
///
/// **Alert**: when a person should be told. For each view of the series (its values less their running
/// median, their logarithm, a short level against a long one, the spread, the season) how far the view is
/// outside of everything in its memory, in sixths of the range of that; the largest, by weights, is the
/// strength. A strength at which the values are not improbable by the tail of their own past stays below
/// the threshold. A flat line or a gap alerts when it lasts three times as long as any before.
///
/// Expected value and scale are those of the robust view, so that the band on a chart is a plain one.
///
/// Cost: O(n log n). Sources: records as in extreme value theory (Hill, "A simple general approach to
/// inference about the tail of a distribution", 1975); the views and weights were settled by
/// cross-validation, see `docs/evaluation.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auto {
    /// How many samples a view remembers.
    pub memory: usize,
}

const MEMORY: Param = Param::samples(
    "memory",
    "Memory",
    "How many samples before the judged one are what it must exceed. Longer makes what returns each week or month known.",
    (200, 10_000),
    3_000,
);

/// The strength of an alert, until it is changed. By noise alone it is exceeded in less than one of 10,000
/// samples.
const ALERT: f64 = 0.4;

/// A new level that lasts this many samples is a level shift.
const LASTING: usize = 60;

impl Default for Auto {
    fn default() -> Self {
        Self { memory: MEMORY.count() }
    }
}

impl Algorithm for Auto {
    const ABOUT: About = About {
        id: "auto",
        name: "Auto",
        summary: "Several views of each series at once: what is new in any of them.",
        threshold: 4.0,
        alert: Some(ALERT),
        causal: true,
        params: &[MEMORY],
    };

    fn field(&mut self, _: usize) -> Field<'_> {
        Field::Count(&mut self.memory)
    }

    fn history(&self) -> usize {
        650
    }

    fn detect(&self, input: Input<'_>) -> Detection {
        let values = Pair::of(input);
        let seasonal = views::seasonal(input, &values);
        let residuals::Scored { expected, scale, score } =
            residuals::score(input, seasonal.as_ref());
        let mut found = Detection::judge(
            Quantity::Value,
            input.values.to_vec(),
            expected,
            scale,
            format!("up to the {} before", samples(residuals::WINDOW, input.grid)),
            LASTING,
        );
        for (at, score) in score.into_iter().enumerate() {
            // An infinity keeps the largest score.
            if !input.values[at].is_infinite() {
                found.score[at] = score;
            }
        }
        found.alerts =
            Some(strongest(input, &views::all(input, self.memory, &values, seasonal.as_ref())));
        found
    }
}

/// The largest strength of the views at each sample, and whose it is.
fn strongest(input: Input<'_>, views: &[(View, Vec<f64>)]) -> Alerts {
    let len = input.values.len();
    let mut alerts = Alerts { strength: vec![f64::NAN; len], view: vec![View::Value; len] };
    for (view, strengths) in views {
        for (at, &strength) in strengths.iter().enumerate() {
            if strength > alerts.strength[at] || alerts.strength[at].is_nan() {
                alerts.strength[at] = strength;
                alerts.view[at] = *view;
            }
        }
    }
    for (strength, value) in alerts.strength.iter_mut().zip(input.values) {
        if value.is_infinite() {
            *strength = MAX_SCORE;
        }
    }
    alerts
}
