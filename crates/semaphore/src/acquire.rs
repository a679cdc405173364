//! Waiting for permits.

use crate::{Permit, Semaphore};
use ft_sync::{Signal, Standing, deadline_after, uninterruptible};
// A waker is made from std's `Arc`, also under loom and shuttle.
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

impl Semaphore {
    /// Takes a permit, and waits for one if necessary.
    pub fn acquire(&self) -> Permit<'_> {
        self.acquire_many(1)
    }

    /// Takes `n` permits at once, and waits for them if necessary.
    ///
    /// If it is first in line, the permits that are released are set aside for it, until there are
    /// enough. Those behind it wait meanwhile, even if they want fewer. If `n` is larger than the
    /// [limit](Self::limit), it waits until there is a larger one.
    ///
    /// ```
    /// use ft_semaphore::Semaphore;
    ///
    /// let seats = Semaphore::new(5);
    /// let group = seats.acquire_many(3);
    /// assert_eq!((group.count(), seats.available()), (3, 2));
    /// assert!(seats.try_acquire_many(3).is_none());
    /// drop(group);
    /// assert_eq!(seats.available(), 5);
    /// ```
    pub fn acquire_many(&self, n: usize) -> Permit<'_> {
        self.try_acquire_many(n).unwrap_or_else(|| {
            let mut place = self.acquire_many_async(n);
            let permits = uninterruptible(|| place.wait_deadline(None));
            permits.expect("a wait without a deadline ends with the permits")
        })
    }

    /// Takes a permit, and waits for one for at most `timeout`. A timeout that is too large for the
    /// clock means for ever.
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<'_>> {
        // This avoids reading the clock when there is no need to wait.
        self.try_acquire()
            .or_else(|| self.acquire_until(deadline_after(timeout)))
    }

    /// Takes a permit, and waits for one until `deadline`. Under loom every deadline has already
    /// passed.
    pub fn acquire_deadline(&self, deadline: Instant) -> Option<Permit<'_>> {
        self.acquire_until(Some(deadline))
    }

    #[inline]
    fn acquire_until(&self, deadline: Option<Instant>) -> Option<Permit<'_>> {
        self.try_acquire()
            .or_else(|| self.acquire_async().wait_deadline(deadline))
    }

    /// Returns a future that takes a permit, and waits in line for one if necessary.
    ///
    /// The future enters the line when it is first polled.
    pub fn acquire_async(&self) -> Acquire<'_> {
        self.acquire_many_async(1)
    }

    /// Returns a future that takes `n` permits at once, as [`acquire_many`](Self::acquire_many)
    /// does.
    pub fn acquire_many_async(&self, n: usize) -> Acquire<'_> {
        Acquire {
            semaphore: self,
            wanted: n,
            place: None,
        }
    }
}

/// The future of [`acquire_async`](Semaphore::acquire_async) and
/// [`acquire_many_async`](Semaphore::acquire_many_async): a place in line.
///
/// A thread can also wait for it, with [`wait_deadline`](Self::wait_deadline). It can be dropped at
/// any time without losing a permit: a permit that was handed to it goes to the next in line.
///
/// Its wakers are called, cloned and dropped outside of all locks.
///
/// # Deadlocks
///
/// A future that was polled, and then is neither polled again nor dropped, keeps its place: a
/// permit that is handed to it stays there, and is lost to all later waiters. So [`std::mem::forget`] of
/// such a future loses a permit, and a task that awaits several things should drop the future
/// before it waits for something else.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    wanted: usize,
    /// The place in line. It is `Some` from the first poll that finds no permit until the poll that
    /// finds one.
    place: Option<usize>,
}

impl<'a> Acquire<'a> {
    /// Waits until a permit comes, or until `deadline`.
    ///
    /// If no permit has come, the future stays in line, so that the caller can do something else
    /// and then call this again. Under loom every deadline has already passed.
    pub fn wait_deadline(&mut self, deadline: Option<Instant>) -> Option<Permit<'a>> {
        let served = Arc::new(Signal::new());
        let permit = self.look(Waker::from(Arc::clone(&served)));
        permit.or_else(|| {
            served.wait_deadline(deadline);
            self.look(Waker::from(served))
        })
    }

    /// Takes the permits if they are there. Otherwise `waker` will be woken when they are.
    fn look(&mut self, waker: Waker) -> Option<Permit<'a>> {
        let (semaphore, wanted) = (self.semaphore, self.wanted);
        let mut queue = semaphore.lock();
        if let Some(place) = self.place {
            let standing = queue.standing(place);
            if standing == Standing::Waiting {
                let old = queue.replace_waker(place, waker);
                drop(queue);
                drop(old);
                return None;
            }
            queue.leave(place);
            self.place = None;
            if standing == Standing::Served(()) {
                drop(queue);
                return Some(semaphore.permit_instead_of(waker, wanted));
            }
        }
        if !semaphore.take_or_queue(&mut queue, wanted) {
            self.place = Some(queue.join(wanted, waker));
            return None;
        }
        drop(queue);
        Some(semaphore.permit_instead_of(waker, wanted))
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Permit<'a>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit<'a>> {
        let permit = self.get_mut().look(cx.waker().clone());
        permit.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut queue = self.semaphore.lock();
        let standing = queue.standing(place);
        let waker = queue.leave(place);
        match standing {
            // What was set aside for it may be enough for those behind it.
            Standing::Waiting => self.semaphore.settle(queue),
            Standing::Served(()) => {
                drop(queue);
                drop(self.semaphore.permit(self.wanted));
            }
            Standing::Forgotten => drop(queue),
        }
        drop(waker);
    }
}
