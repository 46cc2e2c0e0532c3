//! The judgement of a detector on a recording, row by row.

use oddity_detect::detect::{Detection, Detector, DetectorInput};
use oddity_detect::event::{Rule, after_cooldown};

use crate::data::Recording;

/// The scores and alerts of a detector.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Expected value, scale and score of each row.
    pub detection: Detection,
    /// Strength of the alert at each row after the hold-off, 0 where it is silent.
    pub alerts: Vec<f64>,
    /// Default alert threshold.
    pub threshold: f64,
}

/// Runs a detector over the rows as if they were evenly spaced. The first `history` rows are history; they get scores too
/// where the detector can give them.
pub fn judge(detector: Detector, recording: &Recording, history: usize) -> Verdict {
    let values = &recording.values;
    let grid = recording.grid();
    let detection = detector.detect(DetectorInput::new(values, history, grid));
    let rule = Rule::of(detector);
    let alerts = after_cooldown(detection.alert_scores(), rule.cooldown);
    let threshold = rule.opening_threshold(&detection);
    Verdict { detection, alerts, threshold }
}
