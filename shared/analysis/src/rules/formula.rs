//! The formula of each detector in PromQL: what it judges, what it expects, and by how much that varies.

mod duration;

use super::expr::{Expr, SampleWindow};
use super::input::RuleInput;
use super::record::{RecordedPart, RecordingRules};
use super::{ExportError, floored};
use oddity_detect::detect::{
    Detector, Forecast, Level, MIN_PEERS, PeerMethod, Peers, Record, Robust, RobustScale, Rolling,
    Seasonal, Slope, Threshold, Variance, ZScore,
};
use oddity_detect::stats::enough;
use oddity_detect::stats::quantile::QUARTILE_RANGE;
use oddity_detect::time::Timestamp;

/// The name of the finite samples where they are recorded.
pub(super) const VALUE: &str = "value";

const SLOPE: &str = "slope";

/// The label by which samples of several seasons differ.
const SAMPLE: &str = "oddity";

/// Formula of a detector in PromQL, each piece without the conditions of the others.
#[derive(Debug)]
pub(super) struct Formula {
    /// Judged value, finite.
    pub(super) judged: RecordedPart,
    /// Name under which the judged value is recorded; [`VALUE`] unless it is derived from the value.
    pub(super) part: &'static str,
    /// Expected value.
    pub(super) expected: Expr,
    /// Spread of the expected value, before the floor.
    pub(super) spread: Expr,
    /// Ends of what scores nothing; `expected` alone where `None`.
    pub(super) normal: Option<NormalRange>,
    /// Present where there is a verdict; `None` for wherever `expected` is.
    pub(super) known: Option<Expr>,
    /// Present where infinite values are judged; `None` for everywhere.
    pub(super) infinite: Option<InfiniteVerdict>,
}

/// A range without an end where that is `None`.
#[derive(Debug)]
pub(super) struct NormalRange {
    pub(super) lowest: Option<Expr>,
    pub(super) highest: Option<Expr>,
}

/// Conditions under which infinite values are judged.
#[derive(Debug)]
pub(super) struct InfiniteVerdict {
    /// Condition under which infinite values are judged from the start.
    pub(super) known: Option<Expr>,
    /// Time from which on infinite values are judged where `known` does not hold.
    pub(super) since: Timestamp,
}

/// Returns the formula of the detector of `input` over `value`, its finite samples.
///
/// # Errors
/// [`ExportError`] for detectors without the same numbers in PromQL.
pub(super) fn formula(
    input: &RuleInput,
    records: &mut RecordingRules,
    value: RecordedPart,
) -> Result<Formula, ExportError> {
    Ok(match input.detector {
        Detector::Rolling(Rolling { window }) => {
            let before = records.before(&value, window);
            moments(value, &before)
        }
        Detector::Robust(Robust { window, scale: RobustScale::Quartiles }) => {
            let before = records.before(&value, window);
            let range = before.quantile(0.75).op("-", &before.quantile(0.25));
            let (expected, spread) = (before.quantile(0.5), range.with("/", QUARTILE_RANGE));
            Formula { expected, spread, ..moments(value, &before) }
        }
        Detector::Robust(_) => return Err(ExportError::Mad),
        Detector::Record(Record { lookback }) => {
            let before = records.before(&value, lookback);
            let lowest = records.keep("lowest", before.over("min_over_time")).now;
            let highest = records.keep("highest", before.over("max_over_time")).now;
            let expected = lowest.with("/", 2.0).op("+", &highest.with("/", 2.0));
            let normal = Some(NormalRange { lowest: Some(lowest), highest: Some(highest) });
            Formula { expected, normal, ..moments(value, &before) }
        }
        Detector::ZScore(detector) => z_score(input, detector, value),
        Detector::Slope(detector) => slope(detector, records, &value),
        Detector::Seasonal(detector) => seasonal(input, detector, records, value)?,
        Detector::Level(detector) => level(detector, records, &value),
        Detector::Variance(detector) => variance(detector, records, &value),
        Detector::Peers(Peers { method: PeerMethod::Quartiles, .. }) => peers(value),
        Detector::Peers(_) => return Err(ExportError::Clusters),
        Detector::Flatline(_) => duration::flat(input, records, &value)?,
        Detector::Gap(_) => duration::gap(input, records)?,
        Detector::Forecast(detector) => forecast(detector, records, &value),
        Detector::Threshold(detector) => threshold(detector, value),
        detector => return Err(ExportError::NoParity(detector.about().name)),
    })
}

/// Builds mean and standard deviation of a window.
fn moments(judged: RecordedPart, window: &SampleWindow) -> Formula {
    Formula {
        judged,
        part: VALUE,
        expected: window.over("avg_over_time"),
        spread: window.over("stddev_over_time"),
        normal: None,
        known: Some(window.enough()),
        infinite: None,
    }
}

/// Builds mean and standard deviation of a stretch that stays where it is.
fn z_score(input: &RuleInput, detector: ZScore, value: RecordedPart) -> Formula {
    let step = input.query.step;
    let before = input.query.start - step.span();
    // Nothing was recorded so long ago.
    let finite = input.value();
    let history = input.query.history.min(detector.baseline);
    let past = SampleWindow::fixed(&finite, history, before, step);
    let known = past.over("count_over_time").with(">=", enough(detector.baseline) as f64);
    if input.knows_history {
        let infinite = None;
        return Formula { known: Some(known), infinite, ..moments(value, &past) };
    }
    let third = (input.query.grid().len - input.query.history) / 3;
    let last = before + step.times(third);
    let first_third = SampleWindow::fixed(&finite, third, last, step);
    let since = last + step.span();
    let instead = |function: &str| {
        let other = first_third.over(function).op("and", &first_third.enough());
        let other = other.op("and on()", &Expr::since(since));
        past.over(function).op("and", &known).op("or", &other.op("unless", &known))
    };
    Formula {
        judged: value,
        part: VALUE,
        expected: instead("avg_over_time"),
        spread: instead("stddev_over_time"),
        normal: None,
        known: None,
        infinite: Some(InfiniteVerdict { known: Some(known.clone()), since }),
    }
}

/// Builds slopes per second, judged by those before.
fn slope(detector: Slope, records: &mut RecordingRules, value: &RecordedPart) -> Formula {
    let line = records.last(value, detector.window);
    let slope = line.over("deriv").op("and", &line.enough()).op("and", &value.past);
    let judged = records.keep(SLOPE, slope);
    let before = records.before(&judged, detector.baseline);
    Formula { part: SLOPE, ..moments(judged, &before) }
}

/// Builds median and quartiles of the same phase of seasons before: samples of many windows, told apart by a label.
fn seasonal(
    input: &RuleInput,
    detector: Seasonal,
    records: &mut RecordingRules,
    value: RecordedPart,
) -> Result<Formula, ExportError> {
    let period = input.season.ok_or(ExportError::NoSeason)?;
    let tolerance = detector.tolerance.min(period.saturating_sub(1) / 2);
    // One filter for all samples keeps the expression short.
    let series = input.series();
    let past = if value.past.is_record() { value.past.clone() } else { series.clone() };
    let each = RecordedPart { now: series, past };
    let mut samples: Option<Expr> = None;
    for season in 1..=detector.seasons {
        for back in season * period - tolerance..=season * period + tolerance {
            let sample = records.back(&each, 1, back).over("last_over_time");
            let sample = sample.labelled(SAMPLE, &back.to_string());
            samples = Some(samples.map_or(sample.clone(), |all| all.op("or", &sample)));
        }
    }
    let samples = records.keep("season", samples.ok_or(ExportError::NoSeason)?.finite()).now;
    let without = format!("quantile without ({SAMPLE}) ");
    let quantile = |q: f64| samples.quantile(&without, q);
    let count = samples.call(&format!("count without ({SAMPLE}) "));
    let wanted = detector.seasons * (2 * tolerance + 1);
    Ok(Formula {
        judged: value,
        part: VALUE,
        expected: quantile(0.5),
        spread: quantile(0.75).op("-", &quantile(0.25)).with("/", QUARTILE_RANGE),
        normal: None,
        known: Some(count.with(">=", enough(wanted) as f64)),
        infinite: None,
    })
}

/// Builds a short median less a long one, judged by those before the short window.
fn level(detector: Level, records: &mut RecordingRules, value: &RecordedPart) -> Formula {
    let new = records.last(value, detector.window);
    let old = records.back(value, detector.reference, detector.window);
    let contrast = new.quantile(0.5).op("-", &old.quantile(0.5));
    let contrast = contrast.op("and", &new.enough()).op("and", &old.enough());
    let judged = records.keep("contrast", contrast.op("and", &value.past));
    let before = records.back(&judged, detector.baseline, detector.window);
    Formula { part: "contrast", ..moments(judged, &before) }
}

/// Builds the logarithm of a short spread over a long one, judged by those before the short window.
fn variance(detector: Variance, records: &mut RecordingRules, value: &RecordedPart) -> Formula {
    let new = records.last(value, detector.window);
    let old = records.back(value, detector.reference, detector.window);
    let spread =
        |of: &SampleWindow| floored(&of.over("stddev_over_time"), &of.over("avg_over_time"));
    let ratio = spread(&new).op("/", &spread(&old)).call("ln");
    let ratio = ratio.op("and", &new.enough()).op("and", &old.enough());
    let judged = records.keep("spread", ratio.op("and", &value.past));
    let before = records.back(&judged, detector.baseline, detector.window);
    Formula { part: "spread", ..moments(judged, &before) }
}

/// Builds the comparison of each series with all of them at the same time.
fn peers(value: RecordedPart) -> Formula {
    let now = value.now.clone();
    let enough = now.call("count").with(">=", MIN_PEERS as f64);
    let known = now.op("and on()", &enough);
    let each = |of: &Expr| now.with("*", 0.0).op("+ on() group_left()", of);
    let quantile = |q: f64| now.quantile("quantile", q);
    let range = quantile(0.75).op("-", &quantile(0.25)).with("/", QUARTILE_RANGE);
    Formula {
        judged: value,
        part: VALUE,
        expected: each(&quantile(0.5)),
        spread: each(&range),
        normal: None,
        known: Some(known),
        infinite: None,
    }
}

/// Builds the value some hours ahead by the trend, compared with fixed bounds.
fn forecast(detector: Forecast, records: &mut RecordingRules, value: &RecordedPart) -> Formula {
    let line = records.last(value, detector.window);
    let ahead = detector.horizon().as_seconds();
    let judged = line.continued(ahead).op("and", &line.enough()).op("and", &value.past);
    let judged = records.keep("forecast", judged);
    let (lower, upper) = detector.bounds();
    let end = line.continued(0.0);
    let (above, below) = (end.with("-", lower), end.with("-", upper).with("*", -1.0));
    let distance = match (lower.is_finite(), upper.is_finite()) {
        (true, true) => above.op("and", &judged.now.with("<", lower)).op("or", &below),
        (true, false) => above,
        (false, true) => below,
        (false, false) => end.with("*", 0.0).with("+", 1.0),
    };
    Formula { part: "forecast", spread: distance, ..within((lower, upper), judged) }
}

/// Builds the comparison with fixed bounds.
fn threshold(detector: Threshold, value: RecordedPart) -> Formula {
    let spread = value.now.with("*", 0.0).with("+", detector.percent());
    Formula { spread, ..within(detector.bounds(), value) }
}

/// Builds the comparison of what was judged with a lower and an upper bound, each of which may be infinite; the spread is 0.
fn within((lower, upper): (f64, f64), judged: RecordedPart) -> Formula {
    let now = &judged.now;
    let above = if lower.is_finite() { now.call_with("clamp_min", lower) } else { now.clone() };
    let expected = if upper.is_finite() { above.call_with("clamp_max", upper) } else { above };
    let spread = now.with("*", 0.0);
    let bound = |bound: f64| bound.is_finite().then(|| Expr::number(bound));
    let normal = Some(NormalRange { lowest: bound(lower), highest: bound(upper) });
    Formula { judged, part: VALUE, expected, spread, normal, known: None, infinite: None }
}
