//! Markdown tables of the measurements. Nothing is computed here.

use std::fmt::Write as _;

use oddity_detect::detect::Detector;

use crate::labelled::{self, TOLERANCE};
use crate::nab::{self, FOLDS, PROFILES, REPEATS};
use crate::planted::{HISTORY, Healthy, Measured, Noise, Plant, SEEDS};
use crate::settings::written;
use crate::worlds::{self, RangeLength, Word};

/// The NAB scores of one detector, or of the choice between several: one entry per profile.
#[derive(Clone, Debug)]
pub struct NabRow {
    /// Name of the detector.
    pub name: String,
    /// Scores in the order of [`PROFILES`].
    pub profiles: Vec<nab::Measured>,
}

/// The agreement of one detector with the labels of a folder.
#[derive(Clone, Debug)]
pub struct LabelledRow {
    /// Name of the detector.
    pub name: String,
    /// Agreement with the labels.
    pub measured: labelled::Measured,
}

/// The result of one detector on some worlds.
#[derive(Clone, Debug)]
pub struct WorldsRow {
    /// Seeds of the worlds.
    pub name: String,
    /// Length of the judged range.
    pub length: RangeLength,
    /// Sum over the worlds.
    pub measured: worlds::Measured,
}

/// Returns the name of a detector in tables, marked if it uses later samples.
pub fn name(detector: Detector) -> String {
    let mark = if detector.about().causal { "" } else { " (looks back)" };
    format!("`{}`{mark}", written(detector))
}

/// Writes one row per group of worlds and length of the range, then the words by kind.
pub fn worlds_tables(rows: &[WorldsRow]) -> String {
    let mut text = String::from(
        "| worlds | range | precision | recall | by overlap | incidents | false entries | a week and series | median delay | words right | severity stable |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    for WorldsRow { name, length, measured } in rows {
        let score = &measured.score;
        let (precise, recalled) = score.overlapping();
        let cells = [
            length.name().to_owned(),
            percent(score.precision()),
            percent(score.recall()),
            format!("{} / {}", percent(precise), percent(recalled)),
            format!("{} of {}", score.required_found, score.required),
            score.false_entries.to_string(),
            number(Some(score.false_a_week()), 3),
            score.delay().map_or_else(|| number(None, 0), |delay| format!("{delay} min")),
            of(score.words.total()),
            of(measured.stable),
        ];
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    let names = Word::ALL.map(Word::name).join(" | ");
    let _ = write!(
        text,
        "\n| words right | range | {names} |\n|---|---{}|\n",
        "|---".repeat(Word::ALL.len())
    );
    for WorldsRow { name, length, measured } in rows {
        let counts = Word::ALL.map(|word| of(measured.score.words.count(word))).join(" | ");
        let _ = writeln!(text, "| {name} | {} | {counts} |", length.name());
    }
    text
}

/// Writes each miss, false entry and wrong word on a line.
pub fn worlds_remarks(rows: &[WorldsRow]) -> String {
    let mut text = String::new();
    for WorldsRow { length, measured, .. } in rows {
        for remark in &measured.score.remarks {
            let _ = writeln!(text, "{}: {remark}", length.name());
        }
    }
    text
}

fn of((part, all): (usize, usize)) -> String {
    if all == 0 { number(None, 0) } else { format!("{part} of {all}") }
}

/// Writes one row per detector, with the three profiles in each column.
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

/// Writes one row per detector or file.
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

/// Writes the events found for each planted anomaly with their delays, and those found in healthy samples.
pub fn planted_tables(measured: &Measured) -> String {
    let mut text = String::from(
        "| planted | right | found | median delay | 90th percentile | median severity | 10th percentile |\n|---|---|---|---|---|---|---|\n",
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
    let _ = writeln!(text, "| all anomalies | {right:.1} % | | | | | |");
    text += "\n| healthy samples | evaluated | events | in 10,000 | median severity |\n|---|---|---|---|---|\n";
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

/// Writes the whole page.
pub fn page(
    worlds: &[WorldsRow],
    nab: &[NabRow],
    labelled: &[LabelledRow],
    planted: &Measured,
    files: usize,
    recordings: usize,
) -> String {
    format!(
        "# Evaluation

`make evaluate` (`cargo run --release -p evaluate -- report`) measures every detector with its default settings on labelled data and
writes this page. `evaluate --help` lists the commands for single results: one detector with other settings, one table, or scores as CSV. The
data is expected in `../shared/data`; `--data` names another folder.

## Worlds

`auto` with its default settings and rule on made-up installations: sites in three time zones, autoscaled pods, heaps with garbage
collection, consumer lag, queues, office hours, batch jobs, disks, certificates, caches, connection pools and tenants, about 150 series in
24 h. A world has one sample a minute for nine weeks, with deploys, growth, a clock change, public holidays and ends of months. About 50
incidents are planted in it; most series have none. Samples are fetched as the page fetches them: 24 h and 7 d at a step of 1 min, 30 d
at 5 min, with the history and the weeks of coarse samples that the query gets there. The generator does not depend on the detectors. Even
seeds serve for tuning; worlds with odd seeds were never tuned on. `evaluate worlds` measures other seeds, and lists with `--remarks` every
missed incident, false entry and wrong word.

- precision: places found / (places found + false entries). A place is an incident as one query shows it. An entry is about a place if
  it begins in it or shortly around it, or has its largest deviation or half of itself there. The way back is neither found nor false, and so are one
  entry about a healthy deploy and those about public holidays.
- recall: places found / required places, which are those that begin in the range and of which it shows enough.
- by overlap: precision and recall if an entry is about each place with which it shares a minute.
- median delay: from the start of a found place to the first odd sample of an entry.
- words right: direction, ongoing, recovered (within 15 min or 15 % of the length; a worse turn inside
  of a longer incident together with that one), peak (within 10 %), bands within what is possible, and
  kinds that agree with their values.
- severity stable: past incidents whose severity varies by 5 points at most while the end of the range moves by 1 to 60 min.

{}
## Numenta Anomaly Benchmark

NAB v1.1, {files} files, with NAB's own scoring. In each labelled window the first alert counts, and counts more the earlier it comes. False
alerts cost more the farther they are behind a window. The first 15 % of the rows of a file, at most 750, are not scored. A detector
without alerts scores 0, a perfect one 100. Alerts are scored after the cooldown. A detector sees the rows one by one, with the rows that are
not scored as its history. Detectors that also use later samples are left out.

- optimised on the corpus: the threshold that is best for all files, as NAB selects it.
- {FOLDS} random folds: each fifth of the files is scored with the threshold that is best on the others; mean of {REPEATS} random divisions.
- each category left out: each category is scored with the threshold that is best on the others.
- default threshold: the result without any tuning.

The weights and windows of `auto` were selected on this whole corpus, so its own row is too favourable: the first three columns
optimise only the threshold. The row below it selects everything again for each fold, on the files that are not scored (`evaluate nab --search`):
the threshold, and weights and windows from a predefined set, starting with equal weights and with short, medium and long windows. Expect the
results of that row on series that were never seen. One bias remains: people who knew the corpus wrote the predefined set.

{}
The last rows are published scores of other detectors, evaluated by the same scorer; they have no cooldown.

## Cloud monitoring

{recordings} recordings of Microsoft's cloud monitoring data set, with a label for every row.

- area: area under the precision-recall curve of the score; mean of all recordings with at least {} rows and one anomaly.
- precision, recall, F1: of the events at the default threshold. An incident is a run of rows labelled as anomalous. An event detects
  it if it starts within the incident or at most {TOLERANCE} samples later.
- false in 10,000 samples: events that detect no incident.
- delay: samples from the start of an incident to its first event; mean of the detected incidents.

{}
`auto` finds what is new. Of incidents that recur in a series it reports the first and the largest, so it finds few of the incidents in this
data and raises few false events.

## Planted anomalies

`auto` with its default settings on synthetic series, each healthy or with one clear planted anomaly. The generator does not depend on the
detectors, and its seeds {} were not used for tuning. `evaluate planted` shows other detectors and seeds.

- right: the most severe event has the planted kind.
- found: kind of the most severe event, with the number of series.
- delay: samples from the onset of the anomaly to its first event, median and 90th percentile of the found anomalies.
- severity: 0 to 100, median and 10th percentile of the found anomalies.
- healthy samples: samples before the anomaly, without the first {HISTORY} of each series.

{}",
        worlds_tables(worlds),
        nab_table(nab),
        labelled::MIN_ROWS,
        labelled_table(labelled),
        SEEDS.map(|seed| seed.to_string()).collect::<Vec<_>>().join(" and "),
        planted_tables(planted),
    )
}

fn number(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or_else(|| "—".to_owned(), |figure| format!("{figure:.decimals$}"))
}
