//! Ending the waits of another thread, whatever it waits for.

use crate::thread_local;
use std::{cell::RefCell, pin::Pin, sync::Arc};

/// A request that the waits of a thread end. See [`interruptible`].
pub trait Interrupt: Send + Sync {
    /// Returns whether the waits are to end.
    fn is_raised(&self) -> bool;

    /// Returns a future that is ready some time after the interrupt was raised.
    ///
    /// The future may also be ready although nothing was raised; the wait that it ends is then over
    /// as if its deadline had passed.
    fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<dyn Interrupt>>> = const { RefCell::new(None) };
}

/// Calls `wait`. While an interrupt is raised, each sleep inside it ends at once, as if its deadline
/// had passed. A thread that sleeps when the interrupt is raised is woken.
///
/// This holds for everything that sleeps on an [`Event`](crate::Event) or a
/// [`Signal`](crate::Signal), and so for the waits of the `ft-` primitives that take an
/// `Option<Instant>`, even if that is `None`. A wait that cannot tell its caller that it has ended
/// early, such as [`Select::wait`](crate::Select::wait), is [not interrupted](uninterruptible).
///
/// A wait that need not sleep succeeds in spite of the interrupt. If calls are nested, only the
/// innermost interrupt counts.
///
/// # Panics
///
/// If `wait` panics, or if the thread is destroying its thread-local variables.
///
/// # Deadlocks
///
/// A loop that calls such a wait until it has what it wants uses the processor all the time while
/// the interrupt is raised: ask [`is_interrupted`] in it.
///
/// ```
/// use ft_sync::{Event, Interrupt, Signal, interruptible, thread};
/// use std::{pin::Pin, sync::{Arc, atomic::{AtomicBool, Ordering::SeqCst}}};
///
/// #[derive(Default)]
/// struct Stop(AtomicBool, Event);
///
/// impl Interrupt for Stop {
///     fn is_raised(&self) -> bool {
///         self.0.load(SeqCst)
///     }
///     fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
///         Box::pin(self.1.listen())
///     }
/// }
///
/// let stop = Arc::new(Stop::default());
/// let theirs = Arc::clone(&stop);
/// let sleeper = thread::spawn(move || {
///     // Nobody raises this signal.
///     interruptible(theirs, || Signal::new().wait_deadline(None))
/// });
/// stop.0.store(true, SeqCst);
/// stop.1.notify_all();
/// assert!(!sleeper.join().unwrap());
/// ```
pub fn interruptible<T>(by: Arc<dyn Interrupt>, wait: impl FnOnce() -> T) -> T {
    let _restored = Restored(CURRENT.with(|current| current.replace(Some(by))));
    wait()
}

/// Calls `wait`, in which no interrupt of an [`interruptible`] around this call counts.
///
/// It is for a wait that cannot tell its caller that it has ended early, because it returns a guard,
/// for example, or because other threads use what the caller owns until it is over.
///
/// # Panics
///
/// If `wait` panics.
///
/// ```
/// use ft_sync::{Event, Interrupt, interruptible, is_interrupted, uninterruptible};
/// use std::{future::ready, pin::Pin, sync::Arc};
///
/// struct Raised;
///
/// impl Interrupt for Raised {
///     fn is_raised(&self) -> bool {
///         true
///     }
///     fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
///         Box::pin(ready(()))
///     }
/// }
///
/// interruptible(Arc::new(Raised), || {
///     assert!(is_interrupted());
///     assert!(uninterruptible(|| !is_interrupted()));
///     assert!(!Event::new().listen().wait_deadline(None));
/// });
/// ```
pub fn uninterruptible<T>(wait: impl FnOnce() -> T) -> T {
    // A thread that destroys its thread-local variables has no interrupt.
    let outer = CURRENT.try_with(RefCell::take).ok().flatten();
    let _restored = outer.map(|outer| Restored(Some(outer)));
    wait()
}

/// Returns whether the waits of this thread are to end, because it runs inside of [`interruptible`].
///
/// A primitive asks this in a loop that would otherwise end only with its deadline.
pub fn is_interrupted() -> bool {
    current().is_some_and(|current| current.is_raised())
}

/// Returns what interrupts the waits of this thread.
pub(crate) fn current() -> Option<Arc<dyn Interrupt>> {
    // A thread may wait while it destroys its thread-local variables.
    let current = CURRENT.try_with(|current| current.borrow().clone());
    current.ok().flatten()
}

/// What was there before, and is put back.
struct Restored(Option<Arc<dyn Interrupt>>);

impl Drop for Restored {
    fn drop(&mut self) {
        let before = self.0.take();
        let ours = CURRENT.try_with(|current| current.replace(before));
        // The last reference may be ours: nothing is borrowed while it is dropped.
        drop(ours);
    }
}
