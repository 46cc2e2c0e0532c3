//! Waits that end when something has happened, and name it when it does not: how fast the machine is decides nothing.

use std::fmt::Display;
use std::time::Duration;

/// Time after which something that must happen is taken for stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Time between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// A line of `[limits]` for a server that loses patience with a source later than a test does: what happens within
/// [`PATIENCE`] does not happen because a time limit has passed.
pub(crate) const NO_HURRY: &str = "timeout = '10m'\nqueue_wait = '10m'\nheader_wait = '10m'\n";

/// Looks again and again until `happened` says yes.
///
/// # Panics
/// If it does not within [`PATIENCE`]; the message names `what` was waited for.
pub(crate) async fn until(what: impl Display, mut happened: impl AsyncFnMut() -> bool) {
    let look = async {
        while !happened().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    within(what, look).await;
}

/// Returns what comes of `work`.
///
/// # Panics
/// If nothing does within [`PATIENCE`]; the message names `what` was waited for.
pub(crate) async fn within<T>(what: impl Display, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(found) => found,
        Err(_) => panic!("waited {PATIENCE:?} in vain for this: {what}"),
    }
}

/// Lets so much time pass for a server in this process that it looks at its files again, which it does every second.
/// Nothing waits for it: the clock of the runtime is put forward.
pub(crate) async fn next_look() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
}
