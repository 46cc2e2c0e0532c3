//! Settings of label scoping: `enforce` and `enforce_by_user` of a `[[source]]`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::ConfigError;

/// Labels of a source that users are limited to.
#[derive(Clone, Debug, Default)]
pub struct EnforceSettings {
    /// Labels that hold for everybody.
    pub all: Vec<EnforcedLabel>,
    /// Further labels by the name of the user; a user without an entry is refused. `None` limits no user.
    pub by_user: Option<BTreeMap<String, Vec<EnforcedLabel>>>,
}

/// Label that a series must have with one of some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnforcedLabel {
    /// Name of the label.
    pub name: String,
    /// Allowed values, at least one; none is empty.
    pub values: Vec<String>,
}

/// Table of labels with their allowed values.
pub(super) type LabelsFile = BTreeMap<String, ValuesFile>;

/// One value, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub(super) enum ValuesFile {
    One(String),
    Several(Vec<String>),
}

impl EnforceSettings {
    /// Checks the tables of a source; `key` names a key of it in messages.
    pub(super) fn parse(
        all: LabelsFile,
        by_user: Option<BTreeMap<String, LabelsFile>>,
        key: impl Fn(&str) -> String,
    ) -> Result<Self, ConfigError> {
        let by_user = by_user.map(|users| {
            let users = users.into_iter().map(|(user, file)| {
                let found = labels(file, &key(&format!("enforce_by_user.{user}")))?;
                Ok((user, found))
            });
            users.collect::<Result<_, ConfigError>>()
        });
        Ok(Self { all: labels(all, &key("enforce"))?, by_user: by_user.transpose()? })
    }
}

fn labels(file: LabelsFile, setting: &str) -> Result<Vec<EnforcedLabel>, ConfigError> {
    let labels = file.into_iter().map(|(name, values)| {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            || !name.chars().all(word)
        {
            let problem = format!("\"{name}\" is not a label name: use letters, digits and _");
            return Err(ConfigError::setting(setting, problem));
        }
        let values = match values {
            ValuesFile::One(value) => vec![value],
            ValuesFile::Several(values) => values,
        };
        if values.is_empty() || values.iter().any(String::is_empty) {
            let problem = format!("{name} has an empty value: write the values that may be read");
            return Err(ConfigError::setting(setting, problem));
        }
        Ok(EnforcedLabel { name, values })
    });
    labels.collect()
}
