//! Open files of the process, of which each connection is one.

use std::num::NonZeroUsize;

use crate::config::Limits;
use crate::http::refused;
use crate::outbound::pool;

/// Descriptors for everything but connections to clients and sources: listener, logs, files, runtimes, notifications.
const OTHERS: u64 = 64;

/// Fewest connections of clients, however low the limit is.
const MIN_CONNECTIONS: u64 = 16;

/// Raises the limit of open files as far as the system allows, and lowers `limits.connections` if that many clients and
/// queries to `sources` sources do not fit; the log says so.
pub fn fit_connections(limits: &mut Limits, sources: usize) {
    let wanted = limits.connections.get() as u64 + reserved(limits, sources);
    let open = match rlimit::increase_nofile_limit(wanted) {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files is not known");
            return;
        }
    };
    let fitting = fitting(limits, sources, open);
    if fitting < limits.connections {
        tracing::warn!(
            nofile = open,
            wanted,
            connections = fitting,
            "the limit of open files allows fewer connections than the setting `connections`: raise it with ulimit -n, or \
             LimitNOFILE of systemd"
        );
        limits.connections = fitting;
    }
}

/// Returns the descriptors that are not for connections of clients.
fn reserved(limits: &Limits, sources: usize) -> u64 {
    let queries = limits.concurrent_queries.get().saturating_add(limits.concurrent_answers.get());
    // A pool keeps connections of earlier queries while others are open on other workers.
    let of_source = queries.saturating_add(pool::max_idle());
    OTHERS
        .saturating_add(refused::MAX_KEPT as u64)
        .saturating_add((of_source as u64).saturating_mul(sources as u64))
}

/// Returns how many connections of clients fit into a limit of open files.
fn fitting(limits: &Limits, sources: usize, open: u64) -> NonZeroUsize {
    let most = open.saturating_sub(reserved(limits, sources)).max(MIN_CONNECTIONS.min(open / 2));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    limits.connections.min(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_into_the_limit_of_open_files() {
        let limits = Limits::default();
        let reserved = 64 + 128 + 2 * (40 + pool::max_idle() as u64);
        for (open, expected) in [
            (1 << 20, 512),
            (reserved + 512, 512),
            (reserved + 100, 100),
            (64, 16),
            (20, 10),
            (0, 1),
        ] {
            assert_eq!(fitting(&limits, 2, open).get(), expected, "{open}");
        }
    }
}
