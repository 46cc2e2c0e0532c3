//! A message of blocks for an incoming webhook of Slack.
//!
//! Text of others is escaped as Slack asks (`&`, `<` and `>`), so that no label calls a channel or makes a link; what is
//! code keeps its backticks out. `verbatim` keeps Slack from making links and mentions by itself.
//! Source of the limits: Slack's reference of blocks and composition objects.

use oddity_analysis::words::capitalised;
use serde_json::{Value, json};

use super::{
    Message, Said, TEST, TEST_TITLE, cause, cut, heading, inert, labels, level, rest, times, title,
};

/// So many events are listed.
pub(super) const MOST: usize = 5;

/// Characters of a header.
const HEADER: usize = 150;

/// Characters of a section's text.
const SECTION: usize = 3_000;

/// Characters of a sentence in it.
const SUMMARY: usize = 1_500;

/// Characters of the query, of a series, of a cause and of a name.
const CODE: usize = 500;

pub(super) fn body(message: &Message<'_>) -> Value {
    let Said::Notification { notice, source } = message.said else {
        return json!({
            "text": format!("{TEST_TITLE}: {TEST}"),
            "blocks": [header(TEST_TITLE), section(TEST)],
        });
    };
    let title = title(notice);
    let mut blocks = vec![header(&title)];
    for event in notice.events.iter().take(MOST) {
        let labels = labels(event);
        let of = if labels.is_empty() { String::new() } else { format!(" of {}", code(&labels)) };
        let (name, severity) = (capitalised(level(event).name()), event.severity);
        let first =
            format!("*{name}* ({severity:.0}): {}{of}, {}", event.kind.name(), times(event));
        let cause = cause(event).map(|cause| format!("\n{}", escaped(&cause, CODE)));
        let summary = escaped(&inert(&event.summary), SUMMARY);
        blocks.push(section(&format!("{first}\n{summary}{}", cause.unwrap_or_default())));
    }
    let mut last: Vec<String> = rest(notice, MOST).into_iter().collect();
    last.push(format!("{}: {}", escaped(&inert(source), CODE), code(&notice.expr)));
    let link = address(&notice.link);
    if link.chars().count() + 200 < SECTION {
        last.push(format!("<{link}|Open in Oddity>"));
    } else {
        last.push("The link to this view is too long for Slack.".to_owned());
    }
    // Each of its parts fits, and together they are cut between parts.
    let (mut texts, mut text) = (Vec::new(), String::new());
    for part in last {
        if !text.is_empty() && text.chars().count() + part.chars().count() >= SECTION {
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
    json!({ "text": escaped(&format!("{title}. {worst}"), SUMMARY), "blocks": blocks })
}

fn header(text: &str) -> Value {
    json!({ "type": "header", "text": { "type": "plain_text", "text": cut(text, HEADER), "emoji": false } })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// At most `most` characters as they are sent, the last one an ellipsis if there were more.
fn escaped(text: &str, most: usize) -> String {
    let (mut out, mut count) = (String::new(), 0);
    for c in text.chars() {
        let escape = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        count += escape.len().max(1);
        if count >= most {
            out.push('…');
            break;
        }
        if escape.is_empty() { out.push(c) } else { out.push_str(escape) }
    }
    out
}

/// Code on one line. Slack knows no way to write a backtick in it.
fn code(text: &str) -> String {
    format!("`{}`", escaped(&inert(text).replace('`', "'"), CODE))
}

/// What would end a link is percent-encoded.
fn address(link: &str) -> String {
    let inner = link.replace('<', "%3C").replace('>', "%3E").replace('|', "%7C");
    inner.replace('&', "&amp;")
}
