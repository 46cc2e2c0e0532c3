//! Tables of what was measured, in Markdown. Nothing is computed here.

use std::fmt::Write as _;

use oddity_detect::detect::Detector;

use crate::labelled::{self, TOLERANCE};
use crate::nab::{self, FOLDS, PROFILES, REPEATS};
use crate::planted::{HISTORY, Healthy, Measured, Noise, Plant, SEEDS};
use crate::settings::written;

/// What NAB's scoring says of one detector, or of the choice between several: one entry a profile.
#[derive(Clone, Debug)]
pub struct NabRow {
    /// What was measured.
    pub name: String,
    /// In the order of [`PROFILES`].
    pub profiles: Vec<nab::Measured>,
}

/// What the labels of a folder say of one detector.
#[derive(Clone, Debug)]
pub struct LabelledRow {
    /// What was measured.
    pub name: String,
    /// What it is worth.
    pub measured: labelled::Measured,
}

/// A detector for a table; marked if it looks at what comes after a sample.
pub fn name(detector: Detector) -> String {
    let mark = if detector.about().causal { "" } else { " (looks back)" };
    format!("`{}`{mark}", written(detector))
}

/// One row a detector, with the three profiles in each column.
pub fn nab_table(rows: &[NabRow]) -> String {
    let mut text = format!(
        "| {} | optimised on the corpus | {FOLDS} random folds | each category left out | default threshold |\n\
         |---|---|---|---|---|\n",
        PROFILES.map(|profile| profile.name).join(" / ")
    );
    for row in rows {
        let triple = |figure: fn(&nab::Measured) -> Option<f64>| {
            let each = row.profiles.iter().map(|measured| number(figure(measured), 1));
            each.collect::<Vec<_>>().join(" / ")
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.name,
            triple(|measured| Some(measured.corpus.score)),
            triple(|measured| Some(measured.folds)),
            triple(|measured| Some(measured.categories)),
            triple(|measured| measured.default),
        );
    }
    text
}

/// One row a detector or a file.
pub fn labelled_table(rows: &[LabelledRow]) -> String {
    let mut text = String::from(
        "| | area | precision | recall | F1 | events a day | false in 10,000 samples | delay |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for LabelledRow { name, measured } in rows {
        let events = &measured.events;
        let cells = [
            number(measured.area, 3),
            number(events.precision(), 2),
            number(events.recall(), 2),
            number(events.f1(), 2),
            number(events.a_day(), 2),
            number(events.false_in_10_000(), 1),
            number(events.mean_delay(), 1),
        ];
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    text
}

/// What was found for each plant and how late, and what was found in healthy samples.
pub fn planted_tables(measured: &Measured) -> String {
    let mut text = String::from(
        "| planted | right | found | delay of half | of nine in ten | severity of half | of nine in ten |\n|---|---|---|---|---|---|---|\n",
    );
    for plant in Plant::ALL {
        let found = measured.found.found_for(plant);
        if found.is_empty() {
            continue;
        }
        let found: Vec<_> = found.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let (delay, severity) = (measured.delay(plant), measured.severity(plant));
        let _ = writeln!(
            text,
            "| {} | {} % | {} | {} | {} | {} | {} |",
            plant.name(),
            number(Some(100.0 * measured.found.right_of(plant)), 1),
            found.join(", "),
            number(delay.map(|(half, _)| half as f64), 0),
            number(delay.map(|(_, most)| most as f64), 0),
            number(severity.map(|(half, _)| half), 0),
            number(severity.map(|(_, least)| least), 0),
        );
    }
    let right = 100.0 * measured.found.right();
    let _ = writeln!(text, "| all but nothing | {right:.1} % | | | | | |");
    text += "\n| healthy samples | judged | events | in 10,000 | severity of half |\n|---|---|---|---|---|\n";
    let mut row = |name: &str, healthy: &Healthy| {
        let (samples, events) = (healthy.samples, healthy.events);
        let half = number(healthy.severities.get(events / 2).copied(), 0);
        let _ =
            writeln!(text, "| {name} | {samples} | {events} | {:.2} | {half} |", healthy.rate());
    };
    for noise in Noise::ALL {
        if let Some(healthy) = measured.healthy.get(&noise) {
            row(noise.name(), healthy);
        }
    }
    row("all", &measured.all_healthy());
    text
}

/// The whole page.
pub fn page(
    nab: &[NabRow],
    labelled: &[LabelledRow],
    planted: &Measured,
    files: usize,
    recordings: usize,
) -> String {
    format!(
        "# Evaluation

`make evaluate` (`cargo run --release -p evaluate -- report`) measures every detector with its default settings on public, labelled data and
writes this page. `evaluate --help` lists the parts of it: one detector with other settings, one table, scores as CSV. The data
is expected in `../shared/data`; `--data` names another folder.

## Numenta Anomaly Benchmark

NAB v1.1, {files} files, with NAB's own scoring: labelled windows of which the first alert counts, and the more the earlier it comes;
false alerts that cost more the farther they lie behind a window; the first 15 % of a file's rows, at most 750, count for nothing. 0 is
silence, 100 perfection. What is scored is the alert after its hold-off. A detector sees the rows one by one, and the rows that count
for nothing are its history. Detectors that look back are left out.

- optimised on the corpus: the threshold that is best for all files, as NAB settles it.
- {FOLDS} random folds: for each fifth of the files the threshold that is best on the others; mean of {REPEATS} cuts.
- each category left out: the threshold for each of the categories is the one that is best on the others.
- default threshold: what a person gets who touches nothing.

What `auto` weighs and over which windows was settled on this whole corpus, so that its own row flatters it: its first three figures
settle the threshold alone. The row below settles everything anew for each cut, on the files that are not scored (`evaluate nab --search`):
weights and windows from a declared menu, begun from equal weights with short, middling and long windows, and the threshold. That row is
what to expect of series that were never seen. What it cannot leave out is that the menu was written by people who knew the corpus.

{}
The last rows are published scores of other detectors, run through the same scorer; they have no hold-off.

## Cloud monitoring

{recordings} recordings of Microsoft's cloud monitoring data set, every row labelled.

- area: under the precision-recall curve of the score; mean over the recordings of at least {} rows of which one is labelled.
- precision, recall, F1: of events at the default threshold. An incident is a run of labelled rows; an event that begins in it
  or at most {TOLERANCE} samples later has found it.
- false in 10,000 samples: events that found no incident.
- delay: samples from the beginning of an incident to its first event, mean of those found.

{}
`auto` tells what is new: of incidents that a series has again and again it tells the first and the largest, hence few of those of this
data, and few false ones.

## Planted

Synthetic series with one clear thing planted in each, and healthy ones, by `auto` with its defaults. The generator knows nothing of the
detectors, and nothing was settled on its seeds {}. `evaluate planted` shows other detectors and other seeds.

- right: the most severe event of the plant has its kind.
- delay: samples from the onset of the plant to its first event, of half and of nine in ten of those found.
- severity: 0 to 100, that half and nine in ten of those found have at least.
- healthy samples: those before any plant, the first {HISTORY} of each series left out.

{}",
        nab_table(nab),
        labelled::LEAST_ROWS,
        labelled_table(labelled),
        SEEDS.map(|seed| seed.to_string()).collect::<Vec<_>>().join(" and "),
        planted_tables(planted),
    )
}

fn number(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or_else(|| "—".to_owned(), |figure| format!("{figure:.decimals$}"))
}
