//! Label sets as operators and functions change them.

use oddity_detect::series::{Labels, METRIC_NAME};

pub(super) fn without(labels: &Labels, names: &[&str]) -> Labels {
    filtered(labels, |name| !names.contains(&name))
}

pub(super) fn only(labels: &Labels, names: &[&str]) -> Labels {
    filtered(labels, |name| names.contains(&name))
}

pub(super) fn without_name(labels: &Labels) -> Labels {
    without(labels, &[METRIC_NAME])
}

/// Returns the labels with `name` set; an empty value removes it.
pub(super) fn with(labels: &Labels, name: &str, value: &str) -> Labels {
    let kept = labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    Labels::new(kept.chain([(name.to_owned(), value.to_owned())]))
}

/// Returns whether Prometheus 2 takes a text for a label name.
pub(in crate::demo) fn is_label_name(name: &str) -> bool {
    let rest = name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    rest.is_empty() && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn filtered(labels: &Labels, keep: impl Fn(&str) -> bool) -> Labels {
    let kept = labels.iter().filter(|(name, _)| keep(name));
    Labels::new(kept.map(|(name, value)| (name.to_owned(), value.to_owned())))
}
