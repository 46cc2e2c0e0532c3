use leptos::prelude::*;
use oddity_analysis::view_state::outbound_links;

use crate::state::State;

/// Links to the shown query and time in the tools whose addresses the operator has configured.
#[component]
pub fn LinksOut() -> impl IntoView {
    let state = expect_context::<State>();
    let links = Memo::new(move |_| {
        let (source, analysis) = (state.source.get()?, state.throttled_analysis.get()?);
        let (panel, step) = (state.panel.read(), analysis.detected.loaded.query.step);
        let range = panel.zoom.unwrap_or_else(|| analysis.judged_grid().range());
        Some(outbound_links(&source, &panel.expr, range, step))
    });
    move || {
        let links = links.get().unwrap_or_default().into_iter();
        links
            .map(|link| view! {
                <a class="chip" href=link.url target="_blank" rel="noopener noreferrer">{format!("Open in {}", link.tool)}</a>
            })
            .collect_view()
    }
}
