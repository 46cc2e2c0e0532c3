//! Connections without a slot: each is told to come again, and closed a moment later.
//!
//! A connection that is closed while bytes of its request arrive is reset, and then its client never reads why. So some
//! are kept until their requests have arrived.

use std::collections::VecDeque;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

/// Response to every request on such a connection.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Connections that are kept; each is a descriptor.
pub(super) const MAX_KEPT: usize = 128;

/// Time for which a connection is kept.
const KEEP: Duration = Duration::from_secs(1);

/// Connections that were told, oldest first.
#[derive(Default)]
pub(super) struct RefusedConnections(VecDeque<(Instant, TcpStream)>);

impl RefusedConnections {
    /// Tells a client to come again, and keeps its connection for a moment.
    pub(super) fn tell(&mut self, stream: TcpStream) {
        // There is room for this in the socket's buffer.
        let told = stream.try_write(BUSY).and_then(|_| stream.into_std());
        let told = told.and_then(|stream| {
            stream.shutdown(Shutdown::Write)?;
            TcpStream::from_std(stream)
        });
        self.close_told();
        if self.0.len() >= MAX_KEPT {
            self.close_oldest();
        }
        // Otherwise the client has gone.
        if let Ok(stream) = told {
            self.0.push_back((Instant::now(), stream));
        }
    }

    /// Closes the connections that were told long enough ago.
    pub(super) fn close_told(&mut self) {
        while self.0.front().is_some_and(|(told, _)| told.elapsed() >= KEEP) {
            self.close_oldest();
        }
    }

    /// Closes a connection after what has arrived was taken, so that it is not reset.
    fn close_oldest(&mut self) {
        if let Some((_, stream)) = self.0.pop_front() {
            let mut rest = [0; 16 << 10];
            let _ = stream.try_read(&mut rest);
        }
    }
}
