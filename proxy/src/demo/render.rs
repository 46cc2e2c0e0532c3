//! Values as Prometheus' HTTP API writes them, in pieces of bounded size.

use std::io::Write as _;
use std::vec;

use oddity_detect::series::Labels;
use serde_json::{Map, Value as Json};

use super::budget::Reservation;
use super::promql::{RawSeries, StepSeries, Steps, Value};

/// Bytes from which on a piece is passed on.
const PIECE: usize = 64 << 10;

/// Bytes that a sample takes at most: `[-62167219200.001,"-1.7976931348623157e+308"],`, or digits down to 1e-6.
const SAMPLE: usize = 56;

/// An answer that is written while it is read. What has been written is dropped.
pub(super) struct Pieces {
    /// Text before the series.
    begin: String,
    series: vec::IntoIter<OutputSeries>,
    /// The series that is being written, and how many of its samples have been.
    current: Option<(OutputSeries, usize)>,
    /// Whether something was written into the list of series or of samples, so that a comma is due.
    comma: bool,
    /// Text after the series.
    end: &'static str,
    memory: Option<Reservation>,
    held: usize,
}

/// A series and how its samples are written.
#[derive(Clone)]
struct OutputSeries {
    labels: Labels,
    samples: Samples,
}

#[derive(Clone)]
enum Samples {
    /// The only one, of an instant vector.
    One(i64, f64),
    AtSteps(Steps, Vec<Option<f64>>),
    Raw(RawSeries),
}

impl Samples {
    fn len(&self) -> usize {
        match self {
            Self::One(..) => 1,
            Self::AtSteps(_, values) => values.len(),
            Self::Raw(series) => series.times.len(),
        }
    }

    fn get(&self, index: usize) -> Option<(i64, f64)> {
        match self {
            Self::One(time, value) => Some((*time, *value)),
            Self::AtSteps(steps, values) => Some((steps.at(index), values[index]?)),
            Self::Raw(series) => Some((series.times[index], series.values[index])),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::AtSteps(_, values) => values.iter().all(Option::is_none),
            other => other.len() == 0,
        }
    }
}

impl OutputSeries {
    fn bytes(&self) -> usize {
        let samples = match &self.samples {
            Samples::One(..) => 16,
            Samples::AtSteps(_, values) => values.capacity() * size_of::<Option<f64>>(),
            Samples::Raw(series) => series.bytes(),
        };
        super::budget::label_bytes(&self.labels) + samples
    }

    /// Returns a bound on the bytes of its text; a character takes up to six where it is escaped.
    fn max_text(&self) -> usize {
        let labels = self.labels.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 8);
        labels.sum::<usize>() + self.samples.len() * SAMPLE + 32
    }
}

/// Writes data that are small.
pub(super) fn json(data: &Json) -> Pieces {
    Pieces::new(format!("{{\"status\":\"success\",\"data\":{data}}}"), Vec::new(), "")
}

/// Writes the answer of `query`.
pub(super) fn instant(value: Value, at: i64) -> Pieces {
    let (kind, series) = match value {
        Value::Scalar(values) => {
            let value = values.first().copied().unwrap_or(f64::NAN);
            let mut text = Vec::new();
            write_sample(&mut text, at, value);
            return short("scalar", &String::from_utf8_lossy(&text));
        }
        Value::Text(text) => {
            let mut time = Vec::new();
            write_time(&mut time, at);
            let time = String::from_utf8_lossy(&time);
            return short("string", &format!("[{time},{}]", Json::from(text)));
        }
        Value::Vector(vector) => {
            let one = |series: StepSeries| {
                let value = series.values.first().copied().flatten()?;
                Some(OutputSeries { labels: series.labels, samples: Samples::One(at, value) })
            };
            ("vector", vector.into_iter().filter_map(one).collect())
        }
        Value::Matrix(series) => {
            let raw = |mut series: RawSeries| OutputSeries {
                labels: std::mem::take(&mut series.labels),
                samples: Samples::Raw(series),
            };
            ("matrix", series.into_iter().map(raw).collect())
        }
    };
    listed(kind, series)
}

/// Writes the answer of `query_range`: series in the order of their labels, those without a value left out.
pub(super) fn range(mut vector: Vec<StepSeries>, steps: Steps) -> Pieces {
    vector.sort_by(|a, b| a.labels.cmp(&b.labels));
    let series = vector.into_iter().map(|series| OutputSeries {
        labels: series.labels,
        samples: Samples::AtSteps(steps, series.values),
    });
    listed("matrix", series.collect())
}

fn short(kind: &str, result: &str) -> Pieces {
    let begin = format!(
        "{{\"status\":\"success\",\"data\":{{\"resultType\":\"{kind}\",\"result\":{result}}}}}"
    );
    Pieces::new(begin, Vec::new(), "")
}

fn listed(kind: &str, mut series: Vec<OutputSeries>) -> Pieces {
    series.retain(|series| !series.samples.is_empty());
    let begin =
        format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"{kind}\",\"result\":[");
    Pieces::new(begin, series, "]}}")
}

impl Pieces {
    fn new(begin: String, series: Vec<OutputSeries>, end: &'static str) -> Self {
        let held = series.iter().map(OutputSeries::bytes).sum();
        let series = series.into_iter();
        Self { begin, series, current: None, comma: false, end, memory: None, held }
    }

    /// Returns how many bytes of memory its series take.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Keeps the memory of its series reserved until they have been written.
    pub(super) fn holding(self, memory: Option<Reservation>) -> Self {
        Self { memory, ..self }
    }

    /// Returns a bound on the bytes of its text: near, and quickly found.
    pub(super) fn max_len(&self) -> usize {
        let series = self.series.as_slice().iter().map(OutputSeries::max_text);
        self.begin.len() + series.sum::<usize>() + self.end.len()
    }

    /// Returns whether its text has more than `limit` bytes, which takes as long as writing it.
    pub(super) fn is_longer_than(&self, limit: usize) -> bool {
        if self.max_len() <= limit {
            return false;
        }
        let mut text = Vec::new();
        let mut len = self.begin.len() + self.end.len();
        for (index, series) in self.series.as_slice().iter().enumerate() {
            let mut at = 0;
            let mut comma = index > 0;
            while !write_series(&mut text, series, &mut at, &mut comma) {
                len += text.len();
                text.clear();
            }
            len += text.len();
            text.clear();
            if len > limit {
                return true;
            }
        }
        false
    }
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut text = std::mem::take(&mut self.begin).into_bytes();
        while text.len() < PIECE {
            let Some((series, mut at)) =
                self.current.take().or_else(|| self.series.next().map(|series| (series, 0)))
            else {
                text.extend_from_slice(std::mem::take(&mut self.end).as_bytes());
                break;
            };
            if write_series(&mut text, &series, &mut at, &mut self.comma) {
                self.held = self.held.saturating_sub(series.bytes());
                if let Some(memory) = &mut self.memory {
                    memory.shrink_to(self.held);
                }
            } else {
                self.current = Some((series, at));
            }
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Writes a series from sample `at` on until the piece is full, and returns whether that was all of it. `comma` says
/// whether one is due before the next element of the list that is being written.
fn write_series(
    text: &mut Vec<u8>,
    series: &OutputSeries,
    at: &mut usize,
    comma: &mut bool,
) -> bool {
    let is_matrix = !matches!(series.samples, Samples::One(..));
    if *at == 0 {
        text.extend_from_slice(if *comma { b",{\"metric\":{" } else { b"{\"metric\":{" });
        for (index, (name, value)) in series.labels.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            write_string(text, name);
            text.push(b':');
            write_string(text, value);
        }
        text.extend_from_slice(if is_matrix { b"},\"values\":[" } else { b"},\"value\":" });
        *comma = false;
    }
    while *at < series.samples.len() {
        if *at > 0 && text.len() >= PIECE {
            return false;
        }
        if let Some((time, value)) = series.samples.get(*at) {
            if std::mem::replace(comma, true) {
                text.push(b',');
            }
            write_sample(text, time, value);
        }
        *at += 1;
    }
    text.extend_from_slice(if is_matrix { b"]}" } else { b"}" });
    *comma = true;
    true
}

/// Returns a label set as a JSON object.
pub(super) fn metric(labels: &Labels) -> Json {
    let pairs = labels.iter().map(|(name, value)| (name.to_owned(), Json::from(value)));
    Json::Object(pairs.collect::<Map<_, _>>())
}

fn write_string(text: &mut Vec<u8>, value: &str) {
    // Neither a string nor a vector can fail.
    let _ = serde_json::to_writer(text, value);
}

fn write_sample(text: &mut Vec<u8>, at: i64, value: f64) {
    text.push(b'[');
    write_time(text, at);
    text.extend_from_slice(b",\"");
    write_number(text, value);
    text.extend_from_slice(b"\"]");
}

/// Writes Unix seconds with up to three decimals.
fn write_time(text: &mut Vec<u8>, millis: i64) {
    let _ = if millis % 1_000 == 0 {
        write!(text, "{}", millis / 1_000)
    } else {
        serde_json::to_writer(text, &(millis as f64 / 1e3)).map_err(Into::into)
    };
}

/// Writes a sample value: the shortest decimal that reads back, with an exponent only below 1e-6 and from 1e21 on.
/// Source: Prometheus `util/jsonutil`, `MarshalFloat`.
fn write_number(text: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    let _ = if !value.is_finite() {
        text.write_all(plain_number(value).as_bytes())
    } else if size == 0.0 || (1e-6..1e21).contains(&size) {
        write!(text, "{value}")
    } else {
        let number = format!("{value:e}");
        let (digits, exponent) = number.split_once('e').unwrap_or((&number, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
        write!(text, "{digits}e{sign}{exponent:0>2}")
    };
}

/// Writes a number as Go's `strconv.FormatFloat(value, 'f', -1, 64)` does.
pub(super) fn plain_number(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn numbers_and_times_as_go_writes_them() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-3.0, "-3"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e300, "1.25e+300"),
            (0.000001, "0.000001"),
            (1.5e-7, "1.5e-07"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(|text| write_number(text, value)), expected);
        }
        let times = [
            (0, "0"),
            (1_768_469_820_000, "1768469820"),
            (1_768_469_820_007, "1768469820.007"),
            (-1, "-0.001"),
        ];
        for (millis, expected) in times {
            assert_eq!(text(|text| write_time(text, millis)), expected);
        }
    }

    #[test]
    fn pieces_make_one_envelope_and_their_length_is_known() {
        let steps = Steps { start: -1, step: 250, len: 9_000 };
        let series = |name: &str, nth: usize| StepSeries {
            labels: Labels::new([("a".to_owned(), name.to_owned())]),
            values: (0..9_000)
                .map(|at| (at % nth == 0).then_some(-1.0 / (at as f64 + 3.0)))
                .collect(),
        };
        let all = || {
            let vector = vec![series("é\"\u{1}", 1), series("", 2), series("c", 1)];
            range(vector, steps)
        };
        let pieces: Vec<_> = all().collect();
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece.len() < PIECE + 200));
        let text = pieces.concat();
        assert!(all().max_len() >= text.len());
        assert!(all().is_longer_than(text.len() - 1) && !all().is_longer_than(text.len()));
        let read: Json = serde_json::from_slice(&text).unwrap();
        let read = &read["data"]["result"];
        let lens: Vec<_> = (0..3).map(|at| read[at]["values"].as_array().unwrap().len()).collect();
        assert_eq!(lens, [4_500, 9_000, 9_000]);
        assert_eq!(read[2]["metric"]["a"], "é\"\u{1}");
        let empty: Vec<u8> = range(Vec::new(), steps).flatten().collect();
        let empty: Json = serde_json::from_slice(&empty).unwrap();
        assert_eq!(empty["data"]["result"], Json::Array(Vec::new()));
    }
}
