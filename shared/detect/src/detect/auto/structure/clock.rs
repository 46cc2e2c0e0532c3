//! Wall clocks whose days and weeks a season may follow.
//!
//! Rules of summer time. Sources: Directive 2000/84/EC of the European Union (01:00 UTC on the last Sundays of March and
//! October); Energy Policy Act of 2005 of the United States (02:00 local time on the second Sunday of March and the first
//! Sunday of November).

/// Number of seconds in an hour.
const HOUR: i64 = 3_600;
/// Number of seconds in a day.
pub(super) const DAY: i64 = 24 * HOUR;

/// Clock that people near a service live by. Time zones with the same rules are alike but for the hour at which the day
/// begins, so one for each rule is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WallClock {
    /// Coordinated universal time.
    Utc,
    /// Central European time, with summer time.
    Europe,
    /// Eastern time of North America, with daylight saving time.
    America,
    /// Eight hours ahead of UTC, all year.
    Asia,
}

impl WallClock {
    /// All clocks, the one that wins a tie first.
    pub(super) const ALL: [Self; 4] = [Self::Utc, Self::Europe, Self::America, Self::Asia];

    /// Returns how many seconds the clock is ahead of UTC at `time`, in seconds since the epoch.
    pub(super) fn offset(self, time: i64) -> i64 {
        let summer = |from: i64, to: i64| i64::from((from..to).contains(&time)) * HOUR;
        let year = year_of(time.div_euclid(DAY));
        match self {
            Self::Utc => 0,
            Self::Asia => 8 * HOUR,
            Self::Europe => {
                let from = sunday_from(year, 3, 25) * DAY + HOUR;
                HOUR + summer(from, sunday_from(year, 10, 25) * DAY + HOUR)
            }
            Self::America => {
                let from = sunday_from(year, 3, 8) * DAY + 7 * HOUR;
                -5 * HOUR + summer(from, sunday_from(year, 11, 1) * DAY + 6 * HOUR)
            }
        }
    }
}

/// Returns the weekday of a day since the epoch: 0 is Monday.
pub(super) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// Returns the first Sunday on or after a date, in days since the epoch.
fn sunday_from(year: i64, month: i64, day: i64) -> i64 {
    let date = days_since_epoch(year, month, day);
    date + 6 - weekday(date)
}

/// Returns the days from the epoch to a date of the Gregorian calendar.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March end with the leap day.
    let year = if month <= 2 { year - 1 } else { year };
    let before = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + before - 719_468
}

/// Returns the year of a day since the epoch.
fn year_of(day: i64) -> i64 {
    let guess = 1970 + day.div_euclid(366);
    (guess..).find(|year| day < days_since_epoch(year + 1, 1, 1)).unwrap_or(guess)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_weekdays() {
        for (date, day, of_week) in
            [((1970, 1, 1), 0, 3), ((2000, 3, 1), 11_017, 2), ((2026, 11, 30), 20_787, 0)]
        {
            assert_eq!(days_since_epoch(date.0, date.1, date.2), day);
            assert_eq!(weekday(day), of_week);
            assert_eq!(year_of(day), date.0);
        }
        assert_eq!(year_of(-1), 1969);
    }

    #[test]
    fn clocks_change_on_the_days_of_the_law() {
        // 2026-10-25 01:00 UTC, 2026-03-29 01:00 UTC, 2026-11-01 06:00 UTC, 2026-03-08 07:00 UTC.
        let changes = [
            (WallClock::Europe, 1_792_890_000, 2, 1),
            (WallClock::Europe, 1_774_746_000, 1, 2),
            (WallClock::America, 1_793_512_800, -4, -5),
            (WallClock::America, 1_772_953_200, -5, -4),
        ];
        for (clock, at, before, after) in changes {
            assert_eq!(clock.offset(at - 1), before * HOUR, "{clock:?}");
            assert_eq!(clock.offset(at), after * HOUR, "{clock:?}");
        }
        assert_eq!(WallClock::Asia.offset(0), 8 * HOUR);
        assert_eq!(WallClock::Utc.offset(0), 0);
    }
}
