//! Replies to range queries: series placed on a grid by their timestamps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ReplyError;
use super::envelope::{ReplyNotices, envelope, query_result};
use super::scan::{Result, Scanner, excerpt};
use oddity_detect::series::{Grid, Labels, Series};

/// Maximum number of samples, gaps included, that are held at once: 256 MiB.
pub const MAX_SAMPLES_TOTAL: usize = 1 << 25;

/// Maximum distance of a timestamp from a grid point that counts as rounding, in milliseconds.
const TOLERANCE: i64 = 1;

/// The series of one reply on one grid.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// Series in the order of the reply; a step without a sample is NaN.
    pub series: Vec<Series>,
    /// Series with samples that are native histograms, which are not decoded; in the order of labels.
    pub unsupported: Vec<Labels>,
    /// Prometheus' warnings, sorted, each once.
    pub warnings: Vec<String>,
    /// Prometheus' infos, sorted, each once.
    pub infos: Vec<String>,
    /// Samples more than a millisecond from a grid point, placed at the nearest one.
    pub off_grid: usize,
    /// Samples more than half a step before or after the grid, left out.
    pub outside: usize,
}

/// Decodes the reply to a range query. Of several samples for one grid point the last one is kept.
///
/// # Errors
/// [`ReplyError`], also for a reply without an error that has another shape or type, or has more than
/// [`MAX_SAMPLES_TOTAL`] samples.
pub fn decode_matrix(body: &[u8], grid: Grid) -> Result<Matrix> {
    let mut rows = MatrixBuilder::new(grid);
    rows.add(body)?;
    Ok(rows.finish())
}

/// A matrix that grows reply by reply.
#[derive(Debug)]
pub(super) struct MatrixBuilder {
    grid: Grid,
    series: Vec<Series>,
    by_labels: BTreeMap<Labels, usize>,
    unsupported: BTreeSet<Labels>,
    notices: ReplyNotices,
    off_grid: usize,
    outside: usize,
}

impl MatrixBuilder {
    pub(super) fn new(grid: Grid) -> Self {
        Self {
            grid,
            series: Vec::new(),
            by_labels: BTreeMap::new(),
            unsupported: BTreeSet::new(),
            notices: ReplyNotices::default(),
            off_grid: 0,
            outside: 0,
        }
    }

    /// Adds the series of a reply; after an error the matrix is incomplete.
    pub(super) fn add(&mut self, body: &[u8]) -> Result<()> {
        let mut notices = std::mem::take(&mut self.notices);
        envelope(body, &mut notices, |scanner| {
            query_result(scanner, |scanner, result_type| match result_type {
                "matrix" => scanner.array(|scanner| self.add_series(scanner)),
                other => Err(ReplyError::UnsupportedResultType(excerpt(other).to_owned())),
            })
        })?;
        self.notices = notices;
        Ok(())
    }

    pub(super) fn finish(self) -> Matrix {
        Matrix {
            series: self.series,
            unsupported: self.unsupported.into_iter().collect(),
            warnings: self.notices.warnings.into_iter().collect(),
            infos: self.notices.infos.into_iter().collect(),
            off_grid: self.off_grid,
            outside: self.outside,
        }
    }

    fn add_series(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        let (mut labels, mut waiting) = (None, None);
        let (mut has_values, mut has_histograms) = (false, false);
        scanner.object(|scanner, key| {
            match (key, &labels) {
                ("metric", _) => labels = Some(read_labels(scanner)?),
                ("values", Some(labels)) => {
                    self.add_values(scanner, labels)?;
                    has_values = true;
                }
                ("values", None) => waiting = Some(scanner.later()?),
                ("histograms", _) => scanner.array(|scanner| {
                    has_histograms = true;
                    scanner.skip().map(drop)
                })?,
                _ => drop(scanner.skip()?),
            }
            Ok(())
        })?;
        let labels = labels.ok_or_else(|| scanner.fail("a series without \"metric\""))?;
        if let Some(start) = waiting {
            scanner.again(start, |scanner| self.add_values(scanner, &labels))?;
            has_values = true;
        }
        if !has_values && !has_histograms {
            return Err(scanner.fail(format!("the series {labels} has no \"values\"")));
        }
        if has_histograms {
            self.unsupported.insert(labels);
        }
        Ok(())
    }

    fn add_values(&mut self, scanner: &mut Scanner<'_>, labels: &Labels) -> Result<()> {
        let row = self.row(labels)?;
        let grid = self.grid;
        let values = Arc::make_mut(&mut self.series[row].values);
        // Nearly always the next sample is one step after the last.
        let (mut next, mut expected) = (0, grid.start);
        scanner.array(|scanner| {
            let (stamp, value) = scanner.sample()?;
            if stamp == expected && next < values.len() {
                values[next] = value;
            } else if let Some(index) = grid.nearest(stamp) {
                self.off_grid += usize::from((stamp.0 - grid.at(index).0).abs() > TOLERANCE);
                values[index] = value;
                next = index;
                expected = grid.at(index);
            } else {
                self.outside += 1;
                return Ok(());
            }
            next += 1;
            expected = expected + grid.step.span();
            Ok(())
        })
    }

    fn row(&mut self, labels: &Labels) -> Result<usize> {
        if let Some(row) = self.by_labels.get(labels) {
            return Ok(*row);
        }
        let (row, points) = (self.series.len(), self.grid.len);
        if (row + 1).saturating_mul(points) > MAX_SAMPLES_TOTAL {
            return Err(ReplyError::TooLarge { series: row + 1, points });
        }
        let values = std::iter::repeat_n(f64::NAN, points).collect();
        self.series.push(Series { labels: labels.clone(), grid: self.grid, values });
        self.by_labels.insert(labels.clone(), row);
        Ok(row)
    }
}

/// Reads the labels of a series: an object of strings.
pub(super) fn read_labels(scanner: &mut Scanner<'_>) -> Result<Labels> {
    let mut pairs = Vec::new();
    scanner.object(|scanner, name| {
        pairs.push((name.to_owned(), scanner.string()?.into_owned()));
        Ok(())
    })?;
    Ok(Labels::new(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::time::{Step, Timestamp};

    fn decode(result: &str, len: usize) -> Result<Matrix> {
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}}}"#
        );
        let grid = Grid { start: Timestamp(60_000), step: Step::from_seconds(60), len };
        decode_matrix(body.as_bytes(), grid)
    }

    /// Five points from 60 s, one minute apart; with the counts of samples off and outside the grid.
    fn check(values: &str, expected: [f64; 5], off_grid: usize, outside: usize) {
        let series = format!(r#"{{"metric":{{"__name__":"up"}},"values":[{values}]}}"#);
        let matrix = decode(&series, 5).expect(values);
        assert_eq!(matrix.series.len(), 1);
        assert_eq!(matrix.series[0].labels.to_string(), "up");
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&matrix.series[0].values), bits(&expected), "{values}");
        assert_eq!((matrix.off_grid, matrix.outside), (off_grid, outside), "{values}");
    }

    #[test]
    fn samples_are_placed_by_their_stamps() {
        let nan = f64::NAN;
        check("", [nan; 5], 0, 0);
        check(
            r#"[60,"1"],[120,"2"],[180,"3"],[240,"4"],[300,"5"]"#,
            [1.0, 2.0, 3.0, 4.0, 5.0],
            0,
            0,
        );
        check(r#"[120,"2"],[300,"NaN"]"#, [nan, 2.0, nan, nan, nan], 0, 0);
        check(
            r#"[240,"+Inf"],[120,"-Inf"]"#,
            [nan, f64::NEG_INFINITY, nan, f64::INFINITY, nan],
            0,
            0,
        );
        check(r#"[120,"2"],[120,"3"],[60,"1"],[120,"4"]"#, [1.0, 4.0, nan, nan, nan], 0, 0);
        check(r#"[120.001,"2"],[179.999,"3"]"#, [nan, 2.0, 3.0, nan, nan], 0, 0);
        check(r#"[120.002,"2"],[200,"3"],[215,"4"]"#, [nan, 2.0, 3.0, 4.0, nan], 3, 0);
        check(
            r#"[0,"1"],[29.9,"1"],[300,"5"],[360,"6"],[9e9,"7"]"#,
            [nan, nan, nan, nan, 5.0],
            0,
            4,
        );
        check(r#"[-60,"1"],[1e12,"1"]"#, [nan; 5], 0, 2);
    }

    #[test]
    fn keys_of_a_series_in_any_order() {
        let matrix = decode(r#"{"values":[[60,"1"]],"x":{},"metric":{"a":"\"b\"","c":""}}"#, 1);
        let series = &matrix.unwrap().series[0];
        assert_eq!((series.labels.to_string().as_str(), series.values[0]), (r#"{a="\"b\""}"#, 1.0));
    }

    #[test]
    fn native_histograms_are_named() {
        let histogram = r#"[60,{"count":"5","sum":"3.2","buckets":[[0,"1","2","5"]]}]"#;
        let matrix = decode(
            &format!(
                r#"{{"metric":{{"__name__":"b"}},"histograms":[{histogram}]}},
                   {{"metric":{{"__name__":"a"}},"values":[[60,"1"]],"histograms":[{histogram}]}},
                   {{"metric":{{"__name__":"c"}},"values":[[60,"1"]],"histograms":[]}}"#
            ),
            1,
        )
        .unwrap();
        let names =
            |labels: Vec<&Labels>| labels.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(matrix.unsupported.iter().collect()), ["a", "b"]);
        assert_eq!(names(matrix.series.iter().map(|s| &s.labels).collect()), ["a", "c"]);
    }

    #[test]
    fn wrong_series_say_what_is_wrong() {
        let cases = [
            (r#"{"values":[]}"#, "a series without \"metric\""),
            (r#"{"metric":{"a":"b"}}"#, "the series {a=\"b\"} has no \"values\""),
            (r#"{"metric":null,"values":[]}"#, "expected an object, found null"),
            (r#"{"metric":{"a":1},"values":[]}"#, "expected a string, found a number"),
            (r#"{"metric":{},"values":null}"#, "expected a list, found null"),
            (r#"{"metric":{},"values":[[60,"x"]]}"#, "at byte 87: the value \"x\""),
        ];
        for (series, problem) in cases {
            let error = decode(series, 5).expect_err(series).to_string();
            assert!(error.contains(problem), "{series}: {error}");
        }
    }

    #[test]
    fn more_than_fits_is_refused() {
        let points = MAX_SAMPLES_TOTAL + 1;
        let error = decode(r#"{"metric":{},"values":[]}"#, points).unwrap_err();
        assert_eq!(error, ReplyError::TooLarge { series: 1, points });
        assert!(decode("", usize::MAX).unwrap().series.is_empty());
    }

    #[test]
    fn other_types_of_result_are_refused() {
        for (kind, hint) in [("vector", "instant vector"), ("string", "quotes"), ("grid", "vector")]
        {
            let body =
                format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":[]}}}}"#);
            let grid = Grid { start: Timestamp(0), step: Step::from_seconds(60), len: 1 };
            let error = decode_matrix(body.as_bytes(), grid).unwrap_err();
            assert_eq!(error, ReplyError::UnsupportedResultType(kind.to_owned()));
            assert!(error.to_string().contains(hint), "{error}");
        }
    }
}
