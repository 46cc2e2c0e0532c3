//! Processes that a test starts, and ends by their id when it is over.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use tokio::net::TcpStream;

use super::get;
use super::wait::{PATIENCE, PAUSE};

/// A child process; it is killed when this is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Bytes of memory that it has held at most.
    pub(crate) fn peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }

    /// Time of processors that it has used, in all threads.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        // Fields 14 and 15, in hundredths of a second, of which these are all from the third on.
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(PAUSE);
        }
        panic!("the process does not end within {PATIENCE:?}");
    }
}

/// Whether the server at `address` says at `path` that it is ready, within [`PATIENCE`].
pub(crate) async fn is_ready(address: SocketAddr, path: &str) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let listens = TcpStream::connect(address).await.is_ok();
        if listens && get(address, path).await.status == 200 {
            return true;
        }
        tokio::time::sleep(PAUSE).await;
    }
    false
}

/// The real binary, listening.
pub(crate) struct Oddity {
    pub(crate) process: Process,
    /// `127.0.0.1:port`.
    pub(crate) address: SocketAddr,
    log: JoinHandle<String>,
}

/// `oddity` in `folder` with no environment but `env`.
pub(crate) fn command(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oddity"));
    command.args(args).env_clear().envs(env.iter().copied()).current_dir(folder);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Oddity {
    /// Starts on a free port and waits until it listens.
    pub(crate) fn start(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::start_on("127.0.0.1:0", folder, args, env)
    }

    /// The same on an address of its own, which loopback reaches too.
    pub(crate) fn start_on(
        listen: &str,
        folder: &Path,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let args = [&["--listen", listen], args].concat();
        let mut process = Process(command(folder, &args, env).spawn().unwrap());
        let mut stderr = process.0.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Oddity listens on ");
        let address = url.and_then(|url| url.split_once("://"));
        let address = address.map(|(_, address)| address.parse::<SocketAddr>());
        let Some(Ok(address)) = address else { panic!("not listening: {line}") };
        let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), SocketAddr::port(&address));
        Self { process, address, log }
    }

    /// Stops it and returns its exit status and all that it logged.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        self.process.terminate();
        let status = self.process.wait();
        (status, self.log.join().unwrap())
    }
}
