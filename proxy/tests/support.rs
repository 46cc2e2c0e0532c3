//! A server under test, a scripted upstream, and a client that sends bytes as they are.

pub(crate) mod alertmanager;
pub(crate) mod every_server;
pub(crate) mod llama;
pub(crate) mod process;
pub(crate) mod prometheus;
pub(crate) mod scripted;
pub(crate) mod victoria;
pub(crate) mod wait;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use proxy::config::{Options, Settings};
use proxy::http::server;
use proxy::http::tls::ServerTls;
use proxy::http::worker::Workers;
use proxy::metrics::Metrics;
use proxy::{AppState, app};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A client that trusts nobody: the servers of tests speak HTTP without TLS.
pub(crate) fn client() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(
        rustls::crypto::ring::default_provider().into(),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(rustls::RootCertStore::empty())
    .with_no_client_auth();
    reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap()
}

/// Says something even if the test passes, whose prints are kept back.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A server of its own for one test; it stops when this is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// A reply as it came over the wire.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    /// Whether the body came to its proper end.
    pub(crate) whole: bool,
}

/// Serves what the text of a configuration file says.
pub(crate) async fn serve(config: &str) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oddity.toml");
    std::fs::write(&path, config).unwrap();
    let options = Options { config: Some(path), ..Options::default() };
    let settings = Settings::load(options, |_| None).unwrap();
    let metrics = Arc::new(Metrics::new().unwrap());
    let app = app(&AppState::new(&settings, metrics.clone()).unwrap());
    let tls = settings.tls.as_ref().map(|files| ServerTls::open(files).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        let (limits, workers) = (&settings.limits, Workers::here());
        server::run(listener, app, limits, &metrics, &workers, tls.as_ref(), stopped).await;
    });
    Served { address, _stop: stop }
}

/// One source `up` at `address`, after the lines of `top`.
pub(crate) async fn serve_upstream(address: SocketAddr, top: &str) -> Served {
    serve(&format!("{top}\n[[source]]\nid = 'up'\nurl = 'http://{address}'\n")).await
}

impl Served {
    /// See [`send`].
    pub(crate) async fn send(&self, line: &str, fields: &[&str], body: &str) -> Reply {
        send(self.address, line, fields, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        get(self.address, path).await
    }

    /// See [`send_raw`].
    pub(crate) async fn send_raw(&self, request: &str) -> Reply {
        send_raw(self.address, request).await
    }
}

/// Sends `line` and header `fields` with a Host, and reads to the end of the connection.
pub(crate) async fn send(address: SocketAddr, line: &str, fields: &[&str], body: &str) -> Reply {
    let mut head = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for field in fields {
        head += &format!("{field}\r\n");
    }
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    send_raw(address, &format!("{head}\r\n{body}")).await
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> Reply {
    send(address, &format!("GET {path}"), &[], "").await
}

/// Sends bytes as they are and reads to the end of the connection.
pub(crate) async fn send_raw(address: SocketAddr, request: &str) -> Reply {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server may answer and close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut reply = Vec::new();
    let read = stream.read_to_end(&mut reply).await;
    Reply::parse(&reply, read.is_ok())
}

impl Reply {
    fn parse(bytes: &[u8], closed: bool) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let head = head.to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let length: Option<usize> =
            field(&head, "content-length").and_then(|length| length.parse().ok());
        let whole = match length {
            Some(length) => closed && body.len() == length,
            None => closed && body.ends_with("0\r\n\r\n"),
        };
        Self { status, body: body.to_owned(), whole, head }
    }

    /// The value of a header field, in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The message of an error in Prometheus' envelope, with its status and type.
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        assert_eq!(json["status"], "error", "{self:?}");
        format!("{} {}: {}", self.status, json["errorType"], json["error"])
            .replace("\\\"", "'")
            .replace('"', "")
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
