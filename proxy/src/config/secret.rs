//! Secrets in the configuration or in files of their own.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::error::ConfigError;

/// Secret in the configuration, or in a file that is read again when it changes.
#[derive(Clone, Debug)]
pub enum SecretSetting {
    /// Secret in the configuration.
    Here(SecretString),
    /// Path of the file that contains the secret.
    File(PathBuf),
}

impl SecretSetting {
    /// Returns the current secret.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read.
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        match self {
            Self::Here(secret) => Ok(secret.clone()),
            Self::File(file) => read_secret(file),
        }
    }

    /// Returns the path of the file, if the secret is in one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Here(_) => None,
            Self::File(file) => Some(file),
        }
    }
}

/// Reads the secret in a file, without the line end that editors add.
pub(crate) fn read_secret(path: &Path) -> Result<SecretString, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::read(path, error))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}
