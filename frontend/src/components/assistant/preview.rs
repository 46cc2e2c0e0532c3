use leptos::prelude::*;
use oddity_analysis::api::ChatRole;
use oddity_analysis::assistant::{Prompt, PromptError};

use crate::text;

/// The complete prompt, before it is sent.
#[component]
pub fn Preview(
    /// The next prompt, or the reason why there is none.
    next: Memo<Option<Result<Prompt, PromptError>>>,
    /// Provider and name of the model.
    name: String,
) -> impl IntoView {
    let summary = move || match next.get() {
        Some(Ok(prompt)) => format!("Prompt for {name}: about {} tokens", prompt.tokens),
        _ => "Prompt".to_owned(),
    };
    let body = move || match next.get()? {
        Err(error) => Some(view! { <p class="sub">{error.to_string()}</p> }.into_any()),
        Ok(prompt) => Some(words(&prompt).into_any()),
    };
    view! {
        <details class="sent">
            <summary>{summary}</summary>
            {body}
        </details>
    }
}

fn words(prompt: &Prompt) -> impl IntoView + use<> {
    let messages = prompt.messages.iter().map(|message| {
        let who = match message.role {
            ChatRole::System => "Instructions",
            ChatRole::User => "You",
            ChatRole::Assistant => "Model",
        };
        view! { <h4>{who}</h4><pre tabindex="0" aria-label=who>{message.content.clone()}</pre> }
    });
    let messages: Vec<_> = messages.collect();
    let dropped = text::left_out(prompt.left_out, prompt.forgotten);
    let mut pairs: Vec<_> = prompt
        .pseudonyms
        .pairs()
        .map(|(name, value)| {
            view! { <div><dt><code>{name.to_owned()}</code></dt><dd>{value.to_owned()}</dd></div> }
        })
        .collect();
    let hidden = (!pairs.is_empty()).then(|| {
        let pairs = std::mem::take(&mut pairs);
        view! { <h4>{text::PSEUDONYMS}</h4><dl class="hidden-names">{pairs}</dl> }
    });
    view! {
        <p class="sub">{dropped}</p>
        {messages}
        {hidden}
    }
}
