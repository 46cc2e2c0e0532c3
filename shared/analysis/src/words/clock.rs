use oddity_detect::time::Timestamp;

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

    /// Formats the zone: `UTC` or `UTC+01:00` at time `t`.
    pub fn zone(self, t: Timestamp) -> String {
        match self.0(t) {
            0 => "UTC".to_owned(),
            minutes => {
                let sign = if minutes < 0 { '-' } else { '+' };
                format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }

    /// Formats a range: `Jan 31 13:45 to 13:50`, with the second date only when it is another day.
    pub fn from_to(self, start: Timestamp, end: Timestamp) -> String {
        let (first, second) = (self.short(start), self.short(end));
        let day = |text: &str| text.rsplit_once(' ').map(|(day, _)| day.to_owned());
        match second.rsplit_once(' ') {
            _ if first == second => first,
            Some((_, clock)) if day(&first) == day(&second) => format!("{first} to {clock}"),
            _ => format!("{first} to {second}"),
        }
    }
}
