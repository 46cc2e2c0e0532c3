//! Label values as numbers, with the time for which each value was there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Lifetime;
use oddity_detect::series::Labels;

/// Minimum number of letters and digits of a part of a value that counts as generated.
const MIN_GENERATED: usize = 5;

/// Minimum length of a value of hexadecimal digits and dashes that is an identifier as a whole.
const MIN_IDENTIFIER: usize = 12;

/// The labels in which series differ. A value is a number, 0 where a series does not carry the label.
#[derive(Debug)]
pub(super) struct LabelTable<'a> {
    labels: Vec<&'a Labels>,
    /// Names of the labels that differ.
    names: Vec<&'a str>,
    /// Values of each series, in the order of `names`.
    values: Vec<Vec<u32>>,
    /// Values with their generated parts masked.
    masked: Vec<Vec<u32>>,
    /// First and last sample of any series with a value; by name and value.
    lives: Vec<Vec<(usize, usize)>>,
    /// Whether a value of the series has a generated part.
    generated: Vec<bool>,
}

/// Succession of two series, and the samples between which their labels changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct LabelChange {
    /// Series that ended.
    pub(super) old: usize,
    /// Series that began.
    pub(super) new: usize,
    /// Sample before which a new value is not there.
    pub(super) from: usize,
    /// Sample after which an old value is not there.
    pub(super) until: usize,
}

/// Numbers for texts, in the order in which they come; 0 is the empty text.
#[derive(Default)]
struct Numbers(HashMap<String, u32>);

impl Numbers {
    fn of(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(number) = self.0.get(text) {
            return *number;
        }
        let number = self.0.len() as u32 + 1;
        self.0.insert(text.to_owned(), number);
        number
    }
}

impl<'a> LabelTable<'a> {
    pub(super) fn new(labels: &[&'a Labels], spans: &[Option<Lifetime>]) -> Self {
        let mut known: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for (at, labels) in labels.iter().enumerate() {
            for (name, value) in labels.iter() {
                // One that an earlier series lacks differs, too.
                let first = *known.entry(name).or_insert((at == 0).then_some(value));
                if first != Some(value) {
                    names.insert(name);
                }
            }
        }
        let lacking = |name: &&&str| labels.iter().any(|labels| labels.get(name).is_none());
        names.extend(known.keys().filter(lacking));
        let names: Vec<&str> = names.into_iter().collect();
        let mut values = vec![Vec::with_capacity(names.len()); labels.len()];
        let mut masked = values.clone();
        let mut generated = vec![false; labels.len()];
        let mut lives = Vec::with_capacity(names.len());
        for name in &names {
            let (mut numbers, mut masks) = (Numbers::default(), Numbers::default());
            let mut life: Vec<(usize, usize)> = vec![(usize::MAX, 0)];
            for (series, labels) in labels.iter().enumerate() {
                let value = labels.get(name).unwrap_or_default();
                let mask = mask(value);
                generated[series] |= mask != value;
                let number = numbers.of(value);
                values[series].push(number);
                masked[series].push(masks.of(&mask));
                life.resize(life.len().max(number as usize + 1), (usize::MAX, 0));
                if let (Some(span), Some(life)) = (&spans[series], life.get_mut(number as usize)) {
                    *life = (life.0.min(span.first), life.1.max(span.last));
                }
            }
            lives.push(life);
        }
        Self { labels: labels.to_vec(), names, values, masked, lives, generated }
    }

    /// Returns the number of labels that differ.
    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    /// Returns whether a value of the series has a generated part.
    pub(super) fn is_generated(&self, series: usize) -> bool {
        self.generated[series]
    }

    /// Returns the values of a series with generated parts masked.
    pub(super) fn family(&self, series: usize) -> &[u32] {
        &self.masked[series]
    }

    /// Returns the values of a series, those of the labels `without` set to a number that no value has.
    pub(super) fn key(&self, series: usize, without: &[usize]) -> Vec<u32> {
        let mut key = self.values[series].clone();
        without.iter().for_each(|&label| key[label] = u32::MAX);
        key
    }

    /// Returns the labels in which two series differ.
    pub(super) fn differing(&self, a: usize, b: usize) -> impl Iterator<Item = usize> {
        let pairs = self.values[a].iter().zip(&self.values[b]).enumerate();
        pairs.filter(|(_, (a, b))| a != b).map(|(label, _)| label)
    }

    /// Returns whether no series had this label's value of a series before sample `at`.
    pub(super) fn is_new(&self, series: usize, label: usize, at: usize) -> bool {
        self.life(series, label).0 >= at
    }

    /// Returns whether no series has this label's value of a series after sample `at`.
    pub(super) fn is_gone(&self, series: usize, label: usize, at: usize) -> bool {
        self.life(series, label).1 <= at
    }

    fn life(&self, series: usize, label: usize) -> (usize, usize) {
        self.lives[label][self.values[series][label] as usize]
    }

    /// Returns the number of letters that the values of two series have in common from their start on.
    pub(super) fn common_prefix(&self, a: usize, b: usize) -> usize {
        let value = |series: usize, label: usize| {
            self.labels[series].get(self.names[label]).unwrap_or_default()
        };
        let prefix = |label: usize| {
            let pairs = value(a, label).bytes().zip(value(b, label).bytes());
            pairs.take_while(|(a, b)| a == b).count()
        };
        self.differing(a, b).map(prefix).sum()
    }

    /// Returns the name of the label that changed in most successions, of several that with the shortest values. A label
    /// changed where its new value was not there before, and its old one is not there after.
    pub(super) fn changed_label(&self, successions: &[LabelChange]) -> Option<String> {
        let mut changed: BTreeMap<usize, (BTreeSet<u32>, usize)> = BTreeMap::new();
        for &LabelChange { old, new, from, until } in successions {
            let differing = self.differing(old, new);
            for label in
                differing.filter(|at| self.is_new(new, *at, from) && self.is_gone(old, *at, until))
            {
                let (values, letters) = changed.entry(label).or_default();
                if values.insert(self.values[old][label]) {
                    *letters += self.labels[old].get(self.names[label]).map_or(0, str::len);
                }
            }
        }
        let most = changed.iter().max_by(|(_, (a, long)), (_, (b, longer))| {
            (a.len().cmp(&b.len())).then(longer.cmp(long))
        });
        most.map(|(label, _)| self.names[*label].to_owned())
    }
}

/// Replaces the generated parts of a value by `*`: `web-7d9f8b6c4-x2k9p` becomes `web-*-*`.
pub(super) fn mask(value: &str) -> String {
    let is_hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    if value.len() >= MIN_IDENTIFIER && value.bytes().all(is_hex) {
        return "*".to_owned();
    }
    let mut out = String::with_capacity(value.len());
    for part in value.split_inclusive(['-', '_', '.', '/', ':']) {
        let (word, separator) = match part.char_indices().next_back() {
            Some((at, '-' | '_' | '.' | '/' | ':')) => part.split_at(at),
            _ => (part, ""),
        };
        out.push_str(if is_generated(word) { "*" } else { word });
        out.push_str(separator);
    }
    out
}

/// Returns whether a word looks as if a program had made it up: long enough, and with letters and digits mixed or without
/// a vowel. A word with a number behind it, such as `server12`, is not.
fn is_generated(word: &str) -> bool {
    if word.len() < MIN_GENERATED || !word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let vowel = |c: char| matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    if letters.is_empty() {
        return false;
    }
    if letters.bytes().any(|byte| byte.is_ascii_digit()) {
        return true;
    }
    letters.len() >= MIN_GENERATED && !letters.contains(vowel)
}
