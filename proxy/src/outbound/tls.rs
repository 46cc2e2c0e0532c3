//! TLS to another server: the certificates that are trusted, and the one that is shown.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use crate::config::{ConfigError, TlsFiles, read_certificates, read_identity};

/// Reads the TLS configuration for `url` from the files that are named in `setting`, as they are now.
///
/// # Errors
/// [`ConfigError`] for files with wrong contents, and if the system has no certificates to trust.
pub(crate) fn client_config(
    setting: &str,
    url: &Url,
    tls: &TlsFiles,
) -> Result<ClientConfig, ConfigError> {
    let wrong = |problem: String| ConfigError::Setting { setting: setting.to_owned(), problem };
    let TlsFiles { ca_file, cert_file, key_file } = tls;
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => {
            roots.add_parsable_certificates(read_certificates(file)?);
            if roots.is_empty() {
                return Err(wrong(format!("{} holds no certificate in PEM", file.display())));
            }
        }
        // Without TLS the certificates of the system are not needed, and need not exist.
        None if url.scheme() == "http" => {}
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                let problem = "finds no certificates to trust: install ca-certificates, or name a file of them in \
                               ca_file or SSL_CERT_FILE";
                return Err(wrong(problem.to_owned()));
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots);
    let (Some(cert), Some(key)) = (cert_file, key_file) else {
        return Ok(builder.with_no_client_auth());
    };
    let (chain, key) = read_identity(setting, cert, key)?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|_| wrong("cert_file and key_file do not fit together".to_owned()))
}
