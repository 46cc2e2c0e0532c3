use leptos::prelude::*;
use oddity_analysis::api::EndReason;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::state::{AnswerEnd, Exchange};

/// Around a number that no fact gives: two characters that mean nothing, until `frontend/js/markdown.js` draws a mark.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

/// One question and its answer, as far as it came.
#[component]
pub fn Answer(
    /// `None` as it goes.
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
        AnswerEnd::Whole(EndReason::Length) => {
            Some("It ends here because it reached the limit of tokens. Ask it to go on.")
        }
        AnswerEnd::Whole(EndReason::Filtered) => Some("The provider held back the rest."),
        AnswerEnd::Stopped => Some("Stopped."),
        AnswerEnd::Broken => Some("It broke off here."),
    };
    let unknown = move || {
        let numbers = exchange.get()?.unknown();
        (!numbers.is_empty()).then(|| {
            view! {
                <p class="unknown">
                    <b>"Not in the facts: "</b>
                    {numbers.join(", ")}
                    ". Check these numbers before you rely on them."
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

/// The answer with its unknown numbers marked.
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
    /// Markdown of a language model as HTML that can do nothing, from `frontend/js/markdown.js`.
    #[wasm_bindgen(js_namespace = OddityMarkdown, js_name = answer)]
    fn answered(markdown: &str) -> String;
}
