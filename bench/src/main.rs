//! `bench times ROUNDS`: a line of name, samples and median seconds for each case.
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
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for _ in 0..rounds {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (case.work)();
            times.push(start.elapsed().as_secs_f64());
        }
    }
    for (case, mut times) in cases.into_iter().zip(times) {
        times.sort_by(f64::total_cmp);
        println!("{}\t{}\t{}", case.name, case.samples, times[times.len() / 2]);
    }
}

fn write(file: &str) -> io::Result<()> {
    let series = (0..data::SERIES).flat_map(|number| data::series(number, data::SAMPLES).to_vec());
    std::fs::write(file, series.flat_map(f64::to_le_bytes).collect::<Vec<u8>>())
}
