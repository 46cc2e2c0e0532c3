//! Units: the unit that the metric name implies, and the format of values in it.

use serde::Serialize;

use crate::promql;

/// The unit of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Plain number; the unit is unknown.
    #[default]
    Plain,
    /// Number per second.
    PerSecond,
    /// Number per minute.
    PerMinute,
    /// Number per hour.
    PerHour,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Ratio, shown in percent.
    Ratio,
}

/// Functions and aggregations whose result has another unit than their argument.
/// Source: Prometheus documentation, "Query functions" and "Operators".
const COUNTS: [&str; 24] = [
    "absent",
    "absent_over_time",
    "changes",
    "count",
    "count_over_time",
    "count_values",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "exp",
    "group",
    "hour",
    "ln",
    "log10",
    "log2",
    "minute",
    "month",
    "present_over_time",
    "resets",
    "sgn",
    "sqrt",
    "stdvar",
    "stdvar_over_time",
    "timestamp",
];

/// Functions that return the unit of the observations of a histogram.
const OF_HISTOGRAMS: [&str; 3] = ["histogram_quantile", "histogram_avg", "histogram_stddev"];

/// Suffixes of metrics in seconds that are points in time and not durations.
const INSTANTS: [&str; 3] = ["timestamp_seconds", "start_time_seconds", "boot_time_seconds"];

impl Unit {
    /// Infers the unit from the naming conventions of Prometheus (`_seconds`, `_bytes`, `_ratio`) and rate functions. It is
    /// plain if there is other arithmetic than a rate times 60 or 3600.
    pub fn from_query(expr: &str) -> Self {
        if let Some((rest, unit)) = per(expr)
            && Self::from_query(rest) == Self::PerSecond
        {
            return unit;
        }
        if let Some((above, below)) = promql::quotient(expr)
            && is_share(above, below)
        {
            return Self::Ratio;
        }
        let Some(selector) = promql::selectors(expr).into_iter().next() else { return Self::Plain };
        let at = selector.as_ptr().addr() - expr.as_ptr().addr();
        let rest = format!("{} {}", &expr[..at], &expr[at + selector.len()..]);
        if rest.contains(['*', '/', '+', '^', '%', '=', '<', '>']) || rest.contains(" - ") {
            return Self::Plain;
        }
        if COUNTS.iter().any(|function| promql::calls_function(&rest, function)) {
            return Self::Plain;
        }
        let in_unit_of_samples =
            OF_HISTOGRAMS.iter().any(|function| promql::calls_function(&rest, function));
        let name = selector.split(['{', ' ']).next().unwrap_or_default();
        let counted = name.ends_with("_count") || name.ends_with("_bucket") && !in_unit_of_samples;
        let stem = ["_total", "_sum", "_bucket"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(name);
        let instant = INSTANTS.iter().any(|suffix| stem.ends_with(suffix));
        let base = match stem.rsplit('_').next() {
            _ if counted || instant || promql::calls_function(&rest, "histogram_count") => {
                Self::Plain
            }
            Some("seconds") => Self::Seconds,
            Some("bytes") => Self::Bytes,
            Some("ratio") => Self::Ratio,
            _ => Self::Plain,
        };
        if in_unit_of_samples {
            base
        } else if promql::calls_function(&rest, "deriv") {
            base.slope()
        } else if promql::calls_function(&rest, "rate") || promql::calls_function(&rest, "irate") {
            base.rate()
        } else {
            base
        }
    }

    /// Returns the unit of the rate of a counter: a ratio for a counter of seconds.
    fn rate(self) -> Self {
        if self == Self::Seconds { Self::Ratio } else { self.slope() }
    }

    /// Returns the unit of a slope; plain if it has no short name.
    #[must_use]
    pub fn slope(self) -> Self {
        match self {
            Self::Plain | Self::Ratio | Self::Seconds => Self::PerSecond,
            Self::Bytes => Self::BytesPerSecond,
            Self::PerSecond | Self::PerMinute | Self::PerHour | Self::BytesPerSecond => Self::Plain,
        }
    }

    /// Formats a value with its unit: `1.25 GiB`, `230 ms`, `12.3 %`, `37.1`, `1,441`.
    pub fn format(self, value: f64) -> String {
        if !value.is_finite() {
            return if value.is_nan() {
                "no value".to_owned()
            } else {
                format!("{value:+}").replace("inf", "Inf")
            };
        }
        match self {
            Self::Plain => plain(value),
            Self::PerSecond => format!("{}/s", plain(value)),
            Self::PerMinute => format!("{}/min", plain(value)),
            Self::PerHour => format!("{}/h", plain(value)),
            Self::Bytes => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"]),
            Self::BytesPerSecond => {
                format!("{}/s", scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"]))
            }
            Self::Ratio => format!("{} %", plain(value * 100.0)),
            Self::Seconds => seconds(value),
        }
    }

    /// Returns the title of an axis; empty for plain numbers.
    pub fn axis(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::PerSecond => "per second",
            Self::PerMinute => "per minute",
            Self::PerHour => "per hour",
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes per second",
            Self::Ratio => "ratio",
        }
    }
}

/// Splits off a factor of 60 or 3600 and returns the rest and the unit that a rate has after it.
fn per(expr: &str) -> Option<(&str, Unit)> {
    let unit = |factor: &str| match factor.trim() {
        "60" => Some(Unit::PerMinute),
        "3600" => Some(Unit::PerHour),
        _ => None,
    };
    let behind = expr.rsplit_once('*').and_then(|(rest, factor)| Some((rest, unit(factor)?)));
    behind.or_else(|| expr.split_once('*').and_then(|(factor, rest)| Some((rest, unit(factor)?))))
}

/// Formats a number with up to four significant digits, grouped thousands, and a suffix from a million on.
fn plain(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e15).contains(&size) {
        format!("{value:.2e}")
    } else if size >= 1e6 {
        scaled(value, 1e3, &["", "k", "M", "G", "T", "P"])
    } else {
        grouped(&significant(value))
    }
}

fn scaled(value: f64, base: f64, suffixes: &[&str]) -> String {
    let (mut value, mut at) = (value, 0);
    while value.abs() >= base * 0.9995 && at + 1 < suffixes.len() {
        value /= base;
        at += 1;
    }
    format!("{} {}", significant(value), suffixes[at]).trim_end().to_owned()
}

fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0 s".to_owned(),
        size if size < 1e-6 => format!("{} ns", significant(value * 1e9)),
        size if size < 1e-3 => format!("{} µs", significant(value * 1e6)),
        size if size < 1.0 => format!("{} ms", significant(value * 1e3)),
        size if size < 120.0 => format!("{} s", significant(value)),
        size if size < 7_200.0 => format!("{} min", significant(value / 60.0)),
        size if size < 172_800.0 => format!("{} h", significant(value / 3_600.0)),
        _ => format!("{} d", significant(value / 86_400.0)),
    }
}

fn significant(value: f64) -> String {
    let whole_digits =
        if value == 0.0 { 1 } else { libm::floor(libm::log10(value.abs())) as i32 + 1 };
    let decimals = usize::try_from(4 - whole_digits.max(1)).unwrap_or(0);
    let decimals = if whole_digits <= 0 {
        usize::try_from(3 - whole_digits).unwrap_or(0).min(8)
    } else {
        decimals.min(2)
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Returns whether one selector divided by another is a share of it: of the same metric, of two sizes in bytes, or of
/// what failed.
fn is_share(above: &str, below: &str) -> bool {
    let name = |selector| promql::selection(selector).metric;
    let (Some(above), Some(below)) = (name(above), name(below)) else { return false };
    let fails = ["error", "fail"].iter().any(|word| above.contains(word));
    above == below || above.ends_with("_bytes") && below.ends_with("_bytes") || fails
}

/// Formats a count with grouped thousands: `1,441`.
pub fn format_count(count: usize) -> String {
    grouped(&count.to_string())
}

fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_as_people_read_them() {
        let cases = [
            (Unit::Plain, 37.0, "37"),
            (Unit::Plain, 8.123_4, "8.12"),
            (Unit::Plain, 441.27, "441.3"),
            (Unit::Plain, 0.012_345, "0.0123"),
            (Unit::Plain, 1_441.0, "1,441"),
            (Unit::Plain, -123_456.7, "-123,457"),
            (Unit::Plain, 12_345_678.0, "12.35 M"),
            (Unit::Plain, 1.5e-7, "1.50e-7"),
            (Unit::Plain, 0.0, "0"),
            (Unit::Plain, f64::INFINITY, "+Inf"),
            (Unit::Plain, f64::NAN, "no value"),
            (Unit::PerSecond, 0.135, "0.135/s"),
            (Unit::PerMinute, 37.0, "37/min"),
            (Unit::PerHour, 2.5, "2.5/h"),
            (Unit::Bytes, 1_610_612_736.0, "1.5 GiB"),
            (Unit::BytesPerSecond, 100.0, "100 B/s"),
            (Unit::Ratio, 0.123, "12.3 %"),
            (Unit::Seconds, 0.23, "230 ms"),
            (Unit::Seconds, 5_400.0, "90 min"),
        ];
        for (unit, value, text) in cases {
            assert_eq!(unit.format(value), text, "{unit:?} {value}");
        }
    }

    #[test]
    fn units_by_name_and_function() {
        let cases = [
            ("process_resident_memory_bytes", Unit::Bytes),
            ("rate(node_network_receive_bytes_total{device=\"eth0\"}[5m])", Unit::BytesPerSecond),
            (
                "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
                Unit::Seconds,
            ),
            ("rate(dhcp_lease_count[5m])", Unit::PerSecond),
            ("rate(dhcp_lease_count[5m]) * 60", Unit::PerMinute),
            ("3600 * sum(rate(jobs_total[5m]))", Unit::PerHour),
            ("rate(dhcp_lease_count[5m]) * 61", Unit::Plain),
            ("rate(process_cpu_seconds_total[5m]) * 60", Unit::Plain),
            ("rate(a[5m]) / rate(b[5m]) * 60", Unit::Plain),
            ("up * 60", Unit::Plain),
            ("rate(http_request_duration_seconds_count[5m])", Unit::PerSecond),
            ("avg by (instance) (node_cpu_utilisation_ratio)", Unit::Ratio),
            ("count(process_resident_memory_bytes)", Unit::Plain),
            ("", Unit::Plain),
            ("sum by (le) (rate(http_request_duration_seconds_bucket[5m]))", Unit::PerSecond),
            ("rate(x_duration_seconds_sum[5m]) / rate(x_duration_seconds_count[5m])", Unit::Plain),
            ("topk(5, container_memory_working_set_bytes{container!=\"\"})", Unit::Bytes),
            ("predict_linear(node_filesystem_free_bytes[1h], 4 * 3600)", Unit::Plain),
            ("time() - process_start_time_seconds", Unit::Plain),
            ("process_start_time_seconds", Unit::Plain),
            ("1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[5m]))", Unit::Plain),
            ("rate(process_cpu_seconds_total[5m])", Unit::Ratio),
            ("irate(container_network_receive_bytes_total[1m])", Unit::BytesPerSecond),
            ("up", Unit::Plain),
            ("up == bool 0", Unit::Plain),
            ("count_over_time(process_resident_memory_bytes[5m])", Unit::Plain),
            ("timestamp(process_resident_memory_bytes)", Unit::Plain),
            ("absent_over_time(x_seconds[5m])", Unit::Plain),
            ("avg_over_time(process_resident_memory_bytes[1h])", Unit::Bytes),
            ("increase(http_requests_total[5m])", Unit::Plain),
            ("increase(http_request_duration_seconds_bucket{le=\"1\"}[5m])", Unit::Plain),
            ("deriv(process_resident_memory_bytes[10m])", Unit::BytesPerSecond),
            ("deriv(job_lag_seconds[10m])", Unit::PerSecond),
            ("histogram_avg(rate(http_request_duration_seconds[5m]))", Unit::Seconds),
            ("histogram_count(rate(http_request_duration_seconds[5m]))", Unit::PerSecond),
            ("max without (instance) (go_gc_duration_seconds{quantile=\"0.99\"})", Unit::Seconds),
            ("sum(a_bytes) / sum(b_bytes)", Unit::Ratio),
            (
                "sum by (a) (rate(x_total{code=\"500\"}[5m])) / sum by (a) (rate(x_total[5m]))",
                Unit::Ratio,
            ),
            ("rate(x_errors_total[5m]) / rate(x_total[5m])", Unit::Ratio),
            ("rate(x_bytes_total[5m]) / rate(x_total[5m])", Unit::Plain),
            ("100 * a / a", Unit::Plain),
            ("sum(a_bytes) / count(a_bytes)", Unit::Plain),
            ("{job=\"a\"} / {job=\"b\"}", Unit::Plain),
            ("a / 2", Unit::Plain),
            ("quantile_over_time(0.9, scrape_duration_seconds[1h])", Unit::Seconds),
            ("größe_bytes{ort=\"日本\"}", Unit::Bytes),
            ("rate(a[5m])", Unit::PerSecond),
        ];
        for (expr, unit) in cases {
            assert_eq!(Unit::from_query(expr), unit, "{expr}");
        }
    }

    proptest! {
        #[test]
        fn any_number_has_a_short_text(value in any::<f64>()) {
            for unit in [Unit::Plain, Unit::PerSecond, Unit::PerMinute, Unit::Seconds, Unit::Bytes, Unit::BytesPerSecond, Unit::Ratio] {
                prop_assert!((1..330).contains(&unit.format(value).len()));
            }
        }
    }
}
