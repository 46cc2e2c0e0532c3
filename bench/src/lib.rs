//! Benchmarks and parity digests: the same code natively (`main.rs`) and in WebAssembly (`run.mjs`, `parity.mjs`).

pub mod case;
pub mod data;
pub mod parity;
#[cfg(target_arch = "wasm32")]
mod wasm;
