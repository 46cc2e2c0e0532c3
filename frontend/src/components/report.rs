use leptos::prelude::*;
use leptos::task::spawn_local;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use shared::report::{self, Context};

use crate::save::{copy, save_text};
use crate::state::State;

/// The report as it will be saved, rendered or as Markdown.
#[component]
pub fn Report() -> impl IntoView {
    let state = expect_context::<State>();
    let raw = RwSignal::new(false);
    let copied = RwSignal::new("Copy");
    let written = Memo::new(move |_| {
        let analysis = state.analysis.get()?;
        let context = context(state);
        Some((report::file_name(&analysis, &context), report::markdown(&analysis, &context)))
    });
    let text = move || written.get().map(|(_, text)| text).unwrap_or_default();
    let save = move |_| {
        if let Some((name, text)) = written.get_untracked() {
            save_text(&text, "text/markdown;charset=utf-8", &name);
        }
    };
    let to_clipboard = move |_| {
        let text = untrack(text);
        spawn_local(async move {
            copied.set(if copy(&text).await { "Copied" } else { "Not allowed here" });
            set_timeout(move || copied.set("Copy"), std::time::Duration::from_secs(2));
        });
    };
    view! {
        <div class="report-bar">
            <button class="chip primary" type="button" on:click=save>"Download .md"</button>
            <button class="chip" type="button" on:click=to_clipboard>{move || copied.get()}</button>
            <button class="chip" type="button" aria-pressed=move || raw.get().to_string() on:click=move |_| raw.update(|raw| *raw = !*raw)>"Markdown"</button>
        </div>
        {move || if raw.get() {
            view! { <pre class="report-raw" tabindex="0">{text()}</pre> }.into_any()
        } else {
            view! { <article class="report" inner_html=rendered(&text())></article> }.into_any()
        }}
    }
}

fn context(state: State) -> Context {
    let range = state
        .loaded
        .read()
        .as_ref()
        .map(|loaded| shared::time::TimeRange { start: loaded.query.start, end: loaded.query.end });
    Context {
        generated_at: state.now(),
        version: format!("Oddity {}", env!("CARGO_PKG_VERSION")),
        source: state.source().map(|source| source.name).unwrap_or_default(),
        link: range.map(|range| state.link(range)).unwrap_or_default(),
        clock: state.clock(),
    }
}

/// Markdown as HTML that can do nothing: no raw HTML, no pictures, links to web pages alone.
fn rendered(markdown: &str) -> String {
    let mut inert = Vec::new();
    let mut open_links = Vec::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => inert.push(Event::Text(text)),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                let safe = dest_url.starts_with("https://") || dest_url.starts_with("http://");
                open_links.push(safe);
                if safe {
                    inert.push(event);
                }
            }
            Event::End(TagEnd::Link) => {
                if open_links.pop().unwrap_or(false) {
                    inert.push(event);
                }
            }
            // The page has its own first heading.
            Event::Start(Tag::Heading { level, id, classes, attrs }) => {
                inert.push(Event::Start(Tag::Heading { level: lower(level), id, classes, attrs }));
            }
            Event::End(TagEnd::Heading(level)) => {
                inert.push(Event::End(TagEnd::Heading(lower(level))))
            }
            other => inert.push(other),
        }
    }
    let mut out = String::new();
    html::push_html(&mut out, inert.into_iter());
    out
}

fn lower(level: pulldown_cmark::HeadingLevel) -> pulldown_cmark::HeadingLevel {
    pulldown_cmark::HeadingLevel::try_from(level as usize + 1).unwrap_or(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rendered_can_do_nothing() {
        let cases = [
            ("<img src=x onerror=alert(1)>", "<img"),
            ("a <b>c</b>", "<b>"),
            ("[x](javascript:alert(1))", "href"),
            ("[x](//evil)", "href"),
            ("![x](https://evil/a.png)", "<img"),
            ("[r]: javascript:x\n\n[r]", "href"),
        ];
        for (markdown, never) in cases {
            let html = rendered(markdown);
            assert!(!html.contains(never), "{markdown}: {html}");
        }
        assert!(
            rendered("<https://oddity.example/?q=1>")
                .contains("href=\"https://oddity.example/?q=1\"")
        );
        assert!(rendered("# A").contains("<h2>A</h2>"));
        assert!(rendered("| a |\n| - |\n| b |").contains("<td>b</td>"));
    }
}
