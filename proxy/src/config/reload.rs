//! Values made from files, made anew when one of the files changes: secrets that are mounted are rotated.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::ConfigError;

/// How often the files are looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// A value and the files that it was made from.
pub struct Reload<T> {
    files: Vec<PathBuf>,
    make: Box<dyn Fn() -> Result<T, ConfigError> + Send + Sync>,
    state: Mutex<CachedValue<T>>,
}

struct CachedValue<T> {
    value: T,
    stamps: Vec<FileStamp>,
    looked: Instant,
}

/// Device, inode, length, and time of the last change in seconds and nanoseconds; none for a missing file.
type FileStamp = Option<(u64, u64, u64, i64, i64)>;

impl<T: Clone> Reload<T> {
    /// Makes the value; `make` reads `files`.
    ///
    /// # Errors
    /// What `make` says.
    pub fn new(
        files: Vec<PathBuf>,
        make: impl Fn() -> Result<T, ConfigError> + Send + Sync + 'static,
    ) -> Result<Self, ConfigError> {
        let stamps = stamps(&files);
        let state = CachedValue { value: make()?, stamps, looked: Instant::now() };
        Ok(Self { files, make: Box::new(make), state: Mutex::new(state) })
    }

    /// The value as of the files a second ago, or the last good one.
    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.files.is_empty() && state.looked.elapsed() >= POLL_INTERVAL {
            state.looked = Instant::now();
            let stamps = stamps(&self.files);
            if stamps != state.stamps {
                match (self.make)() {
                    Ok(value) => {
                        state.value = value;
                        tracing::info!(files = ?self.files, "read again, as it has changed");
                    }
                    Err(error) => tracing::error!(%error, "the last good version stays in use"),
                }
                state.stamps = stamps;
            }
        }
        state.value.clone()
    }
}

fn stamps(files: &[PathBuf]) -> Vec<FileStamp> {
    let stamp = |file: &PathBuf| {
        let meta = fs::metadata(file).ok()?;
        Some((meta.dev(), meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
    };
    files.iter().map(stamp).collect()
}
