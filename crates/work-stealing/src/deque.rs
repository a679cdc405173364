//! The deques of the workers and the injector: those of `crossbeam-deque`, which knows no loom, or
//! what stands in for them in a loom model.

#[cfg(not(ft_loom))]
pub(crate) use crossbeam_deque::{Injector, Steal, Stealer, Worker};
#[cfg(ft_loom)]
pub(crate) use modeled::{Injector, Steal, Stealer, Worker};

/// Bags of a few slots with the interface of `crossbeam-deque`. Like the real ones they promise a
/// thief nothing about a push that is not ordered before its look: so a fence that is missing in
/// this crate fails a model. A lock in their place would order what the fences have to order.
#[cfg(ft_loom)]
mod modeled {
    use ft_sync::{
        Arc, UnsafeCell,
        atomic::{
            AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    };

    const EMPTY: usize = 0;
    const BUSY: usize = 1;
    const FULL: usize = 2;

    /// What a model may have in one deque at a time.
    const SLOTS: usize = 2;

    pub(crate) enum Steal<T> {
        Success(T),
        Empty,
        /// Never returned here.
        #[allow(dead_code)]
        Retry,
    }

    struct Slot<T> {
        state: AtomicUsize,
        item: UnsafeCell<Option<T>>,
    }

    struct Bag<T>([Slot<T>; SLOTS]);

    // SAFETY: whoever makes a slot busy has its item alone.
    unsafe impl<T: Send> Sync for Bag<T> {}
    // SAFETY: as above.
    unsafe impl<T: Send> Send for Bag<T> {}

    impl<T> Bag<T> {
        fn new() -> Self {
            Self(std::array::from_fn(|_| Slot {
                state: AtomicUsize::new(EMPTY),
                item: UnsafeCell::new(None),
            }))
        }

        fn push(&self, item: T) {
            let claim = |slot: &&Slot<T>| {
                // Acquire: pairs with the Release of the thread that emptied the slot.
                let state = &slot.state;
                state
                    .compare_exchange(EMPTY, BUSY, Acquire, Relaxed)
                    .is_ok()
            };
            let slot = self.0.iter().find(claim).expect("more jobs than slots");
            // SAFETY: the slot is ours until it is full.
            slot.item.with_mut(|place| unsafe { *place = Some(item) });
            // Release: pairs with the Acquire in `take`.
            slot.state.store(FULL, Release);
        }

        fn take<'a>(&'a self, slots: impl Iterator<Item = &'a Slot<T>>) -> Option<T> {
            for slot in slots {
                // Relaxed: only the exchange counts.
                if slot.state.load(Relaxed) == FULL
                    && slot
                        .state
                        // Acquire: pairs with the Release in `push`. Release: pairs with the Acquire
                        // in `is_empty`.
                        .compare_exchange(FULL, BUSY, AcqRel, Relaxed)
                        .is_ok()
                {
                    // SAFETY: the slot is ours until it is empty.
                    let item = slot.item.with_mut(|place| unsafe { (*place).take() });
                    // Release: pairs with the Acquire in `push`.
                    slot.state.store(EMPTY, Release);
                    return item;
                }
            }
            None
        }

        fn steal(&self) -> Steal<T> {
            self.take(self.0.iter())
                .map_or(Steal::Empty, Steal::Success)
        }

        fn is_empty(&self) -> bool {
            // Acquire: pairs with the Release in `take`. A thread that finds a job gone sees what
            // the thief has done before.
            self.0.iter().all(|slot| slot.state.load(Acquire) != FULL)
        }
    }

    pub(crate) struct Injector<T>(Bag<T>);
    pub(crate) struct Worker<T>(Arc<Bag<T>>);
    pub(crate) struct Stealer<T>(Arc<Bag<T>>);

    impl<T> Injector<T> {
        pub(crate) fn new() -> Self {
            Self(Bag::new())
        }
        pub(crate) fn push(&self, item: T) {
            self.0.push(item);
        }
        pub(crate) fn steal(&self) -> Steal<T> {
            self.0.steal()
        }
        pub(crate) fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }

    impl<T> Worker<T> {
        pub(crate) fn new_lifo() -> Self {
            Self(Arc::new(Bag::new()))
        }
        pub(crate) fn push(&self, item: T) {
            self.0.push(item);
        }
        pub(crate) fn pop(&self) -> Option<T> {
            self.0.take(self.0.0.iter().rev())
        }
        pub(crate) fn stealer(&self) -> Stealer<T> {
            Stealer(Arc::clone(&self.0))
        }
    }

    impl<T> Stealer<T> {
        pub(crate) fn steal(&self) -> Steal<T> {
            self.0.steal()
        }
        pub(crate) fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }
}
