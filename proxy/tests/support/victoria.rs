//! A real VictoriaMetrics on loopback, filled with given samples and ended with the test.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::process::{Process, is_ready};
use super::prometheus::free_address;
use super::{get, say, send};

/// Names the program of VictoriaMetrics.
const PROGRAM: &str = "ODDITY_VICTORIA_METRICS";

/// A running VictoriaMetrics; dropping it ends the process and removes its data.
pub(crate) struct VictoriaMetrics {
    _process: Process,
    address: SocketAddr,
    _data: TempDir,
}

impl VictoriaMetrics {
    /// A server that holds the samples of an OpenMetrics text, or `None` if [`PROGRAM`] names none.
    ///
    /// # Panics
    /// If it does not start or does not take the samples.
    pub(crate) async fn with_samples(openmetrics: &str) -> Option<Self> {
        let Some(program) = std::env::var_os(PROGRAM) else {
            say(&format!("skipped: VictoriaMetrics, as {PROGRAM} does not name its program"));
            return None;
        };
        let data = TempDir::new().expect("temporary folder");
        let address = free_address();
        let process = Command::new(program)
            .arg(format!("-storageDataPath={}", data.path().display()))
            .arg(format!("-httpListenAddr={address}"))
            .args(["-retentionPeriod=100y", "-memory.allowedBytes=256MiB"])
            // Rules without recorded parts are long.
            .arg("-search.maxQueryLen=1MiB")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("VictoriaMetrics starts");
        let server = Self { _process: Process(process), address, _data: data };
        assert!(is_ready(address, "/health").await, "VictoriaMetrics does not get ready");
        let samples = with_millis(openmetrics);
        let reply = send(address, "POST /api/v1/import/prometheus", &[], &samples).await;
        assert_eq!(reply.status, 204, "{reply:?}");
        assert_eq!(get(address, "/internal/force_flush").await.status, 200);
        Some(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Returns samples as lines of Prometheus' text format, whose times are in milliseconds where OpenMetrics has seconds.
fn with_millis(openmetrics: &str) -> String {
    let mut lines = String::new();
    for line in openmetrics.lines().filter(|line| !line.starts_with('#')) {
        let (sample, seconds) = line.rsplit_once(' ').expect("a time");
        let seconds: f64 = seconds.parse().expect("a time in seconds");
        let _ = writeln!(lines, "{sample} {}", (seconds * 1_000.0).round());
    }
    lines
}
