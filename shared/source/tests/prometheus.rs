//! The decoders against replies of a real Prometheus 2.42, against a plain decoder made with serde,
//! and against bytes that are no reply.
#![allow(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::collections::BTreeMap;

use oddity_detect::series::{Grid, Labels};
use oddity_detect::time::{Step, Timestamp};
use oddity_source::prometheus::{ReplyError, decode_matrix, decode_vector};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

const MATRIX: &str = include_str!("replies/matrix.json");
const VECTOR: &str = include_str!("replies/vector.json");
const ERROR: &str = include_str!("replies/error.json");

/// What the matrix was asked for.
const GRID: Grid =
    Grid { start: Timestamp(1_795_422_120_000), step: Step::from_seconds(60), len: 16 };

/// Series with the bits of their values, NaN spelled one way.
type Rows = Vec<(Labels, Vec<u64>)>;

fn decoded(body: &[u8]) -> Result<Rows, ReplyError> {
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect();
    let matrix = decode_matrix(body, GRID)?;
    Ok(matrix.series.into_iter().map(|series| (series.labels, bits(&series.values))).collect())
}

#[derive(Deserialize)]
struct Reply {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    metric: BTreeMap<String, String>,
    values: Vec<(f64, Value)>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Number(f64),
}

fn reference(body: &[u8]) -> Rows {
    let reply: Reply = serde_json::from_slice(body).expect("a valid reply");
    let row = |entry: Entry| {
        let mut values = vec![f64::NAN.to_bits(); GRID.len];
        for (seconds, value) in entry.values {
            let value = match value {
                Value::Text(text) => text.parse().expect("a number"),
                Value::Number(number) => number,
            };
            let value = if value.is_nan() { f64::NAN } else { value };
            let steps = ((seconds * 1e3).round() - GRID.start.0 as f64) / 60_000.0;
            let index = (steps + 0.5).floor();
            if (0.0..GRID.len as f64).contains(&index) {
                values[index as usize] = value.to_bits();
            }
        }
        (Labels::new(entry.metric), values)
    };
    reply.data.result.into_iter().map(row).collect()
}

#[test]
fn a_real_matrix_equals_the_reference() {
    let rows = decoded(MATRIX.as_bytes()).unwrap();
    assert_eq!(rows, reference(MATRIX.as_bytes()));
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2].0.get("k"), Some("nan \"q\"\n"));
    let finite = rows[0].1.iter().filter(|bits| f64::from_bits(**bits).is_finite()).count();
    assert_eq!(finite, 13);
    assert_eq!(rows[1].1[3], f64::INFINITY.to_bits());
}

#[test]
fn a_real_vector_and_error() {
    let vector = decode_vector(VECTOR.as_bytes()).unwrap();
    let [sample] = vector.samples.as_slice() else { panic!("{vector:?}") };
    assert_eq!((sample.at, sample.value), (Timestamp(1_795_423_020_781), 1.0));
    assert_eq!(sample.labels.get("version"), Some("2.42.0+ds"));
    let error = decode_matrix(ERROR.as_bytes(), GRID).unwrap_err();
    assert_eq!(error.to_string(), "1:7: parse error: unclosed left parenthesis");
    assert_eq!(error.position().and_then(|place| place.offset_in("sum(up")), Some(6));
}

#[test]
fn every_cut_of_a_real_reply_is_told() {
    for bytes in 0..MATRIX.len() {
        assert_eq!(decoded(&MATRIX.as_bytes()[..bytes]), Err(ReplyError::Cut { bytes }));
    }
    for body in [VECTOR, ERROR] {
        for bytes in 0..body.len() {
            let error = decode_vector(&body.as_bytes()[..bytes]).unwrap_err();
            assert_eq!(error, ReplyError::Cut { bytes });
        }
    }
}

/// A key and what writes its value.
type Member<'m, 'a> = (&'m str, &'m mut dyn FnMut(&mut Writer<'a>));

/// Writes JSON in one of its many spellings, as `choices` say.
struct Writer<'a> {
    out: String,
    choices: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl<'a> Writer<'a> {
    fn choose(&mut self, of: usize) -> usize {
        self.choices.next().map_or(0, |choice| usize::from(*choice) % of)
    }

    fn put(&mut self, text: &str) {
        let space = ["", "", "", " ", "\n", "\t", " \r\n "][self.choose(7)];
        self.out.push_str(text);
        self.out.push_str(space);
    }

    fn text(&mut self, text: &str) {
        let written = if self.choose(4) == 0 {
            let escapes: String =
                text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{escapes}\"")
        } else {
            serde_json::to_string(text).expect("text")
        };
        self.put(&written);
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.put("[");
        for (at, each) in items.iter().enumerate() {
            if at > 0 {
                self.put(",");
            }
            item(self, each);
        }
        self.put("]");
    }

    /// Members in an order of its own choice, sometimes with an unknown one among them.
    fn object(&mut self, members: &mut [Member<'_, 'a>]) {
        let first = self.choose(members.len().max(1));
        members.rotate_left(first);
        self.put("{");
        if self.choose(4) == 0 {
            self.put("\"extra\"");
            self.put(":");
            self.put("{\"a\": [null, true, \"]\\\"}\", -1.5e3, {}]}");
            if !members.is_empty() {
                self.put(",");
            }
        }
        for (at, (key, value)) in members.iter_mut().enumerate() {
            if at > 0 {
                self.put(",");
            }
            self.text(key);
            self.put(":");
            value(self);
        }
        self.put("}");
    }
}

type SeriesModel = (BTreeMap<String, String>, Vec<(i64, String)>);

fn reply(series: &[SeriesModel], choices: &[u8]) -> String {
    let mut writer = Writer { out: String::new(), choices: choices.iter().cycle() };
    let mut result = |writer: &mut Writer<'_>| {
        writer.list(series, |writer, (labels, samples)| {
            let mut metric = |writer: &mut Writer<'_>| {
                writer.put("{");
                for (at, (name, value)) in labels.iter().enumerate() {
                    if at > 0 {
                        writer.put(",");
                    }
                    writer.text(name);
                    writer.put(":");
                    writer.text(value);
                }
                writer.put("}");
            };
            let mut values = |writer: &mut Writer<'_>| {
                writer.list(samples, |writer, (millis, value)| {
                    let seconds = *millis as f64 / 1e3;
                    if writer.choose(3) == 0 {
                        writer.put("[");
                        writer.put(&format!("{seconds:e}"));
                        writer.put(",");
                        writer.put(value);
                        writer.put("]");
                    } else {
                        writer.put(&format!("[{seconds},{value}]"));
                    }
                });
            };
            writer.object(&mut [("metric", &mut metric), ("values", &mut values)]);
        });
    };
    let mut result_type = |writer: &mut Writer<'_>| writer.text("matrix");
    let mut data = |writer: &mut Writer<'_>| {
        writer.object(&mut [("resultType", &mut result_type), ("result", &mut result)]);
    };
    let mut status = |writer: &mut Writer<'_>| writer.text("success");
    writer.object(&mut [("status", &mut status), ("data", &mut data)]);
    writer.out.trim_end().to_owned()
}

/// A value as it stands in a reply: text, seldom a number, which is then short enough for serde_json
/// to read it exactly.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<f64>().prop_map(|v| format!("\"{v}\"")),
        4 => any::<f64>().prop_map(|v| format!("\"{v:e}\"")),
        4 => (-1e6_f64..1e6).prop_map(|v| format!("\"{v}\"")),
        1 => (-1000_i32..1000).prop_map(|v| format!("{}", f64::from(v) / 8.0)),
        1 => prop::sample::select(vec!["\"NaN\"", "\"+Inf\"", "\"-Inf\"", "\"Inf\"", "\"1\\u002e5\"", "0"])
            .prop_map(str::to_owned),
    ]
    .prop_map(|text| if text == "\"1\\u002e5\"" { text } else { text.replace("inf", "Inf") })
}

fn series() -> impl Strategy<Value = Vec<SeriesModel>> {
    let stamp = prop_oneof![
        8 => (-2_i64..18).prop_map(|step| GRID.start.0 + step * 60_000),
        1 => (-200_000_i64..1_200_000).prop_map(|offset| GRID.start.0 + offset),
        1 => -1_000_000_000_i64..1_000_000_000,
    ];
    let labels = prop::collection::btree_map(
        "[a-z_]{1,4}|\\PC{1,3}",
        "\\PC{1,6}|[\"\\\\\n\t/é€😀]{1,4}",
        0..4,
    );
    vec((labels, vec((stamp, value()), 0..20)), 0..5).prop_map(|mut series| {
        for (at, (labels, _)) in series.iter_mut().enumerate() {
            labels.insert("n".to_owned(), format!("#{at}"));
        }
        series
    })
}

/// A decoder may refuse what is JSON, but must not take what is none.
fn takes_only_json(body: &[u8]) {
    let json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
    assert!(json || decode_matrix(body, GRID).is_err(), "{}", String::from_utf8_lossy(body));
    assert!(json || decode_vector(body).is_err(), "{}", String::from_utf8_lossy(body));
}

proptest! {
    #[test]
    fn any_spelling_decodes_as_the_reference_does(series in series(), choices in vec(any::<u8>(), 1..64)) {
        let body = reply(&series, &choices);
        let rows = decoded(body.as_bytes());
        prop_assert_eq!(rows, Ok(reference(body.as_bytes())), "{}", body);
    }

    #[test]
    fn any_cut_is_told(series in series(), choices in vec(any::<u8>(), 1..64), at in any::<prop::sample::Index>()) {
        let body = reply(&series, &choices);
        let bytes = at.index(body.len());
        prop_assert_eq!(decoded(&body.as_bytes()[..bytes]), Err(ReplyError::Cut { bytes }), "{}", body);
    }

    #[test]
    fn damaged_replies_are_errors_or_json(
        damage in vec((any::<prop::sample::Index>(), 0_u8..3, any::<u8>()), 1..4),
        which in 0_usize..3,
    ) {
        let mut body = [MATRIX, VECTOR, ERROR][which].as_bytes().to_vec();
        for (at, kind, byte) in damage {
            let at = at.index(body.len());
            match kind {
                0 => body[at] = byte,
                1 => body.insert(at, b"\"\\{}[],:0e-n \xff"[usize::from(byte) % 14]),
                _ => drop(body.remove(at)),
            }
        }
        takes_only_json(&body);
    }

    #[test]
    fn any_bytes_are_errors_or_json(bytes in vec(any::<u8>(), 0..200), tail in "[\\[\\]{}\",:0-9a-z \\\\]{0,80}") {
        takes_only_json(&bytes);
        takes_only_json(tail.as_bytes());
        takes_only_json(format!("{{\"status\":\"success\",\"data\":{tail}}}").as_bytes());
    }
}
