//! The command line of the evaluation.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use evaluate::data::{self, Recording};
use evaluate::report::{self, LabelledRow, NabRow, WorldsRow};
use evaluate::worlds::{self, RangeLength};
use evaluate::{labelled, nab, planted, scores, settings};
use oddity_detect::detect::Detector;
use oddity_detect::detect::auto::Tuning;
use rayon::prelude::*;

/// Measures Oddity's detectors on labelled data.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes timestamp, value, expected, lower, upper, score, alert and fired of every CSV file of a folder.
    Scores {
        /// Folder with CSV files that have the columns timestamp and value.
        folder: PathBuf,
        /// Id of the detector.
        #[arg(long, default_value = "auto")]
        detector: String,
        /// Changes a parameter of it; may be given several times.
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// Rows at the front of each file to learn from before it judges.
        #[arg(long, default_value_t = 0, value_name = "ROWS")]
        history: usize,
        /// Folder to write to, with the names of the files.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Scores alerts as the Numenta Anomaly Benchmark does.
    Nab {
        /// Folder with windows.json and the files that it names.
        #[arg(default_value = "../shared/data/nab")]
        folder: PathBuf,
        #[command(flatten)]
        chosen: Chosen,
        /// File with a detector a line, "id key=value key=value": measures the choice between them, which
        /// is made on other files than those that are scored.
        #[arg(long, value_name = "FILE", conflicts_with = "detector")]
        candidates: Option<PathBuf>,
        /// Settles the views of auto anew, on other files than those that are scored. Takes minutes.
        #[arg(long, conflicts_with_all = ["detector", "candidates"])]
        search: bool,
    },
    /// Compares scores and events with the labels of a folder of CSV files.
    Labelled {
        /// Folder with CSV files that have the columns timestamp, value and label.
        #[arg(default_value = "../shared/data/cloud")]
        folder: PathBuf,
        #[command(flatten)]
        chosen: Chosen,
        /// Shows every file.
        #[arg(long)]
        files: bool,
    },
    /// Compares events with what was planted in synthetic series.
    Planted {
        #[command(flatten)]
        chosen: Chosen,
        /// The first seed; each gives a few hundred series.
        #[arg(long, default_value_t = planted::SEEDS.start)]
        seed: u64,
        /// How many seeds.
        #[arg(long, default_value_t = planted::SEEDS.end - planted::SEEDS.start)]
        seeds: u64,
    },
    /// Compares events with the incidents of made-up installations.
    Worlds {
        #[command(flatten)]
        chosen: Chosen,
        /// Seeds of the worlds: a list such as 2,4 or a range such as 1..5.
        #[arg(long, default_value_t = worlds::SEEDS.map(|seed| seed.to_string()).join(","))]
        seeds: String,
        /// Length of the range; may be given several times. All if it is not given.
        #[arg(long)]
        range: Vec<RangeLength>,
        /// Shows each miss, false entry and wrong word.
        #[arg(long)]
        remarks: bool,
    },
    /// Measures every detector on all data and writes the page of the documentation. Takes minutes.
    Report {
        /// Folder with the data: nab, cloud and nab/reference.
        #[arg(long, default_value = "../shared/data")]
        data: PathBuf,
        /// File to write.
        #[arg(long, default_value = "docs/evaluation.md")]
        out: PathBuf,
    },
}

#[derive(Args)]
struct Chosen {
    /// Id of a detector; may be given several times. All if it is not given.
    #[arg(long, value_name = "ID")]
    detector: Vec<String>,
    /// Changes a parameter of the one detector; may be given several times.
    #[arg(long, value_name = "KEY=VALUE", requires = "detector")]
    set: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Scores { folder, detector, set, history, out } => {
            let detector = settings::detector(&detector, set.iter().map(String::as_str))?;
            write_scores(&folder, detector, history, &out)
        }
        Command::Nab { folder, chosen, candidates, search } => {
            let detectors = chosen.detectors()?;
            if !chosen.detector.is_empty()
                && let Some(back) = detectors.iter().find(|d| !d.about().causal)
            {
                anyhow::bail!(
                    "{} looks at what comes after a sample, so NAB cannot score it: leave it out",
                    back.about().id
                );
            }
            let corpus = nab::Corpus::read(&folder)?;
            let rows = match candidates {
                Some(path) => vec![nab_choice(&corpus, &path)?],
                None if search => {
                    let (row, settled) = nab_search(&corpus);
                    print(&format!("settled on all files: {settled:#?}\n"))?;
                    vec![row]
                }
                None => nab_rows(&corpus, &detectors),
            };
            print(&report::nab_table(&rows))
        }
        Command::Labelled { folder, chosen, files } => {
            let detectors = chosen.detectors()?;
            let recordings = labelled::read(&folder)?;
            print(&report::labelled_table(&labelled_rows(&recordings, &detectors, files)))
        }
        Command::Planted { chosen, seed, seeds } => {
            let detectors = chosen.detectors()?;
            let measured = planted::measure(&detectors, seed..seed.saturating_add(seeds));
            for (detector, measured) in detectors.iter().zip(&measured) {
                let name = report::name(*detector);
                print(&format!("{name}\n\n{}\n", report::planted_tables(measured)))?;
            }
            Ok(())
        }
        Command::Worlds { chosen, seeds, range, remarks } => {
            let detectors = match chosen.detector.is_empty() {
                true => vec![Detector::default()],
                false => chosen.detectors()?,
            };
            let (seeds, ranges) = (
                settings::seeds(&seeds)?,
                if range.is_empty() { RangeLength::ALL.to_vec() } else { range },
            );
            for detector in detectors {
                let rows = worlds_rows(&seeds, &ranges, detector)?;
                if remarks {
                    print(&report::worlds_remarks(&rows))?;
                }
                let name = report::name(detector);
                print(&format!("{name}\n\n{}\n", report::worlds_tables(&rows)))?;
            }
            Ok(())
        }
        Command::Report { data, out } => {
            let page = page(&data)?;
            fs::write(&out, page).with_context(|| format!("cannot write {}", out.display()))
        }
    }
}

impl Chosen {
    fn detectors(&self) -> anyhow::Result<Vec<Detector>> {
        anyhow::ensure!(
            self.set.is_empty() || self.detector.len() == 1,
            "--set changes one detector: name it alone with --detector"
        );
        let settings = || self.set.iter().map(String::as_str);
        if self.detector.is_empty() {
            return Ok(Detector::all().collect());
        }
        Ok(self
            .detector
            .iter()
            .map(|id| settings::detector(id, settings()))
            .collect::<Result<_, _>>()?)
    }
}

fn write_scores(
    folder: &Path,
    detector: Detector,
    history: usize,
    out: &Path,
) -> anyhow::Result<()> {
    data::files(folder)?.par_iter().try_for_each(|name| {
        let recording = Recording::read(folder, name)?;
        let path = out.join(name);
        let failed = || format!("cannot write {}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(out)).with_context(failed)?;
        let file = BufWriter::new(File::create(&path).with_context(failed)?);
        scores::write(file, &recording, detector, history).with_context(failed)
    })
}

/// Measures each detector that uses past samples only.
fn nab_rows(corpus: &nab::Corpus, detectors: &[Detector]) -> Vec<NabRow> {
    let causal = detectors.iter().filter(|detector| detector.about().causal);
    causal.map(|d| nab_row(corpus, report::name(*d), &[corpus.judge(*d)])).collect()
}

fn nab_row(corpus: &nab::Corpus, name: String, candidates: &[nab::Alerts]) -> NabRow {
    let measure = |profile| nab::measure(&corpus.files, candidates, profile);
    NabRow { name, profiles: nab::PROFILES.iter().map(measure).collect() }
}

/// Measures the choice between the detectors of a file.
fn nab_choice(corpus: &nab::Corpus, path: &Path) -> anyhow::Result<NabRow> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let detectors = settings::candidates(&text)?;
    let alerts: Vec<_> = detectors.iter().map(|detector| corpus.judge(*detector)).collect();
    let row = nab_row(corpus, format!("{} candidates", detectors.len()), &alerts);
    let mut notes = String::new();
    for (profile, measured) in nab::PROFILES.iter().zip(&row.profiles) {
        let (choice, score) = (measured.corpus.choice, measured.corpus.score);
        let best = detectors.get(choice.candidate).map(|best| settings::written(*best));
        notes += &format!(
            "{}: {score:.2} with {} at {}\n",
            profile.name,
            best.unwrap_or_default(),
            choice.threshold
        );
    }
    print(&notes)?;
    Ok(row)
}

/// Measures `auto` with features chosen on other files than those that are scored.
fn nab_search(corpus: &nab::Corpus) -> (NabRow, Tuning) {
    let mut search = nab::Search::new(corpus);
    let profiles = search.measure(&nab::PROFILES);
    (NabRow { name: "`auto`, all settled anew".to_owned(), profiles }, search.settle(|_| true))
}

fn labelled_rows(
    recordings: &[Recording],
    detectors: &[Detector],
    files: bool,
) -> Vec<LabelledRow> {
    let mut rows = Vec::new();
    for detector in detectors {
        let each = labelled::measure(recordings, *detector);
        let name = report::name(*detector);
        if files {
            rows.extend(recordings.iter().zip(&each).map(|(recording, measured)| LabelledRow {
                name: format!("{name} {}", recording.name),
                measured: measured.clone(),
            }));
        }
        rows.push(LabelledRow { name, measured: labelled::together(&each) });
    }
    rows
}

/// Measures a detector on worlds, those that serve for tuning apart from the others.
fn worlds_rows(
    seeds: &[u64],
    lengths: &[RangeLength],
    detector: Detector,
) -> anyhow::Result<Vec<WorldsRow>> {
    let (tuned, reported): (Vec<u64>, Vec<u64>) =
        seeds.iter().partition(|seed| worlds::is_tuned(**seed));
    let mut rows = Vec::new();
    for (use_of, seeds) in [("reported", reported), ("tuned", tuned)] {
        if seeds.is_empty() {
            continue;
        }
        let mut sums = vec![worlds::Measured::default(); lengths.len()];
        for seed in &seeds {
            for (sum, one) in sums.iter_mut().zip(worlds::measure(*seed, lengths, detector)?) {
                *sum += one;
            }
        }
        let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
        let name = format!("{use_of}: {}", seeds.join(", "));
        rows.extend(lengths.iter().zip(sums).map(|(length, measured)| WorldsRow {
            name: name.clone(),
            length: *length,
            measured,
        }));
    }
    Ok(rows)
}

fn page(folder: &Path) -> anyhow::Result<String> {
    let detectors: Vec<Detector> = Detector::all().collect();
    let corpus = nab::Corpus::read(&folder.join("nab"))?;
    let mut rows = nab_rows(&corpus, &detectors);
    rows.insert(1, nab_search(&corpus).0);
    for (name, id) in [("Numenta HTM", "numenta"), ("Windowed Gaussian", "windowedGaussian")] {
        let published = corpus.published(&folder.join("nab/reference").join(id))?;
        rows.push(nab_row(&corpus, name.to_owned(), &[published]));
    }
    let recordings = labelled::read(&folder.join("cloud"))?;
    let labelled = labelled_rows(&recordings, &detectors, false);
    let planted = planted::measure(&[Detector::default()], planted::SEEDS).remove(0);
    let worlds = worlds_rows(&worlds::SEEDS, &RangeLength::ALL, Detector::default())?;
    Ok(report::page(&worlds, &rows, &labelled, &planted, corpus.files.len(), recordings.len()))
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
