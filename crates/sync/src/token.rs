//! Who a thread is.

use crate::thread_local;
use std::{
    num::NonZeroU64,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A number for each thread, which no other thread of the process ever gets.
///
/// Other than the identities that operating systems give, it is not used again when the thread has
/// ended. In the child of a fork the one thread that is left keeps its own.
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
    /// Returns the token of the calling thread; also while the thread is ending.
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
    // A std atomic on purpose: it is no part of what models explore.
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Relaxed: each call gets another number, and that is all.
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
            // One after the other, so that the system gives its identities again.
            let theirs = thread::spawn(ThreadToken::current).join().unwrap();
            assert_ne!(theirs, ours);
            assert!(seen.insert(theirs.get()));
        }
        assert_eq!(ThreadToken::current(), ours);
        assert!(!seen.contains(&0), "callers keep 0 for nobody");
    }
}
