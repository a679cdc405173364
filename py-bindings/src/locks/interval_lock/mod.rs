//! `IntervalLock`.

mod awaited;
pub(crate) mod class;
