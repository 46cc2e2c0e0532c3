//! What a language model said, as a part of the report.

use std::fmt::Write;

use super::AssistantTask;
use crate::api::LanguageModel;
use crate::report::markdown::{fenced, text};
use crate::report::{ReportSection, SectionPosition};
use crate::words::Clock;
use oddity_detect::time::Timestamp;

/// Characters of a line in the block.
const WIDTH: usize = 100;

/// A conversation that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct AssistantAnswer {
    /// Who said it.
    pub model: LanguageModel,
    /// When.
    pub at: Timestamp,
    /// What was asked first.
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

/// The section. What the model said stands in a block of code, in which nothing is a link, a picture or a heading.
pub fn section(opinion: &AssistantAnswer, clock: Clock) -> ReportSection {
    let values = if opinion.pseudonyms { "under pseudonyms" } else { "as they are" };
    let mut body = format!(
        "This is the opinion of a language model. It saw the facts above, nobody has checked it, and it may be wrong.\n\n\
         - **Provider and model:** {}, {}\n- **Written:** {}\n- **Task:** {}\n\
         - **Sent:** facts of this report with the values of labels {values}, about {} tokens; no samples but a sketch\n",
        text(&opinion.model.provider),
        text(&opinion.model.model),
        clock.full(opinion.at),
        opinion.task.name(),
        opinion.tokens,
    );
    if !opinion.unknown.is_empty() {
        let _ = writeln!(
            body,
            "- **Numbers that do not occur in the facts:** {}",
            text(&opinion.unknown.join(", "))
        );
    }
    for (question, answer) in &opinion.said {
        if !question.trim().is_empty() {
            let _ = write!(body, "\nAsked:\n\n{}\n", fenced("text", &wrapped(question.trim())));
        }
        let _ = write!(body, "\nAnswered:\n\n{}\n", fenced("text", &wrapped(answer.trim())));
    }
    ReportSection {
        position: SectionPosition::End,
        heading: "What a language model says".to_owned(),
        body,
    }
}

/// Lines of at most [`WIDTH`] characters where words allow it.
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
