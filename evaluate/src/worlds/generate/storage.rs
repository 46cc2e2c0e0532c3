//! Disks that fill, certificates that expire, caches and connection pools.

use super::calendar::{DAY, Zone};
use super::{HOUR, Place, PlaceWeight, Side, WorldBuilder};

/// Bytes of a gigabyte.
const GB: f64 = 1e9;

/// Size of a connection pool.
const POOL: f64 = 100.0;

pub(super) fn add(builder: &mut WorldBuilder) {
    add_disks(builder);
    add_certificates(builder);
    add_caches(builder);
    add_pools(builder);
}

fn add_disks(builder: &mut WorldBuilder) {
    let query = builder.query(
        "disks",
        "node_filesystem_avail_bytes{mountpoint=\"/data\"}",
        (0.0, f64::INFINITY),
    );
    let minutes = builder.len();
    for index in 0..8 {
        let instance = format!("store-{index}:9100");
        let noise = builder.noise(&instance);
        let traffic = builder.calendar.leisure(Zone::ALL[index % 3]);
        let (size, daily) = (builder.dice.number(300.0, 900.0), builder.dice.number(5.0, 20.0));
        let kept = builder.dice.number(0.0, 0.08);
        let mut used = 0.0;
        let mut values: Vec<f64> = (0..minutes)
            .map(|minute| {
                // Logs grow with the traffic, and most are deleted at 04:15.
                used += daily * traffic[minute] / 600.0 * (0.8 + 0.4 * noise.uniform(minute));
                if minute % DAY == 255 {
                    used *= kept;
                }
                0.6 * size - used - 0.0002 * size * minute as f64 / DAY as f64
            })
            .collect();
        let here = (query, index);
        if index == 1 {
            // It will be full two hours after the end.
            let length = builder.dice.count(4 * HOUR, 9 * HOUR);
            let (start, left) = (minutes - length, values[minutes - 1]);
            let speed = left / (length + 2 * HOUR) as f64;
            builder.alter(&mut values, start..minutes, |free, minute| {
                free - speed * (minute - start) as f64
            });
            builder
                .place(Place { needs: HOUR, ..Place::ongoing("filling", here, start, Side::Down) });
        } else if index == 5 {
            let length = builder.dice.count(3 * HOUR, 6 * HOUR);
            let at = builder.before_end((2 * DAY, 6 * DAY), length);
            let start = at.start;
            builder.alter(&mut values, at.clone(), |free, minute| {
                free - 0.5 * size * ((minute - start) as f64 / (0.9 * length as f64)).min(1.0)
            });
            builder.place(Place::new("core-dumps", here, at, Side::Down));
        }
        for free in &mut values {
            *free = (GB * free.max(0.0) / 4_096.0).round() * 4_096.0;
        }
        let labels = [
            ("__name__", "node_filesystem_avail_bytes"),
            ("instance", &instance),
            ("mountpoint", "/data"),
        ];
        builder.series(query, &labels, 0, values);
    }
}

fn add_certificates(builder: &mut WorldBuilder) {
    let query = builder.query(
        "certificates",
        "probe_ssl_earliest_cert_expiry - time()",
        (f64::NEG_INFINITY, f64::INFINITY),
    );
    let minutes = builder.len();
    for (index, host) in ["api.test", "docs.test", "old.test", "www.test"].into_iter().enumerate() {
        let mut expiry = builder.dice.count(32 * DAY, 80 * DAY);
        let renewed = host != "old.test";
        if !renewed {
            // Four days are left at the end, long after it should have been renewed.
            expiry = minutes + 4 * DAY;
            let start = expiry - 30 * DAY;
            let place = Place::ongoing("not-renewed", (query, index), start, Side::Down);
            builder.place(Place { weight: PlaceWeight::Optional, peaks: false, ..place });
        }
        let mut values = Vec::with_capacity(minutes);
        for minute in 0..minutes {
            if renewed && expiry < minute + 30 * DAY {
                expiry += 60 * DAY;
                builder.tolerate(query, vec![index], minute..minute + HOUR, 1);
            }
            values.push(60.0 * (expiry as f64 - minute as f64));
        }
        builder.series(query, &[("instance", host)], 0, values);
    }
}

fn add_caches(builder: &mut WorldBuilder) {
    let query = builder.query(
        "caches",
        "rate(cache_hits_total[5m]) / (rate(cache_hits_total[5m]) + rate(cache_misses_total[5m]))",
        (0.0, 1.0),
    );
    let minutes = builder.len();
    for (index, cache) in ["fonts", "prices", "sessions", "stock"].into_iter().enumerate() {
        let noise = builder.noise(cache);
        let usual = [0.995, 0.93, 0.88, 0.96][index];
        let traffic = builder.calendar.leisure(Zone::ALL[index % 3]);
        let wave = noise.autoregressive(0, minutes, 0.08, 0.9);
        // Misses vary in proportion, so that the ratio stays below 1.
        let mut misses: Vec<f64> = traffic
            .iter()
            .zip(wave)
            .map(|(traffic, wave)| (1.0 - usual) * (1.2 - 0.3 * traffic) * libm::exp(wave))
            .collect();
        let here = (query, index);
        match cache {
            "prices" => {
                // It is flushed, and warms up again.
                let length = builder.dice.count(60, 100);
                let at = builder.before_end((2 * DAY, 6 * DAY), length);
                let start = at.start;
                builder.alter(&mut misses, at.clone(), |misses, minute| {
                    misses + 0.5 * libm::exp(-((minute - start) as f64) / (0.35 * length as f64))
                });
                builder.place(Place::new("flushed", here, at, Side::Down));
            }
            "stock" => {
                let start = builder.before_end((6 * HOUR, 12 * HOUR), 0).start;
                builder.alter(&mut misses, start..minutes, |misses, _| misses + 0.05);
                builder.place(Place::ongoing("evicting", here, start, Side::Down));
            }
            _ => {}
        }
        let values = misses.iter().map(|misses| 1.0 - misses.clamp(0.0, 1.0)).collect();
        builder.series(query, &[("cache", cache)], 0, values);
    }
}

fn add_pools(builder: &mut WorldBuilder) {
    let query = builder.query("pools", "pg_stat_activity_count", (0.0, f64::INFINITY));
    let minutes = builder.len();
    for (index, name) in ["auth", "blog", "chat", "maps", "shop", "wiki"].into_iter().enumerate() {
        let noise = builder.noise(name);
        let traffic = builder.calendar.leisure(Zone::ALL[index % 3]);
        let wave = noise.autoregressive(0, minutes, 2.0, 0.85);
        let mut open: Vec<f64> =
            traffic.iter().zip(wave).map(|(traffic, wave)| 14.0 + 30.0 * traffic + wave).collect();
        let here = (query, index);
        match name {
            "chat" => {
                // A connection is lost every 80 minutes until a restart.
                let length = builder.dice.count(50 * HOUR, 64 * HOUR);
                let at = builder.before_end((20 * HOUR, 3 * DAY), length);
                let start = at.start;
                builder.alter(&mut open, at.clone(), |open, minute| {
                    open + ((minute - start) / 80) as f64
                });
                builder.place(Place {
                    needs: 36 * HOUR,
                    ..Place::new("lost-connections", here, at, Side::Up)
                });
            }
            "shop" => {
                let length = builder.dice.count(20, 35);
                let at = builder.before_end((9 * DAY, 27 * DAY), length);
                builder.alter(&mut open, at.clone(), |_, _| POOL);
                builder.place(Place::new("pool-exhausted", here, at, Side::Up));
            }
            "wiki" => {
                let length = builder.dice.count(50, 80);
                let at = builder.near_hour((Zone::India, 20.0), 90, length, |_| true);
                builder.alter(&mut open, at.clone(), |open, _| 0.3 * open);
                builder.place(Place::new("dropped-connections", here, at, Side::Down));
            }
            _ => {}
        }
        let values = open.iter().map(|open| open.round().clamp(1.0, POOL)).collect();
        let labels = [("__name__", "pg_stat_activity_count"), ("datname", name)];
        builder.series(query, &labels, 0, values);
    }
}
