//! The identities of threads and tasks.

use crate::thread_local;
use std::{
    num::NonZeroU64,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A number for each thread, which no other thread of the process ever gets.
///
/// Unlike the thread identities of operating systems, a number is not reused after its thread has
/// ended. In the child of a fork the one remaining thread keeps its number.
///
/// ```
/// use ft_sync::{ThreadToken, thread};
///
/// let ours = ThreadToken::current();
/// assert_eq!(ours, ThreadToken::current());
/// assert_ne!(ours, thread::spawn(ThreadToken::current).join().unwrap());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadToken(NonZeroU64);

/// A number for a task, which no living thread has, and which tells apart tasks that are alive at the
/// same time.
///
/// ```
/// use ft_sync::{TaskToken, ThreadToken};
///
/// let (one, other) = (TaskToken::new(1), TaskToken::new(2));
/// assert_ne!(one, other);
/// assert_ne!(one.get(), ThreadToken::current().get());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskToken(NonZeroU64);

impl TaskToken {
    /// Set in the tokens of tasks, and in no token of a thread: no process has 2^63 threads.
    const TASK: u64 = 1 << 63;

    /// Creates the token of the task with this number, such as its address.
    ///
    /// # Panics
    ///
    /// If the number is 2^63 or more.
    pub fn new(number: u64) -> Self {
        assert!(number < Self::TASK, "the number of the task is too large");
        Self(NonZeroU64::new(number | Self::TASK).expect("a bit is set"))
    }

    /// Returns whether a number belongs to the token of a task, and not to that of a thread.
    #[inline]
    pub fn is_of_task(number: u64) -> bool {
        number & Self::TASK != 0
    }

    /// Returns the number. It is not the one of which the token was made.
    #[inline]
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

thread_local! {
    static TOKEN: std::cell::Cell<Option<NonZeroU64>> = const { std::cell::Cell::new(None) };
}

impl ThreadToken {
    /// Returns the token of the calling thread. It can be called while the thread is ending.
    #[inline]
    pub fn current() -> Self {
        TOKEN.with(|token| Self(token.get().unwrap_or_else(|| first(token))))
    }

    /// Returns the number.
    #[inline]
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

#[cold]
fn first(token: &std::cell::Cell<Option<NonZeroU64>>) -> NonZeroU64 {
    // This is std's atomic on purpose: models need not explore it.
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Relaxed: it only matters that each call gets another number.
    let next = NonZeroU64::new(NEXT.fetch_add(1, Relaxed)).expect("no process has 2^64 threads");
    token.set(Some(next));
    next
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;
    use std::{collections::HashSet, thread};

    #[test]
    fn tasks_are_not_threads() {
        let tasks = [0, 1, TaskToken::TASK - 1].map(|number| TaskToken::new(number).get());
        assert!(tasks.into_iter().all(TaskToken::is_of_task));
        assert!(tasks[0] < tasks[1] && tasks[1] < tasks[2]);
        assert!(!TaskToken::is_of_task(ThreadToken::current().get()));
    }

    #[test]
    fn no_token_comes_twice() {
        let ours = ThreadToken::current();
        let mut seen = HashSet::from([ours.get()]);
        for _ in 0..20 {
            // One after the other, so that the system reuses its own identities.
            let theirs = thread::spawn(ThreadToken::current).join().unwrap();
            assert_ne!(theirs, ours);
            assert!(seen.insert(theirs.get()));
        }
        assert_eq!(ThreadToken::current(), ours);
        assert!(!seen.contains(&0), "callers use 0 for no thread");
    }
}
