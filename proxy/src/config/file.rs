//! The TOML file. Unknown keys are refused by name; values are never shown, they may be secrets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oddity_analysis::api::SourceKind;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::assistant::AssistantFile;
use super::limits::{Limits, SourceLimits};
use super::notify::FileNotify;
use super::{ConfigError, TlsFiles};

/// The whole file; everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub(super) listen: Option<String>,
    pub(super) demo: Option<bool>,
    pub(super) knowledge: Option<PathBuf>,
    #[serde(default)]
    pub(super) allowed_hosts: Vec<String>,
    #[serde(default)]
    pub(super) allowed_origins: Vec<String>,
    pub(super) auth: Option<String>,
    #[serde(default)]
    pub(super) trusted_proxies: Vec<String>,
    #[serde(default)]
    pub(super) limits: Limits,
    pub(super) llm: Option<AssistantFile>,
    #[serde(default)]
    pub(super) source: Vec<FileSource>,
    #[serde(default)]
    pub(super) notify: Vec<FileNotify>,
}

/// One `[[source]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSource {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// Kept secret, because it may carry a password.
    pub(super) url: SecretString,
    #[serde(default = "prometheus")]
    pub(super) kind: SourceKind,
    pub(super) basic: Option<BasicAuth>,
    pub(super) bearer: Option<SecretString>,
    pub(super) bearer_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) tls: TlsFiles,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, SecretString>,
    #[serde(default, deserialize_with = "some_duration")]
    pub(super) timeout: Option<Duration>,
    #[serde(default)]
    pub(super) limits: SourceLimits,
}

/// Basic authentication.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BasicAuth {
    pub(super) username: String,
    pub(super) password: Option<SecretString>,
    pub(super) password_file: Option<PathBuf>,
}

fn prometheus() -> SourceKind {
    SourceKind::Prometheus
}

pub(super) fn some_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    super::limits::duration(deserializer).map(Some)
}

pub(super) fn read(path: &Path) -> Result<ConfigFile, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::read(path, error))?;
    toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..at).unwrap_or_default();
        let line = text.get(before.rfind('\n').map_or(0, |end| end + 1)..).unwrap_or_default();
        let key = line.lines().next().and_then(|line| line.split_once('='));
        let problem = without_values(error.message());
        let problem = match key {
            Some((key, _)) => format!("{}: {problem}", key.trim()),
            None => problem,
        };
        ConfigError::Line { path: path.to_owned(), line: before.matches('\n').count() + 1, problem }
    })
}

/// serde repeats a text of the wrong type, which could be a secret.
fn without_values(message: &str) -> String {
    match (message.split_once("string \""), message.rfind("\", expected")) {
        (Some((start, _)), Some(end)) => format!("{start}a string{}", &message[end + 1..]),
        _ => message.to_owned(),
    }
}

/// A secret in a file, without the line end that editors add.
pub(crate) fn read_secret(path: &Path) -> Result<SecretString, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::read(path, error))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}
