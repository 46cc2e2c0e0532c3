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
    /// What alerts by default, from 1 on; the views that come first matter most.
    pub strengths: Vec<(View, Vec<f64>)>,
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
    /// The strength of the alert at each sample: that of the view that is strongest of those that alert by
    /// default, else the largest distance by weight, held below what alerts.
    pub fn weigh(&self, tuning: &Tuning) -> Alerts {
        let len = self.strengths.first().map_or(0, |(_, of)| of.len());
        let mut alerts = Alerts { strength: vec![f64::NAN; len], view: vec![View::Value; len] };
        let mut raise = |view: View, of: &[f64], strength: &dyn Fn(f64) -> f64| {
            for (at, &value) in of.iter().enumerate() {
                let strength = strength(value);
                if strength > alerts.strength[at] || alerts.strength[at].is_nan() {
                    alerts.strength[at] = strength;
                    alerts.view[at] = view;
                }
            }
        };
        for (way, distance) in &self.distances {
            let weight = way.weight(tuning);
            raise(way.view(), distance, &|distance| {
                let weighed = weight * distance / ALERT;
                ALERT * (weighed / (1.0 + weighed))
            });
        }
        for (view, strength) in &self.strengths {
            let strong = |strength: f64| {
                if strength >= 1.0 { (ALERT * strength).min(MAX_SCORE) } else { 0.0 }
            };
            raise(*view, strength, &strong);
        }
        alerts
    }
}
