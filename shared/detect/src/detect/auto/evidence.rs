//! Evidence of the features of a series, and the alert scores that follow from it.

use super::ALERT;
use super::tuning::Tuning;
use crate::detect::{Alerts, Feature};
use crate::stats::MAX_SCORE;

/// A feature whose distances are ranked below the default alert threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankedFeature {
    /// Values less their running median.
    Value,
    /// Values less their running median, on a logarithmic scale.
    Logarithm,
    /// Median of a short window less that of a longer one.
    ShortLevel,
    /// Median of a long window less that of a still longer one.
    LongLevel,
    /// Spread over a window.
    Spread,
    /// Residual from the season.
    Season,
}

/// Evidence of all features for each sample.
#[derive(Clone, Debug, Default)]
pub struct AutoEvidence {
    /// Distance of each sample beyond everything in its lookback, in sixths of the range of the lookback; NaN without a
    /// verdict.
    pub distances: Vec<(RankedFeature, Vec<f64>)>,
    /// Samples that reach the default alert threshold, oldest first. Among equal alert scores the first feature counts.
    pub alarms: Vec<(Feature, Vec<Alarm>)>,
}

/// A sample that reaches the default alert threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// Index of the sample.
    pub at: usize,
    /// Alert score in units of the default alert threshold, 1 or more.
    pub score: f64,
    /// Probability of the sample by the lookback of the feature.
    pub probability: f64,
}

impl RankedFeature {
    /// Returns the weight of a distance in this feature.
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

    /// Returns the feature as it is reported.
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
    /// Computes the alert score of each sample: that of its strongest alarm, else the largest weighted distance, which
    /// stays below the default alert threshold.
    pub fn weigh(&self, values: &[f64], tuning: &Tuning) -> Alerts {
        let len = values.len();
        let mut alerts = Alerts {
            score: vec![f64::NAN; len],
            probability: vec![1.0; len],
            feature: vec![Feature::Value; len],
            views: None,
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
                // Missing samples get an alert score as well.
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
