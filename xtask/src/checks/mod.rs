//! Checks: everything that must hold, from formats to models and sanitizers.

mod circles;
pub mod compat_api;
pub mod fuzz;
pub mod linear;
mod lint;
pub mod loom;
pub mod mutants;
mod programs;
pub mod publish;
mod python_tests;
mod rust_tests;
pub mod sanitize;
pub mod select;
pub mod test;

pub use lint::quick as lint;
