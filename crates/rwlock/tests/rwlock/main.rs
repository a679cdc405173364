//! Behavior seen from outside.

mod announced;
mod errors;
#[cfg(unix)]
mod forks;
mod guarded;
mod model;
mod owned;
mod stress;
mod tasks;
