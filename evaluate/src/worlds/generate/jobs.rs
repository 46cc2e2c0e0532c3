//! Hourly, nightly and weekly jobs, and a batch at the end of each month.

use std::ops::Range;

use super::calendar::{DAY, Zone, day, weekday};
use super::noise::{SeriesNoise, trailing_mean};
use super::{HOUR, Place, Side, WorldBuilder};

/// Threads that a database runs at most.
const MAX_THREADS: f64 = 64.0;

/// Schedule of a job in UTC.
#[derive(Clone, Copy)]
enum Schedule {
    /// At a minute of each hour.
    Hourly(usize),
    /// At an hour of each day, in hours.
    Nightly(f64),
    /// At midnight of a day of the week, 0 for Monday.
    Weekly(i64),
}

/// Job, schedule, minutes that it runs, rows a second.
const JOBS: [(&str, Schedule, usize, f64); 6] = [
    ("aggregate", Schedule::Hourly(10), 8, 350.0),
    ("cleanup", Schedule::Nightly(3.25), 50, 90.0),
    ("compact", Schedule::Weekly(6), 190, 600.0),
    ("rates", Schedule::Hourly(40), 5, 60.0),
    ("reports", Schedule::Nightly(23.5), 75, 1_200.0),
    ("sync", Schedule::Hourly(0), 12, 900.0),
];

pub(super) fn add(builder: &mut WorldBuilder) {
    add_jobs(builder);
    add_databases(builder);
}

fn add_jobs(builder: &mut WorldBuilder) {
    let query = builder.query("jobs", "rate(job_rows_processed_total[5m])", (0.0, f64::INFINITY));
    for (index, (job, schedule, length, rows)) in JOBS.into_iter().enumerate() {
        let noise = builder.noise(job);
        let mut rate = vec![0.0; builder.len()];
        let runs = runs(builder, schedule, noise, length);
        for run in &runs {
            for (minute, rate) in rate.iter_mut().enumerate().take(run.end).skip(run.start) {
                *rate = rows * libm::exp(0.08 * noise.normal(minute));
            }
        }
        let here = (query, index);
        let last = builder.len() - 1;
        match job {
            "sync" => {
                let back = builder.dice.count(2, 14) * HOUR;
                if let Some(run) = before(&runs, last - back) {
                    builder.alter(&mut rate, run.clone(), |_, _| 0.0);
                    builder.place(Place {
                        peaks: false,
                        ..Place::new("missed-hour", here, run, Side::Down)
                    });
                }
            }
            "reports" => {
                let back = builder.dice.count(DAY, 5 * DAY);
                if let Some(run) = before(&runs, last - back) {
                    builder.alter(&mut rate, run.clone(), |_, _| 0.0);
                    builder.place(Place {
                        peaks: false,
                        ..Place::new("missed-night", here, run, Side::Down)
                    });
                }
            }
            "cleanup" => {
                // It runs for four hours longer than ever.
                if let Some(run) = before(&runs, last - 6 * HOUR) {
                    let at = run.end..run.end + 4 * HOUR;
                    builder.alter(&mut rate, at.clone(), |_, _| rows);
                    builder.place(Place {
                        peaks: false,
                        ..Place::new("endless-run", here, at, Side::Up)
                    });
                }
            }
            _ => {}
        }
        let labels = [("instance", "runner-1:9091"), ("job_name", job)];
        builder.series(query, &labels, 0, noise.other(1).rate(&rate, 5));
    }
}

/// Returns the minutes of all runs of a schedule, each a little longer or shorter than the others.
fn runs(
    builder: &WorldBuilder,
    schedule: Schedule,
    noise: SeriesNoise,
    length: usize,
) -> Vec<Range<usize>> {
    let starts = |minute: usize| match schedule {
        Schedule::Hourly(at) => minute % HOUR == at,
        Schedule::Nightly(hour) => minute % DAY == (hour * HOUR as f64) as usize,
        Schedule::Weekly(on) => {
            let days = builder.calendar.start / DAY as i64 + (minute / DAY) as i64;
            minute.is_multiple_of(DAY) && weekday(days) == on
        }
    };
    let span = |minute: usize| {
        let more = 0.12 * length as f64 * noise.other(2).normal(minute);
        minute..minute + ((length as f64 + more).round() as usize).max(3)
    };
    (0..builder.len()).filter(|minute| starts(*minute)).map(span).collect()
}

/// Returns the latest run that begins before a minute.
fn before(runs: &[Range<usize>], minute: usize) -> Option<Range<usize>> {
    runs.iter().rev().find(|run| run.start < minute).cloned()
}

fn add_databases(builder: &mut WorldBuilder) {
    let query =
        builder.query("threads", "mysql_global_status_threads_running", (0.0, f64::INFINITY));
    let minutes = builder.len();
    let full = builder.dice.count(1, 2);
    for (index, name) in ["books", "items", "users"].into_iter().enumerate() {
        let noise = builder.noise(name);
        let zone = Zone::ALL[index];
        let traffic = builder.calendar.leisure(zone);
        let wave = noise.autoregressive(0, minutes, 1.2, 0.8);
        let mut threads: Vec<f64> =
            traffic.iter().zip(wave).map(|(traffic, wave)| 4.0 + 14.0 * traffic + wave).collect();
        if index == 0 {
            // The books are closed in the first ten hours of each month, which is as it should be.
            for month in 1..=12 {
                let first = (day(month, 1) * DAY as i64 - builder.calendar.start).max(0) as usize;
                if first > 0 && first < minutes {
                    let closing = first..(first + 10 * HOUR).min(minutes);
                    threads[closing.clone()].iter_mut().for_each(|threads| *threads += 22.0);
                    builder.tolerate(query, vec![index], first..closing.end + HOUR, 2);
                }
            }
        }
        if index == full {
            let length = builder.dice.count(25, 45);
            let at = builder.before_end((2 * HOUR, 18 * HOUR), length);
            builder.alter(&mut threads, at.clone(), |_, _| MAX_THREADS);
            builder.place(Place::new("threads-at-limit", (query, index), at, Side::Up));
        }
        let values =
            threads.iter().map(|threads| threads.round().clamp(1.0, MAX_THREADS)).collect();
        let instance = format!("{name}:9104");
        let labels = [("__name__", "mysql_global_status_threads_running"), ("instance", &instance)];
        builder.series(query, &labels, 0, values);
    }
    let reads = builder.query(
        "reads",
        "sum by (disk) (rate(disk_reads_completed_total[5m]))",
        (0.0, f64::INFINITY),
    );
    for index in 0..4 {
        let disk = format!("nvme{index}n1");
        let noise = builder.noise(&disk);
        let values: Vec<f64> = (0..minutes)
            .map(|minute| {
                let burst = if noise.other(1).uniform(minute / 7) < 0.02 { 4.0 } else { 1.0 };
                120.0 * burst * libm::exp(0.35 * noise.normal(minute))
            })
            .collect();
        builder.series(reads, &[("disk", &disk)], 0, trailing_mean(&values, 5));
    }
}
