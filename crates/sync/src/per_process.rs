//! What must not outlive a fork.

#[cfg(any(ft_loom, ft_shuttle))]
pub use modeled::PerProcess;
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub use real::PerProcess;

#[cfg(not(any(ft_loom, ft_shuttle)))]
mod real {
    use std::{
        fmt,
        marker::PhantomData,
        process, ptr,
        sync::atomic::{
            AtomicPtr,
            Ordering::{AcqRel, Acquire},
        },
    };

    /// A value that each process has for itself, made when it is first asked for.
    ///
    /// A process that forks hands its child a copy of its memory, in which threads wait that do not
    /// exist there, and locks may be held by one of them. The child gets a new value instead.
    ///
    /// ```
    /// use ft_sync::PerProcess;
    /// use std::sync::Mutex;
    ///
    /// let waiting = PerProcess::<Mutex<Vec<u64>>>::new();
    /// waiting.get().lock().unwrap().push(1);
    /// assert_eq!(waiting.get().lock().unwrap().len(), 1);
    /// ```
    pub struct PerProcess<T> {
        /// Null until first asked for; then of this process, or, after a fork, of an ancestor.
        current: AtomicPtr<Stamped<T>>,
        owns: PhantomData<T>,
    }

    struct Stamped<T> {
        process: u32,
        value: T,
    }

    // SAFETY: `get` gives out `&T` to whoever has `&Self`, and whoever drops `Self` drops a `T` that
    // any of them may have made.
    unsafe impl<T: Send + Sync> Sync for PerProcess<T> {}

    impl<T> PerProcess<T> {
        /// Creates it without a value.
        pub const fn new() -> Self {
            Self {
                current: AtomicPtr::new(ptr::null_mut()),
                owns: PhantomData,
            }
        }
    }

    impl<T: Default> PerProcess<T> {
        /// Returns the value of this process.
        ///
        /// Asking for the process costs a system call, so this is for when a thread is about to
        /// wait, or to wake another one.
        pub fn get(&self) -> &T {
            let process = process::id();
            // Acquire, here and below: pairs with the Release of the exchange that set it.
            // No test sees Acquire -> Relaxed: loom knows no processes, and has another `PerProcess`.
            let mut current = self.current.load(Acquire);
            loop {
                // SAFETY: not null means made by `Box::into_raw` below; what was once set is freed
                // by `drop` alone, or never.
                if let Some(stamped) = unsafe { current.as_ref() } {
                    if stamped.process == process {
                        return &stamped.value;
                    }
                }
                let new = Box::into_raw(Box::new(Stamped {
                    process,
                    value: T::default(),
                }));
                // No test sees AcqRel -> Acquire, Release: as above.
                // No test sees Acquire -> Relaxed: as above.
                match (self.current).compare_exchange(current, new, AcqRel, Acquire) {
                    // The ancestor's value, if that is what we replaced, is never freed: threads
                    // that are no more may be in it. It costs a forked process its memory.
                    Ok(_) => current = new,
                    Err(other) => {
                        // SAFETY: `new` was not published, so it is still ours.
                        drop(unsafe { Box::from_raw(new) });
                        current = other;
                    }
                }
            }
        }
    }

    impl<T> Default for PerProcess<T> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<T> fmt::Debug for PerProcess<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("PerProcess").finish_non_exhaustive()
        }
    }

    impl<T> Drop for PerProcess<T> {
        fn drop(&mut self) {
            let current = *self.current.get_mut();
            // SAFETY: made by `Box::into_raw`, and nobody else uses it: whoever uses the value
            // borrows us. An ancestor's stays, for the reason given in `get`.
            if unsafe { current.as_ref() }.is_some_and(|it| it.process == process::id()) {
                // SAFETY: as above.
                drop(unsafe { Box::from_raw(current) });
            }
        }
    }
}

#[cfg(any(ft_loom, ft_shuttle))]
mod modeled {
    /// As outside of loom and shuttle, where processes fork.
    #[derive(Debug, Default)]
    pub struct PerProcess<T>(T);

    impl<T: Default> PerProcess<T> {
        /// Creates it.
        pub fn new() -> Self {
            Self::default()
        }

        /// Returns the value.
        pub fn get(&self) -> &T {
            &self.0
        }
    }
}

#[cfg(all(test, unix, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;
    use ft_test_support::in_child;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    static DROPPED: AtomicUsize = AtomicUsize::new(0);

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
        }
    }

    /// Each process drops its own value, and no other.
    #[test]
    fn child_has_its_own() {
        drop(PerProcess::<Counted>::new());
        assert_eq!(DROPPED.load(SeqCst), 0);
        let mut values = [(); 2].map(|()| Some(PerProcess::<Counted>::new()));
        for (n, value) in values.iter().flatten().enumerate() {
            value.get().0.store(n + 7, SeqCst);
        }
        assert!(in_child(|| {
            let [asked, not_asked] = values.each_mut().map(|value| value.take().unwrap());
            let mut fine = asked.get().0.load(SeqCst) == 0;
            asked.get().0.store(1, SeqCst);
            fine &= asked.get().0.load(SeqCst) == 1;
            drop(not_asked);
            fine &= DROPPED.load(SeqCst) == 0;
            drop(asked);
            fine & (DROPPED.load(SeqCst) == 1)
        }));
        // The child took its copies of the two.
        let [first, second] = values.map(Option::unwrap);
        assert_eq!(first.get().0.load(SeqCst), 7);
        assert_eq!(second.get().0.load(SeqCst), 8);
        drop((first, second));
        assert_eq!(DROPPED.load(SeqCst), 2);
    }
}
