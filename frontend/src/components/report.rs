use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::Analysis;
use oddity_analysis::api::{MAX_NOTIFIED_EVENTS, Notification, NotifiedEvent};
use oddity_analysis::knowledge::explain_worst;
use oddity_analysis::report::{self, MAX_EXPLAINED, ReportContext};
use oddity_analysis::rules;
use wasm_bindgen::prelude::wasm_bindgen;

use super::copy_button::CopyButton;
use super::send::SendNotice;
use crate::browser::download::save_text;
use crate::chart;
use crate::state::State;
use crate::text;

/// The report, rendered or as Markdown.
#[component]
pub fn Report() -> impl IntoView {
    let state = expect_context::<State>();
    let raw = RwSignal::new(false);
    let details = RwSignal::new(false);
    let written = Memo::new(move |_| {
        let analysis = state.throttled_analysis.get()?;
        let context = context(state, &analysis, details.get());
        let (knowledge, metadata) = (state.knowledge.get(), state.metadata.read());
        let explained = explain_worst(&analysis, MAX_EXPLAINED, knowledge.as_deref(), &metadata);
        let explained: Vec<_> = explained.into_iter().map(|one| state.weighed(one)).collect();
        Some((
            report::file_name(&analysis.detected.loaded.query.expr, context.generated_at, "md"),
            report::markdown(&analysis, &explained, &context),
        ))
    });
    let text = move || written.get().map(|(_, text)| text).unwrap_or_default();
    let save = move |_| {
        if let Some((name, text)) = written.get_untracked() {
            save_text(&text, "text/markdown;charset=utf-8", &name);
        }
    };
    let (ink, picture) = (NodeRef::<html::Div>::new(), RwSignal::new(None::<String>));
    // The print stylesheet hides everything but the report and the picture of the chart.
    let print = move |_| {
        raw.set(false);
        spawn_local(async move {
            if let Some(ink) = ink.get_untracked() {
                picture.set(chart::picture(state, &ink).await.ok());
            }
            request_animation_frame(|| {
                let _ = window().print();
            });
        });
    };
    let notice = move |()| {
        let analysis = state.throttled_analysis.get_untracked()?;
        let (knowledge, metadata) =
            (state.knowledge.get_untracked(), state.metadata.read_untracked());
        let worst = explain_worst(&analysis, MAX_NOTIFIED_EVENTS, knowledge.as_deref(), &metadata);
        let worst: Vec<_> = untrack(|| worst.into_iter().map(|one| state.weighed(one)).collect());
        let clock = untrack(|| state.clock());
        Some(Notification {
            source: state.source.get_untracked()?.id,
            expr: analysis.detected.loaded.query.expr.clone(),
            link: untrack(|| state.link()),
            events: worst.iter().map(|one| NotifiedEvent::new(&analysis, one, clock)).collect(),
            found: analysis.event_count(),
            incidents: Notification::count_incidents(&analysis),
            report: Some(untrack(text)),
            again: false,
        })
    };
    let odd = move || {
        state.throttled_analysis.read().as_ref().is_some_and(|analysis| analysis.event_count() > 0)
    };
    view! {
        <div class="report-bar">
            <button class="chip primary" type="button" on:click=save>"Download .md"</button>
            <CopyButton text=move || Some(text())/>
            <button class="chip" type="button" title="Print or save as PDF" on:click=print>"Print"</button>
            <Show when=odd><SendNotice name="Send report" notice=notice/></Show>
            <button class="chip" type="button" title=text::DETAILS_HELP aria-pressed=move || details.get().to_string() on:click=move |_| details.update(|details| *details = !*details)>"Details"</button>
            <button class="chip" type="button" aria-pressed=move || raw.get().to_string() on:click=move |_| raw.update(|raw| *raw = !*raw)>"Markdown"</button>
        </div>
        <div data-theme="light" node_ref=ink></div>
        {move || picture.get().map(|picture| view! { <img class="report printed" src=picture alt="Chart"/> })}
        {move || if raw.get() {
            view! { <pre class="report-raw" tabindex="0">{text()}</pre> }.into_any()
        } else {
            view! { <article class="report" tabindex="0" aria-label="Report" inner_html=rendered(&text())></article> }.into_any()
        }}
    }
}

fn context(state: State, analysis: &Analysis, details: bool) -> ReportContext {
    ReportContext {
        generated_at: state.now(),
        version: format!("Oddity {}", env!("CARGO_PKG_VERSION")),
        source: state.source.get().map(|source| source.name).unwrap_or_default(),
        link: state.link(),
        clock: state.clock(),
        rule: rule(state, analysis),
        details,
        sections: related(state).into_iter().chain(state.assistant_section()).collect(),
    }
}

/// Returns the section about related changes, if they were searched for.
fn related(state: State) -> Option<report::ReportSection> {
    let related = state.related_shown()?;
    let (related, windows) = related.known()?;
    Some(report::related(related, windows, state.clock()))
}

/// Returns the exported rule and its verification; `None` without events or if the detector cannot be exported.
fn rule(state: State, analysis: &Analysis) -> Option<report::ExportedRule> {
    if analysis.event_count() == 0 {
        return None;
    }
    let verification = state.agreement.get().map(|agreement| match &agreement.found {
        Ok(found) => found.to_string(),
        Err(error) => format!("{}: {error}", error.title()),
    });
    Some(report::ExportedRule { yaml: rules::file(analysis)?, verification })
}

#[wasm_bindgen]
extern "C" {
    /// Renders Markdown as inert HTML, see `frontend/js/markdown.js`.
    #[wasm_bindgen(js_namespace = OddityMarkdown, js_name = render)]
    fn rendered(markdown: &str) -> String;
}
