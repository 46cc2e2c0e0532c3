//! What the views of a series say, and what follows from it.

use super::ALERT;
use super::tuning::Tuning;
use crate::detect::{Alerts, Feature};
use crate::stats::MAX_SCORE;

/// A view of which records are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankedFeature {
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
pub struct AutoEvidence {
    /// How far each is beyond everything that it remembers, in sixths of the range of that; NaN where it
    /// cannot tell.
    pub distances: Vec<(RankedFeature, Vec<f64>)>,
    /// What alerts by default, oldest first. Of equal strength the view that comes first counts.
    pub alarms: Vec<(Feature, Vec<Alarm>)>,
}

/// A sample that alerts by default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// Its index.
    pub at: usize,
    /// How many times as strong as what suffices.
    pub score: f64,
    /// How probable it is by what the view remembers.
    pub probability: f64,
}

impl RankedFeature {
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

    fn feature(self) -> Feature {
        match self {
            Self::Value | Self::Logarithm => Feature::Value,
            Self::ShortLevel | Self::LongLevel => Feature::Level,
            Self::Spread => Feature::Spread,
            Self::Season => Feature::Season,
        }
    }
}

impl AutoEvidence {
    /// The strength of the alert at each of the samples: that of the strongest alarm, else the largest distance
    /// by weight, held below what alerts.
    pub fn weigh(&self, values: &[f64], tuning: &Tuning) -> Alerts {
        let len = values.len();
        let mut alerts = Alerts {
            score: vec![f64::NAN; len],
            probability: vec![1.0; len],
            feature: vec![Feature::Value; len],
        };
        for (way, distances) in &self.distances {
            let (feature, weight) = (way.feature(), way.weight(tuning) / ALERT);
            for (at, distance) in distances.iter().enumerate() {
                let weighed = weight * distance;
                let score = ALERT * (weighed / (1.0 + weighed));
                if score > alerts.score[at] || alerts.score[at].is_nan() {
                    alerts.score[at] = score;
                    alerts.feature[at] = feature;
                }
            }
        }
        for (at, value) in values.iter().enumerate() {
            if value.is_infinite() {
                alerts.score[at] = MAX_SCORE;
                alerts.probability[at] = f64::MIN_POSITIVE;
                alerts.feature[at] = Feature::Value;
            } else if alerts.score[at].is_nan() {
                // What is missing is judged as well.
                alerts.score[at] = 0.0;
            }
        }
        for (feature, alarms) in &self.alarms {
            for alarm in alarms {
                let score = (ALERT * alarm.score).min(MAX_SCORE);
                if score > alerts.score[alarm.at] {
                    alerts.score[alarm.at] = score;
                    alerts.feature[alarm.at] = *feature;
                }
                let probability = &mut alerts.probability[alarm.at];
                *probability = probability.min(alarm.probability);
            }
        }
        alerts
    }
}
