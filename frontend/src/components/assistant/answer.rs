use leptos::prelude::*;
use oddity_analysis::api::EndReason;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::state::{AnswerEnd, Exchange};
use crate::text;

/// Private-use characters around a number that no fact supports; `frontend/js/markdown.js` replaces them by a mark.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

/// A question and its answer, as far as it has arrived.
#[component]
pub fn Answer(
    /// The exchange; `None` while it is removed.
    exchange: Memo<Option<Exchange>>,
) -> impl IntoView {
    let question = move || {
        let question = exchange.get()?.question;
        (!question.is_empty()).then(|| view! { <p class="asked">{question}</p> })
    };
    let html =
        move || exchange.get().map(|exchange| answered(&marked(&exchange))).unwrap_or_default();
    let busy = move || exchange.get().is_some_and(|exchange| exchange.ended.is_none());
    let note = move || match exchange.get()?.ended? {
        AnswerEnd::Whole(EndReason::Stop) => None,
        AnswerEnd::Whole(EndReason::Length) => Some(text::TOKEN_LIMIT),
        AnswerEnd::Whole(EndReason::Filtered) => Some(text::FILTERED),
        AnswerEnd::Stopped => Some("Stopped."),
        AnswerEnd::Broken => Some(text::INTERRUPTED),
    };
    let unknown = move || {
        let numbers = exchange.get()?.unknown();
        (!numbers.is_empty()).then(|| {
            view! {
                <p class="unknown">
                    <b>"Not in the facts: "</b>
                    {numbers.join(", ")}
                    {text::CHECK_NUMBERS}
                </p>
            }
        })
    };
    view! {
        <article class="answer" aria-label="Answer" aria-busy=move || busy().to_string()>
            {question}
            <div class="report" inner_html=html></div>
            <p class="sub">{note}</p>
            {unknown}
        </article>
    }
}

/// Returns the answer with marks around its unsupported numbers.
fn marked(exchange: &Exchange) -> String {
    let shown = exchange.shown.as_str();
    let (mut out, mut behind) = (String::with_capacity(shown.len() + 64), 0);
    let plain = |text: &str| text.replace(MARKS, "");
    for place in exchange.prompt.known.unknown(shown) {
        out.push_str(&plain(&shown[behind..place.start]));
        out.push(MARKS[0]);
        out.push_str(&shown[place.clone()]);
        out.push(MARKS[1]);
        behind = place.end;
    }
    out.push_str(&plain(&shown[behind..]));
    out
}

#[wasm_bindgen]
extern "C" {
    /// Renders the Markdown of a language model as inert HTML, see `frontend/js/markdown.js`.
    #[wasm_bindgen(js_namespace = OddityMarkdown, js_name = answer)]
    fn answered(markdown: &str) -> String;
}
