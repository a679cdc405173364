//! `FutureBase`, the native part of `WorkStealingFuture`.

mod below;
pub(crate) mod class;
mod job;
mod observers;
mod state;
mod waiting;
