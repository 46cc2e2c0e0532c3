//! TLS settings of connections to other servers and of this server, and the certificates in their files.

use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use url::Url;

use super::error::ConfigError;
use super::secret::warn_if_readable_by_all;

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

/// PEM files with which this server shows itself to browsers; they are read again when they change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTlsFiles {
    /// Certificate of this server, with its chain.
    pub cert_file: PathBuf,
    /// Private key of the certificate.
    pub key_file: PathBuf,
}

/// Reads the certificates in a file, leaving out those that cannot be parsed.
pub(crate) fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let pem = read(file)?;
    Ok(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect())
}

/// Reads a certificate with its chain, and its key; `setting` names the setting of the files.
pub(crate) fn read_identity(
    setting: &str,
    cert: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ConfigError> {
    let holds_no = |file: &Path, what: &str| {
        ConfigError::setting(setting, format!("{} holds no {what} in PEM", file.display()))
    };
    let chain = read_certificates(cert)?;
    if chain.is_empty() {
        return Err(holds_no(cert, "certificate"));
    }
    let pem = read(key)?;
    warn_if_readable_by_all(key);
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| holds_no(key, "key"))?;
    Ok((chain, key))
}

fn read(file: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(file).map_err(|error| ConfigError::read(file, error))
}
