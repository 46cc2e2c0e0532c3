//! Values built from files and rebuilt when a file changes, for secrets that are rotated.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::error::ConfigError;

/// Minimum time between two checks of the files.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Value that is rebuilt when one of its files changes.
pub struct Reload<T> {
    files: Vec<PathBuf>,
    make: Box<dyn Fn() -> Result<T, ConfigError> + Send + Sync>,
    state: Mutex<CachedValue<T>>,
}

struct CachedValue<T> {
    value: T,
    stamps: Vec<FileStamp>,
    checked: Instant,
}

/// Device, inode, length, and modification time in seconds and nanoseconds; none for a missing file.
type FileStamp = Option<(u64, u64, u64, i64, i64)>;

impl<T: Clone> Reload<T> {
    /// Builds the value with `make`, which reads `files`.
    ///
    /// # Errors
    /// The error of `make`.
    pub fn new(
        files: Vec<PathBuf>,
        make: impl Fn() -> Result<T, ConfigError> + Send + Sync + 'static,
    ) -> Result<Self, ConfigError> {
        let stamps = stamps(&files);
        let state = CachedValue { value: make()?, stamps, checked: Instant::now() };
        Ok(Self { files, make: Box::new(make), state: Mutex::new(state) })
    }

    /// Returns the current value, at most [`POLL_INTERVAL`] old, or the last valid one.
    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.files.is_empty() && state.checked.elapsed() >= POLL_INTERVAL {
            state.checked = Instant::now();
            let stamps = stamps(&self.files);
            if stamps != state.stamps {
                match (self.make)() {
                    Ok(value) => {
                        state.value = value;
                        tracing::info!(files = ?self.files, "reloaded changed files");
                    }
                    Err(error) => {
                        tracing::error!(%error, "cannot reload changed files, the last valid version stays in use");
                    }
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
