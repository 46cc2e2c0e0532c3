//! Access to the browser beyond the page itself: address, clock, local storage, clipboard, files and workers.
//!
//! Components may copy and save. Address, clock, storage and workers are for [`crate::state`] alone, which a test checks.

pub mod alert;
pub mod clipboard;
pub mod clock;
pub mod download;
pub mod store;
pub mod tab;
pub mod time_slice;
pub mod url;
pub mod workers;

#[cfg(test)]
mod tests;
