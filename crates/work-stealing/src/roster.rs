//! The list of the workers, which thieves read at each steal and which seldom grows.

#[cfg(not(ft_loom))]
pub(crate) use epochs::Roster;
#[cfg(ft_loom)]
pub(crate) use modeled::Roster;

#[cfg(not(ft_loom))]
mod epochs {
    use crossbeam_epoch::{self as epoch, Atomic, Guard, Owned};
    use ft_sync::Mutex;
    use std::sync::{
        Arc, PoisonError,
        atomic::Ordering::{Acquire, Relaxed, Release},
    };

    /// A list that grows, and that readers see without writing anything that they share.
    ///
    /// A reader is pinned: the list that it has loaded is freed only after it has unpinned. A
    /// reader-writer lock or a reference count would make all thieves write one cache line. A thief
    /// is pinned inside `crossbeam-deque` anyway, so that this pin costs a counter of its own
    /// thread.
    pub(crate) struct Roster<T> {
        list: Atomic<Vec<Arc<T>>>,
        /// Held while a longer list takes the place of the list.
        growing: Mutex<()>,
    }

    impl<T: Send + Sync + 'static> Roster<T> {
        pub(crate) fn new() -> Self {
            Self {
                list: Atomic::new(Vec::new()),
                growing: Mutex::new(()),
            }
        }

        /// Adds what `make` makes of the number of the new entry.
        pub(crate) fn add(&self, make: impl FnOnce(usize) -> Arc<T>) {
            let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
            let guard = epoch::pin();
            let mut longer = self.list(&guard).to_vec();
            longer.push(make(longer.len()));
            // Release: pairs with the Acquire in `list`.
            let old = self.list.swap(Owned::new(longer), Release, &guard);
            // SAFETY: no new reader finds the old list, and it was never null.
            unsafe { guard.defer_destroy(old) };
        }

        /// Calls `read` with all entries. They stay in the list until it is dropped.
        pub(crate) fn read<R>(&self, read: impl FnOnce(&[Arc<T>]) -> R) -> R {
            read(self.list(&epoch::pin()))
        }

        fn list<'a>(&self, guard: &'a Guard) -> &'a [Arc<T>] {
            // Acquire: pairs with the Release in `add`, so the entries are seen whole.
            let list = self.list.load(Acquire, guard);
            // SAFETY: it is never null, and is freed only after `guard`.
            unsafe { list.deref() }
        }
    }

    impl<T> Drop for Roster<T> {
        fn drop(&mut self) {
            // SAFETY: `&mut self`: there are no readers, and the list is never null.
            // Relaxed: whoever may drop it has seen all that was done with it.
            unsafe {
                let guard = epoch::unprotected();
                drop(self.list.load(Relaxed, guard).into_owned());
            }
        }
    }
}

/// The same with a lock: a model with epochs in every steal does not end.
#[cfg(ft_loom)]
mod modeled {
    use ft_sync::RwLock;
    use std::sync::Arc;

    pub(crate) struct Roster<T>(RwLock<Vec<Arc<T>>>);

    impl<T> Roster<T> {
        pub(crate) fn new() -> Self {
            Self(RwLock::new(Vec::new()))
        }

        pub(crate) fn add(&self, make: impl FnOnce(usize) -> Arc<T>) {
            let mut list = self.0.write().unwrap();
            let number = list.len();
            list.push(make(number));
        }

        pub(crate) fn read<R>(&self, read: impl FnOnce(&[Arc<T>]) -> R) -> R {
            let list = self.0.read().unwrap().clone();
            read(&list)
        }
    }
}
