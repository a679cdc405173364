//! Histories: what threads have done, recorded and checked for linearizability.
//!
//! The checker is in [`linear`], and specifications that fuzzing needs too are in [`shared_specs`]. In
//! [`tasks`], threads act as tasks. The tests record histories of real threads, or with `--cfg ft_shuttle` those of shuttle's; run them with
//! `cargo xtask linear`.

pub mod keys;
pub mod linear;
pub mod shared_specs;
pub mod tasks;
