//! Bounds on what an evaluation takes: memory, of which all evaluations have a common share as well, work, and time.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use oddity_detect::series::Labels;

use super::promql::EvalError;

/// Bytes that one evaluation may hold.
const MAX_QUERY_BYTES: usize = 64 << 20;

/// Bytes that all evaluations and their unsent answers may hold together.
const MAX_SHARED_BYTES: usize = 96 << 20;

/// Bytes that are taken from the shared memory at once.
const CHUNK: usize = 1 << 20;

/// Work that one evaluation may do: a sample visited counts one, a value kept [`KEPT`].
const MAX_WORK: u64 = 50_000_000;

/// Work from which on an evaluation is a long one: some hundredths of a second.
const LONG_WORK: u64 = 2_000_000;

/// Work of a value that is kept.
const KEPT: u64 = 5;

/// Work after which the time is looked at: less than a millisecond.
const WORK_BETWEEN_LOOKS: u64 = 20_000;

/// Bytes of a value at one step.
pub(super) const VALUE_BYTES: usize = size_of::<Option<f64>>();

/// Memory that evaluations share; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedMemory(Arc<AtomicUsize>);

/// Bytes of the shared memory, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    shared: SharedMemory,
    bytes: usize,
}

/// Limits of one answer, beside memory.
#[derive(Clone)]
pub struct AnswerLimits<'a> {
    /// Time for the evaluation.
    pub timeout: Duration,
    /// Set when nobody waits for the answer any more.
    pub cancelled: Arc<AtomicBool>,
    /// Bytes of the answer.
    pub answer_bytes: usize,
    /// Called once by an evaluation that turns out long, which goes on if this returns true.
    pub on_long: Option<&'a dyn Fn() -> bool>,
}

/// The budget of one evaluation, on the thread that evaluates.
pub(super) struct Budget<'a> {
    reservation: Cell<Option<Reservation>>,
    shared: SharedMemory,
    used: Cell<usize>,
    work: Cell<u64>,
    next_look: Cell<u64>,
    timeout: Duration,
    deadline: Option<Instant>,
    cancelled: Arc<AtomicBool>,
    on_long: Option<&'a dyn Fn() -> bool>,
    is_long: Cell<bool>,
}

impl Default for AnswerLimits<'_> {
    /// Returns no limits but those of every evaluation.
    fn default() -> Self {
        Self {
            timeout: Duration::MAX,
            cancelled: Arc::default(),
            answer_bytes: usize::MAX,
            on_long: None,
        }
    }
}

impl SharedMemory {
    fn take(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|all| *all <= MAX_SHARED_BYTES);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Reservation {
    /// Gives back what is more than `bytes`.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        let rest = self.bytes.saturating_sub(bytes);
        self.bytes -= rest;
        self.shared.give_back(rest);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

impl<'a> Budget<'a> {
    pub(super) fn new(shared: &SharedMemory, limits: &AnswerLimits<'a>) -> Self {
        Self {
            reservation: Cell::new(None),
            shared: shared.clone(),
            used: Cell::new(0),
            work: Cell::new(0),
            next_look: Cell::new(0),
            timeout: limits.timeout,
            deadline: Instant::now().checked_add(limits.timeout),
            cancelled: limits.cancelled.clone(),
            on_long: limits.on_long,
            is_long: Cell::new(false),
        }
    }

    /// Counts work that is about to be done.
    ///
    /// # Errors
    /// [`EvalError::TooMuch`] beyond the bound, [`EvalError::Timeout`] and [`EvalError::Cancelled`].
    pub(super) fn spend(&self, work: u64) -> Result<(), EvalError> {
        let work = self.work.get().saturating_add(work);
        self.work.set(work);
        if work > MAX_WORK {
            return Err(EvalError::TooMuch);
        }
        if work < self.next_look.get() {
            return Ok(());
        }
        self.next_look.set(work + WORK_BETWEEN_LOOKS);
        if work > LONG_WORK
            && !self.is_long.replace(true)
            && self.on_long.is_some_and(|goes_on| !goes_on())
        {
            return Err(EvalError::Busy);
        }
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(EvalError::Cancelled);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(EvalError::Timeout(self.timeout));
        }
        Ok(())
    }

    /// Counts bytes that are about to be allocated.
    ///
    /// # Errors
    /// [`EvalError::Memory`] for more than one evaluation may hold, [`EvalError::Busy`] for more than others leave.
    pub(super) fn charge(&self, bytes: usize) -> Result<(), EvalError> {
        let used = self.used.get().saturating_add(bytes);
        if used > MAX_QUERY_BYTES {
            return Err(EvalError::Memory(MAX_QUERY_BYTES));
        }
        let mut reservation = self
            .reservation
            .take()
            .unwrap_or_else(|| Reservation { shared: self.shared.clone(), bytes: 0 });
        let missing = used.saturating_sub(reservation.bytes).div_ceil(CHUNK) * CHUNK;
        let taken = self.shared.take(missing);
        if taken {
            reservation.bytes += missing;
            self.used.set(used);
        }
        self.reservation.set(Some(reservation));
        if taken { Ok(()) } else { Err(EvalError::Busy) }
    }

    /// Counts values that are about to be kept, as work and as bytes.
    ///
    /// # Errors
    /// Those of [`Budget::spend`] and [`Budget::charge`].
    pub(super) fn keep(&self, series: usize, len: usize) -> Result<(), EvalError> {
        let values = series.saturating_mul(len);
        self.spend((values as u64).saturating_mul(KEPT))?;
        self.charge(values.saturating_mul(VALUE_BYTES))
    }

    /// Returns the bytes that are held now, for [`Budget::settle`].
    pub(super) fn held(&self) -> usize {
        self.used.get()
    }

    /// Takes note that of all bytes charged since [`Budget::held`] said `before`, `bytes` are left.
    pub(super) fn settle(&self, before: usize, bytes: usize) {
        self.used.set(before.saturating_add(bytes));
    }

    /// Ends the evaluation, of which `bytes` are left.
    pub(super) fn into_reservation(self, bytes: usize) -> Option<Reservation> {
        let mut reservation = self.reservation.take();
        if let Some(reservation) = &mut reservation {
            reservation.shrink_to(bytes);
        }
        reservation
    }
}

/// Returns the bytes that a label set takes, twice: it is cloned where series are told apart by it.
pub(super) fn label_bytes(labels: &Labels) -> usize {
    let pairs = labels.iter().map(|(name, value)| name.len() + value.len() + 64);
    2 * pairs.sum::<usize>() + 64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(shared: &SharedMemory) -> Budget<'static> {
        Budget::new(shared, &AnswerLimits::default())
    }

    #[test]
    fn what_one_holds_others_do_not_get() {
        let shared = SharedMemory::default();
        let (one, other) = (budget(&shared), budget(&shared));
        one.charge(60 << 20).unwrap();
        assert_eq!(one.charge(5 << 20), Err(EvalError::Memory(MAX_QUERY_BYTES)));
        assert_eq!(other.charge(50 << 20), Err(EvalError::Busy));
        let rest = one.into_reservation(3 << 20);
        assert!(other.charge(50 << 20).is_ok(), "what is not left has been given back");
        drop((rest, other));
        assert_eq!(shared.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_dropped_can_be_charged_again() {
        let shared = SharedMemory::default();
        let budget = budget(&shared);
        for _ in 0..100 {
            let before = budget.held();
            budget.charge(50 << 20).unwrap();
            budget.settle(before, 1_000);
        }
        assert_eq!(budget.held(), 100_000);
    }

    #[test]
    fn a_deadline_and_a_client_that_left_end_the_work() {
        let shared = SharedMemory::default();
        let late = AnswerLimits { timeout: Duration::ZERO, ..AnswerLimits::default() };
        assert_eq!(Budget::new(&shared, &late).spend(1), Err(EvalError::Timeout(Duration::ZERO)));
        let limits = AnswerLimits::default();
        let budget = Budget::new(&shared, &limits);
        budget.spend(1).unwrap();
        limits.cancelled.store(true, Ordering::Relaxed);
        assert_eq!(budget.spend(WORK_BETWEEN_LOOKS), Err(EvalError::Cancelled));
        assert_eq!(self::budget(&shared).spend(MAX_WORK + 1), Err(EvalError::TooMuch));
        let refused = || false;
        let limits = AnswerLimits { on_long: Some(&refused), ..AnswerLimits::default() };
        let budget = Budget::new(&shared, &limits);
        assert_eq!(budget.spend(LONG_WORK), Ok(()));
        assert_eq!(budget.spend(WORK_BETWEEN_LOOKS), Err(EvalError::Busy));
    }
}
