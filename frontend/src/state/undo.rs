//! Undo and redo: each change of query or settings is an entry of the browser's history, so that its Back button undoes
//! the same.

use leptos::prelude::*;
use oddity_detect::time::{Span, Timestamp};

use super::State;
use crate::browser::{clock, url};

/// Time in which changes of settings are one, as when an arrow key moves a slider.
const ONE_CHANGE: Span = Span::from_millis(1_000);

/// Position among the entries that this page has added to the browser's history.
#[derive(Clone, Copy)]
pub struct Undo {
    /// Whether there is a change to undo.
    pub can_undo: Memo<bool>,
    /// Whether there is a change to make again.
    pub can_redo: Memo<bool>,
    position: RwSignal<u32>,
    newest: RwSignal<u32>,
    tuned_at: StoredValue<Timestamp>,
}

impl Undo {
    pub(super) fn new() -> Self {
        let position = RwSignal::new(url::position());
        let newest = RwSignal::new(position.get_untracked());
        Self {
            can_undo: Memo::new(move |_| position.get() > 0),
            can_redo: Memo::new(move |_| position.get() < newest.get()),
            position,
            newest,
            tuned_at: StoredValue::new(Timestamp(0)),
        }
    }

    /// Takes in that the browser went to another entry.
    pub(super) fn went_to(self, position: u32) {
        self.tuned_at.set_value(Timestamp(0));
        self.position.set(position);
        if position > self.newest.get_untracked() {
            self.newest.set(position);
        }
    }

    /// Adds an entry to the history; a change of settings just after it is another one.
    pub(super) fn push(self, query: &str) {
        self.tuned_at.set_value(Timestamp(0));
        let position = self.position.get_untracked() + 1;
        url::push(query, position);
        self.position.set(position);
        self.newest.set(position);
    }

    /// Returns whether a change of settings that is made now is a part of the one just before it.
    pub(super) fn is_same_change(self) -> bool {
        clock::now().since(self.tuned_at.get_value()) < ONE_CHANGE
    }

    /// Takes in that settings have been changed.
    pub(super) fn tuned(self) {
        self.tuned_at.set_value(clock::now());
    }
}

impl State {
    /// Undoes the last change of query or settings, if this page made one.
    pub fn undo(self) {
        if self.history.can_undo.get_untracked() {
            url::go(false);
        }
    }

    /// Makes the change again that was undone last.
    pub fn redo(self) {
        if self.history.can_redo.get_untracked() {
            url::go(true);
        }
    }
}
