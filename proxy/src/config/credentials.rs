//! Credentials for a source, as the value of a header.

use std::path::{Path, PathBuf};

use axum::http::HeaderValue;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use secrecy::{ExposeSecret, SecretString};

use super::ConfigError;
use super::file::read_secret;

/// How the server signs in at a source. Secrets in files are read again when they change.
#[derive(Clone, Debug, Default)]
pub enum Authorization {
    /// It does not.
    #[default]
    None,
    /// With this value of the header, marked as sensitive.
    Fixed(HeaderValue),
    /// With a name and the password in a file.
    BasicFile {
        /// The key, for messages.
        setting: String,
        /// The name.
        username: String,
        /// Holds the password.
        file: PathBuf,
    },
    /// With the token in a file.
    BearerFile {
        /// The key, for messages.
        setting: String,
        /// Holds the token.
        file: PathBuf,
    },
}

impl Authorization {
    /// Value of the header, from the file as it is now.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read or holds no credential.
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

    /// The file with the secret.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::None | Self::Fixed(_) => None,
            Self::BasicFile { file, .. } | Self::BearerFile { file, .. } => Some(file),
        }
    }
}

pub(super) fn basic(setting: &str, user: &str, password: &str) -> Result<HeaderValue, ConfigError> {
    if user.contains(':') {
        return Err(ConfigError::setting(setting, "a user name cannot hold a colon"));
    }
    let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
    sensitive(setting, &format!("Basic {pair}").into())
}

pub(super) fn bearer(setting: &str, token: &SecretString) -> Result<HeaderValue, ConfigError> {
    if token.expose_secret().is_empty() {
        return Err(ConfigError::setting(setting, "is empty"));
    }
    sensitive(setting, &format!("Bearer {}", token.expose_secret()).into())
}

pub(super) fn sensitive(setting: &str, text: &SecretString) -> Result<HeaderValue, ConfigError> {
    let mut value = HeaderValue::from_str(text.expose_secret())
        .map_err(|_| ConfigError::setting(setting, "has characters that no header can hold"))?;
    value.set_sensitive(true);
    Ok(value)
}
