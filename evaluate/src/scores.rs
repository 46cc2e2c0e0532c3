//! The scores of a detector for a recording, as CSV.

use std::io::Write;

use oddity_detect::detect::Detector;
use oddity_detect::event::Rule;

use crate::data::Recording;
use crate::verdict::judge;

/// The columns in order.
///
/// `expected`, `lower` and `upper` are of what the detector judges, which is the value for most of them; the
/// bounds are those at the default threshold. `alert` is the strength of the alert after the hold-off, 0
/// where it is silent; `fired` is 1 where that passes the default threshold. What is not known is empty.
pub const COLUMNS: [&str; 8] =
    ["timestamp", "value", "expected", "lower", "upper", "score", "alert", "fired"];

/// Writes one row for each row of the recording, times as its file writes them. The first `history` rows
/// are those that the detector may learn from before it judges.
///
/// # Errors
/// The error of the writer.
pub fn write(
    out: impl Write,
    recording: &Recording,
    detector: Detector,
    history: usize,
) -> csv::Result<()> {
    let verdict = judge(detector, recording, history);
    let (detection, rule) = (&verdict.detection, Rule::of(detector));
    let mut out = csv::Writer::from_writer(out);
    out.write_record(COLUMNS)?;
    for (at, time) in recording.written.iter().enumerate() {
        let (lower, upper) = detection.bounds(at, rule.threshold);
        let alert = verdict.alerts[at];
        out.write_record([
            time.as_str(),
            &cell(recording.values[at]),
            &cell(detection.expected[at]),
            &cell(lower),
            &cell(upper),
            &cell(detection.score[at]),
            &cell(alert),
            if alert > 0.0 && alert >= verdict.threshold { "1" } else { "0" },
        ])?;
    }
    out.flush()?;
    Ok(())
}

/// Returns the shortest text that reads as the same number; empty for NaN.
fn cell(number: f64) -> String {
    if number.is_nan() { String::new() } else { number.to_string() }
}
