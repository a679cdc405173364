//! What all classes share: references to Python objects, waiting, awaiting, errors, making Python
//! objects, and the entries that Python calls without going through PyO3. Nothing in this room
//! knows any of the classes.

pub(crate) mod awaitable;
pub(crate) mod awaiting;
pub(crate) mod blocking;
pub(crate) mod brief;
pub(crate) mod choosing;
pub(crate) mod computation;
pub(crate) mod create;
pub(crate) mod deferral;
pub(crate) mod error;
pub(crate) mod failure;
pub(crate) mod fast_calls;
pub(crate) mod flight;
pub(crate) mod imports;
pub(crate) mod inline;
pub(crate) mod interpreter;
pub(crate) mod kept;
pub(crate) mod nesting;
pub(crate) mod not_copyable;
pub(crate) mod object;
pub(crate) mod probe;
pub(crate) mod reentry;
pub(crate) mod refcount;
pub(crate) mod stop;
pub(crate) mod timeout;
pub(crate) mod truth;
