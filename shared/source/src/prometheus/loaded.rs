//! Chunks of a range query stitched together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ReplyError;
use super::matrix::MatrixBuilder;
use crate::note::DataNote;
use crate::promql::{self, Condition};
use crate::query::RangeQuery;
use oddity_detect::series::{Grid, Labels, Series};
use oddity_detect::time::{Span, Timestamp};

/// A range query and the series it returned.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The query; all series are on its grid.
    pub query: RangeQuery,
    /// Identifier of the source that answered; `None` where there is only one.
    pub source: Option<String>,
    /// Series in the order of first appearance; NaN where a chunk lacks a series.
    pub series: Vec<Series>,
    /// Series with samples that are native histograms, which are not decoded; in the order of labels.
    pub unsupported: Vec<Labels>,
    /// Warnings of Prometheus, each once, and about unexpected timestamps.
    pub warnings: Vec<String>,
    /// Prometheus' infos, each once.
    pub infos: Vec<String>,
    /// Remarks about the data that the fetch found, in any order.
    pub notes: Vec<DataNote>,
    /// Coarse samples of the weeks before, where they were fetched.
    pub long_past: Option<LongPastSeries>,
    /// Condition that was taken off the query; `None` if it had none.
    pub condition: Option<LoadedCondition>,
    /// Whether the query selects a counter by the metadata of the source; `None` if it computes something, or if these do
    /// not tell.
    pub is_counter: Option<bool>,
    /// Interval of the samples, measured or shown by repeated values; `None` if it is not known.
    pub interval: Option<Span>,
    /// Number of samples by which refreshes have extended the history.
    pub refreshed: usize,
}

/// Coarse samples of the weeks before a range.
#[derive(Clone, Debug)]
pub struct LongPastSeries {
    /// Times of the samples.
    pub grid: Grid,
    /// Samples by the labels of their series, also of series that ended before the range; NaN is missing.
    pub series: BTreeMap<Labels, Arc<[f64]>>,
}

/// Condition that was taken off a query, and the samples that tell when it holds.
#[derive(Clone, Debug)]
pub struct LoadedCondition {
    /// Parts of the query with which it was asked.
    pub condition: Condition,
    /// Samples that tell when it holds.
    pub samples: ConditionSamples,
}

/// Samples that tell when the condition of a query holds.
#[derive(Clone, Debug)]
pub enum ConditionSamples {
    /// The judged samples, because the condition is local.
    Judged,
    /// The samples of the whole query in the judged range, which exist while the condition holds.
    Asked(Vec<Series>),
    /// None: the source did not answer the whole query.
    Unknown,
}

impl Loaded {
    /// Creates the result of a query from its series, with nothing to remark.
    pub fn new(query: RangeQuery, series: Vec<Series>) -> Self {
        Self {
            query,
            source: None,
            series,
            unsupported: Vec::new(),
            warnings: Vec::new(),
            infos: Vec::new(),
            notes: Vec::new(),
            long_past: None,
            condition: None,
            is_counter: None,
            interval: None,
            refreshed: 0,
        }
    }

    /// Adds the coarse samples of the weeks before; `past` is the result of [`RangeQuery::long_past`].
    #[must_use]
    pub fn with_long_past(mut self, past: Self) -> Self {
        let grid = past.query.grid();
        let series = past.series.into_iter().map(|series| (series.labels, series.values)).collect();
        self.long_past = Some(LongPastSeries { grid, series });
        self
    }

    /// Adds earlier samples as history; `older` is the result of [`RangeQuery::older`]. A series that `older` lacks is
    /// NaN there; a series that only `older` has is dropped.
    #[must_use]
    pub fn with_older(mut self, mut older: Self) -> Self {
        let added = older.query.grid().len;
        self.query.history += added;
        let grid = self.query.grid();
        let mut past: BTreeMap<Labels, Series> =
            older.series.drain(..).map(|series| (series.labels.clone(), series)).collect();
        for series in &mut self.series {
            let mut values = past
                .remove(&series.labels)
                .map_or_else(|| vec![f64::NAN; added], |past| past.values.to_vec());
            values.extend_from_slice(&series.values);
            *series = Series { labels: series.labels.clone(), grid, values: values.into() };
        }
        self.add_notices(older.warnings, older.infos);
        self
    }

    /// Adds samples of the same query that end later, and lets the range begin at `start`, not before it did; what leaves
    /// the range is history. From its first sample on, `newer` replaces what was known. Series that only `newer` has are
    /// appended.
    #[must_use]
    pub(crate) fn with_newer(mut self, newer: Self, start: Timestamp) -> Self {
        let first = self.query.grid().start;
        let step = self.query.step;
        let added = step.count(self.query.start, start);
        self.refreshed += added;
        self.query.history += added;
        (self.query.start, self.query.end) = (start, newer.query.end);
        let (grid, kept) = (self.query.grid(), step.count(first, newer.query.start));
        let mut known: BTreeMap<Labels, Series> =
            newer.series.iter().map(|series| (series.labels.clone(), series.clone())).collect();
        for series in &mut self.series {
            let newer = known.remove(&series.labels);
            let newer = newer.as_ref().map_or(&[][..], |newer| &newer.values);
            let earlier = series.values.iter().take(kept).chain(newer).copied();
            let values = earlier.chain(std::iter::repeat(f64::NAN)).take(grid.len).collect();
            *series = Series { labels: series.labels.clone(), grid, values };
        }
        for series in newer.series {
            if known.contains_key(&series.labels) {
                let earlier = std::iter::repeat_n(f64::NAN, kept);
                let values = earlier.chain(series.values.iter().copied()).take(grid.len).collect();
                self.series.push(Series { labels: series.labels, grid, values });
            }
        }
        for labels in newer.unsupported {
            if !self.unsupported.contains(&labels) {
                self.unsupported.push(labels);
            }
        }
        self.add_notices(newer.warnings, newer.infos);
        self
    }

    /// Returns whether these are the samples of `earlier` and newer ones of the same source, so that indices of samples and
    /// series stay.
    pub fn continues(&self, earlier: &Self) -> bool {
        let (query, known) = (&self.query, &earlier.query);
        let pairs = || self.series.iter().zip(&earlier.series);
        self.source == earlier.source
            && (&query.expr, query.step, query.grid().start)
                == (&known.expr, known.step, known.grid().start)
            && self.series.len() >= earlier.series.len()
            && pairs().all(|(now, before)| now.labels == before.labels)
    }

    fn add_notices(&mut self, warnings: Vec<String>, infos: Vec<String>) {
        for (all, more) in [(&mut self.warnings, warnings), (&mut self.infos, infos)] {
            for note in more {
                if !all.contains(&note) {
                    all.push(note);
                }
            }
        }
    }

    /// Returns these samples as the result of another query that differs in its condition alone; `None` if `expr` is
    /// about other samples, or needs more of them to tell when its condition holds.
    pub fn with_condition_of(&self, expr: &str) -> Option<Self> {
        let condition = promql::condition(expr);
        let judged = condition.as_ref().map_or(expr, |condition| condition.judged.as_str());
        let is_local = condition.as_ref().is_none_or(|condition| condition.is_local);
        if judged.trim() != self.query.expr || !is_local {
            return None;
        }
        let samples = ConditionSamples::Judged;
        let condition = condition.map(|condition| LoadedCondition { condition, samples });
        Some(Self { condition, ..self.clone() })
    }

    /// Returns the query as it was entered, with its condition.
    pub fn whole_expr(&self) -> &str {
        self.condition.as_ref().map_or(&self.query.expr, |of| &of.condition.expr)
    }

    /// Returns the time of the first sample of any series.
    pub fn first_sample(&self) -> Option<Timestamp> {
        let first = |series: &Series| {
            let first = series.values.iter().position(|value| !value.is_nan())?;
            Some(series.grid.at(first))
        };
        self.series.iter().filter_map(first).min()
    }

    /// Returns the time of the last sample of any series.
    pub fn last_sample(&self) -> Option<Timestamp> {
        let last = |series: &Series| {
            let last = series.values.iter().rposition(|value| !value.is_nan())?;
            Some(series.grid.at(last))
        };
        self.series.iter().filter_map(last).max()
    }

    /// Replaces all values after a time by NaN.
    pub(crate) fn remove_after(&mut self, time: Timestamp) {
        for series in &mut self.series {
            let grid = series.grid;
            let kept =
                |(at, value): (usize, &f64)| if grid.at(at) > time { f64::NAN } else { *value };
            series.values = series.values.iter().enumerate().map(kept).collect();
        }
    }

    /// Cuts the range at a time after its start; an earlier time leaves its first sample.
    pub(crate) fn cut(&mut self, end: Timestamp) {
        self.query.end = self.query.end.min(end.max(self.query.start));
        let grid = self.query.grid();
        for series in &mut self.series {
            series.values = series.values.iter().copied().take(grid.len).collect();
            series.grid = grid;
        }
    }
}

/// Puts the replies to [`RangeQuery::chunks`] together on the grid of the query.
#[derive(Debug)]
pub struct Stitcher {
    query: RangeQuery,
    rows: MatrixBuilder,
}

impl Stitcher {
    /// Creates a stitcher without any reply.
    pub fn new(query: RangeQuery) -> Self {
        let rows = MatrixBuilder::new(query.grid());
        Self { query, rows }
    }

    /// Decodes one reply straight into place; the order of the replies does not matter for the
    /// values. A reply that cannot be decoded consumes the stitcher, so that nothing incomplete is shown.
    ///
    /// # Errors
    /// Those of [`super::decode_matrix`].
    pub fn with_reply(mut self, body: &[u8]) -> Result<Self, ReplyError> {
        self.rows.add(body)?;
        Ok(self)
    }

    /// Returns the query with all series that were added.
    pub fn finish(self) -> Loaded {
        let matrix = self.rows.finish();
        let mut warnings = matrix.warnings;
        if matrix.off_grid > 0 {
            warnings.push(format!(
                "{} moved to the nearest step of {}: the source changes the requested range",
                count(matrix.off_grid),
                self.query.step
            ));
        }
        if matrix.outside > 0 {
            warnings.push(format!("{} outside the requested range ignored", count(matrix.outside)));
        }
        Loaded {
            unsupported: matrix.unsupported,
            warnings,
            infos: matrix.infos,
            ..Loaded::new(self.query, matrix.series)
        }
    }
}

fn count(samples: usize) -> String {
    if samples == 1 { "1 sample".to_owned() } else { format!("{samples} samples") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::time::{Step, TimeRange};

    fn query(end: i64) -> RangeQuery {
        let range = TimeRange { start: Timestamp(0), end: Timestamp(end) };
        RangeQuery::new("up", range, Step::from_seconds(1), 0).unwrap()
    }

    fn reply(series: &str, warnings: &str) -> String {
        format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}},"warnings":[{warnings}]}}"#
        )
    }

    #[test]
    fn pieces_join_on_the_grid() {
        let query = query(11_001_000);
        assert_eq!(query.chunks().len(), 2);
        let first = reply(
            r#"{"metric":{"n":"a"},"values":[[0,"1"],[10999,"2"]]},{"metric":{"n":"b"},"values":[[0,"3"]]}"#,
            r#""w","v""#,
        );
        let second = reply(
            r#"{"metric":{"n":"c"},"values":[[11001,"4"]]},{"metric":{"n":"a"},"values":[[11000,"5"],[11001.4,"6"],[12000,"7"]]}"#,
            r#""w""#,
        );
        let loaded = Stitcher::new(query.clone())
            .with_reply(first.as_bytes())
            .and_then(|stitcher| stitcher.with_reply(second.as_bytes()))
            .unwrap()
            .finish();
        let found: Vec<(String, Vec<(usize, f64)>)> = loaded
            .series
            .iter()
            .map(|series| {
                assert_eq!((series.grid, series.values.len()), (query.grid(), 11_002));
                let finite = series.values.iter().copied().enumerate().filter(|(_, v)| !v.is_nan());
                (series.labels.to_string(), finite.collect())
            })
            .collect();
        let expected = [
            (r#"{n="a"}"#.to_owned(), vec![(0, 1.0), (10_999, 2.0), (11_000, 5.0), (11_001, 6.0)]),
            (r#"{n="b"}"#.to_owned(), vec![(0, 3.0)]),
            (r#"{n="c"}"#.to_owned(), vec![(11_001, 4.0)]),
        ];
        assert_eq!(found, expected);
        assert_eq!(loaded.warnings[..2], ["v", "w"]);
        let warnings = &loaded.warnings;
        assert!(
            warnings[2].starts_with("1 sample moved to the nearest step of 1s"),
            "{warnings:?}"
        );
        assert!(warnings[3].starts_with("1 sample outside the requested range"), "{warnings:?}");
        assert_eq!(loaded.query, query);
    }

    #[test]
    fn older_samples_come_in_front() {
        let answer = |query: RangeQuery, series: &str, warnings: &str| {
            let reply = reply(series, warnings);
            Stitcher::new(query).with_reply(reply.as_bytes()).unwrap().finish()
        };
        let range = TimeRange { start: Timestamp(10_000_000_000), end: Timestamp(10_000_002_000) };
        let query = RangeQuery::new("up", range, Step::from_seconds(1), 1).unwrap();
        let older = query.older(1).unwrap();
        let added = older.grid().len;
        let now = r#"{"metric":{"n":"a"},"values":[[9999999,"1"],[10000002,"2"]]},{"metric":{"n":"b"},"values":[[10000000,"3"]]}"#;
        let past = r#"{"metric":{"n":"c"},"values":[[9999998,"4"]]},{"metric":{"n":"a"},"values":[[9999998,"5"]]}"#;
        let loaded =
            answer(query.clone(), now, r#""w""#).with_older(answer(older, past, r#""v","w""#));
        assert_eq!(loaded.query, RangeQuery { history: 1 + added, ..query });
        assert_eq!(loaded.warnings, ["w", "v"]);
        assert_eq!(loaded.first_sample(), Some(Timestamp(9_999_998_000)));
        let grid = loaded.query.grid();
        let found: Vec<(String, Vec<(i64, f64)>)> = loaded
            .series
            .iter()
            .map(|series| {
                assert_eq!((series.grid, series.values.len()), (grid, added + 4));
                let finite = series.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
                let timed = finite.map(|(at, value)| (grid.at(at).0 / 1_000, *value)).collect();
                (series.labels.to_string(), timed)
            })
            .collect();
        let expected = [
            (r#"{n="a"}"#.to_owned(), vec![(9_999_998, 5.0), (9_999_999, 1.0), (10_000_002, 2.0)]),
            (r#"{n="b"}"#.to_owned(), vec![(10_000_000, 3.0)]),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn newer_samples_come_behind() {
        let answer = |query: &RangeQuery, series: &str, warnings: &str| {
            let reply = reply(series, warnings);
            Stitcher::new(query.clone()).with_reply(reply.as_bytes()).unwrap().finish()
        };
        let known = query(4_000);
        let before = answer(
            &known,
            r#"{"metric":{"n":"a"},"values":[[0,"1"],[3,"4"]]},{"metric":{"n":"b"},"values":[[4,"9"]]}"#,
            r#""w""#,
        );
        let piece = RangeQuery { start: Timestamp(3_000), end: Timestamp(6_500), ..known };
        let newer = answer(
            &piece,
            r#"{"metric":{"n":"c"},"values":[[6,"3"]]},{"metric":{"n":"a"},"values":[[4,"5"],[6,"7"]]}"#,
            r#""w","v""#,
        );
        let now = before.clone().with_newer(newer, Timestamp(2_000));
        assert_eq!((now.query.start, now.query.history), (Timestamp(2_000), 2));
        assert_eq!((now.query.end, now.refreshed), (Timestamp(6_500), 2));
        assert_eq!(now.warnings, ["w", "v"]);
        let found: Vec<(String, Vec<(usize, f64)>)> = now
            .series
            .iter()
            .map(|series| {
                assert_eq!((series.grid, series.values.len()), (now.query.grid(), 7));
                let finite = series.values.iter().copied().enumerate().filter(|(_, v)| !v.is_nan());
                (series.labels.to_string(), finite.collect())
            })
            .collect();
        let expected = [
            (r#"{n="a"}"#.to_owned(), vec![(0, 1.0), (4, 5.0), (6, 7.0)]),
            (r#"{n="b"}"#.to_owned(), vec![]),
            (r#"{n="c"}"#.to_owned(), vec![(6, 3.0)]),
        ];
        assert_eq!(found, expected);
        assert!(now.continues(&before) && now.continues(&now) && !before.continues(&now));
        let other =
            Loaded::new(RangeQuery { expr: "down".to_owned(), ..now.query.clone() }, vec![]);
        assert!(!other.continues(&before));
        let elsewhere = Loaded { source: Some("b".to_owned()), ..now };
        assert!(!elsewhere.continues(&before) && elsewhere.continues(&elsewhere));
    }

    #[test]
    fn a_piece_that_fails_ends_the_whole() {
        let good = reply("", "");
        let stitcher = Stitcher::new(query(1_000)).with_reply(good.as_bytes()).unwrap();
        let error = stitcher.with_reply(&good.as_bytes()[..40]).unwrap_err();
        assert_eq!(error, ReplyError::Cut { bytes: 40 });
    }
}
