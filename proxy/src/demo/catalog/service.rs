//! Services: DHCP, DNS, HTTP and the processes behind it.

use super::{Builder, Metric};
use crate::demo::signal::{Daily, Moment, Noise, rounded};

pub(super) const METRICS: [Metric; 9] = [
    Metric {
        name: "dhcp_lease_count",
        kind: "counter",
        help: "Leases granted since the server started.",
        unit: "",
    },
    Metric { name: "dhcp_messages_total", kind: "counter", help: "Messages by type.", unit: "" },
    Metric {
        name: "dhcp_pool_free_addresses",
        kind: "gauge",
        help: "Addresses that are not leased.",
        unit: "",
    },
    Metric { name: "dhcp_relays", kind: "gauge", help: "Relays seen in an hour.", unit: "" },
    Metric {
        name: "dns_validator_mismatch_total",
        kind: "counter",
        help: "Answers whose signature did not validate.",
        unit: "",
    },
    Metric {
        name: "http_request_duration_seconds",
        kind: "histogram",
        help: "Time from request to reply.",
        unit: "seconds",
    },
    Metric { name: "http_requests_total", kind: "counter", help: "Requests answered.", unit: "" },
    Metric {
        name: "process_resident_memory_bytes",
        kind: "gauge",
        help: "Resident memory size.",
        unit: "bytes",
    },
    Metric { name: "queue_depth", kind: "gauge", help: "Messages that wait to be sent.", unit: "" },
];

/// Minutes that the DHCP spike lasts, and leases a minute in it.
const SPIKE: (f64, f64) = (10.0, 37.0);

/// Returns whether a sample lies in the gap of half an hour around the anchor.
pub(super) fn in_gap(moment: Moment) -> bool {
    (-15.0..15.0).contains(&moment.minutes)
}

pub(super) fn add(builder: &mut Builder) {
    dhcp(builder);
    beside_leases(builder);
    dns(builder);
    latency(builder);
    requests(builder);
    memory(builder);
    queue(builder);
}

/// Adds eight leases a minute with a daily cycle; 37 a minute for ten minutes from the anchor on.
/// The noise is a difference of bounded terms, so that sums over windows stay bounded, and it is
/// larger than what the daily cycle climbs in an hour, so that the cycle is never an outlier.
fn dhcp(builder: &mut Builder) {
    let labels = [("instance", "dhcp-1:9547"), ("job", "dhcp"), ("pool", "office")];
    builder.add("dhcp_lease_count", &labels, |moment, noise| {
        let usual = Daily { level: 8.0, amplitude: 1.0, peak_hour: 13.0 };
        let (length, rate) = SPIKE;
        let spike =
            rate * moment.minutes.clamp(0.0, length) - usual.integral_after_anchor(moment, length);
        let quiet = (-1..=10).contains(&moment.index);
        let noise = if quiet { 0.0 } else { 2.4 * noise.uniform(moment.index) };
        Some(libm::floor(4.0 + usual.integral(moment) + spike + noise))
    });
}

/// Adds series that move along with the leases, and some that do not: clients ask more often than they are served, and an address
/// comes back when its lease ends after eight hours.
fn beside_leases(builder: &mut Builder) {
    const LEASE: f64 = 480.0;
    let (length, rate) = SPIKE;
    for (kind, usual, in_spike) in
        [("discover", 10.0, 96.0), ("request", 9.0, 41.0), ("inform", 3.0, 3.0)]
    {
        let labels = [("instance", "dhcp-1:9547"), ("job", "dhcp"), ("type", kind)];
        builder.add("dhcp_messages_total", &labels, move |moment, noise| {
            let daily = Daily { level: usual, amplitude: usual / 8.0, peak_hour: 13.0 };
            let spike = (in_spike - usual) * moment.minutes.clamp(0.0, length);
            Some(libm::floor(
                6.0 + daily.integral(moment) + spike + 0.3 * usual * noise.uniform(moment.index),
            ))
        });
    }
    let labels = [("instance", "dhcp-1:9547"), ("job", "dhcp"), ("pool", "office")];
    builder.add("dhcp_pool_free_addresses", &labels, move |moment, noise| {
        let leased =
            moment.minutes.clamp(0.0, length) - (moment.minutes - LEASE).clamp(0.0, length);
        Some(libm::round(660.0 - (rate - 8.0) * leased + 12.0 * noise.uniform(moment.index)))
    });
    builder.add("dhcp_relays", &labels[..2], move |moment, noise| {
        Some(libm::round(14.0 + 1.5 * noise.uniform(moment.index)))
    });
}

/// Adds a mismatch in two minutes; from the anchor on the rate itself rises, for a day.
fn dns(builder: &mut Builder) {
    let labels = [("instance", "resolver-1:9153"), ("job", "dns"), ("validator", "dnssec")];
    builder.add("dns_validator_mismatch_total", &labels, |moment, noise| {
        const GROWTH: f64 = 0.01;
        const DAY: f64 = 1_440.0;
        let usual = Daily::flat(0.5).integral(moment);
        let rising = moment.minutes.clamp(0.0, DAY);
        let held = (moment.minutes - DAY).max(0.0);
        let drift = GROWTH * (rising * rising / 2.0 + DAY * held);
        Some(libm::floor(1.0 + usual + drift + 0.24 * noise.uniform(moment.index)))
    });
}

/// Requests a minute of the handler whose latency shifts.
const SEARCHES: Daily = Daily { level: 240.0, amplitude: 60.0, peak_hour: 14.0 };

/// Upper bound in seconds, share of requests at or below it before and after the anchor.
const BUCKETS: [(&str, f64, f64); 8] = [
    ("0.05", 0.30, 0.02),
    ("0.1", 0.66, 0.09),
    ("0.25", 0.90, 0.34),
    ("0.5", 0.965, 0.68),
    ("1", 0.988, 0.92),
    ("2.5", 0.997, 0.985),
    ("5", 0.9995, 0.998),
    ("+Inf", 1.0, 1.0),
];

/// Mean seconds of a request before and after the anchor.
const MEAN_LATENCY: (f64, f64) = (0.13, 0.46);

fn latency(builder: &mut Builder) {
    let labels =
        [("handler", "/api/search"), ("instance", "app-1:8080"), ("job", "app"), ("le", "")];
    for (le, before, after) in BUCKETS {
        let labels = [labels[0], labels[1], labels[2], ("le", le)];
        builder.add("http_request_duration_seconds_bucket", &labels, move |moment, noise| {
            let share = before.min(after);
            let own = 1.5 * share * (1.0 - share) * noise.uniform(moment.index);
            Some(libm::floor(40.0 + shifted(moment, before, after) + own))
        });
    }
    builder.add("http_request_duration_seconds_count", &labels, |moment, _| {
        Some(libm::floor(40.0 + shifted(moment, 1.0, 1.0)))
    });
    builder.add("http_request_duration_seconds_sum", &labels, |moment, noise| {
        let (before, after) = MEAN_LATENCY;
        let own = 1.2 * noise.triangular(moment.index);
        Some(rounded(5.0 + shifted(moment, before, after) + own, 6))
    });
}

/// Searches so far, each counted `before` or `after`, with the noise that all parts of the histogram share.
fn shifted(moment: Moment, before: f64, after: f64) -> f64 {
    let later = SEARCHES.integral_after_anchor(moment, f64::INFINITY);
    let earlier = SEARCHES.integral(moment) - later;
    let common = 24.0 * Noise::new("/api/search").triangular(moment.index);
    before * earlier + after * later + before.min(after) * common
}

/// Requests a minute by code, method and handler. The counters start anew 30 hours before the anchor.
fn requests(builder: &mut Builder) {
    const RESTART: f64 = -1_800.0;
    let kinds = [
        ("200", "GET", "/api/search", Daily { level: 236.0, amplitude: 58.0, peak_hour: 14.0 }),
        ("200", "POST", "/api/orders", Daily { level: 42.0, amplitude: 12.0, peak_hour: 15.0 }),
        ("404", "GET", "/", Daily::flat(3.0)),
        ("500", "GET", "/api/search", Daily::flat(1.2)),
    ];
    for (code, method, handler, usual) in kinds {
        let labels = [
            ("code", code),
            ("handler", handler),
            ("instance", "app-1:8080"),
            ("job", "app"),
            ("method", method),
        ];
        builder.add("http_requests_total", &labels, move |moment, noise| {
            let back = moment.minutes - RESTART;
            let restart = Moment { minutes: RESTART, utc: moment.utc - back, ..moment };
            let before = if back >= 0.0 { usual.integral(restart) } else { 0.0 };
            let swing = 0.12 * usual.level;
            let own = swing * (1.0 + noise.triangular(moment.index));
            Some(libm::floor(usual.integral(moment) - before + own))
        });
    }
}

/// Adds memory that grows a little until a restart frees it every eight hours; from six hours before the anchor on,
/// app-2 grows fast and is not restarted until it is killed four days later.
fn memory(builder: &mut Builder) {
    const LAST_RESTART: f64 = -360.0;
    let used = |age: f64, growth: f64, moment: Moment, noise: Noise| {
        let own = 3.0 * noise.smooth(moment.minutes, 11.0) + noise.triangular(moment.index);
        Some(libm::floor((310.0 + growth * age + own) * 1_048_576.0 / 4_096.0) * 4_096.0)
    };
    for (instance, leaks) in [("app-1:8080", false), ("app-2:8080", true)] {
        let labels = [("instance", instance), ("job", "app")];
        builder.add("process_resident_memory_bytes", &labels, move |moment, noise| {
            let since = moment.minutes - LAST_RESTART;
            let age = match (leaks, since >= 0.0) {
                (true, true) => since.rem_euclid(5_760.0),
                _ => since.rem_euclid(480.0),
            };
            used(age, if leaks && since >= 0.0 { 1.2 } else { 0.08 }, moment, noise)
        });
    }
}

/// Adds a queue whose scrapes fail for half an hour around the anchor.
fn queue(builder: &mut Builder) {
    let labels = [("instance", "mail-1:9154"), ("job", "mail"), ("queue", "outgoing")];
    builder.add("queue_depth", &labels, |moment, noise| {
        let usual = Daily { level: 48.0, amplitude: 9.0, peak_hour: 10.0 }.at(moment);
        let own = 6.0 * noise.smooth(moment.minutes, 9.0) + 7.0 * noise.triangular(moment.index);
        (!in_gap(moment)).then(|| libm::round(usual + own))
    });
}
