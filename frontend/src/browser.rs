//! Access to the browser beyond the page itself: address, clock, local storage, clipboard and files.
//!
//! Components may copy and save. Address, clock and storage are for [`crate::state`] alone, which a test checks.

pub mod clipboard;
pub mod clock;
pub mod download;
pub mod store;
pub mod url;

#[cfg(test)]
mod tests;
