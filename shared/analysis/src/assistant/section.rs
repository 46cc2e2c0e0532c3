//! Answers of the language model as a section of the report.

use std::fmt::Write;

use super::AssistantTask;
use crate::api::LanguageModel;
use crate::report::markdown::{fenced, text};
use crate::report::{ReportSection, SectionPosition};
use crate::words::{Clock, prompt as words};
use oddity_detect::time::Timestamp;

/// Characters of a line in the block.
const WIDTH: usize = 100;

/// A conversation that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct AssistantAnswer {
    /// Who said it.
    pub model: LanguageModel,
    /// Time of the last answer.
    pub at: Timestamp,
    /// Task of the conversation.
    pub task: AssistantTask,
    /// Tokens that were sent, estimated.
    pub tokens: usize,
    /// Whether values of labels were sent under other names.
    pub pseudonyms: bool,
    /// Questions with answers, as they were shown; the first question is empty where the task says it.
    pub said: Vec<(String, String)>,
    /// Numbers of the answers that no fact gives.
    pub unknown: Vec<String>,
}

/// Returns the section. The answers stand in blocks of code, in which nothing is a link, a picture or a heading.
pub fn section(answer: &AssistantAnswer, clock: Clock) -> ReportSection {
    let mut body = format!(
        "{}\n\n- **Provider and model:** {}, {}\n- **Written:** {}\n- **Task:** {}\n- **Sent:** {}\n",
        words::CAVEAT,
        text(&answer.model.provider),
        text(&answer.model.model),
        clock.full(answer.at),
        answer.task.name(),
        words::sent(answer.pseudonyms, answer.tokens),
    );
    if !answer.unknown.is_empty() {
        let _ = writeln!(
            body,
            "- **Numbers not found in the facts:** {}",
            text(&answer.unknown.join(", "))
        );
    }
    for (question, answer) in &answer.said {
        if !question.trim().is_empty() {
            let _ = write!(body, "\nQuestion:\n\n{}\n", fenced("text", &wrapped(question.trim())));
        }
        let _ = write!(body, "\nAnswer:\n\n{}\n", fenced("text", &wrapped(answer.trim())));
    }
    ReportSection { position: SectionPosition::End, heading: words::SECTION.to_owned(), body }
}

/// Wraps lines at [`WIDTH`] characters where words allow it.
fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / WIDTH);
    for (at, line) in text.lines().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let indent = line.len() - line.trim_start().len();
        out.push_str(&line[..indent]);
        let mut length = indent;
        for (at, word) in line.split_whitespace().enumerate() {
            let size = word.chars().count();
            if at > 0 && length + 1 + size > WIDTH {
                out.push('\n');
                out.push_str(&line[..indent]);
                length = indent;
            } else if at > 0 {
                out.push(' ');
                length += 1;
            }
            out.push_str(word);
            length += size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words() {
        let long = "word ".repeat(30);
        let text = wrapped(&format!("- a\n\n  {long}\n{}", "x".repeat(300)));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["- a", ""]);
        assert!(lines[2].starts_with("  word") && lines[2].len() <= WIDTH);
        assert!(lines[3].starts_with("  word"));
        assert_eq!(lines.last().map(|line| line.len()), Some(300));
        assert_eq!(text.split_whitespace().count(), 33);
    }
}
