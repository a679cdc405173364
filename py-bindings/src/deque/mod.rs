//! `ConcurrentDeque`, and its iterator.

pub(crate) mod concurrent;
pub(crate) mod iter;
