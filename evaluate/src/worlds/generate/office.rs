//! Applications of office hours, and endpoints with little traffic.

use super::calendar::{DAY, Zone};
use super::{HOUR, Place, PlaceWeight, Side, WorldBuilder};

/// Application, zone, logins a second, whether its series is absent while nobody works.
const APPS: [(&str, Zone, f64, bool); 5] = [
    ("archive", Zone::Europe, 0.6, true),
    ("crm", Zone::America, 6.0, false),
    ("payroll", Zone::Europe, 2.5, false),
    ("portal", Zone::India, 9.0, false),
    ("travel", Zone::America, 0.9, true),
];

/// Endpoint, requests a second by day.
const ENDPOINTS: [(&str, f64); 8] = [
    ("/coupons", 0.35),
    ("/exports", 0.02),
    ("/gifts", 0.5),
    ("/imports", 0.05),
    ("/labels", 0.25),
    ("/reviews", 0.12),
    ("/tickets", 0.08),
    ("/wishes", 0.3),
];

pub(super) fn add(builder: &mut WorldBuilder) {
    add_apps(builder);
    add_endpoints(builder);
}

fn add_apps(builder: &mut WorldBuilder) {
    let query =
        builder.query("office", "sum by (app) (rate(app_logins_total[5m]))", (0.0, f64::INFINITY));
    let minutes = builder.len();
    for (index, (app, zone, logins, absent)) in APPS.into_iter().enumerate() {
        let noise = builder.noise(app);
        let factor = noise.factor(minutes, 0.05, 0.05);
        let office = builder.calendar.office(zone);
        let mut rate: Vec<f64> = office
            .iter()
            .zip(factor)
            .map(
                |(office, factor)| {
                    if absent && *office == 0.0 { f64::NAN } else { logins * office * factor }
                },
            )
            .collect();
        let here = (query, index);
        match app {
            "payroll" => {
                // Nobody can log in on a working morning.
                let length = builder.dice.count(35, 50);
                let at = builder.near_hour((zone, 10.3), 90, length, |day| zone.works(day));
                builder.alter(&mut rate, at.clone(), |_, _| 0.0);
                builder.place(Place::new("no-logins", here, at, Side::Down));
            }
            "portal" => {
                let length = builder.dice.count(20, 30);
                let at = builder.near_hour((zone, 15.5), 2 * DAY, length, |day| zone.works(day));
                builder.alter(&mut rate, at.clone(), |rate, _| 2.4 * rate);
                builder.place(Place::new("login-burst", here, at, Side::Up));
            }
            "crm" => {
                // Activity in the night, when there is none.
                let length = builder.dice.count(25, 40);
                let at = builder.near_hour((zone, 2.5), 90, length, |_| true);
                builder.alter(&mut rate, at.clone(), |_, _| 1.6);
                builder.place(Place::new("logins-at-night", here, at, Side::Up));
            }
            _ => {}
        }
        builder.series(query, &[("app", app)], 0, noise.other(1).rate(&rate, 5));
        builder.holidays(query, index, zone);
    }
}

fn add_endpoints(builder: &mut WorldBuilder) {
    let query = builder.query(
        "ratios",
        "sum by (path) (rate(api_responses_total{status=\"failed\"}[10m])) / sum by (path) (rate(api_responses_total[10m]))",
        (0.0, 1.0),
    );
    let minutes = builder.len();
    let traffic = builder.calendar.leisure(Zone::Europe);
    for (index, (path, requests)) in ENDPOINTS.into_iter().enumerate() {
        let noise = builder.noise(path);
        let rate: Vec<f64> = traffic.iter().map(|traffic| requests * traffic).collect();
        let mut share = vec![0.02; minutes];
        let here = (query, index);
        match path {
            "/gifts" => {
                let length = builder.dice.count(40, 55);
                let at = builder.near_hour((Zone::Europe, 16.0), 90, length, |_| true);
                builder.alter(&mut share, at.clone(), |_, _| 0.6);
                builder.place(Place {
                    peaks: false,
                    ..Place::new("failing-gifts", here, at, Side::Up)
                });
            }
            "/labels" => {
                let length = builder.dice.count(2 * HOUR, 4 * HOUR);
                let at = builder.near_hour((Zone::Europe, 12.0), 2 * DAY, length, |_| true);
                builder.alter(&mut share, at.clone(), |_, _| 0.35);
                builder.place(Place {
                    peaks: false,
                    ..Place::new("failing-labels", here, at, Side::Up)
                });
            }
            "/imports" => {
                // Few requests fail: nobody would be called for it, nobody would mind to see it.
                let at = builder.before_end((8 * DAY, 20 * DAY), 3 * HOUR);
                builder.alter(&mut share, at.clone(), |_, _| 0.9);
                let place = Place::new("failing-imports", here, at, Side::Up);
                builder.place(Place { peaks: false, weight: PlaceWeight::Optional, ..place });
            }
            _ => {}
        }
        builder.series(query, &[("path", path)], 0, noise.ratio(&rate, &share, 10));
    }
}
