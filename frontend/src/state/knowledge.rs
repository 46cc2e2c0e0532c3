//! What helps to explain events: families of metrics and their causes from this server, and what the source says of
//! the metrics of the query. Both are asked for when there is something to explain.

use gloo_net::http::Request as Http;
use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::{form, source_path};
use oddity_analysis::knowledge::{Knowledge, NamedMetadata, QuerySubject};

use super::{PtrEq, State, client};

/// Follows what is shown. Without an answer events are throttled_analysis without causes, and it is asked again with the next one.
pub(super) fn follow(state: State) {
    let odd = Memo::new(move |_| {
        let shown = state.throttled_analysis.read();
        let analysis = shown.as_ref().filter(|analysis| analysis.event_count() > 0)?;
        Some(PtrEq(analysis.detected.loaded.clone()))
    });
    Effect::new(move |_| {
        let Some(loaded) = odd.get() else { return };
        if state.knowledge.read_untracked().is_none() {
            spawn_local(async move {
                if let Ok(known) = client::get::<Knowledge>("/api/knowledge").await {
                    state.knowledge.set(Some(PtrEq::new(known)));
                }
            });
        }
        let Some(source) = state.source.get_untracked() else { return };
        let metrics = QuerySubject::described_names(&loaded.query.expr);
        spawn_local(async move {
            let mut all = Vec::new();
            for names in metrics {
                for name in names {
                    let found = metadata(&source.id, &name).await;
                    if !found.is_empty() {
                        all.extend(found);
                        break;
                    }
                }
            }
            // The answer to an earlier question helps no more.
            if odd.get_untracked() == Some(loaded) && *state.metadata.read_untracked() != all {
                state.metadata.set(all);
            }
        });
    });
}

/// Nothing where the source does not say: not every one keeps metadata.
async fn metadata(source: &str, metric: &str) -> Vec<NamedMetadata> {
    let parameters = form(&[("metric", metric.to_owned())]);
    let path = format!("{}/api/v1/metadata?{parameters}", source_path(source));
    let reply = Http::get(&path).send().await;
    let Ok(reply) = reply else { return Vec::new() };
    match reply.binary().await {
        Ok(body) => NamedMetadata::decode(&body).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
