//! An event: threads and tasks wait on it until another thread has changed something.
//!
//! The queue inside is that of [`event_listener`]. A loom model that contains it does not end, and
//! shuttle could not switch threads inside it, so both use the queue in `locked.rs` instead. So
//! does a build with `--cfg loom`, which other crates use for their own models: `event_listener`
//! does not build there.

use crate::{
    atomic::{
        AtomicU32,
        Ordering::{Relaxed, SeqCst},
        fence,
    },
    before_looking,
    interrupt::{self, Interrupt},
    patience::{Patience, Pauses},
    signal::Signal,
};
// A waker is made from std's `Arc`, also under loom and shuttle.
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

#[cfg(any(ft_loom, ft_shuttle, loom))]
mod locked;
#[cfg(not(any(ft_loom, ft_shuttle, loom)))]
mod parked;

#[cfg(any(ft_loom, ft_shuttle, loom))]
use locked::{Place, Queue};
#[cfg(not(any(ft_loom, ft_shuttle, loom)))]
use parked::{Place, Queue};

/// Wakes threads and tasks that wait for a change of some other state.
///
/// An event holds no state of its own. A waiter first listens, then looks at the state, and only
/// then waits; [`wait_until`](Event::wait_until) and [`wait_until_async`](Event::wait_until_async)
/// do this. The notifier first changes the state and then notifies. Both sides pass a sequentially
/// consistent fence in between, so either the waiter sees the change or the notifier sees the
/// waiter.
///
/// After a fork the child can use the event. The child's event does not know the threads that
/// waited in the parent.
///
/// Waiters are woken in the order in which they began to listen. A notification costs a fence and a
/// load while nobody listens; otherwise it takes a lock.
///
/// # Deadlocks
///
/// A waiter that looks at the state before it listens can miss the change, and then waits for ever.
/// So does one of two waiters if a change lets both go on and only one is notified.
#[derive(Debug, Default)]
pub struct Event {
    /// The number of [`Listener`]s that were not notified, or more: a listener is counted before it
    /// enters the queue, and its notifier counts it out after notifying it. Without this count each
    /// notification would take the lock of the queue. Notified listeners do not count, so a thread
    /// that is slow to wake up costs its notifiers nothing.
    listening: AtomicU32,
    /// How long threads pause before they listen.
    patience: Patience,
    queue: Queue,
}

impl Event {
    /// Creates an event with no listeners.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wakes `count` more listeners, the longest waiting first.
    ///
    /// Listeners that an earlier call has notified, but that have not run since, do not count: two
    /// calls with 1 wake two listeners.
    #[inline]
    pub fn notify(&self, count: usize) {
        // This fence pairs with the fence in `listen`. If the listener's fence is first, we see its
        // count and take the lock of the queue. Either the listener is in the queue by then, or it
        // enters the queue after we have released the lock, and then sees the change, too. If our
        // fence is first, the listener's look at the state sees the change.
        fence(SeqCst);
        // Relaxed: ordered by the fences.
        if self.listening.load(Relaxed) > 0 {
            self.notify_queue(count);
        }
    }

    /// Like [`notify`](Self::notify), for a change that was made by a `SeqCst` read-modify-write.
    /// The order between that change and the fence of a listener makes another fence needless.
    ///
    /// If the fence in `listen` comes first in the order of all `SeqCst` operations, our load,
    /// which comes after our change, sees the count. If the change comes first, the listener's look
    /// at the state sees it.
    #[inline]
    pub fn notify_after_swap(&self, count: usize) {
        before_looking();
        // SeqCst: see above.
        if self.listening.load(SeqCst) > 0 {
            self.notify_queue(count);
        }
    }

    #[cold]
    fn notify_queue(&self, count: usize) {
        let notified = self.queue.notify(count);
        // Relaxed: a notifier that still sees the old count takes the lock needlessly. Nothing else
        // depends on it. The count covers the listeners that are in the queue, because each of them
        // was counted before it entered and is counted out once: here, or by itself if it leaves
        // before it is notified.
        self.listening.fetch_sub(notified as u32, Relaxed);
    }

    /// Wakes every listener.
    #[inline]
    pub fn notify_all(&self) {
        self.notify(usize::MAX);
    }

    /// Begins the pauses that a thread makes before it listens: a thread that has to wait should
    /// look again after each of them.
    ///
    /// There are none after `deadline`, nor while others listen, because they came first.
    ///
    /// ```
    /// use ft_sync::Event;
    ///
    /// fn wait(event: &Event, changed: impl Fn() -> bool) {
    ///     let mut pauses = event.pauses(None);
    ///     while pauses.pause() {
    ///         if changed() {
    ///             return pauses.were_enough();
    ///         }
    ///     }
    ///     loop {
    ///         let listener = event.listen();
    ///         if changed() {
    ///             return;
    ///         }
    ///         listener.wait();
    ///     }
    /// }
    ///
    /// wait(&Event::new(), || true);
    /// ```
    pub fn pauses(&self, deadline: Option<Instant>) -> Pauses<'_> {
        // Relaxed: it only matters that this is mostly right.
        let is_first = self.listening.load(Relaxed) == 0;
        self.patience.pauses(is_first, deadline)
    }

    /// Starts to listen. Later notifications reach the returned [`Listener`].
    pub fn listen(&self) -> Listener<'_> {
        // Relaxed: ordered by the fence below.
        self.listening.fetch_add(1, Relaxed);
        let place = Some(self.queue.listen());
        // Pairs with the fence in `notify`.
        fence(SeqCst);
        Listener { place, event: self }
    }

    /// Waits until `attempt` returns a value, and returns that value. Returns `None` if `deadline`
    /// passes.
    ///
    /// `attempt` runs at least once, a few more times before the thread goes to sleep (see
    /// [`pauses`](Self::pauses)), again after each wake-up, and a last time after the deadline. It
    /// runs on the calling thread, with no lock held. With a deadline of `None` the call waits for
    /// ever. Under loom deadlines never pass; under shuttle they pass after the other threads have
    /// had a turn.
    #[inline]
    pub fn wait_until<T>(
        &self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        attempt().or_else(|| self.wait_until_slow(deadline, attempt))
    }

    /// Waits until `attempt` returns a value, and returns that value.
    ///
    /// This is [`wait_until`](Self::wait_until) for a caller that cannot go on without the value: there is no
    /// deadline, and the wait is [not interrupted](crate::uninterruptible).
    ///
    /// ```
    /// use ft_sync::Event;
    ///
    /// let (mut looks, event) = (0, Event::new());
    /// let seen = event.wait_for(|| {
    ///     looks += 1;
    ///     (looks == 2).then_some("seen")
    /// });
    /// assert_eq!((seen, looks), ("seen", 2));
    /// ```
    #[inline]
    pub fn wait_for<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> T {
        attempt().unwrap_or_else(|| self.wait_for_slow(attempt))
    }

    #[cold]
    fn wait_for_slow<T>(&self, attempt: impl FnMut() -> Option<T>) -> T {
        let done = interrupt::uninterruptible(|| self.wait_until_slow(None, attempt));
        done.expect("a wait without a deadline ends with a value")
    }

    #[cold]
    fn wait_until_slow<T>(
        &self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        // If another thread is about to make the change, looking again is cheaper than being woken.
        let mut pauses = self.pauses(deadline);
        while pauses.pause() {
            if let Some(done) = attempt() {
                pauses.were_enough();
                return Some(done);
            }
        }
        loop {
            let listener = self.listen();
            if let Some(done) = attempt() {
                return Some(done);
            }
            if !listener.wait_deadline(deadline) {
                return attempt();
            }
        }
    }

    /// Waits, as a task, until `attempt` returns a value, and returns that value.
    ///
    /// `attempt` runs at least once, and again after each wake-up, always while the future is being
    /// polled. So a future that is dropped early has either done nothing or finished.
    pub async fn wait_until_async<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> T {
        if let Some(done) = attempt() {
            return done;
        }
        loop {
            let listener = self.listen();
            if let Some(done) = attempt() {
                return done;
            }
            listener.await;
        }
    }
}

/// A place in the queue of an [`Event`].
///
/// If a listener is dropped after it was notified, but without having waited, it passes its
/// notification on to the next listener. So a waiter that gives up takes no wake-up from others.
///
/// A thread waits with [`wait`](Listener::wait). A task awaits the listener, which is a future. The
/// notifying thread calls the task's waker, possibly while it holds the lock of the event, so a
/// waker must neither use the event nor run code that could. The waker is dropped there only if a
/// later poll has brought another one.
#[derive(Debug)]
pub struct Listener<'a> {
    /// `None` once notified.
    place: Option<Place>,
    event: &'a Event,
}

impl Listener<'_> {
    /// Waits for a notification.
    pub fn wait(self) {
        interrupt::uninterruptible(|| self.wait_deadline(None));
    }

    /// Waits for a notification and returns true; returns false if `deadline` passes first.
    ///
    /// Under loom deadlines never pass; under shuttle they pass after the other threads have had a
    /// turn.
    pub fn wait_deadline(mut self, deadline: Option<Instant>) -> bool {
        let Some(place) = &mut self.place else {
            return true;
        };
        if let Some(interrupt) = interrupt::current() {
            return self.wait_interruptible(deadline, &*interrupt);
        }
        let notified = place.wait(deadline);
        if notified {
            self.place = None;
        }
        notified
    }

    /// Waits for a notification and returns true; returns false if `deadline` passes first.
    ///
    /// Unlike after [`wait_deadline`](Self::wait_deadline), the listener then keeps its place, so
    /// that the caller can do something else and wait again. Under loom and shuttle it does what
    /// [`Signal::wait_deadline`] does.
    ///
    /// ```
    /// use ft_sync::{Event, deadline_after};
    /// use std::time::Duration;
    ///
    /// let event = Event::new();
    /// let (mut first, mut second) = (event.listen(), event.listen());
    /// assert!(!first.wait_slice(deadline_after(Duration::from_millis(1))));
    /// event.notify(1);
    /// assert!(first.wait_slice(None));
    /// assert!(!second.wait_slice(deadline_after(Duration::ZERO)));
    /// ```
    pub fn wait_slice(&mut self, deadline: Option<Instant>) -> bool {
        let woken = Arc::new(Signal::new());
        let waker = Waker::from(Arc::clone(&woken));
        let mut look = || {
            let polled = Pin::new(&mut *self).poll(&mut Context::from_waker(&waker));
            polled.is_ready()
        };
        look() || {
            woken.wait_deadline(deadline);
            look()
        }
    }

    /// Waits like a task, whose waker wakes this thread. Then the interrupt can wake it, too.
    #[cold]
    fn wait_interruptible(mut self, deadline: Option<Instant>, interrupt: &dyn Interrupt) -> bool {
        let woken = Arc::new(Signal::new());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        if Pin::new(&mut self).poll(&mut cx).is_ready() {
            return true;
        }
        // Deadlines of signals have always passed under loom, those of events never do.
        let deadline = deadline.filter(|_| !cfg!(ft_loom));
        woken.wait_or_interrupt(deadline, interrupt);
        // If it was notified only now, its drop passes that on.
        woken.is_raised() && Pin::new(&mut self).poll(&mut cx).is_ready()
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else {
            return;
        };
        if place.leave() {
            // The notification is for another listener.
            self.event.notify_queue(1);
        } else {
            // Relaxed: as in `notify_queue`.
            self.event.listening.fetch_sub(1, Relaxed);
        }
    }
}

impl Future for Listener<'_> {
    type Output = ();

    /// Ready once notified.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = self.place.as_mut().map(|place| place.poll(cx));
        let polled = polled.unwrap_or(Poll::Ready(()));
        if polled.is_ready() {
            self.place = None;
        }
        polled
    }
}

/// Returns the instant `timeout` from now. Returns `None`, which means "for ever", if the clock
/// cannot represent that instant.
pub fn deadline_after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;
    use std::{
        pin::pin,
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        task::Wake,
    };

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn bell() -> (Arc<Bell>, Waker) {
        let bell = Arc::new(Bell::default());
        (Arc::clone(&bell), Waker::from(bell))
    }

    #[test]
    fn each_notification_wakes_one_more() {
        let event = Event::new();
        let (first, second, third) = (event.listen(), event.listen(), event.listen());
        event.notify(1);
        event.notify(1);
        let past = Some(Instant::now());
        assert!(first.wait_deadline(past));
        assert!(second.wait_deadline(past));
        assert!(!third.wait_deadline(past));
    }

    #[test]
    fn dropped_listener_passes_on() {
        let event = Event::new();
        let (first, second) = (event.listen(), event.listen());
        event.notify(1);
        drop(first);
        assert!(second.wait_deadline(Some(Instant::now())));
    }

    #[test]
    fn keeps_its_place_between_slices() {
        let event = Event::new();
        let (mut first, mut second) = (event.listen(), event.listen());
        assert!(!second.wait_slice(Some(Instant::now())));
        assert!(!first.wait_slice(Some(Instant::now())));
        event.notify(1);
        assert!(!second.wait_slice(Some(Instant::now())));
        assert!(first.wait_slice(None) && first.wait_slice(None));
        event.notify(1);
        // It has not noticed yet, so its notification would go on.
        let mut third = event.listen();
        drop(second);
        assert!(third.wait_slice(None));
    }

    #[test]
    fn awaited_listener_is_woken_in_turn() {
        let event = Event::new();
        let (bell, waker) = bell();
        let mut cx = Context::from_waker(&waker);
        let (mut task, thread) = (pin!(event.listen()), event.listen());
        assert_eq!(task.as_mut().poll(&mut cx), Poll::Pending);
        event.notify(1);
        assert_eq!(bell.0.load(SeqCst), 1);
        assert_eq!(task.as_mut().poll(&mut cx), Poll::Ready(()));
        event.notify(1);
        assert!(thread.wait_deadline(Some(Instant::now())));
    }

    #[test]
    fn dropped_task_passes_on() {
        let event = Event::new();
        let ((_, first_waker), (bell, waker)) = (bell(), bell());
        let mut first = Box::pin(event.listen());
        let mut second = pin!(event.listen());
        let mut cx = Context::from_waker(&first_waker);
        assert_eq!(first.as_mut().poll(&mut cx), Poll::Pending);
        let mut cx = Context::from_waker(&waker);
        assert_eq!(second.as_mut().poll(&mut cx), Poll::Pending);
        event.notify(1);
        assert_eq!(bell.0.load(SeqCst), 0);
        drop(first);
        assert_eq!(bell.0.load(SeqCst), 1);
        assert_eq!(second.as_mut().poll(&mut cx), Poll::Ready(()));
    }

    #[test]
    fn waiting_as_a_task() {
        let (event, ready) = (Event::new(), AtomicUsize::new(0));
        let (bell, waker) = bell();
        let mut cx = Context::from_waker(&waker);
        let mut task = pin!(event.wait_until_async(|| {
            let n = ready.load(SeqCst);
            (n > 0).then_some(n)
        }));
        assert_eq!(task.as_mut().poll(&mut cx), Poll::Pending);
        event.notify(1);
        // Nothing has changed: the task listens again.
        assert_eq!(task.as_mut().poll(&mut cx), Poll::Pending);
        ready.store(7, SeqCst);
        event.notify(1);
        assert_eq!(bell.0.load(SeqCst), 2);
        assert_eq!(task.as_mut().poll(&mut cx), Poll::Ready(7));
    }

    #[test]
    fn waiting_as_a_thread() {
        for notify in [Event::notify_all, |event: &Event| {
            event.notify_after_swap(1)
        }] {
            let (event, waiting) = (Event::new(), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                let waiter = scope.spawn(|| {
                    let listener = event.listen();
                    waiting.store(1, SeqCst);
                    listener.wait();
                    waiting.load(SeqCst)
                });
                while waiting.load(SeqCst) == 0 {
                    std::thread::yield_now();
                }
                waiting.store(2, SeqCst);
                notify(&event);
                assert_eq!(waiter.join().unwrap(), 2);
            });
        }
    }

    #[test]
    fn notify_all_wakes_all() {
        let event = Event::new();
        let listeners = [event.listen(), event.listen(), event.listen()];
        event.notify_all();
        let past = Some(Instant::now());
        assert!(
            listeners
                .map(|it| it.wait_deadline(past))
                .iter()
                .all(|&it| it)
        );
    }

    /// An imminent change is seen without a notification.
    #[test]
    fn looks_again_before_it_sleeps() {
        for deadline in [None, deadline_after(Duration::from_secs(60))] {
            let (event, mut attempts) = (Event::new(), 0);
            let seen = event.wait_until(deadline, || {
                attempts += 1;
                // One pause is certain. On a busy machine there may be no more.
                (attempts == 2).then(|| event.listening.load(SeqCst))
            });
            assert_eq!(seen, Some(0));
        }
    }

    /// Those who come later do not look again and again while others are in the queue.
    #[test]
    fn no_pauses_beside_listeners() {
        let event = Event::new();
        let first = event.listen();
        assert!(!event.pauses(None).pause());
        // A notified listener is no longer in the queue.
        event.notify(1);
        assert_eq!(event.listening.load(SeqCst), 0);
        drop(first);
        let (second, third) = (event.listen(), event.listen());
        event.notify(1);
        // Its notification goes on to the third.
        drop(second);
        assert_eq!(event.listening.load(SeqCst), 0);
        drop(third);
        drop(event.listen());
        assert_eq!(event.listening.load(SeqCst), 0);
    }

    #[test]
    fn attempts_when_the_deadline_has_passed() {
        let mut attempts = 0;
        let seen = Event::new().wait_until(Some(Instant::now()), || {
            attempts += 1;
            None::<()>
        });
        // Once before it listens, once after, and once in the end.
        assert_eq!((seen, attempts), (None, 3));
    }

    #[test]
    fn deadlines() {
        let before = Instant::now();
        let hour = Duration::from_secs(3_600);
        assert!(deadline_after(hour).unwrap() >= before + hour);
        assert_eq!(deadline_after(Duration::MAX), None);
    }

    #[test]
    fn last_attempt_after_deadline() {
        let attempts = AtomicUsize::new(0);
        // The deadline has passed already, so the call does not spin.
        let seen = Event::new().wait_until(Some(Instant::now()), || {
            // The first attempt is before listening, the second after it, the third after the
            // deadline.
            (attempts.fetch_add(1, SeqCst) == 2).then_some(7)
        });
        assert_eq!(seen, Some(7));
    }
}
