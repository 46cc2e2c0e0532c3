//! Positions of times and values on the screen, and the ticks of the axes.

use oddity_analysis::words::Clock;
use oddity_detect::time::Timestamp;
use oddity_source::unit::Unit;

/// Left margin of the plot, in pixels.
pub(crate) const LEFT: f64 = 60.0;
pub(crate) const RIGHT: f64 = 14.0;
pub(crate) const TOP: f64 = 10.0;
pub(crate) const BOTTOM: f64 = 38.0;

/// Vertical extent of the plot of values, in shares of the height, if there is a strip below it.
pub(crate) const VALUES_DOMAIN: [f64; 2] = [0.36, 1.0];
/// Vertical extent of the strip, the plot of the judged quantity below the values, in shares of the height.
pub const STRIP_DOMAIN: [f64; 2] = [0.0, 0.28];

/// Largest value that an axis shows.
const LARGEST: f64 = 1e300;

/// Smallest difference of values that an axis shows.
const SMALLEST: f64 = 1e-300;

/// A rectangle with a time axis and a value axis, in pixels of the whole chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlotArea {
    /// Left edge, in pixels.
    pub left: f64,
    /// Upper edge, in pixels.
    pub top: f64,
    /// Width, in pixels.
    pub width: f64,
    /// Height, in pixels.
    pub height: f64,
    /// Times at the left and right edge, in milliseconds since 1970.
    pub times: (f64, f64),
    /// Values at the lower and upper edge.
    pub values: (f64, f64),
}

impl PlotArea {
    /// Creates the area of the share `domain` of the height of a chart of `size` pixels.
    pub fn new(size: (f64, f64), domain: [f64; 2], times: (f64, f64), values: (f64, f64)) -> Self {
        let height = (size.1 - TOP - BOTTOM).max(1.0);
        Self {
            left: LEFT,
            top: TOP + (1.0 - domain[1]) * height,
            width: (size.0 - LEFT - RIGHT).max(1.0),
            height: (domain[1] - domain[0]) * height,
            times,
            values,
        }
    }

    /// Returns the horizontal position of a time, in pixels.
    pub fn x(&self, time: f64) -> f64 {
        self.left + (time - self.times.0) / (self.times.1 - self.times.0) * self.width
    }

    /// Returns the vertical position of a value, in pixels.
    pub fn y(&self, value: f64) -> f64 {
        self.top + (self.values.1 - value) / (self.values.1 - self.values.0) * self.height
    }

    /// Returns the value at the vertical position `y`.
    pub fn value_at(&self, y: f64) -> f64 {
        self.values.1 - (y - self.top) / self.height * (self.values.1 - self.values.0)
    }

    /// Returns the time at the horizontal position `x`.
    pub fn time_at(&self, x: f64) -> f64 {
        self.times.0 + (x - self.left) / self.width * (self.times.1 - self.times.0)
    }
}

/// Returns the range of an axis that shows `values` with a margin on both sides.
pub(crate) fn padded(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    if low > high {
        return (0.0, 1.0);
    }
    // Beyond what can be drawn, values are at one height or at the edge.
    let (low, high) = (low.clamp(-LARGEST, LARGEST), high.clamp(-LARGEST, LARGEST));
    let varies = high - low > SMALLEST;
    let air = if varies { (high - low) * 0.06 } else { (high.abs() * 0.1).max(0.5) };
    let floor = if low >= 0.0 && low - air < 0.0 { 0.0 } else { low - air };
    (floor, high + air)
}

/// Returns the values and labels of about `count` ticks, at round numbers of the unit.
pub(crate) fn ticks((low, high): (f64, f64), unit: Unit, count: f64) -> (Vec<f64>, Vec<String>) {
    let rough = (high - low) / count;
    let step = match unit {
        Unit::Bytes | Unit::BytesPerSecond if high >= 1024.0 => {
            let base = 1024_f64.powi((rough.max(1.0).log2() / 10.0).floor() as i32);
            let lead = round_up(rough / base);
            if lead >= 1_000.0 { base * 1024.0 } else { lead * base }
        }
        Unit::Seconds if rough >= 60.0 => {
            let base =
                [60.0, 3_600.0, 86_400.0].into_iter().rfind(|base| rough >= *base).unwrap_or(60.0);
            round_up(rough / base) * base
        }
        _ => round_up(rough),
    };
    let first = (low / step).ceil() as i64;
    let values: Vec<f64> =
        (first..first + 24).map(|n| n as f64 * step).take_while(|value| *value <= high).collect();
    let labels: Vec<String> = values.iter().map(|value| unit.format(*value)).collect();
    if labels.windows(2).all(|pair| pair[0] != pair[1]) {
        return (values, labels);
    }
    // The usual number of digits would give equal labels.
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let labels = values.iter().map(|value| format!("{value:.decimals$}")).collect();
    (values, labels)
}

/// Distances of time ticks, in seconds.
const TIME_STEPS: [u32; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800,
];

/// Returns the times and labels of about `count` ticks, at round times of the clock's zone, with the date below the
/// first tick of each day.
pub(crate) fn time_ticks(
    (from, to): (f64, f64),
    clock: Clock,
    count: f64,
) -> (Vec<f64>, Vec<String>) {
    let rough = (to - from) / count;
    let longest = f64::from(TIME_STEPS[TIME_STEPS.len() - 1]) * 1e3;
    let step = TIME_STEPS
        .into_iter()
        .map(|seconds| f64::from(seconds) * 1e3)
        .find(|step| *step >= rough)
        .unwrap_or((rough / longest).ceil() * longest);
    let offset = |time: f64| (clock.0)(Timestamp(time as i64));
    let zone = f64::from(offset(from)) * 60_000.0;
    let first = ((from + zone) / step).ceil() as i64;
    let mut last_day = String::new();
    (first..first + 60)
        .map(|n| n as f64 * step - zone)
        .take_while(|time| *time <= to)
        .map(|time| {
            let (t, minutes) = (Timestamp(time as i64), offset(time));
            let short = t.format_short(minutes);
            let (day, of_day) = short.rsplit_once(' ').unwrap_or((&short, ""));
            let label = match (step >= 86_400_000.0, last_day == day) {
                (true, _) => day.to_owned(),
                (false, true) => of_day.to_owned(),
                (false, false) if last_day.is_empty() => {
                    format!("{of_day}<br>{day}, {}", &t.format(minutes)[..4])
                }
                (false, false) => format!("{of_day}<br>{day}"),
            };
            last_day = day.to_owned();
            (time, label)
        })
        .unzip()
}

/// Returns the next of 1, 2, 2.5 and 5 times a power of ten.
fn round_up(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let lead = rough / power;
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|round| lead <= *round * 1.000_001).unwrap_or(10.0)
        * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let cases = [
            ((0.0, 40.0), Unit::Plain, vec!["0", "10", "20", "30", "40"]),
            ((-1.0, 1.1), Unit::Plain, vec!["-1", "-0.5", "0", "0.5", "1"]),
            (
                (0.0, 4.0 * 1024.0 * 1024.0),
                Unit::Bytes,
                vec!["0 B", "1 MiB", "2 MiB", "3 MiB", "4 MiB"],
            ),
            ((0.0, 1.0), Unit::Ratio, vec!["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
            (
                (4_610_000.0, 4_614_000.0),
                Unit::Plain,
                vec!["4610000", "4611000", "4612000", "4613000", "4614000"],
            ),
            ((0.0, 0.2), Unit::Seconds, vec!["0 s", "50 ms", "100 ms", "150 ms", "200 ms"]),
        ];
        for (range, unit, labels) in cases {
            assert_eq!(ticks(range, unit, 5.0).1, labels, "{unit:?}");
        }
    }

    #[test]
    fn time_marks_are_round_in_the_zone() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().0 as f64;
        let day = (at("2026-01-31T10:10:00Z"), at("2026-02-01T10:10:00Z"));
        let cases = [
            (day, Clock::UTC, vec!["12:00<br>Jan 31, 2026", "18:00", "00:00<br>Feb 1", "06:00"]),
            (day, Clock(|_| 60), vec!["12:00<br>Jan 31, 2026", "18:00", "00:00<br>Feb 1", "06:00"]),
            (
                (day.0, day.0 + 60e3),
                Clock::UTC,
                vec!["10:10<br>Jan 31, 2026", "10:10:15", "10:10:30", "10:10:45", "10:11"],
            ),
            ((day.0, day.0 + 86_400e3 * 9.0), Clock::UTC, vec!["Feb 2", "Feb 4", "Feb 6", "Feb 8"]),
        ];
        for (times, clock, labels) in cases {
            let (marks, text) = time_ticks(times, clock, 5.0);
            assert_eq!(text, labels);
            assert!(marks.iter().all(|mark| (times.0..=times.1).contains(mark)));
        }
        assert_eq!(time_ticks(day, Clock(|_| 60), 5.0).0[0], at("2026-01-31T11:00:00Z"));
    }

    #[test]
    fn an_axis_holds_its_values() {
        assert_eq!(padded([]), (0.0, 1.0));
        assert_eq!(padded([f64::NAN, 5.0]), (4.5, 5.5));
        assert_eq!(padded([0.0, 100.0]), (0.0, 106.0));
        assert_eq!(padded([0.0, 5e-324]), (0.0, 0.5));
        let (low, high) = padded([f64::MIN, f64::MAX]);
        assert!((high - low).is_finite() && high > 1e300, "{low} {high}");
        let area = PlotArea::new((500.0, 300.0), [0.0, 1.0], (0.0, 100.0), (0.0, 10.0));
        assert_eq!((area.x(0.0), area.y(10.0)), (LEFT, TOP));
        assert!((area.time_at(area.x(33.0)) - 33.0).abs() < 1e-9);
        assert!((area.value_at(area.y(3.3)) - 3.3).abs() < 1e-9);
    }
}
