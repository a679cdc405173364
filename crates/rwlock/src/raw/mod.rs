//! The lock itself: a word, readers that announce themselves, and a line of waiting threads.

mod line;
mod lock;
mod reading;
mod turns;
mod waiting;
mod word;
mod writing;

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests;

pub use lock::RawRwLock;
pub use waiting::RawAcquire;
pub(crate) use waiting::RawWaiter;
pub(crate) use word::Kind;
