//! The queues: `ConcurrentQueue`, and the classes with the methods of the module `queue`.

mod channel;
mod channel_async;
pub(crate) mod fifo;
pub(crate) mod ordered;
mod results;
mod subclass;
