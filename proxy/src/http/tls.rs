//! TLS to browsers: the certificate that is shown, as its files are now.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio_rustls::TlsAcceptor;

use crate::config::reload::Reload;
use crate::config::{ConfigError, ServerTlsFiles, read_identity};

/// Name of the setting for messages.
const SETTING: &str = "tls";

/// TLS of accepted connections.
pub struct ServerTls(Reload<TlsAcceptor>);

impl ServerTls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// [`ConfigError`] for files that cannot be read, hold something else or do not fit together.
    pub fn open(files: &ServerTlsFiles) -> Result<Self, ConfigError> {
        let files = files.clone();
        let paths = vec![files.cert_file.clone(), files.key_file.clone()];
        Reload::new(paths, move || acceptor(&files)).map(Self)
    }

    /// Returns the acceptor for the next connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.0.get()
    }
}

fn acceptor(files: &ServerTlsFiles) -> Result<TlsAcceptor, ConfigError> {
    let (chain, key) = read_identity(SETTING, &files.cert_file, &files.key_file)?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::setting(SETTING, error.to_string()))?;
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| ConfigError::setting(SETTING, "cert_file and key_file do not fit together"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
