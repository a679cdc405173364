//! A signal that one thread waits for and another thread raises, once.

use crate::{
    Condvar, Mutex, MutexGuard,
    atomic::{
        AtomicBool,
        Ordering::{Acquire, Release},
    },
    thread,
};
// A waker is made from std's `Arc`, also under loom and shuttle.
use std::{
    sync::{Arc, PoisonError},
    task::Wake,
    time::Instant,
};

/// A flag that is raised once, for one thread that waits for it.
///
/// A primitive that hands something over to the threads in its queue has one signal for each of
/// them. Whatever happened before [`raise`](Signal::raise) is visible to a thread that sees the
/// flag raised.
///
/// A [`Waker`](std::task::Waker) made from a signal raises it. So a thread can wait for an event
/// that would wake a task.
#[derive(Debug)]
pub struct Signal {
    raised: AtomicBool,
    /// Whether a thread sleeps, or will look at `raised` once more and then sleep.
    asleep: Mutex<bool>,
    woken: Condvar,
}

impl Default for Signal {
    fn default() -> Self {
        Self::new()
    }
}

impl Signal {
    /// Creates a flag that is not raised.
    pub fn new() -> Self {
        Self {
            raised: AtomicBool::new(false),
            asleep: Mutex::new(false),
            woken: Condvar::new(),
        }
    }

    /// Tells whether the flag is raised.
    #[inline]
    pub fn is_raised(&self) -> bool {
        // Acquire: pairs with the Release in `raise`.
        self.raised.load(Acquire)
    }

    /// Raises the flag, and wakes the waiting thread.
    pub fn raise(&self) {
        // Release: pairs with the Acquire in `is_raised`.
        self.raised.store(true, Release);
        // A thread that took this lock before us is asleep by now, or has left. A thread that takes
        // it after us sees the flag.
        if *self.asleep() {
            self.woken.notify_one();
        }
    }

    /// Waits until the flag is raised and returns true; returns false if `deadline` passes first.
    ///
    /// It looks a few times before it sleeps, because waking up is slow. Under loom every deadline
    /// has already passed, so that models reach the code that gives up. Under shuttle a deadline
    /// passes after the other threads have had a turn.
    pub fn wait_deadline(&self, deadline: Option<Instant>) -> bool {
        let look = || self.is_raised().then_some(());
        if crate::spin(look).is_some() {
            return true;
        }
        if cfg!(ft_shuttle) && deadline.is_some() {
            thread::yield_now();
        }
        let mut asleep = self.asleep();
        *asleep = true;
        while !self.is_raised() {
            if has_passed(deadline) {
                *asleep = false;
                return false;
            }
            asleep = self.sleep(asleep, deadline);
        }
        true
    }

    fn asleep(&self) -> MutexGuard<'_, bool> {
        // Nothing panics while it holds this lock.
        self.asleep.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(not(any(ft_loom, ft_shuttle)))]
    fn sleep<'a>(
        &self,
        asleep: MutexGuard<'a, bool>,
        deadline: Option<Instant>,
    ) -> MutexGuard<'a, bool> {
        let Some(deadline) = deadline else {
            let woken = self.woken.wait(asleep);
            return woken.unwrap_or_else(PoisonError::into_inner);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let woken = self.woken.wait_timeout(asleep, left);
        woken.unwrap_or_else(PoisonError::into_inner).0
    }

    #[cfg(any(ft_loom, ft_shuttle))]
    fn sleep<'a>(
        &self,
        asleep: MutexGuard<'a, bool>,
        _deadline: Option<Instant>,
    ) -> MutexGuard<'a, bool> {
        self.woken.wait(asleep).unwrap()
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.raise();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.raise();
    }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| cfg!(any(ft_loom, ft_shuttle)) || deadline <= Instant::now())
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;
    use std::{task::Waker, thread, time::Duration};

    #[test]
    fn wakers_raise() {
        let signals = [(); 2].map(|()| Arc::new(Signal::new()));
        let [first, second] = signals.each_ref().map(|it| Waker::from(Arc::clone(it)));
        first.wake_by_ref();
        assert!(signals[0].is_raised() && !signals[1].is_raised());
        second.wake();
        assert!(signals[1].is_raised());
    }

    #[test]
    fn raised_before() {
        let signal = Signal::new();
        assert!(!signal.wait_deadline(Some(Instant::now())));
        signal.raise();
        assert!(signal.wait_deadline(Some(Instant::now())));
    }

    #[test]
    fn raised_while_asleep() {
        let signal = Signal::new();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| signal.wait_deadline(None));
            thread::sleep(Duration::from_millis(10));
            signal.raise();
            assert!(waiter.join().unwrap());
        });
    }

    #[test]
    fn deadline_passes() {
        let soon = Instant::now() + Duration::from_millis(5);
        assert!(!Signal::new().wait_deadline(Some(soon)));
        assert!(Instant::now() >= soon);
    }
}
