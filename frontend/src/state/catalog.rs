//! Metrics, jobs and rules of the source, for the start page. They are fetched when it asks for
//! them; the answers about all metrics are shared with the completion of the editor.

use gloo_net::http::Response;
use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::{SourceInfo, form, source_path};
use oddity_detect::time::Span;
use oddity_source::catalog::{
    CatalogMetric, SourceRule, decode_catalog, decode_descriptions, decode_rules,
};
use oddity_source::prometheus::decode_data;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{LoadError, PtrEq, State, client};
use crate::browser::clock;

/// Time before now within which a metric must have samples to be listed; the completion of the editor looks back as far.
const RECENT: Span = Span::from_seconds(12 * 3_600);

#[wasm_bindgen]
extern "C" {
    /// Fetches an address, or returns the answer that the completion of the editor got lately.
    #[wasm_bindgen(catch, js_namespace = OddityEditor, js_name = fetchShared)]
    fn fetch_shared(url: &str) -> Result<js_sys::Promise, JsValue>;
}

/// Metrics, jobs and rules of a source; `None` where they are not known yet.
#[derive(Clone, Copy)]
pub struct Catalog {
    /// Metrics of the chosen job, or of all.
    pub metrics: RwSignal<Option<Result<PtrEq<SourceMetrics>, LoadError>>>,
    /// Alerting and recording rules.
    pub rules: RwSignal<Option<Result<PtrEq<Vec<SourceRule>>, LoadError>>>,
    /// Values of the label `job`.
    pub jobs: RwSignal<Vec<String>>,
    /// Job to which metrics are limited; `None` for all.
    pub job: RwSignal<Option<String>>,
    /// Id of the source that all of this is about.
    source: StoredValue<Option<String>>,
}

/// Metrics of a source.
#[derive(Debug)]
pub struct SourceMetrics {
    /// Metrics in the order of their names.
    pub metrics: Vec<CatalogMetric>,
    /// Job to which they are limited.
    pub job: Option<String>,
    /// Whether the source returned metadata, without which types are guessed from names.
    pub is_described: bool,
}

impl Catalog {
    /// Creates an empty catalog.
    pub fn new() -> Self {
        Self {
            metrics: RwSignal::new(None),
            rules: RwSignal::new(None),
            jobs: RwSignal::new(Vec::new()),
            job: RwSignal::new(None),
            source: StoredValue::new(None),
        }
    }
}

impl State {
    /// Fetches what a source offers, unless it is known.
    pub fn load_catalog(self, source: &SourceInfo) {
        let Catalog { metrics, rules, jobs, job, source: known } = self.catalog;
        let id = source.id.clone();
        if known.with_value(|known| known.as_ref() == Some(&id)) {
            return;
        }
        known.set_value(Some(id.clone()));
        metrics.set(None);
        rules.set(None);
        jobs.set(Vec::new());
        job.set(None);
        self.load_metrics(None);
        spawn_local(async move {
            let path = source_path(&id);
            let found = client::bytes(&format!("{path}/api/v1/rules?exclude_alerts=true")).await;
            let found = found.and_then(|body| Ok(PtrEq::new(decode_rules(&body)?)));
            if known.with_value(|known| known.as_ref() == Some(&id)) {
                rules.set(Some(found));
            }
            let found =
                client::bytes(&format!("{path}/api/v1/label/job/values?{}", recent())).await;
            if let Ok(body) = found
                && let Ok(found) = decode_data::<Vec<String>>(&body)
                && known.with_value(|known| known.as_ref() == Some(&id))
            {
                jobs.set(found);
            }
        });
    }

    /// Fetches the names of the metrics of a job, or of all metrics, and their metadata.
    pub fn load_metrics(self, wanted: Option<String>) {
        let Catalog { metrics, job, source, .. } = self.catalog;
        let Some(id) = source.get_value() else { return };
        job.set(wanted.clone());
        spawn_local(async move {
            let found = fetch_metrics(&id, wanted.clone()).await;
            let is_wanted = source.with_value(|known| known.as_ref() == Some(&id))
                && job.get_untracked() == wanted;
            if is_wanted {
                metrics.set(Some(found.map(PtrEq::new)));
            }
        });
    }
}

async fn fetch_metrics(id: &str, job: Option<String>) -> Result<SourceMetrics, LoadError> {
    let path = format!("{}/api/v1", source_path(id));
    let names = format!("{path}/label/__name__/values?{}", recent());
    let names = match &job {
        None => shared(&names).await?,
        Some(job) => {
            let selector = format!("{{job={}}}", oddity_detect::series::quote(job));
            client::bytes(&format!("{names}&{}", form(&[("match[]", selector)]))).await?
        }
    };
    let metadata = shared(&format!("{path}/metadata")).await;
    let metadata = metadata.and_then(|body| Ok(decode_descriptions(&body)?)).unwrap_or_default();
    let is_described = !metadata.is_empty();
    Ok(SourceMetrics { metrics: decode_catalog(&names, &metadata)?, job, is_described })
}

/// Returns the parameters of the recent time.
fn recent() -> String {
    let (start, end) = (clock::now() - RECENT, clock::now());
    form(&[("start", start.as_seconds().to_string()), ("end", end.as_seconds().to_string())])
}

/// Fetches an answer that is shared with the editor.
async fn shared(url: &str) -> Result<Vec<u8>, LoadError> {
    let answer = fetch_shared(url).map_err(|_| LoadError::OldBrowser)?;
    let answer = JsFuture::from(answer).await.map_err(|_| LoadError::Unreachable)?;
    client::body(Response::from(answer.unchecked_into::<web_sys::Response>())).await
}
