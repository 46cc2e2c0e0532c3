//! Budget of tokens that the language model may cost in a day.

use std::sync::{Arc, Mutex, PoisonError};

use metrics::Gauge;
use oddity_detect::time::Timestamp;

use super::error::LimitError;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Budget of tokens for a day, which begins at midnight UTC. Tokens are reserved for a question, and settled once its
/// answer has ended.
pub(super) struct TokenBudget {
    daily_tokens: u64,
    state: Mutex<DailyUsage>,
    /// Gauge of the tokens that are left.
    left: Gauge,
}

/// Tokens of the current day.
struct DailyUsage {
    /// Days since 1970.
    day: i64,
    /// Tokens charged and reserved.
    spent: u64,
}

/// Tokens that are reserved for one question and its answer.
pub(super) struct TokenReservation {
    budget: Arc<TokenBudget>,
    day: i64,
    reserved: u64,
}

impl TokenBudget {
    /// Creates a budget of which nothing is spent.
    pub(super) fn new(daily_tokens: u64, left: Gauge) -> Self {
        left.set(daily_tokens as f64);
        Self { daily_tokens, state: Mutex::new(DailyUsage { day: 0, spent: 0 }), left }
    }

    /// Reserves tokens.
    ///
    /// # Errors
    /// [`LimitError::Budget`] if fewer are left.
    pub(super) fn reserve(
        self: &Arc<Self>,
        tokens: u64,
        now: Timestamp,
    ) -> Result<TokenReservation, LimitError> {
        let day = now.0.div_euclid(DAY);
        self.change(day, |state| {
            if state.spent.saturating_add(tokens) > self.daily_tokens {
                let seconds = (DAY - now.0.rem_euclid(DAY)) / 1_000;
                return Err(LimitError::Budget(
                    self.daily_tokens,
                    u64::try_from(seconds).unwrap_or(0).max(1),
                ));
            }
            state.spent = state.spent.saturating_add(tokens);
            Ok(TokenReservation { budget: self.clone(), day, reserved: tokens })
        })
    }

    /// Updates the gauge, which nothing else does after midnight before the first question.
    pub(super) fn update(&self, now: Timestamp) {
        self.change(now.0.div_euclid(DAY), |_| ());
    }

    fn change<T>(&self, day: i64, act: impl FnOnce(&mut DailyUsage) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.day < day {
            *state = DailyUsage { day, spent: 0 };
        }
        let done = act(&mut state);
        self.left.set(self.daily_tokens.saturating_sub(state.spent) as f64);
        done
    }
}

impl TokenReservation {
    /// Charges `tokens` in place of the reserved ones; they may be more.
    pub(super) fn settle(&mut self, tokens: u64) {
        let (reserved, day) = (std::mem::take(&mut self.reserved), self.day);
        self.budget.change(day, |state| {
            // What was reserved yesterday is no part of today.
            if state.day == day {
                state.spent = state.spent.saturating_sub(reserved).saturating_add(tokens);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_settled_by_what_they_came_to() {
        let budget = Arc::new(TokenBudget::new(100, Gauge::noop()));
        let (noon, next) = (Timestamp(DAY / 2), Timestamp(DAY));
        let mut first = budget.reserve(60, noon).map_err(|_| ()).unwrap();
        let refused = budget.reserve(41, noon).err();
        assert_eq!(refused, Some(LimitError::Budget(100, 43_200)));
        let mut second = budget.reserve(40, noon).map_err(|_| ()).unwrap();
        second.settle(10);
        first.settle(85);
        assert!(budget.reserve(6, noon).is_err());
        let mut late = budget.reserve(5, noon).map_err(|_| ()).unwrap();
        // A new day, which what began on the last one does not touch.
        let _today = budget.reserve(100, next).map_err(|_| ()).unwrap();
        late.settle(50);
        assert!(budget.reserve(1, next).is_err());
        // A clock that is set back gives no second budget.
        assert!(budget.reserve(1, noon).is_err());
    }
}
