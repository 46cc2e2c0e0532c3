//! Fields of a date in UTC: `hour()`, `day_of_week()` and their like.

use time::OffsetDateTime;

/// Reads one field.
pub(super) type Field = fn(OffsetDateTime) -> i32;

/// Returns the field that a function reads.
pub(super) fn field(name: &str) -> Option<Field> {
    Some(match name {
        "minute" => |date| i32::from(date.minute()),
        "hour" => |date| i32::from(date.hour()),
        "day_of_week" => |date| i32::from(date.weekday().number_days_from_sunday()),
        "day_of_month" => |date| i32::from(date.day()),
        "day_of_year" => |date| i32::from(date.ordinal()),
        "days_in_month" => |date| i32::from(date.month().length(date.year())),
        "month" => |date| i32::from(u8::from(date.month())),
        "year" => OffsetDateTime::year,
        _ => return None,
    })
}

/// Reads the field at Unix seconds; NaN for a number that is no date.
pub(super) fn read(field: Field, seconds: f64) -> f64 {
    let whole = if seconds.abs() < 1e15 { seconds as i64 } else { i64::MAX };
    match OffsetDateTime::from_unix_timestamp(whole) {
        Ok(date) if !seconds.is_nan() => f64::from(field(date)),
        _ => f64::NAN,
    }
}
