//! Sites in several time zones, their errors and the latency of services.

use super::calendar::{DAY, Zone};
use super::noise::SeriesNoise;
use super::{HOUR, Place, PlaceWeight, Side, WorldBuilder};

/// Name, zone, requests a second at the peak, growth a week.
const SITES: [(&str, Zone, f64, f64); 6] = [
    ("milan", Zone::Europe, 140.0, 0.0),
    ("oslo", Zone::Europe, 22.0, 0.02),
    ("boston", Zone::America, 210.0, 0.0),
    ("miami", Zone::America, 48.0, 0.0),
    ("pune", Zone::India, 90.0, 0.03),
    ("delhi", Zone::India, 330.0, 0.0),
];

/// Share of failed requests.
const USUAL_ERRORS: f64 = 0.004;

/// Name, seconds within which 99 of 100 calls are answered, requests a minute at the peak.
const SERVICES: [(&str, f64, f64); 8] = [
    ("basket", 0.24, 2_400.0),
    ("catalogue", 0.11, 9_000.0),
    ("invoice", 0.8, 300.0),
    ("mailer", 1.6, 120.0),
    ("map", 0.35, 1_500.0),
    ("profile", 0.09, 4_000.0),
    ("quote", 0.5, 40.0),
    ("tax", 0.15, 2.0),
];

pub(super) fn add(builder: &mut WorldBuilder) {
    add_sites(builder);
    add_latency(builder);
}

fn add_sites(builder: &mut WorldBuilder) {
    let requests = builder.query(
        "sites",
        "sum by (site) (rate(edge_requests_total[5m]))",
        (0.0, f64::INFINITY),
    );
    let errors = builder.query(
        "errors",
        "sum by (site) (rate(edge_requests_total{code=~\"5..\"}[5m])) / sum by (site) (rate(edge_requests_total[5m]))",
        (0.0, 1.0),
    );
    let minutes = builder.len();
    let dip = builder.dice.count(0, 1);
    let shifted = 2 + builder.dice.count(0, 1);
    for (index, (site, zone, peak, growth)) in SITES.into_iter().enumerate() {
        let noise = builder.noise(site);
        let peak = peak * builder.dice.number(0.8, 1.25);
        let mut rate = noise.factor(minutes, 0.015, 0.03);
        for (minute, (rate, traffic)) in
            rate.iter_mut().zip(builder.calendar.leisure(zone)).enumerate()
        {
            let weeks = (minute as f64 - minutes as f64) / (7 * DAY) as f64;
            *rate *= peak * traffic * libm::exp(growth * weeks);
        }
        let mut share = vec![USUAL_ERRORS; minutes];
        let (here, failing) = ((requests, index), (errors, index));
        if index == dip {
            // A fall at the busiest hour to what is usual at night.
            let length = builder.dice.count(22, 35);
            let (at, left) = (
                builder.near_hour((zone, 20.3), 90, length, |_| true),
                builder.dice.number(0.35, 0.5),
            );
            builder.alter(&mut rate, at.clone(), |rate, _| rate * left);
            builder.place(Place::new("dip-at-peak", here, at, Side::Down));
        } else if index == 1 - dip {
            let length = builder.dice.count(12, 20);
            let at = builder.before_end((9 * DAY, 27 * DAY), length);
            let by = builder.dice.number(2.2, 3.0);
            builder.alter(&mut rate, at.clone(), |rate, _| rate * by);
            builder.place(Place::new("burst", here, at, Side::Up));
        } else if index == shifted {
            let length = builder.dice.count(4 * HOUR, 7 * HOUR);
            let at = builder.before_end((30 * HOUR, 5 * DAY), length);
            let left = builder.dice.number(0.62, 0.72);
            builder.alter(&mut rate, at.clone(), |rate, _| rate * left);
            builder
                .place(Place { needs: HOUR, ..Place::new("lower-traffic", here, at, Side::Down) });
        } else if index == 4 {
            let length = builder.dice.count(20, 35);
            let at = builder.before_end((2 * DAY, 6 * DAY), length);
            builder.alter(&mut rate, at.clone(), |_, _| 0.0);
            builder.place(Place::new("no-requests", here, at.clone(), Side::Down));
            let gone = at.start + 5..at.end;
            builder.place(Place {
                weight: PlaceWeight::Optional,
                ..Place::silent("no-ratio", failing, gone)
            });
        }
        if index == 5 {
            // A second, smaller incident soon after a first one.
            let (length, pause) = (builder.dice.count(18, 28), builder.dice.count(75, 130));
            let second = builder.before_end((2 * HOUR, 15 * HOUR), length);
            let first = second.start - pause - length..second.start - pause;
            let (worst, again) =
                (builder.dice.number(0.06, 0.09), builder.dice.number(0.025, 0.035));
            builder.alter(&mut share, first.clone(), |_, _| worst);
            builder.alter(&mut share, second.clone(), |_, _| again);
            builder.place(Place::new("errors", failing, first, Side::Up));
            builder.place(Place::new("errors-again", failing, second, Side::Up));
        } else if index == 2 {
            // An incident over several hours that turns worse.
            let length = builder.dice.count(5 * HOUR, 7 * HOUR);
            let at = builder.before_end((26 * HOUR, 5 * DAY), length);
            let (worse, by) = (at.start + length / 2, builder.dice.number(0.15, 0.22));
            let worse = worse..worse + 40;
            builder.alter(&mut share, at.clone(), |_, _| 0.025);
            builder.alter(&mut share, worse.clone(), |_, _| by);
            builder.place(Place::new("long-errors", failing, at, Side::Up));
            builder.place(Place::new("escalation", failing, worse, Side::Up));
        } else if index == 3 {
            let at = builder.before_end((8 * DAY, 25 * DAY), 30);
            builder.alter(&mut share, at.clone(), |_, _| 0.05);
            builder.place(Place::new("old-errors", failing, at, Side::Up));
        }
        let label = [("site", site)];
        let served = noise.other(3).rate(&rate, 5);
        builder.series(requests, &label, 0, served);
        builder.series(errors, &label, 0, noise.other(4).ratio(&rate, &share, 5));
        builder.holidays(requests, index, zone);
        builder.holidays(errors, index, zone);
    }
}

fn add_latency(builder: &mut WorldBuilder) {
    let query = builder.query(
        "latency",
        "histogram_quantile(0.99, sum by (le, service) (rate(rpc_duration_seconds_bucket[5m])))",
        (0.0, f64::INFINITY),
    );
    let minutes = builder.len();
    let traffic = builder.calendar.leisure(Zone::Europe);
    for (index, (service, usual, calls)) in SERVICES.into_iter().enumerate() {
        let noise = builder.noise(service);
        let usual = usual * builder.dice.number(0.85, 1.15);
        let mut level: Vec<f64> = noise
            .factor(minutes, 0.01, 0.03)
            .iter()
            .zip(&traffic)
            .map(|(factor, traffic)| usual * factor * (1.0 + 0.25 * traffic * traffic))
            .collect();
        let here = (query, index);
        match service {
            "basket" => {
                let start = builder.before_end((4 * HOUR, 8 * HOUR), 0).start;
                let by = builder.dice.number(1.6, 1.9);
                builder.alter(&mut level, start..minutes, |level, _| level * by);
                builder.place(Place::ongoing("slower-release", here, start, Side::Up));
            }
            "catalogue" => {
                let length = builder.dice.count(9, 14);
                let at = builder.before_end((2 * HOUR, 20 * HOUR), length);
                builder.alter(&mut level, at.clone(), |level, _| 5.0 * level);
                builder.place(Place::new("slow-calls", here, at, Side::Up));
            }
            "map" => {
                // Slower and slower for most of a day, then restarted.
                let length = builder.dice.count(16 * HOUR, 22 * HOUR);
                let at = builder.before_end((30 * HOUR, 4 * DAY), length);
                let start = at.start;
                builder.alter(&mut level, at.clone(), |level, minute| {
                    level * (1.0 + 1.4 * (minute - start) as f64 / length as f64)
                });
                builder.place(Place {
                    needs: 8 * HOUR,
                    ..Place::new("slowing-down", here, at, Side::Up)
                });
            }
            "profile" => {
                // The same trouble on three days.
                let first = builder.before_end((5 * DAY, 6 * DAY), 25);
                for (id, later) in
                    [("repeated-1", 0), ("repeated-2", 31 * HOUR), ("repeated-3", 76 * HOUR)]
                {
                    let at = first.start + later..first.end + later;
                    builder.alter(&mut level, at.clone(), |level, _| 2.6 * level);
                    builder.place(Place::new(id, here, at, Side::Up));
                }
            }
            _ => {}
        }
        let values = quantile(noise, &level, &traffic, calls);
        builder.series(query, &[("service", service)], 0, values);
    }
}

/// Returns the quantile of the calls of five minutes: noisier with fewer calls, missing without any.
fn quantile(noise: SeriesNoise, level: &[f64], traffic: &[f64], calls: f64) -> Vec<f64> {
    let per_second: Vec<f64> = traffic.iter().map(|traffic| calls * traffic / 60.0).collect();
    let rate = noise.other(1).rate(&per_second, 5);
    let level = super::noise::trailing_mean(level, 4);
    let spread = noise.other(2).autoregressive(0, level.len(), 1.0, 0.75);
    (0..level.len())
        .map(|minute| {
            let count = 300.0 * rate[minute];
            if count < 0.5 {
                return f64::NAN;
            }
            let few = (0.9 / count.sqrt()).min(0.5);
            level[minute] * libm::exp((0.012 + few) * spread[minute])
        })
        .collect()
}
