//! Sanitizers: the Rust tests and the Python tests, compiled with ThreadSanitizer or AddressSanitizer.

pub mod python;
mod rust;
mod sanitizer;
mod std_names;
mod toolchain;

pub use rust::{Plan, check, obstacle};
pub use sanitizer::Sanitizer;
