//! A real Alertmanager on loopback, ended with the test.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::get;
use super::process::{Process, is_ready};
use super::prometheus::{SKIP, free_address};

/// It routes everything to a receiver that tells nobody.
const CONFIG: &str = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n";

/// The names of its program: Debian's, and the usual one.
const PROGRAMS: [&str; 2] = ["prometheus-alertmanager", "alertmanager"];

/// A running Alertmanager; dropping it ends the process and removes its data.
pub(crate) struct Alertmanager {
    _process: Process,
    pub(crate) address: SocketAddr,
    _data: TempDir,
}

impl Alertmanager {
    /// `None` if [`SKIP`] is set and it is not installed.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub(crate) async fn start() -> Option<Self> {
        let installed = PROGRAMS.into_iter().find(|program| {
            let mut version = Command::new(program);
            version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
            version.status().is_ok_and(|status| status.success())
        });
        let Some(program) = installed else {
            assert!(
                std::env::var_os(SKIP).is_some(),
                "Alertmanager is not on PATH: install it (Debian: apt-get install prometheus-alertmanager) or set {SKIP}=1"
            );
            return None;
        };
        let data = TempDir::new().expect("temporary folder");
        let config = data.path().join("alertmanager.yml");
        std::fs::write(&config, CONFIG).expect("configuration");
        let address = free_address();
        let process = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", data.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--cluster.listen-address=", "--log.level=error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("alertmanager starts");
        let started = Self { _process: Process(process), address, _data: data };
        assert!(is_ready(address, "/-/ready").await, "Alertmanager does not get ready");
        Some(started)
    }

    /// Its active alerts.
    pub(crate) async fn alerts(&self) -> Vec<Value> {
        get(self.address, "/api/v2/alerts").await.json().as_array().expect("alerts").clone()
    }
}
