//! Values of labels under other names, and back again.
//!
//! What is hidden: the values of labels of all series that are told, and those of the query's matchers. Names of metrics
//! and of labels stay, because without them nothing can be said about causes; so do `le` and `quantile`, which are
//! numbers, and the port behind a host, which tells the kind of a service.

use std::collections::{BTreeMap, BTreeSet};

use oddity_detect::series::{Labels, METRIC_NAME};

/// Labels whose values say what a series counts, not where it comes from.
const OPEN: [&str; 3] = [METRIC_NAME, "le", "quantile"];

/// Values that are shorter than this are hidden in labels and matchers alone, not in sentences.
const MIN_HIDDEN: usize = 3;

/// Pseudonyms by value. Without any, every text stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pseudonyms {
    /// Whether values are hidden at all.
    active: bool,
    by_value: BTreeMap<String, String>,
    by_pseudonym: BTreeMap<String, String>,
    /// Number of pseudonyms by label.
    counts: BTreeMap<String, usize>,
}

impl Pseudonyms {
    /// Creates an empty set that hides values.
    pub fn hiding() -> Self {
        Self { active: true, ..Self::default() }
    }

    /// Returns whether values are hidden.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Returns pseudonyms with the values that they stand for, in the order of pseudonyms.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_pseudonym.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the pseudonym of a value of this label, the same for equal values. `taken` are words that a new one
    /// must not be.
    pub(super) fn value(&mut self, label: &str, value: &str, taken: &ReservedWords) -> String {
        if !self.active || OPEN.contains(&label) || value.is_empty() {
            return value.to_owned();
        }
        let (host, port) = host_and_port(value);
        let name = match self.by_value.get(host) {
            Some(name) => name.clone(),
            None => self.add(label, host, taken),
        };
        format!("{name}{port}")
    }

    fn add(&mut self, label: &str, value: &str, taken: &ReservedWords) -> String {
        let plain = label.len() <= 20 && label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let stem = if plain && !label.is_empty() { label } else { "label" };
        let count = self.counts.entry(stem.to_owned()).or_default();
        let name = loop {
            *count += 1;
            let name = format!("{stem}_{count}");
            if !taken.0.contains(&name) {
                break name;
            }
        };
        self.by_value.insert(value.to_owned(), name.clone());
        self.by_pseudonym.insert(name.clone(), value.to_owned());
        name
    }

    /// Returns the labels with their values hidden.
    pub(super) fn labels(&mut self, labels: &Labels, taken: &ReservedWords) -> Labels {
        Labels::new(
            labels.iter().map(|(name, value)| (name.to_owned(), self.value(name, value, taken))),
        )
    }

    /// Hides the known values in a sentence, wherever they stand as words; longer ones first.
    pub fn hide(&self, text: &str) -> String {
        let mut values: Vec<(&str, &str)> = self
            .by_value
            .iter()
            .filter(|(value, _)| {
                value.chars().count() >= MIN_HIDDEN && value.chars().any(char::is_alphabetic)
            })
            .map(|(value, name)| (value.as_str(), name.as_str()))
            .collect();
        if values.is_empty() {
            return text.to_owned();
        }
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let (mut out, mut rest, mut before) = (String::with_capacity(text.len()), text, None);
        while let Some(first) = rest.chars().next() {
            let here = values.iter().find(|(value, _)| {
                rest.strip_prefix(value).is_some_and(|behind| {
                    let (start, end) = (value.chars().next(), value.chars().next_back());
                    let joined = is_word(before) && is_word(start);
                    let inside = is_word(end) && is_word(behind.chars().next());
                    !(joined || inside)
                })
            });
            let taken = match here {
                Some((value, name)) => {
                    // A pseudonym stands alone, so that it is found again.
                    if is_word(before) {
                        out.push(' ');
                    }
                    out.push_str(name);
                    if is_word(rest[value.len()..].chars().next()) {
                        out.push(' ');
                    }
                    value.len()
                }
                None => {
                    out.push(first);
                    first.len_utf8()
                }
            };
            before = rest[..taken].chars().next_back();
            rest = &rest[taken..];
        }
        out
    }

    /// Returns an answer with the values in place of their pseudonyms.
    pub fn reveal(&self, text: &str) -> String {
        let mut revealer = Revealer::new(self.clone());
        let mut out = revealer.feed(text);
        out.push_str(&revealer.finish());
        out
    }
}

/// Puts values in place of pseudonyms in a text that comes in pieces.
#[derive(Clone, Debug)]
pub struct Revealer {
    pseudonyms: Pseudonyms,
    longest: usize,
    /// The word that the pieces so far end with, held back while it can be a pseudonym.
    word: String,
    /// Inside of a word that is longer than any pseudonym.
    long: bool,
}

impl Revealer {
    /// Creates a revealer at the beginning of a text.
    pub fn new(pseudonyms: Pseudonyms) -> Self {
        let longest = pseudonyms.by_pseudonym.keys().map(String::len).max().unwrap_or(0);
        Self { pseudonyms, longest, word: String::new(), long: false }
    }

    /// Returns the text that can be shown after this piece. Cost: O(length of the piece).
    pub fn feed(&mut self, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            match (is_word(Some(c)), self.long) {
                (true, true) => out.push(c),
                (true, false) => {
                    self.word.push(c);
                    if self.word.len() > self.longest {
                        out.push_str(&self.word);
                        self.word.clear();
                        self.long = true;
                    }
                }
                (false, _) => {
                    out.push_str(&self.finish());
                    out.push(c);
                }
            }
        }
        out
    }

    /// Returns the text that was held back.
    pub fn finish(&mut self) -> String {
        self.long = false;
        let word = std::mem::take(&mut self.word);
        self.pseudonyms.by_pseudonym.get(&word).cloned().unwrap_or(word)
    }
}

/// Splits a port from a value: `db1` and `:9187` of `db1:9187`.
fn host_and_port(value: &str) -> (&str, &str) {
    let at = value.rfind(':').filter(|at| {
        let port = &value[at + 1..];
        *at > 0 && (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    value.split_at(at.unwrap_or(value.len()))
}

/// Words that a pseudonym must not be, because they mean something already.
#[derive(Clone, Debug, Default)]
pub(super) struct ReservedWords(BTreeSet<String>);

impl ReservedWords {
    /// Adds what of a text could be one.
    pub(super) fn add(&mut self, text: &str) {
        let numbered =
            |word: &&str| word.contains('_') && word.ends_with(|c: char| c.is_ascii_digit());
        self.0.extend(words(text).filter(numbered).map(str::to_owned));
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(Some(c)))
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn some() -> Pseudonyms {
        let mut all = Pseudonyms::hiding();
        let mut taken = ReservedWords::default();
        taken.add("job_2 is the name of a metric");
        for (label, value, name) in [
            ("instance", "db1.example:9187", "instance_1:9187"),
            ("instance", "db1.example:9100", "instance_1:9100"),
            ("instance", "10.0.0.1:9100", "instance_2:9100"),
            ("job", "postgres", "job_1"),
            ("job", "postgres-exporter", "job_3"),
            ("job", "a", "job_4"),
            ("Team!", "db-core", "label_1"),
            ("le", "0.5", "0.5"),
            ("__name__", "up", "up"),
        ] {
            assert_eq!(all.value(label, value, &taken), name, "{value}");
        }
        all
    }

    #[test]
    fn sentences_keep_no_value() {
        let all = some();
        for (text, hidden) in [
            ("postgres-exporter of postgres", "job_3 of job_1"),
            ("postgres_exporter, xpostgres", "postgres_exporter, xpostgres"),
            ("a db1.example:9187 too", "a instance_1:9187 too"),
            ("10.0.0.1", "10.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(all.hide(text), hidden);
            assert_eq!(all.reveal(hidden), text);
        }
        assert_eq!(all.reveal("job_4: job_44, Job_1 (job_2)"), "a: job_44, Job_1 (job_2)");
        let none = Pseudonyms::default();
        assert_eq!((none.hide("job_1"), none.reveal("job_1")), ("job_1".into(), "job_1".into()));
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_reveal_the_same(
            text in r"(job_|instance_|1|3|4|ü| |\.|:|x|\n){0,60}",
            cuts in proptest::collection::vec(1..6_usize, 1..60),
        ) {
            let all = some();
            let mut revealer = Revealer::new(all.clone());
            let (mut out, mut chars) = (String::new(), text.chars().peekable());
            for size in cuts.iter().cycle() {
                let piece: String = chars.by_ref().take(*size).collect();
                out.push_str(&revealer.feed(&piece));
                if chars.peek().is_none() {
                    break;
                }
            }
            out.push_str(&revealer.finish());
            prop_assert_eq!(out, all.reveal(&text));
        }

        #[test]
        fn hidden_text_comes_back(text in r"(postgres|-exporter|db1\.example|db-core| |,|ü){0,12}") {
            let all = some();
            let hidden = all.hide(&text);
            prop_assert!(!words(&hidden).any(|word| word == "postgres"));
            prop_assert_eq!(all.reveal(&hidden).replace(' ', ""), text.replace(' ', ""));
        }
    }
}
