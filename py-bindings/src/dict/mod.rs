//! `ConcurrentDict`: the mapping, its iterator, and its operations that read and write in one step.

pub(crate) mod compound;
pub(crate) mod counts;
pub(crate) mod iter;
pub(crate) mod mapping;
pub(crate) mod once;
pub(crate) mod probe;
pub(crate) mod value;
