//! What the core crates cost, beside what a Rust program would use instead.
//!
//! The work is divided into [cells](Cell): one kind of operation, on a number of threads, done by our
//! crate and by each of its peers. `cargo bench -p ft-bench` measures them with criterion, one
//! library after the other. `cargo xtask bench-rust` measures them in alternation, which ratios
//! need on a machine that runs other programs, too.
#![cfg(feature = "peers")]

mod atomic;
pub mod cache;
mod cell;
mod containers;
mod dict;
mod lock;
mod pool;
mod queue;
pub mod traces;

pub use cell::{Cell, Library, Run, cores};

/// Every cell there is.
pub fn cells() -> Vec<Cell> {
    [
        queue::cells(),
        dict::cells(),
        lock::cells(),
        atomic::cells(),
        containers::cells(),
        cache::cells(),
        pool::cells(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
