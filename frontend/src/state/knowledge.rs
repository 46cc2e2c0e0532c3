//! Knowledge that explains events: families of metrics and their causes from the server, and metadata of the queried
//! metrics from the source. Both are fetched once there is an event.

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::{form, source_path};
use oddity_analysis::knowledge::{Knowledge, NamedMetadata};

use super::{PtrEq, State, client};

/// Fetches knowledge and metadata when events appear. After a failure events have no causes, and the next samples with
/// events try again. Newer samples of a query do not ask for its metadata again.
pub(super) fn follow(state: State) {
    let odd = Memo::new(move |_| {
        let shown = state.throttled_analysis.read();
        let analysis = shown.as_ref().filter(|analysis| analysis.event_count() > 0)?;
        Some(PtrEq(analysis.detected.loaded.clone()))
    });
    Effect::new(move |_| {
        if odd.read().is_some() && state.knowledge.read_untracked().is_none() {
            spawn_local(async move {
                if let Ok(known) = client::get::<Knowledge>("/api/knowledge").await {
                    state.knowledge.set(Some(PtrEq::new(known)));
                }
            });
        }
    });
    let asked = Memo::new(move |_| {
        let expr = odd.read().as_ref()?.query.expr.clone();
        Some((expr, state.source.read().as_ref()?.id.clone()))
    });
    Effect::new(move |_| {
        let Some((expr, source)) = asked.get() else { return };
        spawn_local(async move {
            let fetch = async |metric: String| metadata(&source, metric).await;
            let all = NamedMetadata::fetch_all(&expr, fetch).await;
            // The query may have changed meanwhile.
            if asked.get_untracked() == Some((expr, source))
                && *state.metadata.read_untracked() != all
            {
                state.metadata.set(all);
            }
        });
    });
}

/// Fetches the metadata of one metric; `None` if the source does not respond.
async fn metadata(source: &str, metric: String) -> Option<Vec<u8>> {
    let parameters = form(&[("metric", metric)]);
    let path = format!("{}/api/v1/metadata?{parameters}", source_path(source));
    client::bytes(&path).await.ok()
}
