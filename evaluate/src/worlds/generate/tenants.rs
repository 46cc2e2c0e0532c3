//! Tenants of very different sizes with heavy-tailed noise, some of them new.

use super::calendar::{DAY, Zone};
use super::{HOUR, Place, Side, WorldBuilder};

/// Number of tenants.
const TENANTS: usize = 30;

/// Tenants that began some minutes before the end, with the minutes.
const NEW: [(usize, usize); 4] = [(3, 9 * HOUR), (11, 40 * HOUR), (17, 3 * DAY), (23, 8 * DAY)];

pub(super) fn add(builder: &mut WorldBuilder) {
    let query = builder.query(
        "tenants",
        "sum by (tenant) (rate(tenant_operations_total[5m]))",
        (0.0, f64::INFINITY),
    );
    let minutes = builder.len();
    for index in 0..TENANTS {
        let name = format!("tenant-{index:02}");
        let noise = builder.noise(&name);
        let zone = Zone::ALL[index % 3];
        let traffic = builder.calendar.leisure(zone);
        let size = match index {
            3 | 8 | 14 | 20 => builder.dice.number(4.0, 9.0),
            _ => libm::exp(builder.dice.number(-2.5, 4.0)),
        };
        let mut rate: Vec<f64> = (0..minutes)
            .map(|minute| {
                // Each quarter of an hour brings its own amount of work.
                let work = libm::exp(0.22 * noise.heavy_tailed(minute / 15)).min(6.0);
                size * (0.2 + traffic[minute]) * work
            })
            .collect();
        let here = (query, index);
        match index {
            3 => {
                // Of nine hours it has been there.
                let at = builder.before_end((HOUR, 3 * HOUR), 25);
                builder.alter(&mut rate, at.clone(), |rate, _| 25.0 * rate + 40.0);
                builder.place(Place::new("new-tenant-burst", here, at, Side::Up));
            }
            8 => {
                let length = builder.dice.count(40, 60);
                let at = builder.near_hour((zone, 19.0), 90, length, |_| true);
                builder.alter(&mut rate, at.clone(), |_, _| 0.0);
                builder.place(Place::new("silent-tenant", here, at, Side::Down));
            }
            14 => {
                let length = builder.dice.count(25, 40);
                let at = builder.before_end((DAY, 6 * DAY), length);
                builder.alter(&mut rate, at.clone(), |rate, _| 20.0 * rate + 60.0);
                builder.place(Place::new("noisy-tenant", here, at, Side::Up));
            }
            20 => {
                let length = builder.dice.count(3 * HOUR, 5 * HOUR);
                let at = builder.before_end((10 * DAY, 26 * DAY), length);
                builder.alter(&mut rate, at.clone(), |rate, _| 12.0 * rate + 30.0);
                builder.place(Place::new("migrating-tenant", here, at, Side::Up));
            }
            _ => {}
        }
        let mut values = noise.other(1).rate(&rate, 5);
        let new = NEW.iter().find(|(tenant, _)| *tenant == index);
        let first = new.map_or(0, |(_, ago)| minutes - ago);
        builder.series(query, &[("tenant", &name)], first, values.split_off(first));
    }
}
