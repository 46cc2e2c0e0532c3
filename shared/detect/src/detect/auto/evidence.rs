//! What the views of a series say, and what follows from it.

use super::ALERT;
use super::tuning::Tuning;
use crate::detect::{Alerts, View};
use crate::stats::MAX_SCORE;

/// A view of which records are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Values less their running median.
    Value,
    /// The same on a logarithmic scale.
    Logarithm,
    /// A short level against a longer one.
    ShortLevel,
    /// The same over longer windows.
    LongLevel,
    /// The spread.
    Spread,
    /// The residual from the season.
    Season,
}

/// What the views say of each sample.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// How far each is beyond everything that it remembers, in sixths of the range of that; NaN where it
    /// cannot tell.
    pub distances: Vec<(Way, Vec<f64>)>,
    /// What alerts by default, oldest first. Of equal strength the view that comes first counts.
    pub alarms: Vec<(View, Vec<Alarm>)>,
}

/// A sample that alerts by default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// Its index.
    pub at: usize,
    /// How many times as strong as what suffices.
    pub strength: f64,
    /// How probable it is by what the view remembers.
    pub probability: f64,
}

impl Way {
    /// What a distance in it counts.
    pub fn weight(self, tuning: &Tuning) -> f64 {
        match self {
            Self::Value => tuning.value,
            Self::Logarithm => tuning.logarithm,
            Self::ShortLevel => tuning.short_level,
            Self::LongLevel => tuning.long_level,
            Self::Spread => tuning.spread,
            Self::Season => tuning.season,
        }
    }

    fn view(self) -> View {
        match self {
            Self::Value | Self::Logarithm => View::Value,
            Self::ShortLevel | Self::LongLevel => View::Level,
            Self::Spread => View::Spread,
            Self::Season => View::Season,
        }
    }
}

impl Evidence {
    /// The strength of the alert at each of the samples: that of the strongest alarm, else the largest distance
    /// by weight, held below what alerts.
    pub fn weigh(&self, values: &[f64], tuning: &Tuning) -> Alerts {
        let len = values.len();
        let mut alerts = Alerts {
            strength: vec![f64::NAN; len],
            probability: vec![1.0; len],
            view: vec![View::Value; len],
        };
        for (way, distances) in &self.distances {
            let (view, weight) = (way.view(), way.weight(tuning) / ALERT);
            for (at, distance) in distances.iter().enumerate() {
                let weighed = weight * distance;
                let strength = ALERT * (weighed / (1.0 + weighed));
                if strength > alerts.strength[at] || alerts.strength[at].is_nan() {
                    alerts.strength[at] = strength;
                    alerts.view[at] = view;
                }
            }
        }
        for (at, value) in values.iter().enumerate() {
            if value.is_infinite() {
                alerts.strength[at] = MAX_SCORE;
                alerts.probability[at] = f64::MIN_POSITIVE;
                alerts.view[at] = View::Value;
            } else if alerts.strength[at].is_nan() {
                // What is missing is judged as well.
                alerts.strength[at] = 0.0;
            }
        }
        for (view, alarms) in &self.alarms {
            for alarm in alarms {
                let strength = (ALERT * alarm.strength).min(MAX_SCORE);
                if strength > alerts.strength[alarm.at] {
                    alerts.strength[alarm.at] = strength;
                    alerts.view[alarm.at] = *view;
                }
                let probability = &mut alerts.probability[alarm.at];
                *probability = probability.min(alarm.probability);
            }
        }
        alerts
    }
}
