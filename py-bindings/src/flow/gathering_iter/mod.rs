//! `ConcurrentGatheringIterator`, and the iterators over its values.

mod awaited;
pub(crate) mod class;
pub(crate) mod fast;
mod insert;
pub(crate) mod reader;
