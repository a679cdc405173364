//! Behavior seen from outside.

mod errors;
#[cfg(unix)]
mod forks;
mod guarded;
mod model;
mod owned;
mod stress;
