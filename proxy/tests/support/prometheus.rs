//! A real Prometheus on loopback, filled with given samples and ended with the test.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::process::{Process, is_ready};
use super::{get, say};

/// Set to anything, it lets tests pass on a machine without Prometheus.
pub(crate) const SKIP: &str = "ODDITY_SKIP_PROMETHEUS";

/// Names the program of a Prometheus 3 or newer.
const NEWER: &str = "ODDITY_PROMETHEUS_3";

/// A running Prometheus; dropping it ends the process and removes its data.
pub(crate) struct Prometheus {
    process: Process,
    program: OsString,
    address: SocketAddr,
    /// Removed when dropped, after the process has ended.
    data: TempDir,
}

impl Prometheus {
    /// A server that holds the samples of an OpenMetrics text, or `None` if [`SKIP`] is set and Prometheus is
    /// not installed.
    ///
    /// # Panics
    /// If Prometheus is not installed or does not start.
    pub(crate) async fn with_samples(openmetrics: &str) -> Option<Self> {
        Self::with_config(openmetrics, "global: {}\n").await
    }

    /// The same with a configuration of its own, for example with rules.
    ///
    /// # Panics
    /// As [`Self::with_samples`].
    pub(crate) async fn with_config(openmetrics: &str, config: &str) -> Option<Self> {
        if !wanted() {
            return None;
        }
        Some(Self::run(OsStr::new("prometheus"), openmetrics, config).await)
    }

    /// A Prometheus 3, or `None` if [`NEWER`] names none.
    ///
    /// # Panics
    /// If it does not start.
    pub(crate) async fn newer(openmetrics: &str) -> Option<Self> {
        let program = std::env::var_os(NEWER).filter(|_| installed());
        let Some(program) = program else {
            say(&format!("skipped: Prometheus 3, as {NEWER} does not name its program"));
            return None;
        };
        Some(Self::run(&program, openmetrics, "global: {}\n").await)
    }

    /// A Prometheus 3 that scrapes itself every second, native histograms included, or `None` if [`NEWER`] names none.
    ///
    /// # Panics
    /// If it does not start.
    pub(crate) async fn newer_of_itself() -> Option<Self> {
        let program = std::env::var_os(NEWER).filter(|_| installed());
        let Some(program) = program else {
            say(&format!("skipped: native histograms, as {NEWER} does not name its program"));
            return None;
        };
        let data = TempDir::new().expect("temporary folder");
        let address = free_address();
        let config = format!(
            "scrape_configs:\n- job_name: self\n  scrape_interval: 1s\n  static_configs:\n  - targets: ['{address}']\n"
        );
        fs::write(data.path().join("prometheus.yml"), config).expect("configuration");
        let process = Self::spawn(&program, &data, address);
        let server = Self { process, program, address, data };
        server.wait_until_ready().await;
        Some(server)
    }

    async fn run(program: &OsStr, openmetrics: &str, config: &str) -> Self {
        let data = TempDir::new().expect("temporary folder");
        backfill(data.path(), openmetrics);
        let server = Self::start(program, data, config);
        server.wait_until_ready().await;
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it without a warning.
    pub(crate) fn kill(&mut self) {
        self.process.0.kill().expect("killed");
        self.process.0.wait().expect("ended");
    }

    /// Starts it anew at the same address with the same data.
    pub(crate) async fn restart(&mut self) {
        self.process = Self::spawn(&self.program, &self.data, self.address);
        self.wait_until_ready().await;
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// One of its own metrics, by its name and labels as it writes them.
    pub(crate) async fn metric(&self, series: &str) -> Option<f64> {
        let text = get(self.address, "/metrics").await.body;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map(|value| value.parse().expect("a number"))
    }

    fn start(program: &OsStr, data: TempDir, config: &str) -> Self {
        fs::write(data.path().join("prometheus.yml"), config).expect("configuration");
        let address = free_address();
        let process = Self::spawn(program, &data, address);
        Self { process, program: program.to_owned(), address, data }
    }

    fn spawn(program: &OsStr, data: &TempDir, address: SocketAddr) -> Process {
        let file = data.path().join("prometheus.yml");
        let process = Command::new(program)
            .arg("--enable-feature=native-histograms")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", data.path().join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--storage.tsdb.retention.time=100y")
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        Process(process)
    }

    async fn wait_until_ready(&self) {
        assert!(is_ready(self.address, "/-/ready").await, "Prometheus does not get ready");
    }
}

/// Whether Prometheus is there; it may be missing only if [`SKIP`] is set.
///
/// # Panics
/// If it is missing and should not be.
pub(crate) fn wanted() -> bool {
    let installed = installed();
    assert!(
        installed || std::env::var_os(SKIP).is_some(),
        "prometheus and promtool are not on PATH: install them (Debian: apt-get install prometheus) or set {SKIP}=1"
    );
    if !installed {
        say(&format!("skipped: prometheus is not installed and {SKIP} is set"));
    }
    installed
}

fn installed() -> bool {
    ["prometheus", "promtool"].iter().all(|name| {
        let version = Command::new(name).arg("--version").stdout(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    })
}

/// With a port that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address")
}

fn backfill(folder: &Path, openmetrics: &str) {
    let text = folder.join("samples.txt");
    fs::write(&text, openmetrics).expect("samples");
    let output = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([text, folder.join("tsdb")])
        .output()
        .expect("promtool starts");
    assert!(output.status.success(), "promtool: {}", String::from_utf8_lossy(&output.stderr));
}
