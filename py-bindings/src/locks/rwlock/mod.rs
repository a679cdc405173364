//! `RWLock`, and the contexts that use it.

pub(crate) mod class;
pub(crate) mod context;
pub(crate) mod fast;
