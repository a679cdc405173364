//! `ConcurrentSet`: the keys of a dictionary whose values take no memory.

pub(crate) mod class;
mod element;
pub(crate) mod fast;
pub(crate) mod iter;
mod operators;
mod whole;
