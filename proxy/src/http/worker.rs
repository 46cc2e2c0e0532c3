//! Worker threads, one a core, each with its own runtime: a request is woken on the thread that runs it, and
//! connections to sources stay on the thread that opened them.

use std::cell::Cell;
use std::io;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// Threads that serve connections; they end when this is dropped.
pub struct Workers {
    handles: Vec<Handle>,
    _ends: Vec<oneshot::Sender<()>>,
}

impl Workers {
    /// Starts as many workers as there are cores.
    ///
    /// # Errors
    /// An I/O error if the system refuses a thread or a runtime.
    pub fn start() -> io::Result<Self> {
        let (mut handles, mut ends) = (Vec::new(), Vec::new());
        for number in 0..count() {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            handles.push(runtime.handle().clone());
            let (end, ended) = oneshot::channel::<()>();
            ends.push(end);
            thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
                NUMBER.set(number);
                runtime.block_on(async {
                    tokio::select! {
                        // An error means that the sender was dropped, which is the end too.
                        _ = ended => {}
                        () = tick() => {}
                    }
                });
                runtime.shutdown_background();
            })?;
        }
        Ok(Self { handles, _ends: ends })
    }

    /// Uses the current runtime as the only worker, without a thread of its own.
    pub fn here() -> Self {
        Self { handles: vec![Handle::current()], _ends: Vec::new() }
    }

    /// Returns the runtimes in turns, endlessly.
    pub fn in_turns(&self) -> impl Iterator<Item = &Handle> {
        self.handles.iter().cycle()
    }
}

/// Keeps a timer that expires before those of requests: setting a timer that expires first would wake the runtime's
/// thread.
async fn tick() {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Returns the maximum number of workers.
pub fn count() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Returns the number of the current worker, which is below [`count`].
pub fn number() -> usize {
    NUMBER.get()
}
