//! Lists the events of a CSV file with a header and two columns, time and value:
//! `cargo run -p oddity-detect --example detect_csv -- FILE.csv [DETECTOR]`, by default on `examples/requests.csv`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example reads a file and prints"
)]

use std::error::Error;

use oddity_detect::event::SeverityLevel;
use oddity_detect::{
    Detector, DetectorInput, Grid, OnsetCache, Rule, SeriesSamples, Step, Timestamp, events,
};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/requests.csv");

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().unwrap_or_else(|| EXAMPLE.to_owned());
    let id = args.next().unwrap_or_else(|| "auto".to_owned());
    let detector = Detector::by_id(&id).ok_or_else(|| format!("there is no detector \"{id}\""))?;

    let (grid, values) = read(&std::fs::read_to_string(file)?)?;
    // The first samples are learnt from and not judged.
    let history = detector.history().min(values.len() / 2);
    let input = DetectorInput::new(&values, history, grid);
    let detection = detector.detect(input);
    let samples = SeriesSamples { values: &values, period: &|| None };
    let (rule, cache) = (Rule::of(detector), OnsetCache::default());
    let found = events(samples, &detection, &cache, &rule, history, |index| grid.at(index));

    println!("{} samples every {}, {} events", values.len(), grid.step, found.len());
    for event in found {
        println!(
            "{}  {:16} {:8} for {:12} peak {:.1}, expected {:.1} (from {})",
            event.display_start,
            event.kind.name(),
            SeverityLevel::of(event.severity).name(),
            event.lasted.words(),
            event.peak.value,
            event.onset.expected,
            event.baseline
        );
    }
    Ok(())
}

/// Reads rows of time and value onto a grid whose step is the shortest distance of two rows; other points are missing.
fn read(text: &str) -> Result<(Grid, Vec<f64>), Box<dyn Error>> {
    let mut rows: Vec<(Timestamp, f64)> = Vec::new();
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let (time, value) = line.split_once(',').ok_or("a row needs a time and a value")?;
        rows.push((time.parse()?, value.trim().parse()?));
    }
    rows.sort_by_key(|(time, _)| *time);
    let distances = rows.windows(2).map(|pair| pair[1].0.since(pair[0].0));
    let step = Step::new(distances.min().ok_or("a series needs two rows")?)?;
    let (start, end) = (rows[0].0, rows[rows.len() - 1].0);
    let len = (end.since(start).millis() / step.millis()) as usize + 1;
    let grid = Grid { start, step, len };
    let mut values = vec![f64::NAN; len];
    for (time, value) in rows {
        if let Some(index) = grid.nearest(time) {
            values[index] = value;
        }
    }
    Ok((grid, values))
}
