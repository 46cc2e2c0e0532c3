//! Autoscaled pods, heaps with garbage collection, and the nodes below.

use super::calendar::{DAY, Zone, weekday};
use super::noise::SeriesNoise;
use super::{HOUR, Place, Side, WorldBuilder};

/// Pods of a deployment at night, and those that a busy day adds.
const REPLICAS: (usize, usize) = (4, 3);

/// Bytes of a gibibyte.
const GIB: f64 = 1_073_741_824.0;

/// Largest heap.
const MAX_HEAP: f64 = 4.0 * GIB;

pub(super) fn add(builder: &mut WorldBuilder) {
    add_pods(builder);
    add_heaps(builder);
    add_nodes(builder);
}

/// Adds pods that are replaced by each release, and others that are started each morning and stopped each night.
fn add_pods(builder: &mut WorldBuilder) {
    let query = builder.query(
        "pods",
        "sum by (pod) (rate(container_cpu_usage_seconds_total{namespace=\"shipping\"}[5m]))",
        (0.0, f64::INFINITY),
    );
    let minutes = builder.len();
    let traffic = builder.calendar.leisure(Zone::Europe);
    let mut releases = vec![0];
    let mut last = builder.dice.count(DAY, 4 * DAY);
    while last + 18 * HOUR < minutes {
        releases.push(last);
        last += builder.dice.count(5 * DAY, 9 * DAY);
    }
    let current = releases.len() - 1;
    let limited = builder.dice.count(0, REPLICAS.0 - 1);
    for (generation, start) in releases.iter().copied().enumerate() {
        let end = releases.get(generation + 1).copied().unwrap_or(minutes);
        let hash = name_part(builder.noise("release"), generation, 9);
        let mut born = Vec::new();
        for pod in 0..REPLICAS.0 {
            let values = pod_usage(builder, &traffic, &format!("{hash}{pod}"), start..end);
            born.push((pod, start, values));
        }
        for (day, up, down) in
            busy_hours(builder).into_iter().filter(|(_, up, _)| (start..end).contains(up))
        {
            for pod in 0..REPLICAS.1 {
                let until = down.min(end);
                let up = up + 7 * pod;
                if up + 30 < until {
                    let pod = 100 + 10 * day + pod;
                    born.push((
                        pod,
                        up,
                        pod_usage(builder, &traffic, &format!("{hash}{pod}"), up..until),
                    ));
                }
            }
        }
        let mut replaced = Vec::new();
        for (pod, first, mut values) in born {
            let here = (query, builder.world.queries[query].series.len());
            if generation == current && pod == limited {
                // One pod of many is throttled at its limit.
                let at = builder.before_end((3 * HOUR, 9 * HOUR), 0).start.max(first + 6 * HOUR);
                builder.alter(&mut values, at - first..minutes - first, |value, minute| {
                    (value + 1.0).min(0.998 + 0.001 * ((minute % 7) as f64 / 7.0))
                });
                builder.place(Place::ongoing("throttled-pod", here, at, Side::Up));
            }
            let name = format!("courier-{hash}-{}", name_part(builder.noise(&hash), pod, 5));
            builder.series(query, &[("pod", &name)], first, values);
            if first == start {
                replaced.push(here.1);
            }
        }
        builder.tolerate(query, replaced, start..start + 2 * HOUR, 1);
    }
}

/// Returns the number of each day, and the minutes from the morning to the night in which more pods run.
fn busy_hours(builder: &WorldBuilder) -> Vec<(usize, usize, usize)> {
    let noise = builder.noise("scaler");
    let (mut hours, mut up) = (Vec::new(), None);
    for minute in 0..builder.len() {
        let local = builder.calendar.local(Zone::Europe, minute);
        let ahead = 0.4 * noise.uniform(minute / DAY);
        let busy = weekday(local.day) < 5 && (9.5 - ahead..22.6 - ahead).contains(&local.hour);
        match up {
            None if busy => up = Some(minute),
            Some(from) if !busy => {
                hours.push((hours.len(), from, minute));
                up = None;
            }
            _ => {}
        }
    }
    hours.extend(up.map(|from| (hours.len(), from, builder.len())));
    hours
}

fn pod_usage(
    builder: &WorldBuilder,
    traffic: &[f64],
    name: &str,
    life: std::ops::Range<usize>,
) -> Vec<f64> {
    let noise = builder.noise(name);
    let spread = noise.autoregressive(life.start, life.len(), 0.06, 0.7);
    let share = 0.94 + 0.12 * noise.uniform(0);
    let (from, until) = (life.start, life.end);
    (from..until)
        .zip(spread)
        .map(|(minute, spread)| {
            let start = 0.5 * libm::exp(-((minute - from) as f64) / 6.0);
            (0.07 + 0.4 * traffic[minute]) * share * libm::exp(spread) + start
        })
        .collect()
}

/// Returns letters and digits as the names of replica sets and pods have them.
fn name_part(noise: SeriesNoise, index: usize, len: usize) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..len)
        .map(|at| {
            let letter = noise.uniform(index * 16 + at) * LETTERS.len() as f64;
            char::from(LETTERS[(letter as usize).min(LETTERS.len() - 1)])
        })
        .collect()
}

fn add_heaps(builder: &mut WorldBuilder) {
    let query = builder.query("heap", "jvm_memory_used_bytes{area=\"heap\"}", (0.0, f64::INFINITY));
    let minutes = builder.len();
    let traffic = builder.calendar.leisure(Zone::America);
    let full = builder.dice.count(2, 5);
    for index in 0..6 {
        let instance = format!("ledger-{index}:8080");
        let noise = builder.noise(&instance);
        let mut floor = vec![builder.dice.number(0.7, 1.1); minutes];
        let here = (query, index);
        if index == 0 {
            // What is kept grows for three days under an unchanged sawtooth.
            let length = builder.dice.count(50 * HOUR, 70 * HOUR);
            let start = minutes - length;
            builder.alter(&mut floor, start..minutes, |floor, minute| {
                floor + 1.5 * (minute - start) as f64 / length as f64
            });
            builder
                .place(Place { needs: 30 * HOUR, ..Place::ongoing("leak", here, start, Side::Up) });
        }
        let mut values = sawtooth(noise, &floor, &traffic);
        if index == full {
            let length = builder.dice.count(35, 60);
            let at = builder.before_end((2 * HOUR, 16 * HOUR), length);
            builder.alter(&mut values, at.clone(), |_, minute| {
                MAX_HEAP * (0.985 + 0.004 * noise.uniform(minute))
            });
            builder.place(Place::new("full-heap", here, at, Side::Up));
        }
        let labels =
            [("__name__", "jvm_memory_used_bytes"), ("area", "heap"), ("instance", &instance)];
        builder.series(query, &labels, 0, values);
    }
}

/// Returns a heap that fills with the traffic and is collected when it has grown by 1 to 1.4 GiB.
fn sawtooth(noise: SeriesNoise, floor: &[f64], traffic: &[f64]) -> Vec<f64> {
    let mut grown = noise.uniform(0);
    (0..floor.len())
        .map(|minute| {
            grown += (0.02 + 0.09 * traffic[minute]) * (0.7 + 0.6 * noise.uniform(minute));
            if grown > 1.0 + 0.4 * noise.other(1).uniform(minute) {
                grown = 0.05 * noise.other(2).uniform(minute);
            }
            GIB * (floor[minute] + grown)
        })
        .collect()
}

fn add_nodes(builder: &mut WorldBuilder) {
    let load = builder.query("load", "node_load1{job=\"fleet\"}", (0.0, f64::INFINITY));
    let network = builder.query(
        "network",
        "rate(node_network_transmit_bytes_total{device=\"eth0\"}[5m])",
        (0.0, f64::INFINITY),
    );
    let heat = builder.query("heat", "node_hwmon_temp_celsius", (f64::NEG_INFINITY, f64::INFINITY));
    let minutes = builder.len();
    let length = builder.dice.count(30, 50);
    let unseen = builder.before_end((2 * DAY, 6 * DAY), length);
    for index in 0..8 {
        let instance = format!("rack{}-{index}:9100", index % 2);
        let noise = builder.noise(&instance);
        let zone = Zone::ALL[index % 3];
        let traffic = builder.calendar.leisure(zone);
        let factor = noise.factor(minutes, 0.12, 0.05);
        let mut values: Vec<f64> =
            (0..minutes).map(|minute| (0.4 + 3.2 * traffic[minute]) * factor[minute]).collect();
        if index == 3 {
            let start = builder.before_end((2 * HOUR, 6 * HOUR), 0).start;
            builder.alter(&mut values, start..minutes, |load, _| load + 7.0);
            builder.place(Place::ongoing("runaway-process", (load, index), start, Side::Up));
        }
        builder.alter(&mut values, unseen.clone(), |_, _| f64::NAN);
        let labels = [("__name__", "node_load1"), ("instance", &instance), ("job", "fleet")];
        builder.series(load, &labels, 0, values);

        let factor = noise.other(7).factor(minutes, 0.15, 0.06);
        let backs_up = index < 3;
        let bytes = (0..minutes)
            .map(|minute| {
                let local = builder.calendar.local(zone, minute);
                let backup = backs_up && (2.0..2.75).contains(&local.hour);
                (1.5e6 + 9e6 * traffic[minute] + if backup { 4e7 } else { 0.0 }) * factor[minute]
            })
            .collect::<Vec<_>>();
        let mut bytes = super::noise::trailing_mean(&bytes, 5);
        if index == 6 {
            let length = builder.dice.count(15, 25);
            let at = builder.before_end((8 * DAY, 26 * DAY), length);
            builder.alter(&mut bytes, at.clone(), |bytes, _| 6.0 * bytes + 2e7);
            builder.place(Place::new("copied-twice", (network, index), at, Side::Up));
        }
        builder.series(network, &[("device", "eth0"), ("instance", &instance)], 0, bytes);

        if index < 6 {
            add_sensor(builder, heat, index, &instance, &traffic);
        }
    }
    let mut place = Place::silent("no-scrapes", (load, 0), unseen);
    place.series = (0..8).collect();
    builder.place(place);
}

fn add_sensor(
    builder: &mut WorldBuilder,
    query: usize,
    index: usize,
    instance: &str,
    traffic: &[f64],
) {
    let noise = builder.noise(instance).other(9);
    let wave = noise.autoregressive(0, traffic.len(), 0.6, 0.98);
    let mut values: Vec<f64> = traffic
        .iter()
        .zip(wave)
        .enumerate()
        .map(|(minute, (traffic, wave))| {
            let exact = 41.0 + 9.0 * traffic + wave + 0.15 * noise.other(1).normal(minute);
            (exact * 8.0).round() / 8.0
        })
        .collect();
    if index == 2 {
        let length = builder.dice.count(3 * HOUR, 5 * HOUR);
        let at = builder.before_end((3 * DAY, 6 * DAY), length);
        builder.freeze(&mut values, at.clone());
        builder.place(Place::silent("frozen-sensor", (query, index), at));
    } else if index == 4 {
        let length = builder.dice.count(3 * HOUR, 4 * HOUR);
        let at = builder.before_end((3 * HOUR, 14 * HOUR), length);
        let start = at.start;
        builder.alter(&mut values, at.clone(), |value, minute| {
            value + 22.0 * (((minute - start) as f64) / 90.0).min(1.0)
        });
        builder.place(Place::new("failed-fan", (query, index), at, Side::Up));
    }
    let labels =
        [("__name__", "node_hwmon_temp_celsius"), ("chip", "cpu0"), ("instance", instance)];
    builder.series(query, &labels, 0, values);
}
