//! `bench times ROUNDS`: a line of name and nanoseconds a sample for each case, the
//! sum of the medians of its parts.
//! `bench digests`: see `parity.rs`. `bench data FILE`: the short series, for peers.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench needs clock and output"
)]

use std::io;
use std::time::Instant;

use bench::{case, data, parity};

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["times", rounds] => times(rounds.parse().map_err(io::Error::other)?),
        ["digests"] => print!("{}", parity::report()),
        ["data", file] => write(file)?,
        _ => return Err(io::Error::other("usage: bench times ROUNDS | digests | data FILE")),
    }
    Ok(())
}

fn times(rounds: usize) {
    let mut cases = case::all();
    let mut times: Vec<Vec<Vec<f64>>> =
        cases.iter().map(|case| vec![Vec::new(); case.parts]).collect();
    for _ in 0..rounds {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            for (part, times) in times.iter_mut().enumerate() {
                let start = Instant::now();
                (case.work)(part);
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    for (case, mut times) in cases.into_iter().zip(times) {
        let seconds: f64 = times.iter_mut().map(|times| median(times)).sum();
        println!("{}\t{}", case.name, seconds * 1e9 / case.samples as f64);
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn write(file: &str) -> io::Result<()> {
    let series = (0..data::SERIES).flat_map(|number| data::series(number, data::SAMPLES).to_vec());
    std::fs::write(file, series.flat_map(f64::to_le_bytes).collect::<Vec<u8>>())
}
