//! Consumers that lag behind, and queues.

use super::calendar::{DAY, Zone};
use super::{HOUR, Place, Side, WorldBuilder};

/// Group, messages a second at the peak, minutes between commits.
const GROUPS: [(&str, f64, usize); 6] = [
    ("archiver", 40.0, 11),
    ("billing", 12.0, 4),
    ("fraud", 90.0, 3),
    ("indexer", 150.0, 7),
    ("notifier", 6.0, 2),
    ("reporter", 25.0, 15),
];

/// Queue, messages at the peak, whether an hourly export fills it.
const QUEUES: [(&str, f64, bool); 5] = [
    ("invoices", 8.0, false),
    ("labels", 45.0, false),
    ("exports", 20.0, true),
    ("returns", 0.6, false),
    ("thumbs", 120.0, false),
];

pub(super) fn add(builder: &mut WorldBuilder) {
    add_lag(builder);
    add_queues(builder);
}

fn add_lag(builder: &mut WorldBuilder) {
    let query = builder.query(
        "lag",
        "sum by (consumergroup) (kafka_consumergroup_lag)",
        (0.0, f64::INFINITY),
    );
    let minutes = builder.len();
    let traffic = builder.calendar.leisure(Zone::Europe);
    for (index, (group, rate, commit)) in GROUPS.into_iter().enumerate() {
        let noise = builder.noise(group);
        let factor = noise.factor(minutes, 0.2, 0.05);
        let phase = builder.dice.count(0, commit - 1);
        let mut values: Vec<f64> = (0..minutes)
            .map(|minute| {
                let uncommitted = 1 + (minute + phase) % commit;
                (60.0 * rate * (0.1 + traffic[minute]) * uncommitted as f64 * factor[minute])
                    .round()
            })
            .collect();
        let here = (query, index);
        match group {
            "billing" => {
                // It hangs, and catches up four times as fast.
                let length = builder.dice.count(50, 75);
                let at = builder.before_end((2 * HOUR, 17 * HOUR), length);
                let (start, most) = (at.start, 60.0 * rate * length as f64 * 0.8);
                builder.alter(&mut values, at.clone(), |lag, minute| {
                    let (since, length) = ((minute - start) as f64, length as f64);
                    let behind = (since / (0.8 * length)).min((length - since) / (0.2 * length));
                    (lag + most * behind).round()
                });
                builder.place(Place::new("stuck-consumer", here, at, Side::Up));
            }
            "indexer" => {
                // It cannot keep up for hours, then loses half of its consumers.
                let length = builder.dice.count(6 * HOUR, 8 * HOUR);
                let at = builder.before_end((30 * HOUR, 5 * DAY), length);
                let worse = at.start + length / 2..at.start + length / 2 + 50;
                builder.alter(&mut values, at.clone(), |lag, _| (3.5 * lag + 2e5).round());
                builder.alter(&mut values, worse.clone(), |lag, _| 5.0 * lag);
                builder.place(Place::new("behind", here, at, Side::Up));
                builder.place(Place::new("further-behind", here, worse, Side::Up));
            }
            "reporter" => {
                let length = builder.dice.count(2 * HOUR, 3 * HOUR);
                let at = builder.before_end((9 * DAY, 24 * DAY), length);
                builder.freeze(&mut values, at.clone());
                builder.place(Place::silent("frozen-lag", here, at));
            }
            _ => {}
        }
        builder.series(query, &[("consumergroup", group)], 0, values);
    }
}

fn add_queues(builder: &mut WorldBuilder) {
    let query = builder.query("queues", "rabbitmq_queue_messages_ready", (0.0, f64::INFINITY));
    let minutes = builder.len();
    let traffic = builder.calendar.leisure(Zone::America);
    for (index, (queue, peak, exports)) in QUEUES.into_iter().enumerate() {
        let noise = builder.noise(queue);
        let factor = noise.autoregressive(0, minutes, 0.35, 0.85);
        let mut mean: Vec<f64> = (0..minutes)
            .map(|minute| {
                let since = minute % HOUR;
                let export = if exports && (15..22).contains(&since) {
                    90.0 * (22 - since) as f64
                } else {
                    0.0
                };
                peak * (0.15 + traffic[minute]) * libm::exp(factor[minute]) + export
            })
            .collect();
        let here = (query, index);
        match queue {
            "labels" => {
                let length = builder.dice.count(60, 100);
                let at = builder.before_end((3 * HOUR, 18 * HOUR), length);
                let (start, most) = (at.start, builder.dice.number(900.0, 2_000.0));
                builder.alter(&mut mean, at.clone(), |mean, minute| {
                    let done = (minute - start) as f64 / length as f64;
                    mean + most * (done / 0.6).min((1.0 - done) / 0.4)
                });
                builder.place(Place::new("backlog", here, at, Side::Up));
            }
            "returns" => {
                let length = builder.dice.count(30, 45);
                let at = builder.before_end((2 * DAY, 6 * DAY), length);
                builder.alter(&mut mean, at.clone(), |mean, _| mean + 25.0);
                builder.place(Place::new("poisoned-message", here, at, Side::Up));
            }
            "thumbs" => {
                let length = builder.dice.count(25, 40);
                let at = builder.near_hour((Zone::America, 20.5), 8 * DAY, length, |_| true);
                builder.alter(&mut mean, at.clone(), |_, _| 0.0);
                builder.place(Place::new("nothing-published", here, at, Side::Down));
            }
            _ => {}
        }
        let values = mean.iter().enumerate().map(|(at, mean)| noise.other(5).count(at, *mean));
        let values = values.collect();
        let labels = [("__name__", "rabbitmq_queue_messages_ready"), ("queue", queue)];
        builder.series(query, &labels, 0, values);
    }
}
