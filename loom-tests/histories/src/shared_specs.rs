//! Sequential specifications that the histories share with the fuzzing of the same primitives.
//!
//! What a step means is said where it is recorded: in `tests/linear_*.rs`.
#![expect(missing_docs, reason = "as above")]

pub mod bounded;
pub mod concurrent_queue;
pub mod gathering_iter;
pub mod interval_lock;
pub mod rwlock;
pub mod semaphore;
pub mod variable;
