//! Machines: processors, interfaces, sensors, clocks, caches, and whether each target answers.

use super::service::in_gap;
use super::{Builder, Metric};
use crate::demo::signal::{Daily, Moment, Noise, bursts, rounded};

pub(super) const METRICS: [Metric; 6] = [
    Metric {
        name: "node_cpu_utilisation_ratio",
        kind: "gauge",
        help: "Share of processor time in use.",
        unit: "ratio",
    },
    Metric {
        name: "node_network_receive_errs_total",
        kind: "counter",
        help: "Frames received with an error.",
        unit: "",
    },
    Metric {
        name: "room_temperature_celsius",
        kind: "gauge",
        help: "Air temperature at a rack.",
        unit: "celsius",
    },
    Metric {
        name: "ntp_offset_seconds",
        kind: "gauge",
        help: "Distance of the clock from its time server.",
        unit: "seconds",
    },
    Metric {
        name: "cache_hit_ratio",
        kind: "gauge",
        help: "Share of look-ups answered from the cache.",
        unit: "ratio",
    },
    Metric { name: "up", kind: "gauge", help: "1 if the last scrape succeeded.", unit: "" },
];

const NODES: [&str; 4] = ["node-1:9100", "node-2:9100", "node-3:9100", "node-4:9100"];

/// The node that misbehaves from the anchor on.
const BAD_NODE: &str = "node-3:9100";

/// The shard that misbehaves from the anchor on.
const ODD_SHARD: usize = 42;

pub(super) fn add(builder: &mut Builder) {
    cpu(builder);
    interfaces(builder);
    temperature(builder);
    clock(builder);
    cache(builder);
    targets(builder);
}

/// Adds four alike nodes; one jumps to a high plateau with bursts.
fn cpu(builder: &mut Builder) {
    for instance in NODES {
        let labels = [("instance", instance), ("job", "node")];
        builder.add("node_cpu_utilisation_ratio", &labels, move |moment, noise| {
            let usual = Daily { level: 0.34, amplitude: 0.09, peak_hour: 14.0 }.at(moment);
            let own = 0.03 * noise.smooth(moment.minutes, 13.0)
                + 0.02 * noise.smooth(moment.minutes, 3.0)
                + 0.02 * noise.triangular(moment.index);
            let bad = instance == BAD_NODE && moment.minutes >= 0.0;
            let extra = if bad { plateau(moment, noise) } else { 0.0 };
            Some(rounded((usual + own + extra).clamp(0.0, 1.0), 4))
        });
    }
}

fn plateau(moment: Moment, noise: Noise) -> f64 {
    let burst = noise.smooth(moment.minutes + 1e6, 4.0).max(0.0);
    0.36 + 0.3 * burst
}

/// Adds errors that come in bursts; from the anchor on one interface has three large ones.
fn interfaces(builder: &mut Builder) {
    for instance in &NODES[..2] {
        let labels = [("device", "eth0"), ("instance", instance), ("job", "node")];
        let bad = *instance == NODES[0];
        builder.add("node_network_receive_errs_total", &labels, move |moment, noise| {
            let storm = |start: f64| 400.0 * ((moment.minutes - start) / 4.0).clamp(0.0, 1.0);
            let storms: f64 = [0.0, 14.0, 27.0].map(storm).iter().sum();
            let extra = if bad { libm::floor(storms) } else { 0.0 };
            Some(bursts(noise, moment) + extra)
        });
    }
}

/// Adds two sensors; one repeats its last value from the anchor on.
fn temperature(builder: &mut Builder) {
    for (sensor, sticks) in [("rack-a", false), ("rack-b", true)] {
        let labels = [("instance", "sensors-1:9200"), ("job", "sensors"), ("sensor", sensor)];
        builder.add("room_temperature_celsius", &labels, move |moment, noise| {
            let over = if sticks { moment.minutes.max(0.0) } else { 0.0 };
            let seen = Moment { minutes: moment.minutes - over, utc: moment.utc - over, ..moment };
            let index = if sticks { moment.index.min(0) } else { moment.index };
            let usual = Daily { level: 22.5, amplitude: 1.1, peak_hour: 16.0 }.at(seen);
            let own = 0.3 * noise.smooth(seen.minutes, 24.0) + 0.12 * noise.triangular(index);
            Some(rounded(usual + own, 2))
        });
    }
}

/// Adds a control, in which nothing happens.
fn clock(builder: &mut Builder) {
    let labels = [("instance", "node-1:9100"), ("job", "node")];
    builder.add("ntp_offset_seconds", &labels, |moment, noise| {
        let own = 0.8 * noise.smooth(moment.minutes, 17.0) + 1.6 * noise.triangular(moment.index);
        Some(rounded(own / 1e3, 6))
    });
}

/// Adds a hundred shards; one loses a fifth of its hits.
fn cache(builder: &mut Builder) {
    for shard in 0..100 {
        let name = format!("{shard:02}");
        let labels = [("instance", "cache-1:9121"), ("job", "cache"), ("shard", name.as_str())];
        builder.add("cache_hit_ratio", &labels, move |moment, noise| {
            let level = 0.91 + 0.03 * noise.uniform(i64::MIN);
            let usual = Daily { level, amplitude: 0.01, peak_hour: 3.0 }.at(moment);
            let own =
                0.008 * noise.smooth(moment.minutes, 15.0) + 0.01 * noise.triangular(moment.index);
            let odd = shard == ODD_SHARD && moment.minutes >= 0.0;
            Some(rounded(usual + own - if odd { 0.2 } else { 0.0 }, 4))
        });
    }
}

/// Adds whether each target could be scraped.
fn targets(builder: &mut Builder) {
    let others = [
        ("dhcp-1:9547", "dhcp"),
        ("resolver-1:9153", "dns"),
        ("app-1:8080", "app"),
        ("app-2:8080", "app"),
        ("mail-1:9154", "mail"),
        ("sensors-1:9200", "sensors"),
        ("cache-1:9121", "cache"),
    ];
    for (instance, job) in NODES.map(|node| (node, "node")).into_iter().chain(others) {
        builder.add("up", &[("instance", instance), ("job", job)], move |moment, _| {
            let down = job == "mail" && in_gap(moment);
            Some(if down { 0.0 } else { 1.0 })
        });
    }
}
