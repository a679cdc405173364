//! A signal that one thread or task waits for and another thread raises, once.

use crate::{
    Condvar, Mutex, MutexGuard,
    atomic::{
        AtomicBool,
        Ordering::{Acquire, Release},
    },
    interrupt::{self, Interrupt},
    thread,
};
// A waker is made from std's `Arc`, also under loom and shuttle.
use std::{
    mem,
    pin::pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};

/// A flag that is raised once, for one thread or task that waits for it.
///
/// A primitive that hands something over to the threads and tasks in its queue has one signal for
/// each of them. Whatever happened before [`raise`](Signal::raise) is visible to a thread that sees
/// the flag raised.
///
/// A [`Waker`](std::task::Waker) made from a signal raises it. So a thread can wait for an event
/// that would wake a task.
#[derive(Debug)]
pub struct Signal {
    raised: AtomicBool,
    asleep: Mutex<Asleep>,
    woken: Condvar,
}

/// Whether a thread sleeps, or will look at `raised` once more and then sleep.
#[derive(Debug)]
enum Asleep {
    No,
    /// On the condition variable.
    Here,
    /// Somewhere else: something other than this signal may wake it, too, or it is a task.
    Elsewhere(Waker),
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
            asleep: Mutex::new(Asleep::No),
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
        let asleep = mem::replace(&mut *self.asleep(), Asleep::No);
        match asleep {
            Asleep::No => {}
            Asleep::Here => self.woken.notify_one(),
            Asleep::Elsewhere(waker) => waker.wake(),
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
        match interrupt::current() {
            None => self.sleep_until(deadline),
            Some(interrupt) => self.wait_interruptible(deadline, &*interrupt),
        }
    }

    fn sleep_until(&self, deadline: Option<Instant>) -> bool {
        if cfg!(ft_shuttle) && deadline.is_some() {
            thread::yield_now();
        }
        let mut asleep = self.asleep();
        *asleep = Asleep::Here;
        while !self.is_raised() {
            if has_passed(deadline) {
                *asleep = Asleep::No;
                return false;
            }
            asleep = self.sleep(asleep, deadline);
        }
        true
    }

    #[cold]
    fn wait_interruptible(&self, deadline: Option<Instant>, interrupt: &dyn Interrupt) -> bool {
        let woken = Arc::new(Self::new());
        let waker = Waker::from(Arc::clone(&woken));
        let before = mem::replace(&mut *self.asleep(), Asleep::Elsewhere(waker));
        debug_assert!(!matches!(before, Asleep::Elsewhere(_)), "one thread waits");
        // If the flag was raised without seeing the waker, it is seen here.
        if !self.is_raised() {
            woken.wait_or_interrupt(deadline, interrupt);
        }
        *self.asleep() = Asleep::No;
        self.is_raised()
    }

    /// Sleeps until the flag is raised, or until the interrupt or the deadline.
    #[cold]
    pub(crate) fn wait_or_interrupt(
        self: &Arc<Self>,
        deadline: Option<Instant>,
        interrupt: &dyn Interrupt,
    ) {
        let waker = Waker::from(Arc::clone(self));
        let mut interrupted = pin!(interrupt.raised());
        let polled = interrupted.as_mut().poll(&mut Context::from_waker(&waker));
        // If it was raised without seeing the waker, it is seen here.
        if polled.is_pending() && !interrupt.is_raised() {
            self.sleep_until(deadline);
        }
    }

    /// Tells a task whether the flag is raised. If it is not, `waker` will be woken when it is.
    ///
    /// Wakers are called, cloned and dropped outside of all locks.
    pub fn poll(&self, waker: &Waker) -> Poll<()> {
        if self.is_raised() {
            return Poll::Ready(());
        }
        let new = Asleep::Elsewhere(waker.clone());
        let mut asleep = self.asleep();
        let old = mem::replace(&mut *asleep, new);
        // If the flag was raised without seeing the waker, it is seen here.
        let is_raised = self.is_raised();
        drop(asleep);
        drop(old);
        if is_raised {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn asleep(&self) -> MutexGuard<'_, Asleep> {
        // Nothing panics while it holds this lock.
        self.asleep.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(not(any(ft_loom, ft_shuttle)))]
    fn sleep<'a>(
        &self,
        asleep: MutexGuard<'a, Asleep>,
        deadline: Option<Instant>,
    ) -> MutexGuard<'a, Asleep> {
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
        asleep: MutexGuard<'a, Asleep>,
        _deadline: Option<Instant>,
    ) -> MutexGuard<'a, Asleep> {
        // Shuttle's threads share one thread of the system: when one of them panics, a lock that
        // another one leaves meanwhile counts as poisoned.
        let woken = self.woken.wait(asleep);
        woken.unwrap_or_else(PoisonError::into_inner)
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
    fn tasks_poll() {
        let [woken, stale] = [(); 2].map(|()| Arc::new(Signal::new()));
        let [waker, old] = [&woken, &stale].map(|it| Waker::from(Arc::clone(it)));
        let signal = Signal::new();
        assert!(signal.poll(&old).is_pending());
        assert!(signal.poll(&waker).is_pending());
        signal.raise();
        assert!(woken.is_raised() && !stale.is_raised());
        assert_eq!(signal.poll(&waker), Poll::Ready(()));
        // None of them is kept.
        drop((waker, old));
        assert_eq!([woken, stale].map(|it| Arc::strong_count(&it)), [1, 1]);
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
            // It holds this mutex from before it says so until it lies on the condition variable.
            while !matches!(*signal.asleep(), Asleep::Here) {
                thread::yield_now();
            }
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
