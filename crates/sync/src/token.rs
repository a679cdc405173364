//! The identity of a thread.

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
