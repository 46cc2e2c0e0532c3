//! Block messages for incoming webhooks of Slack.
//!
//! Foreign text is escaped as Slack asks (`&`, `<` and `>`), so that no label mentions a channel or makes a link; backticks in
//! code are replaced. `verbatim` stops Slack from making links and mentions by itself.
//! Source of the limits: Slack documentation, reference of blocks and composition objects.

use oddity_analysis::words::capitalised;
use serde_json::{Value, json};

use super::{
    Message, MessageContent, TEST_TEXT, TEST_TITLE, cause, cut, heading, incident, inert, labels,
    level, rest, times, title,
};

/// Maximum number of events listed.
pub(super) const MAX_EVENTS: usize = 5;

/// Maximum characters of a header.
const MAX_HEADER_CHARS: usize = 150;

/// Maximum characters of the text of a section.
const MAX_SECTION_CHARS: usize = 3_000;

/// Maximum characters of a summary.
const MAX_SUMMARY_CHARS: usize = 1_500;

/// Maximum characters of a query, a series, a cause or a name.
const MAX_CODE_CHARS: usize = 500;

pub(super) fn body(message: &Message<'_>) -> Value {
    let MessageContent::Notification { notice, source } = message.content else {
        return json!({
            "text": format!("{TEST_TITLE}: {TEST_TEXT}"),
            "blocks": [header(TEST_TITLE), section(TEST_TEXT)],
        });
    };
    let title = title(notice);
    let mut blocks = vec![header(&title)];
    for event in notice.events.iter().take(MAX_EVENTS) {
        let labels = labels(event);
        let of = if labels.is_empty() { String::new() } else { format!(" of {}", code(&labels)) };
        let (name, severity) = (capitalised(level(event).name()), event.severity);
        let first =
            format!("*{name}* ({severity:.0}): {}{of}, {}", event.kind.name(), times(event));
        let more = incident(event).into_iter().chain(cause(event));
        let more: String =
            more.map(|line| format!("\n{}", escaped(&line, MAX_CODE_CHARS))).collect();
        let summary = escaped(&inert(&event.summary), MAX_SUMMARY_CHARS);
        blocks.push(section(&format!("{first}\n{summary}{more}")));
    }
    let mut last: Vec<String> = rest(notice, MAX_EVENTS).into_iter().collect();
    last.push(format!("{}: {}", escaped(&inert(source), MAX_CODE_CHARS), code(&notice.expr)));
    let link = address(&notice.link);
    if link.chars().count() + 200 < MAX_SECTION_CHARS {
        last.push(format!("<{link}|Open in Oddity>"));
    } else {
        last.push("The link to this view is too long for Slack.".to_owned());
    }
    // Each part fits into a section; together they are split between parts.
    let (mut texts, mut text) = (Vec::new(), String::new());
    for part in last {
        if !text.is_empty() && text.chars().count() + part.chars().count() >= MAX_SECTION_CHARS {
            texts.push(std::mem::take(&mut text));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&part);
    }
    texts.push(text);
    blocks.extend(texts.iter().map(|text| section(text)));
    let worst = notice.events.first().map(heading).unwrap_or_default();
    json!({ "text": escaped(&format!("{title}. {worst}"), MAX_SUMMARY_CHARS), "blocks": blocks })
}

fn header(text: &str) -> Value {
    json!({ "type": "header", "text": { "type": "plain_text", "text": cut(text, MAX_HEADER_CHARS), "emoji": false } })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// Escapes text and truncates it to `max_chars` characters as they are sent, the last one an ellipsis if there were more.
fn escaped(text: &str, max_chars: usize) -> String {
    let (mut out, mut count) = (String::new(), 0);
    for c in text.chars() {
        let escape = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        count += escape.len().max(1);
        if count >= max_chars {
            out.push('…');
            break;
        }
        if escape.is_empty() { out.push(c) } else { out.push_str(escape) }
    }
    out
}

/// Formats code on one line. Slack has no way to escape a backtick in it.
fn code(text: &str) -> String {
    format!("`{}`", escaped(&inert(text).replace('`', "'"), MAX_CODE_CHARS))
}

/// Encodes with percent signs the characters that would end a link.
fn address(link: &str) -> String {
    let inner = link.replace('<', "%3C").replace('>', "%3E").replace('|', "%7C");
    inner.replace('&', "&amp;")
}
