//! Waiting for the lock.

use super::{
    line::{Place, locked},
    lock::RawRwLock,
    word::{Kind, QUEUED},
};
use ft_sync::atomic::Ordering::Relaxed;
use std::{
    pin::Pin,
    ptr,
    task::{Context, Poll, Waker},
    time::Instant,
};

impl RawRwLock {
    /// Takes the lock for reading, and waits for it until `deadline`. Returns false if that passes
    /// first, or if the wait is [interrupted](ft_sync::interruptible).
    #[inline]
    pub fn read_deadline(&self, deadline: Option<Instant>) -> bool {
        self.try_read_at_once() || self.wait_slow(Kind::Read, deadline)
    }

    /// Takes the lock for writing, and waits for it until `deadline`. Returns false if that passes
    /// first, or if the wait is [interrupted](ft_sync::interruptible).
    #[inline]
    pub fn write_deadline(&self, deadline: Option<Instant>) -> bool {
        self.try_write() || self.wait_slow(Kind::Write, deadline)
    }

    #[cold]
    fn wait_slow(&self, kind: Kind, deadline: Option<Instant>) -> bool {
        self.waiter(kind).wait_deadline(deadline)
    }

    /// Returns a future that takes the lock for reading.
    ///
    /// The task that awaits it must then release the lock with [`unlock_read`](Self::unlock_read).
    pub fn read_async(&self) -> RawAcquire<'_> {
        RawAcquire(self.waiter(Kind::Read))
    }

    /// Returns a future that takes the lock for writing.
    ///
    /// The task that awaits it must then release the lock with [`unlock_write`](Self::unlock_write).
    pub fn write_async(&self) -> RawAcquire<'_> {
        RawAcquire(self.waiter(Kind::Write))
    }

    pub(crate) fn waiter(&self, kind: Kind) -> RawWaiter<'_> {
        RawWaiter {
            lock: self,
            kind,
            place: None,
        }
    }

    #[inline]
    pub(crate) fn try_take(&self, kind: Kind) -> bool {
        match kind {
            Kind::Read => self.try_read(),
            Kind::Write => self.try_write(),
        }
    }

    /// Like `try_take`, for a thread that tries repeatedly: it first looks, because the threads
    /// that have the lock need the word, too.
    pub(super) fn look_and_take(&self, kind: Kind) -> bool {
        // Relaxed: the exchange decides.
        let state = self.state.load(Relaxed);
        (state & kind.blocking() == 0 || state == QUEUED) && self.try_take(kind)
    }

    /// Takes the lock, or a place in the line.
    #[cold]
    pub(super) fn take_or_queue(&self, kind: Kind) -> Option<Place<'_>> {
        let here = self.line.get();
        let mut line = locked(here);
        // The threads that have the lock now will find the bit when they release it, and then lock
        // the line.
        let taken = self.take_or(&line, kind, |state| state | QUEUED);
        (!taken).then(|| Place {
            line: here,
            signal: line.push(kind),
        })
    }

    /// Gives up a place in the line. If the lock has been handed to it meanwhile, releases the
    /// lock.
    #[cold]
    pub(super) fn leave(&self, kind: Kind, place: &Place<'_>) {
        if self.was_left_behind(place) {
            return;
        }
        let mut line = self.line();
        if line.remove(kind, &place.signal) {
            // Threads that were only waiting because of us can go on.
            return self.call_next(&mut line, Kind::Write).raise(line);
        }
        drop(line);
        // SAFETY: we are no longer in the line of this process, or our signal was raised in another
        // process. So the lock was handed to us, and nobody else will release it.
        unsafe { self.unlock(kind) }
    }

    /// Returns whether the place belongs to the parent of a fork, and so does the lock.
    fn was_left_behind(&self, place: &Place<'_>) -> bool {
        !ptr::eq(place.line, self.line.get()) && !place.signal.is_raised()
    }

    /// # Safety
    ///
    /// As for `unlock_read` or `unlock_write`.
    pub(super) unsafe fn unlock(&self, kind: Kind) {
        match kind {
            // SAFETY: promised by the caller.
            Kind::Read => unsafe { self.unlock_read() },
            // SAFETY: promised by the caller.
            Kind::Write => unsafe { self.unlock_write() },
        }
    }
}

// Only the lock with a value uses these, which is not there in models.
#[cfg(not(any(ft_loom, ft_shuttle)))]
impl RawRwLock {
    /// Takes the lock for reading, and waits for it if necessary, whatever interrupt is raised.
    #[inline]
    pub(crate) fn read(&self) {
        if !self.try_read_at_once() {
            self.wait_for_turn(Kind::Read);
        }
    }

    /// Takes the lock for writing, and waits for it if necessary, whatever interrupt is raised.
    #[inline]
    pub(crate) fn write(&self) {
        if !self.try_write() {
            self.wait_for_turn(Kind::Write);
        }
    }

    #[cold]
    fn wait_for_turn(&self, kind: Kind) {
        let come = ft_sync::uninterruptible(|| self.wait_slow(kind, None));
        assert!(come, "a wait without a deadline ends with the lock");
    }
}

/// A waiter for the lock. It has a place in the line from the first wait on.
///
/// Dropping it gives up the place. If the lock has been handed to it meanwhile, the lock goes to
/// the next waiter.
#[derive(Debug)]
pub(crate) struct RawWaiter<'a> {
    lock: &'a RawRwLock,
    kind: Kind,
    place: Option<Place<'a>>,
}

impl RawWaiter<'_> {
    /// Waits until the lock is taken, and returns true; the caller must release it. Returns false
    /// if `deadline` passes first.
    pub(crate) fn wait_deadline(&mut self, deadline: Option<Instant>) -> bool {
        if self.place.is_none() {
            if ft_sync::spin(|| self.lock.look_and_take(self.kind).then_some(())).is_some() {
                return true;
            }
            self.place = self.lock.take_or_queue(self.kind);
        }
        let come = (self.place.as_ref()).is_none_or(|place| place.signal.wait_deadline(deadline));
        if come {
            self.place = None;
        }
        come
    }
}

impl RawWaiter<'_> {
    /// Does the same for a task: `waker` will be woken when it is worthwhile to poll again.
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<()> {
        self.place.take_if(|place| self.lock.was_left_behind(place));
        if self.place.is_none() {
            if self.lock.look_and_take(self.kind) {
                return Poll::Ready(());
            }
            self.place = self.lock.take_or_queue(self.kind);
        }
        let place = self.place.as_ref();
        let come = place.map_or(Poll::Ready(()), |place| place.signal.poll(waker));
        if come.is_ready() {
            self.place = None;
        }
        come
    }
}

impl Drop for RawWaiter<'_> {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            self.lock.leave(self.kind, place);
        }
    }
}

/// The future of [`read_async`](RawRwLock::read_async) and [`write_async`](RawRwLock::write_async).
/// It has a place in the line from the first poll on.
///
/// When it is ready, the lock is taken. Dropping it before gives up the place: if the lock has been
/// handed to it meanwhile, the lock goes to the next waiter. So a task can be cancelled at any
/// time.
///
/// Its wakers are called, cloned and dropped outside of all locks.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct RawAcquire<'a>(RawWaiter<'a>);

impl Future for RawAcquire<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().0.poll(cx.waker())
    }
}
