//! Shared data that is compared by pointer.

use std::ops::Deref;
use std::sync::Arc;

/// Shared data that is compared by pointer: comparing samples is slow, and NaN is never equal.
#[derive(Debug)]
pub struct PtrEq<T>(pub(super) Arc<T>);

impl<T> PtrEq<T> {
    /// Creates a value that is equal only to its clones.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for PtrEq<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> PartialEq for PtrEq<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for PtrEq<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
