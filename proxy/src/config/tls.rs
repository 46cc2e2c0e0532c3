//! TLS settings of connections to other servers.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::error::ConfigError;

/// PEM files for TLS; they are read again when they change.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsFiles {
    /// Certificates to trust instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// Client certificate of this server, with its chain.
    pub cert_file: Option<PathBuf>,
    /// Private key of the client certificate.
    pub key_file: Option<PathBuf>,
}

impl TlsFiles {
    /// Returns the paths of all files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.ca_file, &self.cert_file, &self.key_file].into_iter().filter_map(Option::as_deref)
    }

    /// Refuses settings that contradict each other or the scheme of `url`; `setting` is the name of the key.
    pub(super) fn check(&self, setting: &str, url: &Url) -> Result<(), ConfigError> {
        if self.cert_file.is_some() != self.key_file.is_some() {
            let problem = "set both cert_file and key_file, or neither";
            return Err(ConfigError::setting(setting, problem));
        }
        if self.files().next().is_some() && url.scheme() == "http" {
            let problem = "set, but url begins with http: use https";
            return Err(ConfigError::setting(setting, problem));
        }
        Ok(())
    }
}
