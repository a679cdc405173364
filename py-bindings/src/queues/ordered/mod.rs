//! `StdConcurrentLifoQueue` and `StdConcurrentPriorityQueue`.

pub(crate) mod class;
mod items;
pub(crate) mod iter;
mod kind_of_queue;
mod less_than;
pub(crate) mod lifo;
mod methods;
mod methods_async;
pub(crate) mod priority;
mod std_methods;
