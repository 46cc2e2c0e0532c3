//! How long a matrix of a million samples takes to decode, against serde_json with fitting types and
//! the standard library's float parser: prints both and their ratio, medians of interleaved runs.
//!
//! `cargo bench -p shared --bench decode`
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench needs clock and output"
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use oddity_detect::series::Grid;
use oddity_detect::time::{Step, Timestamp};
use oddity_source::prometheus::decode_matrix;
use serde::Deserialize;

const SERIES: usize = 91;
const GRID: Grid =
    Grid { start: Timestamp(1_700_000_040_000), step: Step::from_seconds(60), len: 11_000 };
const RUNS: usize = 15;

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    result: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    metric: BTreeMap<String, String>,
    #[serde(borrow)]
    values: Vec<(f64, &'a str)>,
}

type Row = (BTreeMap<String, String>, Vec<f64>);

fn main() {
    let body = body();
    let (mut ours, mut serde) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(time(|| drop(black_box(decode_matrix(&body, GRID)))));
        serde.push(time(|| drop(black_box(with_serde(&body)))));
    }
    let (ours, serde) = (median(ours), median(serde));
    let samples = SERIES * GRID.len;
    println!("{samples} samples, {} bytes", body.len());
    println!("decode_matrix {ours:?}, serde_json {serde:?}");
    println!("ratio {:.2}", ours.as_secs_f64() / serde.as_secs_f64());
}

/// Series of different levels and shapes, as Prometheus writes them.
fn body() -> Vec<u8> {
    let mut text = r#"{"status":"success","data":{"resultType":"matrix","result":["#.to_owned();
    let mut state = 1_u64;
    for series in 0..SERIES {
        let comma = if series == 0 { "" } else { "," };
        let _ = write!(text, r#"{comma}{{"metric":{{"__name__":"m","n":"{series}"}},"values":["#);
        for index in 0..GRID.len {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let value = match series % 3 {
                0 => (noise * 1e6).floor(),
                1 => (noise * 1e5).floor() / 1e3,
                _ => noise,
            };
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(text, r#"{comma}[{},"{value}"]"#, GRID.at(index).as_seconds());
        }
        text.push_str("]}");
    }
    text.push_str("]}}");
    text.into_bytes()
}

fn with_serde(body: &[u8]) -> Option<Vec<Row>> {
    let reply: Reply<'_> = serde_json::from_slice(body).ok()?;
    let mut rows = Vec::new();
    for entry in reply.data.result {
        let mut values = vec![f64::NAN; GRID.len];
        for (seconds, text) in entry.values {
            let index = GRID.nearest(Timestamp::from_seconds(seconds)?)?;
            values[index] = text.parse().ok()?;
        }
        rows.push((entry.metric, values));
    }
    Some(rows)
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
