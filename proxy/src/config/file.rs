//! TOML file. Unknown keys are refused by name; messages never contain values, which may be secrets.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::assistant::AssistantFile;
use super::error::ConfigError;
use super::limits::Limits;
use super::notify::NotifyFile;
use super::source::SourceFile;
use super::tls::ServerTlsFiles;

/// Contents of the file; every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub(super) listen: Option<String>,
    pub(super) tls: Option<ServerTlsFiles>,
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
    pub(super) source: Vec<SourceFile>,
    #[serde(default)]
    pub(super) notify: Vec<NotifyFile>,
}

/// Reads and parses the file.
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

/// Removes text of the wrong type from a message of serde, since it could be a secret.
fn without_values(message: &str) -> String {
    match (message.split_once("string \""), message.rfind("\", expected")) {
        (Some((start, _)), Some(end)) => format!("{start}a string{}", &message[end + 1..]),
        _ => message.to_owned(),
    }
}
