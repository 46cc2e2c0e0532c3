//! Wall-clock time, working days and public holidays of 2026.

/// Days from 1970-01-01 to 2026-01-01.
const YEAR: i64 = 20_454;

/// Days of the year before each month.
const MONTHS: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// Minutes of a day.
pub const DAY: usize = 1_440;

/// Region in whose time people live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Central Europe.
    Europe,
    /// The east coast of the United States.
    America,
    /// India, half an hour off the full hour and without summer time.
    India,
}

/// Wall-clock time.
#[derive(Clone, Copy, Debug)]
pub struct LocalTime {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Hours since midnight.
    pub hour: f64,
}

/// Minutes of a world.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    /// Minutes from 1970-01-01 to minute 0.
    pub start: i64,
    /// Number of minutes.
    pub len: usize,
}

/// Returns the days from 1970-01-01 to a day of 2026; months count from 1.
pub fn day(month: usize, date: i64) -> i64 {
    YEAR + MONTHS[month - 1] + date - 1
}

impl Zone {
    /// All zones.
    pub const ALL: [Self; 3] = [Self::Europe, Self::America, Self::India];

    /// Returns the minutes by which wall clocks are ahead of UTC.
    fn ahead(self, minute: i64) -> i64 {
        let at = |month, date, hour: i64| day(month, date) * DAY as i64 + hour * 60;
        let (plain, summer) = match self {
            Self::Europe => (60, at(3, 29, 1)..at(10, 25, 1)),
            Self::America => (-300, at(3, 8, 7)..at(11, 1, 6)),
            Self::India => return 330,
        };
        if summer.contains(&minute) { plain + 60 } else { plain }
    }

    /// Returns the public holidays, none of them on a weekend.
    fn holidays(self) -> Vec<i64> {
        match self {
            Self::Europe => vec![day(4, 3), day(4, 6), day(5, 1), day(5, 14), day(12, 25)],
            Self::America => vec![day(5, 25), day(7, 3), day(9, 7), day(10, 12), day(11, 26)],
            Self::India => vec![day(1, 26), day(3, 26), day(10, 2), day(10, 20), day(11, 9)],
        }
    }

    /// Returns whether a day is neither on a weekend nor a public holiday.
    pub fn works(self, day: i64) -> bool {
        weekday(day) < 5 && !self.holidays().contains(&day)
    }
}

/// Returns the day of the week, 0 for Monday.
pub fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

impl Calendar {
    /// Returns the wall-clock time of a minute.
    pub fn local(&self, zone: Zone, minute: usize) -> LocalTime {
        let utc = self.start + minute as i64;
        let local = utc + zone.ahead(utc);
        let day = local.div_euclid(DAY as i64);
        LocalTime { day, hour: (local - day * DAY as i64) as f64 / 60.0 }
    }

    /// Returns the minute of an hour of a local day, at most the last minute of the world.
    fn minute(&self, zone: Zone, day: i64, hour: f64) -> usize {
        let local = day * DAY as i64 + (hour * 60.0) as i64;
        let utc = local - zone.ahead(local - zone.ahead(local));
        usize::try_from(utc - self.start).unwrap_or(0).min(self.len - 1)
    }

    /// Returns the latest minute of a local hour that lies at least `back` minutes before the end, on a day for which
    /// `on` holds.
    pub fn latest(&self, zone: Zone, hour: f64, back: usize, on: impl Fn(i64) -> bool) -> usize {
        let last = self.len - 1;
        let today = self.local(zone, last).day;
        let days = (0..).map(|ago| today - ago).filter(|day| on(*day));
        let mut minutes = days.map(|day| self.minute(zone, day, hour));
        minutes.find(|minute| minute + back <= last).unwrap_or(0)
    }

    /// Returns each public holiday that touches the world as its first minute and the minute after it.
    pub fn holidays(&self, zone: Zone) -> Vec<(usize, usize)> {
        let (first, last) = (self.local(zone, 0).day, self.local(zone, self.len - 1).day);
        let within = zone.holidays().into_iter().filter(|day| (first..=last).contains(day));
        within.map(|day| (self.minute(zone, day, 0.0), self.minute(zone, day + 1, 0.0))).collect()
    }

    /// Returns the traffic of people at home: most in the evening, more level at weekends; about 1 at its highest.
    pub fn leisure(&self, zone: Zone) -> Vec<f64> {
        self.each(zone, |time, works| {
            let (noon, evening) = (hump(time.hour, 12.5, 4.2), hump(time.hour, 20.6, 2.4));
            let shape = if works {
                0.11 + 0.52 * noon + 0.6 * evening
            } else {
                0.14 + 0.62 * hump(time.hour, 14.5, 4.6) + 0.38 * evening
            };
            shape * if weekday(time.day) == 4 { 0.94 } else { 1.0 }
        })
    }

    /// Returns the traffic of people at work: 0 outside office hours, less at noon, about 1 at its highest.
    pub fn office(&self, zone: Zone) -> Vec<f64> {
        self.each(zone, |time, works| {
            if !works || !(7.5..18.5).contains(&time.hour) {
                return 0.0;
            }
            let edges = ((time.hour - 7.5) / 1.5).min((18.5 - time.hour) / 2.0).min(1.0);
            edges * (1.0 - 0.35 * hump(time.hour, 12.6, 0.7))
        })
    }

    fn each(&self, zone: Zone, of: impl Fn(LocalTime, bool) -> f64) -> Vec<f64> {
        let mut known = (i64::MIN, false);
        (0..self.len)
            .map(|minute| {
                let time = self.local(zone, minute);
                if known.0 != time.day {
                    known = (time.day, zone.works(time.day));
                }
                of(time, known.1)
            })
            .collect()
    }
}

/// Returns a hump of height 1 around an hour of the day, periodic by day.
fn hump(hour: f64, centre: f64, width: f64) -> f64 {
    let away = (hour - centre + 36.0).rem_euclid(24.0) - 12.0;
    libm::exp(-0.5 * (away / width) * (away / width))
}
