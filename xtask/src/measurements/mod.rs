//! Measurements: time and memory, beside other libraries, and instructions per operation.

pub mod bench;
pub mod bench_rust;
pub mod instructions;
pub mod memory;
