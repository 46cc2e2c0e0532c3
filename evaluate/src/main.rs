//! The command line of the evaluation.

#![allow(clippy::print_stdout, reason = "what it finds is its output")]

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use evaluate::{labelled, nab};
use shared::detect::Detector;

/// Measures Oddity's detectors on labelled data.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Scores detectors as the Numenta Anomaly Benchmark does.
    Nab {
        /// Folder with windows.json and the files that it names.
        #[arg(default_value = "../shared/data/nab")]
        folder: PathBuf,
        /// Detectors to measure, by id; all if none is given.
        #[arg(long)]
        detector: Vec<String>,
    },
    /// Scores detectors on a folder of CSV files with a label a row.
    Labelled {
        /// The folder.
        #[arg(default_value = "../shared/data/cloud")]
        folder: PathBuf,
        /// Detectors to measure, by id; all if none is given.
        #[arg(long)]
        detector: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Nab { folder, detector } => {
            let corpus = nab::Corpus::read(&folder)?;
            for detector in chosen(&detector)? {
                let alerts = nab::alerts(&corpus.judge(detector));
                print!("{:<16}", detector.about().id);
                for profile in &nab::PROFILES {
                    let found = nab::score(&corpus.files, &alerts, profile);
                    print!("{:>10} {:6.2}", profile.name, found.score);
                }
                println!();
            }
        }
        Command::Labelled { folder, detector } => {
            let recordings = labelled::read(&folder)?;
            for detector in chosen(&detector)? {
                let area = labelled::mean_average_precision(&recordings, detector);
                println!("{:<16}{area:.4}", detector.about().id);
            }
        }
    }
    Ok(())
}

fn chosen(ids: &[String]) -> anyhow::Result<Vec<Detector>> {
    if ids.is_empty() {
        return Ok(Detector::all().collect());
    }
    let known = || Detector::all().map(|d| d.about().id).collect::<Vec<_>>().join(", ");
    ids.iter()
        .map(|id| {
            Detector::by_id(id)
                .with_context(|| format!("no detector \"{id}\": take one of {}", known()))
        })
        .collect()
}
