//! `ConcurrentDeque`, and its iterator.

mod arguments;
mod cases;
pub(crate) mod class;
mod equal;
pub(crate) mod fast;
pub(crate) mod iter;
mod methods;
mod sequence;
