//! Credentials for another server, as the value of `Authorization`.

use std::path::{Path, PathBuf};

use axum::http::HeaderValue;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use secrecy::{ExposeSecret, SecretString};

use super::error::ConfigError;
use super::secret::read_secret;

/// Credentials of this server for another one. Secrets in files are read again when they change.
#[derive(Clone, Debug, Default)]
pub enum Authorization {
    /// No credentials.
    #[default]
    None,
    /// Fixed value of the header, marked as sensitive.
    Fixed(HeaderValue),
    /// User name, and a password in a file.
    BasicFile {
        /// Name of the key, for messages.
        setting: String,
        /// User name.
        username: String,
        /// Path of the file that contains the password.
        file: PathBuf,
    },
    /// Bearer token in a file.
    BearerFile {
        /// Name of the key, for messages.
        setting: String,
        /// Path of the file that contains the token.
        file: PathBuf,
    },
}

impl Authorization {
    /// Returns the current value of the header.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read or contains no credential.
    pub fn value(&self) -> Result<Option<HeaderValue>, ConfigError> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(value) => Ok(Some(value.clone())),
            Self::BasicFile { setting, username, file } => {
                basic(setting, username, read_secret(file)?.expose_secret()).map(Some)
            }
            Self::BearerFile { setting, file } => bearer(setting, &read_secret(file)?).map(Some),
        }
    }

    /// Returns the path of the file with the secret, if there is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::None | Self::Fixed(_) => None,
            Self::BasicFile { file, .. } | Self::BearerFile { file, .. } => Some(file),
        }
    }
}

pub(super) fn basic(setting: &str, user: &str, password: &str) -> Result<HeaderValue, ConfigError> {
    if user.contains(':') {
        return Err(ConfigError::setting(setting, "a user name cannot contain a colon"));
    }
    let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
    sensitive(setting, &format!("Basic {pair}").into())
}

pub(super) fn bearer(setting: &str, token: &SecretString) -> Result<HeaderValue, ConfigError> {
    if token.expose_secret().is_empty() {
        return Err(ConfigError::setting(setting, "must not be empty"));
    }
    sensitive(setting, &format!("Bearer {}", token.expose_secret()).into())
}

pub(super) fn sensitive(setting: &str, text: &SecretString) -> Result<HeaderValue, ConfigError> {
    let mut value = HeaderValue::from_str(text.expose_secret()).map_err(|_| {
        ConfigError::setting(setting, "contains characters that are not allowed in a header")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
