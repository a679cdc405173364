//! Waiting for the first of several things.

mod case;
mod shuffle;

pub use case::Case;
pub use shuffle::shuffle;

use crate::{Event, Listener, Signal, deadline_after, uninterruptible};
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// Waits until the first of several cases is possible, and does that one and no other.
///
/// A [`Case`] is an attempt that succeeds or changes nothing, and the event that is notified when it
/// may succeed: to take an item from a queue, to put one in, to see that a latch has opened. The
/// primitives make their own cases, and [`Case::new`] makes others. All cases of a `Select` return
/// the same type; [`Case::map`] converts what one returns.
///
/// ```
/// use ft_sync::{Case, Event, Select, atomic::{AtomicU32, Ordering::SeqCst}};
///
/// #[derive(Debug, PartialEq)]
/// enum First {
///     Coin(u32),
///     Closed,
/// }
///
/// let (coins, changed) = (AtomicU32::new(0), Event::new());
/// let (closed, closing) = (AtomicU32::new(0), Event::new());
/// let take = || coins.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).ok();
/// let mut first = Select::new()
///     .case(Case::new(&changed, take).map(First::Coin))
///     .case(Case::new(&closing, || (closed.load(SeqCst) == 1).then_some(First::Closed)));
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         coins.store(3, SeqCst);
///         changed.notify(1);
///     });
///     assert_eq!(first.wait(), First::Coin(3));
/// });
/// closed.store(1, SeqCst);
/// closing.notify_all();
/// // If several cases are possible, each has the same chance.
/// while first.wait() != First::Closed {}
/// ```
///
/// # Exactly one
///
/// A call tries its cases one after the other, on the calling thread and with no lock held, and ends
/// with the first success. So exactly one case takes effect, at the moment at which it would have
/// alone; if the call gives up or its future is dropped, none does. The cases are tried in random
/// order, so each of those that are possible at that moment has the same chance. Under loom and
/// shuttle, which do without chance, they are tried in the order in which they were added.
///
/// What a call cannot do is to meet another call halfway: a case is an attempt that succeeds by
/// itself, and not an offer that another thread accepts. So there are no cases for a queue without
/// room, in which a push would end when its item is taken. If two calls offered themselves to each
/// other, both would have to commit in one step, and every attempt would pay for that.
///
/// # How it works
///
/// A call listens to the events of all cases before it tries them, and sleeps until one of them
/// notifies it. This is the usual way to wait for one of several things: Go's `select` enters the
/// queues of all its channels, and so does the [`Select`] of crossbeam-channel, whose order of
/// attempts is as random as here. They had it from Reppy's [Concurrent ML].
///
/// An event wakes one waiter for each item. So a call that was notified for one case, and succeeds
/// with another, would leave an item to a waiter that sleeps. It passes the notification on
/// instead: it takes a notification only to try that case, and a [`Listener`] that is dropped with
/// a notification hands it to the next.
///
/// A call takes time in proportion to the number of its cases.
///
/// [`Select`]: https://docs.rs/crossbeam-channel/latest/crossbeam_channel/struct.Select.html
/// [Concurrent ML]: https://doi.org/10.1145/113445.113470
pub struct Select<'a, T> {
    arms: Vec<Arm<'a, T>>,
}

/// A case, and its place in the line of those that wait for its event.
struct Arm<'a, T> {
    event: &'a Event,
    attempt: Box<dyn FnMut() -> Option<T> + Send + 'a>,
    /// `None` while nobody waits.
    listener: Option<Listener<'a>>,
}

impl<'a, T> Select<'a, T> {
    /// Creates a choice without cases.
    pub fn new() -> Self {
        Self { arms: Vec::new() }
    }

    /// Adds a case.
    #[must_use]
    pub fn case<F>(mut self, case: Case<'a, F>) -> Self
    where
        F: FnMut() -> Option<T> + Send + 'a,
    {
        self.arms.push(Arm {
            event: case.event,
            attempt: Box::new(case.attempt),
            listener: None,
        });
        self
    }

    /// Does one of the cases that are possible now. Returns `None` if none is.
    pub fn try_now(&mut self) -> Option<T> {
        shuffle(&mut self.arms);
        self.arms.iter_mut().find_map(|arm| (arm.attempt)())
    }

    /// Waits until a case is possible, and does it.
    ///
    /// # Panics
    ///
    /// If there are no cases. So do the other methods that wait.
    pub fn wait(&mut self) -> T {
        let done = uninterruptible(|| self.wait_deadline(None));
        done.expect("a wait without a deadline ends with a case")
    }

    /// Like [`wait`](Self::wait), but waits for at most `timeout`. A timeout that is too large for
    /// the clock means for ever.
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<T> {
        // This avoids reading the clock when there is no need to wait.
        self.try_now()
            .or_else(|| self.wait_deadline(deadline_after(timeout)))
    }

    /// Like [`wait`](Self::wait), but waits until `deadline` at most, and tries once more then.
    ///
    /// Under loom deadlines have always passed.
    pub fn wait_deadline(&mut self, deadline: Option<Instant>) -> Option<T> {
        if let Some(done) = self.try_now() {
            return Some(done);
        }
        let mut waiting = Waiting::new(self);
        loop {
            let woken = Arc::new(Signal::new());
            let waker = Waker::from(Arc::clone(&woken));
            if let Poll::Ready(done) = waiting.poll(&mut Context::from_waker(&waker)) {
                return Some(done);
            }
            if !woken.wait_deadline(deadline) {
                return waiting.0.try_now();
            }
        }
    }

    /// Like [`wait`](Self::wait), as a task.
    ///
    /// Cases are tried only while the future is being polled. So a future that is dropped early has
    /// either done nothing or finished.
    pub async fn wait_async(&mut self) -> T {
        if let Some(done) = self.try_now() {
            return done;
        }
        let mut waiting = Waiting::new(self);
        poll_fn(|cx| waiting.poll(cx)).await
    }
}

/// A choice that waits. Dropping it ends the wait.
struct Waiting<'s, 'a, T>(&'s mut Select<'a, T>);

impl<'s, 'a, T> Waiting<'s, 'a, T> {
    fn new(select: &'s mut Select<'a, T>) -> Self {
        assert!(!select.arms.is_empty(), "nothing to wait for: no cases");
        Self(select)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        shuffle(&mut self.0.arms);
        let done = self.0.arms.iter_mut().find_map(|arm| arm.poll(cx));
        done.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> Drop for Waiting<'_, '_, T> {
    fn drop(&mut self) {
        // Those that were notified, and not tried since, pass their notification on.
        self.0.arms.iter_mut().for_each(|arm| arm.listener = None);
    }
}

impl<T> Arm<'_, T> {
    /// Tries the case, unless it was tried since its event was last notified. If it cannot be done,
    /// `cx` is woken when it should be tried again.
    fn poll(&mut self, cx: &mut Context<'_>) -> Option<T> {
        if let Some(listener) = &mut self.listener {
            if Pin::new(listener).poll(cx).is_pending() {
                return None;
            }
        }
        // The notification, if there was one, is used up by this attempt, and by none before it.
        loop {
            let mut listener = self.event.listen();
            let polled = Pin::new(&mut listener).poll(cx);
            if let Some(done) = (self.attempt)() {
                return Some(done);
            }
            if polled.is_pending() {
                self.listener = Some(listener);
                return None;
            }
        }
    }
}

impl<T> Default for Select<'_, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Select<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select")
            .field("cases", &self.arms.len())
            .finish_non_exhaustive()
    }
}
