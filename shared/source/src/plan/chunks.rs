//! A range query, fetched in chunks.

use super::{ApiRequest, FetchProgress, seconds};
use crate::prometheus::{Loaded, ReplyError, Stitcher};
use crate::query::RangeQuery;

/// Fetches the chunks of a query one after another. `report` gets the progress before each; `done` chunks of the same
/// fetch came before.
pub(super) async fn fetch<E: From<ReplyError>>(
    query: &RangeQuery,
    done: usize,
    send: &mut impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    report: &mut impl FnMut(FetchProgress),
) -> Result<Loaded, E> {
    let chunks = query.chunks();
    let total = done + chunks.len();
    let mut stitcher = Stitcher::new(query.clone());
    for (at, chunk) in chunks.into_iter().enumerate() {
        report(FetchProgress { done: done + at, total });
        let parameters = vec![
            ("query", query.absolute_expr()),
            ("start", seconds(chunk.start)),
            ("end", seconds(chunk.end)),
            ("step", query.step.span().as_seconds().to_string()),
        ];
        let body = send(ApiRequest { endpoint: "query_range", parameters }).await?;
        stitcher = stitcher.with_reply(&body)?;
    }
    Ok(stitcher.finish())
}
