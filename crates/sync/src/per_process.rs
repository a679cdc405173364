//! Values that must not be carried over a fork.

#[cfg(any(ft_loom, ft_shuttle))]
pub use modeled::{PerProcess, process_id};
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub use real::{PerProcess, process_id};

#[cfg(not(any(ft_loom, ft_shuttle)))]
mod real {
    #[cfg(unix)]
    use std::sync::atomic::{
        AtomicBool, AtomicU32,
        Ordering::{Relaxed, Release},
    };
    use std::{
        fmt,
        marker::PhantomData,
        ptr,
        sync::atomic::{
            AtomicPtr,
            Ordering::{AcqRel, Acquire},
        },
    };

    /// A value that each process has for itself. It is created on first use.
    ///
    /// The child of a fork gets a copy of the parent's memory. In that copy, threads that do not
    /// exist in the child may be waiting, and one of them may hold a lock. So the child gets a new
    /// value instead.
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
        /// Null until first use. After that it is the value of this process or, after a fork, that
        /// of an ancestor.
        current: AtomicPtr<Stamped<T>>,
        owns: PhantomData<T>,
    }

    struct Stamped<T> {
        process: u32,
        value: T,
    }

    // SAFETY: `get` lends `&T` to any thread that has `&Self`, hence `T: Sync`. The thread that
    // drops `Self` drops a `T` that another thread may have created, hence `T: Send`.
    unsafe impl<T: Send + Sync> Sync for PerProcess<T> {}

    impl<T> PerProcess<T> {
        /// Creates an instance without a value.
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
        /// On systems without `fork` handlers, each call asks the operating system for the process
        /// id, which costs a system call. So it is meant for a thread that is about to wait, or to
        /// wake another one.
        pub fn get(&self) -> &T {
            let process = process_id();
            // Acquire, here and below: pairs with the Release of the exchange that set the pointer,
            // so the value behind it is complete.
            let mut current = self.current.load(Acquire);
            loop {
                // SAFETY: a pointer that is not null was made by `Box::into_raw` below. Once
                // stored, it is freed by `drop` alone, or never.
                if let Some(stamped) = unsafe { current.as_ref() } {
                    if stamped.process == process {
                        return &stamped.value;
                    }
                }
                let new = Box::into_raw(Box::new(Stamped {
                    process,
                    value: T::default(),
                }));
                match (self.current).compare_exchange(current, new, AcqRel, Acquire) {
                    // If we replaced an ancestor's value, that value is never freed: threads that
                    // do not exist in this process may have been using it. A forked process loses
                    // that memory.
                    Ok(_) => current = new,
                    Err(other) => {
                        // SAFETY: `new` was not published, so no other thread has it.
                        drop(unsafe { Box::from_raw(new) });
                        current = other;
                    }
                }
            }
        }
    }

    /// Returns the id of this process.
    #[cfg(not(unix))]
    pub fn process_id() -> u32 {
        std::process::id()
    }

    /// Returns the id of this process, without a system call: the child of a fork forgets what its
    /// parent has noted.
    #[cfg(unix)]
    #[inline]
    pub fn process_id() -> u32 {
        // Relaxed: the child of a fork has forgotten the id before it runs anything else.
        match NOTED.load(Relaxed) {
            0 => note_process_id(),
            id => id,
        }
    }

    /// The id of this process, or 0.
    #[cfg(unix)]
    static NOTED: AtomicU32 = AtomicU32::new(0);

    #[cfg(unix)]
    #[cold]
    fn note_process_id() -> u32 {
        static WATCHED: AtomicBool = AtomicBool::new(false);
        extern "C" fn forget() {
            // Relaxed: the child has no other thread.
            NOTED.store(0, Relaxed);
        }
        let id = std::process::id();
        // Acquire, Release: a thread notes the id only after the handler was registered. If two
        // threads register it at the same time, it runs twice, which does no harm.
        if !WATCHED.load(Acquire) {
            // SAFETY: the handler only stores to an atomic.
            if unsafe { libc::pthread_atfork(None, None, Some(forget)) } != 0 {
                return id;
            }
            WATCHED.store(true, Release);
        }
        // Relaxed: it is the same in all threads.
        NOTED.store(id, Relaxed);
        id
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
            // SAFETY: the pointer was made by `Box::into_raw`, and nobody else uses it, since every
            // user of the value borrows `self`. An ancestor's value stays, for the reason given in
            // `get`.
            if unsafe { current.as_ref() }.is_some_and(|it| it.process == process_id()) {
                // SAFETY: as above.
                drop(unsafe { Box::from_raw(current) });
            }
        }
    }
}

#[cfg(any(ft_loom, ft_shuttle))]
mod modeled {
    /// Stands in for the real `PerProcess`: in models, processes do not fork.
    #[derive(Debug, Default)]
    pub struct PerProcess<T>(T);

    impl<T: Default> PerProcess<T> {
        /// Creates an instance.
        pub fn new() -> Self {
            Self::default()
        }

        /// Returns the value.
        pub fn get(&self) -> &T {
            &self.0
        }
    }

    /// Returns the id of this process, which never changes in a model.
    pub fn process_id() -> u32 {
        std::process::id()
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
