//! What a person gets who touches nothing: several views of a series, one answer.

mod blocks;
mod evidence;
mod known;
mod lasting;
mod pair;
mod records;
mod residuals;
mod season;
mod slow;
mod tuning;
mod views;

pub use evidence::{Alarm, Evidence, Way};
pub use tuning::Tuning;

pub(crate) use known::Known;

use super::param::Field;
use super::{About, Algorithm, Detection, Input, Kept, Param, Quantity, samples};

/// Two answers, because they are two questions, and neither asks for a season or a window to be chosen.
///
/// **Score**: how unusual a sample is. Mean of robust scores, each clipped at 30: distance from the median
/// of up to 2,000 samples before, from the mean of all before, from what the sample before predicts, and,
/// once a season was found in earlier samples, from the same time of the seasons before. Half of it and
/// half of the score before make the score, because what is odd for two samples is more than twice as odd.
///
/// **Alert**: when a person should be told. A record of a view of the series (its values less their running
/// median, their logarithm, what the season leaves) alerts if it lies clearly farther off than all that the
/// view remembers. Levels and spread, which change slowly, alert if they are far outside of what they were
/// before they may have begun to, by its range and by its tail. A flat line or a gap alerts when it lasts three
/// times as long as any before. What does not alert is ranked below by how far it is outside of everything
/// remembered, in sixths of the range of that, the largest of the views by weights.
///
/// Expected value and scale are those of the robust view, so that the band on a chart is a plain one.
///
/// Cost: O(n log n). Sources: records and block maxima as in extreme value theory (Coles, "An introduction to
/// statistical modeling of extreme values", 2001). How often it alerts where nothing happened, and what it
/// finds, is measured in `docs/evaluation.md`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Auto {
    /// How many samples a view remembers.
    pub memory: usize,
    /// What no user sets.
    pub tuning: Tuning,
}

const MEMORY: Param = Param::samples(
    "memory",
    "Memory",
    "How many samples before the judged one are what it must exceed. Longer makes what returns each week or month known.",
    (200, 10_000),
    3_000,
);

/// The strength of an alert, until it is changed. By noise alone it is reached in less than one of 10,000
/// samples.
const ALERT: f64 = 0.4;

/// A new level that lasts this many samples is a level shift.
const LASTING: usize = 60;

impl Default for Auto {
    fn default() -> Self {
        Self { memory: MEMORY.count(), tuning: Tuning::default() }
    }
}

impl Auto {
    /// What the views say of each sample: for the evaluation, which weighs it in many ways.
    pub fn evidence(&self, input: Input<'_>) -> Evidence {
        views::all(input, self.memory, &Known::of(input, &self.tuning))
    }

    fn judge(&self, input: Input<'_>, known: &Known) -> Detection {
        let residuals::Scored { expected, scale, score } = &known.scored;
        let mut found = Detection::judge(
            Quantity::Value,
            input.values.to_vec(),
            expected.clone(),
            scale.clone(),
            format!("the {} before", samples(residuals::WINDOW, input.grid)),
            LASTING,
        );
        found.whole = Some(residuals::WINDOW);
        for (at, score) in score.iter().enumerate() {
            // An infinity keeps the largest score.
            if !input.values[at].is_infinite() {
                found.score[at] = *score;
            }
        }
        let evidence = views::all(input, self.memory, known);
        found.alerts = Some(evidence.weigh(input.values, &self.tuning));
        found
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
        self.judge(input, &Known::of(input, &self.tuning))
    }

    fn detect_again(&self, input: Input<'_>, kept: &mut Kept) -> Detection {
        let known = kept.auto.take().filter(|known| known.is_of(input, &self.tuning));
        let known = known.unwrap_or_else(|| Box::new(Known::of(input, &self.tuning)));
        let found = self.judge(input, &known);
        kept.auto = Some(known);
        found
    }
}

#[cfg(test)]
mod tests;
