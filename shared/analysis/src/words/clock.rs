use oddity_detect::time::{TimeRange, Timestamp};

/// Zone in which times are written: minutes east of UTC, by the time that is written (clocks change).
#[derive(Clone, Copy, Debug)]
pub struct Clock(pub fn(Timestamp) -> i32);

impl Clock {
    /// Coordinated universal time.
    pub const UTC: Self = Self(|_| 0);

    /// Formats a time for a small place: `Jan 31 13:45`.
    pub fn short(self, t: Timestamp) -> String {
        t.format_short(self.0(t))
    }

    /// Formats a time in full: `2026-01-31 13:45:00 UTC` or `... UTC+01:00`.
    pub fn full(self, t: Timestamp) -> String {
        format!("{} {}", t.format(self.0(t)), self.zone(t))
    }

    /// Formats a time for a field in which it can be edited: `2026-01-31 13:45:00`.
    pub fn editable(self, t: Timestamp) -> String {
        t.format(self.0(t))
    }

    /// Formats the offset from UTC at time `t`: `+01:00`.
    pub fn offset(self, t: Timestamp) -> String {
        let minutes = self.0(t);
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    /// Formats the zone: `UTC` or `UTC+01:00` at time `t`.
    pub fn zone(self, t: Timestamp) -> String {
        if self.0(t) == 0 { "UTC".to_owned() } else { format!("UTC{}", self.offset(t)) }
    }

    /// Formats the zone of a range: `UTC+01:00`, or `UTC+02:00 to UTC+01:00` where clocks change between its ends.
    pub fn zones(self, range: TimeRange) -> String {
        let (first, last) = (self.zone(range.start), self.zone(range.end));
        if first == last { first } else { format!("{first} to {last}") }
    }

    /// Formats a range: `Jan 31 13:45 to 13:50`, with the second date only when it is another day, and with both zones
    /// where clocks change between its ends.
    pub fn from_to(self, start: Timestamp, end: Timestamp) -> String {
        let (first, second) = (self.short(start), self.short(end));
        let day = |text: &str| text.rsplit_once(' ').map(|(day, _)| day.to_owned());
        match second.rsplit_once(' ') {
            _ if self.0(start) != self.0(end) => {
                format!("{first} {} to {second} {}", self.zone(start), self.zone(end))
            }
            _ if first == second => first,
            Some((_, clock)) if day(&first) == day(&second) => format!("{first} to {clock}"),
            _ => format!("{first} to {second}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_over_a_change_of_clocks_name_both_zones() {
        let berlin = Clock(|t| if t.0 < 1_792_890_000_000 { 120 } else { 60 });
        let check = |start: &str, end: &str, text: &str, zones: &str| {
            let range = TimeRange { start: start.parse().unwrap(), end: end.parse().unwrap() };
            assert_eq!(berlin.from_to(range.start, range.end), text);
            assert_eq!(berlin.zones(range), zones);
        };
        check("2026-10-24T22:00Z", "2026-10-24T23:00Z", "Oct 25 00:00 to 01:00", "UTC+02:00");
        check(
            "2026-10-24T22:00Z",
            "2026-10-25T02:00Z",
            "Oct 25 00:00 UTC+02:00 to Oct 25 03:00 UTC+01:00",
            "UTC+02:00 to UTC+01:00",
        );
    }
}
