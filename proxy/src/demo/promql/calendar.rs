//! Fields of a date in UTC: `hour()`, `day_of_week()` and their like.

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Reads one field.
pub(super) type Field = fn(DateTime) -> i16;

/// The field that a function reads.
pub(super) fn field(name: &str) -> Option<Field> {
    Some(match name {
        "minute" => |date| i16::from(date.minute()),
        "hour" => |date| i16::from(date.hour()),
        "day_of_week" => |date| i16::from(date.weekday().to_sunday_zero_offset()),
        "day_of_month" => |date| i16::from(date.day()),
        "day_of_year" => DateTime::day_of_year,
        "days_in_month" => |date| i16::from(date.days_in_month()),
        "month" => |date| i16::from(date.month()),
        "year" => DateTime::year,
        _ => return None,
    })
}

/// The field at Unix seconds; NaN for what is no date.
pub(super) fn read(field: Field, seconds: f64) -> f64 {
    let whole = if seconds.abs() < 1e15 { seconds as i64 } else { i64::MAX };
    match jiff::Timestamp::from_second(whole) {
        Ok(instant) if !seconds.is_nan() => f64::from(field(Offset::UTC.to_datetime(instant))),
        _ => f64::NAN,
    }
}
