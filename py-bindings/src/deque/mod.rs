//! `ConcurrentDeque`, and its iterator.

mod arguments;
pub(crate) mod class;
mod equal;
pub(crate) mod fast;
pub(crate) mod iter;
mod methods;
mod sequence;
