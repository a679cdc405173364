//! `ConcurrentCache`, and the callables that `cached` makes of functions.

pub(crate) mod class;
mod compute;
mod compute_async;
pub(crate) mod fast;
pub(crate) mod function;
pub(crate) mod iter;
mod listener;
mod mapping;
pub(crate) mod method;
pub(crate) mod packed;
mod terms;
mod timer;
mod whole;
