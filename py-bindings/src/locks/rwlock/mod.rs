//! `RWLock`, and the contexts that use it.

mod awaited;
pub(crate) mod class;
pub(crate) mod context;
pub(crate) mod fast;
