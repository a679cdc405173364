//! `ConcurrentQueue` and `StdConcurrentQueue`: first in, first out.

pub(crate) mod class;
pub(crate) mod fast;
pub(crate) mod iter;
mod methods;
mod methods_async;
mod state;
pub(crate) mod std;
