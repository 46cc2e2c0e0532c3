//! Requests of the checks of an event, and what their answers hold.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::{CheckPlan, MAX_SERIES, QUERY_TIMEOUT};
use oddity_detect::series::{Grid, METRIC_NAME, Series};
use oddity_detect::time::Timestamp;
use oddity_source::plan::ApiRequest;
use oddity_source::prometheus::{ReplyError, decode_data, decode_matrix, decode_vector};
use oddity_source::promql;

impl CheckPlan {
    /// Asks which of the metrics the source has in the windows, and returns those that it lacks.
    pub(super) async fn lacking<E: Display>(
        &self,
        send: &mut impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    ) -> Result<BTreeSet<String>, String> {
        if self.names.is_empty() {
            return Ok(BTreeSet::new());
        }
        let range = self.windows.grid.range();
        let parameters = vec![
            ("match[]", format!("{{{METRIC_NAME}=~\"{}\"}}", self.names.join("|"))),
            ("start", seconds(range.start)),
            ("end", seconds(range.end)),
        ];
        let request = ApiRequest { endpoint: "label/__name__/values", parameters };
        let body = send(request).await.map_err(|error| error.to_string())?;
        let known: Vec<String> = decode_data(&body).map_err(|error| error.to_string())?;
        Ok(self.names.iter().filter(|name| !known.contains(name)).cloned().collect())
    }

    pub(super) async fn ask<E: Display>(
        &self,
        query: CheckQuery<'_>,
        send: &mut impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    ) -> Answer {
        let CheckQuery { expr: query, at_end } = query;
        // What holds is asked as a range of one sample.
        let grid = if at_end {
            Grid { start: self.end, len: 1, ..self.windows.grid }
        } else {
            self.windows.grid
        };
        let range = grid.range();
        let parameters = vec![
            ("query", query.to_owned()),
            ("start", seconds(range.start)),
            ("end", seconds(range.end)),
            ("step", grid.step.to_string()),
            ("timeout", QUERY_TIMEOUT.to_string()),
            ("limit", MAX_SERIES.to_string()),
        ];
        let body = send(ApiRequest { endpoint: "query_range", parameters }).await;
        let body = body.map_err(CheckError::failure)?;
        let mut series = decode_matrix(&body, grid)?.series;
        series.truncate(MAX_SERIES);
        // Nothing is also the answer of a query whose condition never held.
        if series.is_empty() && promql::is_filtered(query) && !self.exist(query, send).await? {
            return Ok(None);
        }
        Ok(Some(series))
    }

    /// Asks whether any of the series behind a query had samples when the event began.
    async fn exist<E: Display>(
        &self,
        query: &str,
        send: &mut impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    ) -> Result<bool, CheckError> {
        let selectors: BTreeSet<&str> = promql::selectors(query).into_iter().collect();
        let counts: Vec<String> =
            selectors.into_iter().map(|selector| format!("count({selector})")).collect();
        let parameters = vec![
            ("query", counts.join(" or ")),
            ("time", seconds(self.windows.window().start)),
            ("timeout", QUERY_TIMEOUT.to_string()),
        ];
        let body = send(ApiRequest { endpoint: "query", parameters }).await;
        let body = body.map_err(CheckError::failure)?;
        Ok(!decode_vector(&body)?.samples.is_empty())
    }
}

/// Query of a check, and the time for which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CheckQuery<'a> {
    pub(super) expr: &'a str,
    /// Whether it is asked at the end of the event alone.
    pub(super) at_end: bool,
}

/// Series of an answer, `None` where the source has none that the query is about, or the reason in words why there is no
/// answer.
pub(super) type Answer = Result<Option<Vec<Series>>, CheckError>;

/// Reason why a query has no answer.
#[derive(Clone, Debug)]
pub(super) struct CheckError {
    pub(super) reason: String,
    /// Whether the source refused the query, and may answer another.
    pub(super) is_refusal: bool,
}

impl CheckError {
    fn failure(error: impl Display) -> Self {
        Self { reason: error.to_string(), is_refusal: false }
    }
}

impl From<ReplyError> for CheckError {
    fn from(error: ReplyError) -> Self {
        let is_refusal = matches!(
            &error,
            ReplyError::Prometheus { error_type, .. }
                if matches!(error_type.as_str(), "bad_data" | "execution")
        );
        Self { reason: error.to_string(), is_refusal }
    }
}

fn seconds(t: Timestamp) -> String {
    t.as_seconds().to_string()
}
