//! `FutureBase`, the native part of `WorkStealingFuture`.

pub(crate) mod class;
mod job;
mod observers;
mod state;
mod waiting;
