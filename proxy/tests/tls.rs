//! TLS to sources and to browsers: certificates of our own, on both sides, and what a wrong one is told.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::support::process::{Oddity, command};
use crate::support::scripted::ok;
use crate::support::wait::next_look;
use crate::support::{get, serve};

const QUERY: &str = "/api/sources/tls/api/v1/query?query=up";

/// An authority and what it signed, as files in PEM.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.join(name), certificate.pem()).unwrap();
        Self { certificate: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    /// Writes `name.pem` and `name.key` of a certificate for 127.0.0.1.
    fn sign(&self, folder: &Path, name: &str) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        (certificate.der().clone(), key)
    }
}

/// A server that wants certificates of `clients`, and answers with the number of the certificate it was shown.
async fn listen(
    (certificate, key): (CertificateDer<'static>, KeyPair),
    clients: &Authority,
) -> std::net::SocketAddr {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = RootCertStore::empty();
    roots.add(clients.certificate.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
            let _ = stream.read(&mut [0; 4096]).await;
            let sum: u64 = shown.iter().map(|byte| u64::from(*byte)).sum();
            let body = format!(r#"{{"status":"success","data":{sum}}}"#);
            let _ = stream.write_all(&ok(&body)).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test]
async fn own_certificates_are_used_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let (ours, other) = (Authority::new(dir, "ca.pem"), Authority::new(dir, "other.pem"));
    let address = listen(ours.sign(dir, "server"), &ours).await;
    ours.sign(dir, "client");
    other.sign(dir, "stranger");
    let failed = "502 unavailable: source 'tls' cannot be reached: TLS handshake failed";
    let broke = "502 unavailable: source 'tls' closed the connection";
    let cases = [
        (vec![("ca_file", "ca.pem"), ("cert_file", "client.pem"), ("key_file", "client.key")], ""),
        (
            vec![("ca_file", "other.pem"), ("cert_file", "client.pem"), ("key_file", "client.key")],
            failed,
        ),
        (vec![("cert_file", "client.pem"), ("key_file", "client.key")], failed),
        (vec![("ca_file", "ca.pem")], broke),
        (
            vec![
                ("ca_file", "ca.pem"),
                ("cert_file", "stranger.pem"),
                ("key_file", "stranger.key"),
            ],
            broke,
        ),
    ];
    for (files, expected) in cases {
        let pairs: Vec<_> = files
            .iter()
            .map(|(key, file)| format!("{key} = '{}'", dir.join(file).display()))
            .collect();
        let tls = pairs.join(", ");
        let config =
            format!("[[source]]\nid = 'tls'\nurl = 'https://{address}'\ntls = {{ {tls} }}\n");
        let reply = serve(&config).await.get(QUERY).await;
        if expected.is_empty() {
            assert_eq!(reply.status, 200, "{reply:?}");
        } else {
            let error = reply.error();
            // A server of TLS 1.3 refuses a client only after the handshake.
            assert!(error.starts_with(expected) || error.starts_with(failed), "{tls}: {error}");
        }
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let ours = Authority::new(dir, "ca.pem");
    let address = listen(ours.sign(dir, "server"), &ours).await;
    ours.sign(dir, "client");
    let path = |name: &str| dir.join(name).display().to_string();
    let config = format!(
        "[[source]]\nid = 'tls'\nurl = 'https://{address}'\n\
         tls = {{ ca_file = '{}', cert_file = '{}', key_file = '{}' }}\n",
        path("ca.pem"),
        path("client.pem"),
        path("client.key")
    );
    let server = serve(&config).await;
    let first = server.get(QUERY).await.json()["data"].clone();
    assert!(first.is_u64());
    ours.sign(dir, "client");
    next_look().await;
    let second = server.get(QUERY).await.json()["data"].clone();
    assert!(second.is_u64() && second != first, "{first} {second}");
    // Half a renewal changes nothing.
    std::fs::write(dir.join("client.key"), "no key").unwrap();
    next_look().await;
    assert_eq!(server.get(QUERY).await.json()["data"], second);
}

#[test]
fn files_that_hold_something_else_are_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let ours = Authority::new(dir, "ca.pem");
    ours.sign(dir, "client");
    ours.sign(dir, "second");
    std::fs::write(dir.join("text"), "CANARY").unwrap();
    let cases = [
        ("ca_file = 'text'", "tls of [[source]] \"a\": text holds no certificate in PEM"),
        ("ca_file = 'none'", "cannot read none"),
        ("cert_file = 'client.pem', key_file = 'text'", "text holds no key in PEM"),
        ("cert_file = 'client.pem', key_file = 'second.key'", "do not fit together"),
    ];
    let source = cases.map(|(tls, expected)| {
        let config = format!("[[source]]\nid = 'a'\nurl = 'https://a'\ntls = {{ {tls} }}\n");
        (config, expected)
    });
    let own = [
        ("cert_file = 'text', key_file = 'client.key'", "tls: text holds no certificate in PEM"),
        ("cert_file = 'none', key_file = 'client.key'", "cannot read none"),
        ("cert_file = 'client.pem', key_file = 'text'", "tls: text holds no key in PEM"),
        ("cert_file = 'client.pem', key_file = 'second.key'", "tls: cert_file and key_file do not"),
        ("cert_file = 'client.pem'", "missing field `key_file`"),
    ];
    let own = own.map(|(tls, expected)| (format!("tls = {{ {tls} }}\n"), expected));
    for (config, expected) in source.into_iter().chain(own) {
        std::fs::write(dir.join("oddity.toml"), &config).unwrap();
        let output = command(dir, &["--listen", "127.0.0.1:0"], &[]).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(expected), "{config}: {text}");
        assert!(!text.contains("CANARY"), "{text}");
    }
}

/// Asks over TLS, and returns the certificate that was shown and the answer in lower case.
async fn ask_over_tls(
    address: std::net::SocketAddr,
    ours: &Authority,
) -> (CertificateDer<'static>, String) {
    let mut roots = RootCertStore::empty();
    roots.add(ours.certificate.clone()).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
    let request = format!(
        "GET /api/sources HTTP/1.1\r\nHost: {address}\r\nOrigin: https://{address}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    (shown, String::from_utf8(answer).unwrap().to_ascii_lowercase())
}

#[tokio::test]
async fn browsers_are_served_over_tls_with_a_certificate_that_can_be_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let ours = Authority::new(dir, "ca.pem");
    let (first, _) = ours.sign(dir, "own");
    let path = |name: &str| dir.join(name).display().to_string();
    let (cert, key) = (path("own.pem"), path("own.key"));
    let server = serve(&format!("tls = {{ cert_file = '{cert}', key_file = '{key}' }}\n")).await;
    let (shown, answer) = ask_over_tls(server.address, &ours).await;
    assert_eq!(shown, first);
    assert!(answer.starts_with("http/1.1 200") && answer.contains("\"demo\""), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    assert_eq!(get(server.address, "/healthz").await.status, 0, "plain HTTP is not answered");
    let (second, _) = ours.sign(dir, "own");
    next_look().await;
    assert_eq!(ask_over_tls(server.address, &ours).await.0, second);
    std::fs::write(dir.join("own.key"), "no key").unwrap();
    next_look().await;
    assert_eq!(ask_over_tls(server.address, &ours).await.0, second, "half a renewal");
    let plain = serve("").await.get("/api/sources").await;
    assert_eq!(plain.field("strict-transport-security"), None);
}

#[tokio::test]
async fn a_handshake_that_stalls_does_not_delay_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let ours = Authority::new(dir, "ca.pem");
    ours.sign(dir, "own");
    let config = "tls = { cert_file = 'own.pem', key_file = 'own.key' }\n\
                  [limits]\ndrain = '1h'\nheader_wait = '1h'\n";
    std::fs::write(dir.join("oddity.toml"), config).unwrap();
    let key = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(dir.join("own.key"), key).unwrap();
    let oddity = Oddity::start(dir, &[], &[]);
    let _stalled = TcpStream::connect(oddity.address).await.unwrap();
    // Connections are accepted in their order.
    ask_over_tls(oddity.address, &ours).await;
    let (status, log) = oddity.stop();
    assert!(status.success() && !log.contains("timed out"), "{log}");
    assert!(log.contains("everybody on this machine can read a secret"), "{log}");
}
