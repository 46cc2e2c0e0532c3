//! Metrics that were probably meant where a query has no result, by the names that the source has.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::{form, source_path};
use oddity_detect::time::TimeRange;
use oddity_source::prometheus::decode_data;
use oddity_source::promql;

use super::load::FetchKey;
use super::{LoadError, State, client};

/// Maximum number of names that a source is asked for; with as many, others may be missing.
const MAX_NAMES: usize = 50_000;

/// Looks for the metrics of a query without a result; tells none if the source does not answer with all of its names.
pub(super) fn follow(state: State) {
    let empty = Memo::new(move |_| {
        let loaded = state.loaded.read();
        loaded.as_ref().filter(|loaded| loaded.series.is_empty())?;
        let expr = state.answered.read().as_ref()?.query.expr.clone();
        Some((expr, state.source.read().as_ref()?.id.clone()))
    });
    Effect::new(move |_| {
        state.unknown_metric.set(None);
        let Some((expr, source)) = empty.get() else { return };
        let Some(range) = state.answered.read_untracked().as_ref().map(FetchKey::range) else {
            return;
        };
        spawn_local(async move {
            let names = names(&source, range).await;
            let Some(names) = names.ok().filter(|names| names.len() < MAX_NAMES) else { return };
            let unknown = promql::unknown_metric(&expr, &names);
            if empty.get_untracked() == Some((expr, source)) {
                state.unknown_metric.set(unknown);
            }
        });
    });
}

/// Returns the names of the metrics with samples in a range.
async fn names(source: &str, range: TimeRange) -> Result<BTreeSet<String>, LoadError> {
    let [start, end] = [range.start, range.end].map(|time| time.as_seconds().to_string());
    let parameters = form(&[("start", start), ("end", end), ("limit", MAX_NAMES.to_string())]);
    let path = format!("{}/api/v1/label/__name__/values?{parameters}", source_path(source));
    Ok(decode_data(&client::bytes(&path).await?)?)
}
