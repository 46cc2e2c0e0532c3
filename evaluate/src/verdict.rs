//! What a detector says of a recording, row by row.

use oddity_detect::detect::{Detection, Detector, DetectorInput};
use oddity_detect::event::{Rule, after_cooldown};

use crate::data::Recording;

/// What the detector found, and when it would tell a person.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Expectation, scale and score of each row.
    pub detection: Detection,
    /// Strength of the alert at each row after the hold-off, 0 where it is silent.
    pub alerts: Vec<f64>,
    /// Strength from which it tells a person unless the threshold is changed.
    pub threshold: f64,
}

/// Runs the detector over the rows as if they were evenly spaced. The first `history` rows are what it may
/// learn from before it judges; they get scores too where the detector can give them.
pub fn judge(detector: Detector, recording: &Recording, history: usize) -> Verdict {
    let values = &recording.values;
    let grid = recording.grid();
    let detection =
        detector.detect(DetectorInput { values, reference: values, history, grid, group: None });
    let rule = Rule::of(detector);
    let alerts = after_cooldown(detection.alert_scores(), rule.cooldown);
    let threshold = rule.opening_threshold(&detection);
    Verdict { detection, alerts, threshold }
}
