//! Sequential specifications that the histories share with the fuzzing of the same primitives.
//!
//! What a step means is said where it is recorded: in `tests/linear_*.rs`.
#![expect(missing_docs, reason = "as above")]

pub mod barrier;
pub mod bounded;
pub mod concurrent_queue;
pub mod gathering_iter;
pub mod interval_lock;
pub mod latch;
pub mod once;
pub mod rate_limiter;
pub mod rwlock;
pub mod select;
pub mod semaphore;
pub mod variable;
