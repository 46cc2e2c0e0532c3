//! The writer of the log: whoever logs never waits for standard error, which may be a full pipe or a full disk.
//!
//! Lines pass through a bounded queue to a thread of their own. What finds the queue full or cannot be written is
//! dropped and counted.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Number of lines that wait to be written.
const MAX_QUEUED: usize = 1_024;

/// Bytes of a line beyond which it is cut; with the queue full this is the memory that the log takes.
const MAX_LINE: usize = 4 << 10;

/// How long the end of the process waits for the last lines.
const FLUSH_WAIT: Duration = Duration::from_secs(1);

/// Number of lines that this process has dropped.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Returns the number of log lines that this process has dropped.
pub fn dropped_lines() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

enum Message {
    Line(Vec<u8>),
    /// All lines before this are to be written, and that is to be said.
    Flush(SyncSender<()>),
}

/// Hands lines to the thread that writes them; cheap to clone.
#[derive(Clone)]
pub struct Log(SyncSender<Message>);

impl Log {
    /// Starts the thread that writes to standard error.
    ///
    /// # Errors
    /// [`io::Error`] if the system gives no thread or standard error is closed.
    pub fn to_stderr() -> io::Result<Self> {
        // A descriptor of its own: the lock of `io::stderr` would be held while a write blocks.
        Self::start(File::from(io::stderr().as_fd().try_clone_to_owned()?))
    }

    fn start(target: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_QUEUED);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(&receiver, target))?;
        Ok(Self(sender))
    }

    /// Waits until the lines so far are written, for a second at most.
    pub fn wait_until_written(&self) {
        let (done, is_done) = sync_channel(1);
        let end = Instant::now() + FLUSH_WAIT;
        let mut message = Message::Flush(done);
        while let Err(TrySendError::Full(returned)) = self.0.try_send(message) {
            if Instant::now() > end {
                return;
            }
            message = returned;
            thread::sleep(Duration::from_millis(5));
        }
        let _ = is_done.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

fn write_all(messages: &Receiver<Message>, mut target: impl Write) {
    while let Ok(message) = messages.recv() {
        match message {
            Message::Line(line) => {
                if target.write_all(&line).is_err() {
                    DROPPED.fetch_add(1, Ordering::Relaxed);
                }
            }
            Message::Flush(done) => {
                let _ = done.try_send(());
            }
        }
    }
}

impl Write for Log {
    /// Takes one line, which `tracing_subscriber` writes at once. Never waits and never fails.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Message::Line(cut(&escaped(line)))).is_err() {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns the line with escapes for the control characters above ASCII and DEL, which terminals may obey and the formats
/// leave as they are.
fn escaped(line: &[u8]) -> Cow<'_, [u8]> {
    let is_left = |c: char| matches!(c, '\u{7f}'..='\u{9f}');
    match std::str::from_utf8(line) {
        Ok(text) if text.contains(is_left) => {
            let escape = |c: char| match is_left(c) {
                true => format!("\\u{:04x}", u32::from(c)),
                false => c.to_string(),
            };
            Cow::Owned(text.chars().map(escape).collect::<String>().into_bytes())
        }
        _ => Cow::Borrowed(line),
    }
}

/// Returns the line, cut at the border of a character if it is too long.
fn cut(line: &[u8]) -> Vec<u8> {
    if line.len() <= MAX_LINE {
        return line.to_vec();
    }
    let mut end = MAX_LINE;
    while end > 0 && line[end] & 0b1100_0000 == 0b1000_0000 {
        end -= 1;
    }
    [&line[..end], "…\n".as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Takes lines while it is not locked.
    #[derive(Clone, Default)]
    struct Target(Arc<Mutex<Vec<u8>>>);

    impl Write for Target {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_target_that_takes_nothing_delays_nobody() {
        let target = Target::default();
        let held = target.0.lock().unwrap();
        let mut log = Log::start(target.clone()).unwrap();
        let before = dropped_lines();
        for _ in 0..MAX_QUEUED + 100 {
            assert_eq!(log.write(b"line\n").unwrap(), 5);
        }
        log.wait_until_written();
        // The thread has taken one line off the queue, or none yet.
        assert!(dropped_lines() - before >= 99, "{}", dropped_lines() - before);
        drop(held);
        log.wait_until_written();
        assert!(target.0.lock().unwrap().starts_with(b"line\nline\n"));
    }

    #[test]
    fn control_characters_are_escaped() {
        let line = "user=ann\u{9b}31m query=\"\u{7f}€\"\n";
        let expected = "user=ann\\u009b31m query=\"\\u007f€\"\n";
        assert_eq!(escaped(line.as_bytes()), expected.as_bytes());
        assert_eq!(escaped(expected.as_bytes()), expected.as_bytes());
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        for first in ["", "a", "ab", "abc"] {
            let line = first.to_owned() + &"€".repeat(7_000) + "\n";
            let cut = String::from_utf8(cut(line.as_bytes())).unwrap();
            assert!(cut.len() <= MAX_LINE + 4 && cut.ends_with("€…\n"), "{}", cut.len());
        }
        assert_eq!(cut("kurz\n".as_bytes()), b"kurz\n");
    }
}
