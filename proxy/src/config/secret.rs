//! Secrets in the configuration or in files of their own.

use std::os::unix::fs::PermissionsExt as _;
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

/// Reads the secret in a file, without the line end that editors add, and warns of a file that everybody can read.
pub(crate) fn read_secret(path: &Path) -> Result<SecretString, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::read(path, error))?;
    warn_if_readable_by_all(path);
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

/// Logs a warning of a file with a secret that everybody can read.
pub(crate) fn warn_if_readable_by_all(path: &Path) {
    let mode = std::fs::metadata(path).map_or(0, |meta| meta.permissions().mode());
    if mode & 0o007 != 0 {
        tracing::warn!(
            file = %path.display(),
            "everybody on this machine can read a secret: take that away with chmod o-rwx"
        );
    }
}
