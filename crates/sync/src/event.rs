//! An event: threads and tasks wait on it until another thread has changed something.
//!
//! The queue inside is that of [`event_listener`]. A loom model that contains it does not end, and
//! shuttle could not switch threads inside it, so both use the queue in `locked.rs` instead. So
//! does a build with `--cfg loom`, which other crates use for their own models: `event_listener`
//! does not build there.

use crate::{
    atomic::{
        AtomicUsize,
        Ordering::{Relaxed, SeqCst},
        fence,
    },
    before_looking, spin,
};
use std::{
    pin::Pin,
    task::{Context, Poll},
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
#[derive(Debug, Default)]
pub struct Event {
    /// The number of [`Listener`]s, notified or not. Without it each notification would take the
    /// lock of the queue.
    listening: AtomicUsize,
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
            self.queue.notify(count);
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
            self.queue.notify(count);
        }
    }

    /// Wakes every listener.
    #[inline]
    pub fn notify_all(&self) {
        self.notify(usize::MAX);
    }

    /// Starts to listen. Later notifications reach the returned [`Listener`].
    pub fn listen(&self) -> Listener<'_> {
        // Relaxed: ordered by the fence below.
        self.listening.fetch_add(1, Relaxed);
        let counted = Counted(&self.listening);
        let place = self.queue.listen();
        // Pairs with the fence in `notify`.
        fence(SeqCst);
        Listener { place, counted }
    }

    /// Waits until `attempt` returns a value, and returns that value. Returns `None` if `deadline`
    /// passes.
    ///
    /// `attempt` runs at least once, a few more times before the thread goes to sleep (see
    /// [`spin`](crate::spin)), again after each wake-up, and a last time after the deadline. It
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

    #[cold]
    fn wait_until_slow<T>(
        &self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        // If another thread is about to make the change, looking again is cheaper than being woken.
        if deadline.is_none_or(|deadline| Instant::now() < deadline) {
            if let Some(done) = spin(&mut attempt) {
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
    // Fields are dropped in this order: a listener is counted for as long as it is in the queue.
    place: Place,
    counted: Counted<'a>,
}

/// Counts one in `Event::listening` until it is dropped.
#[derive(Debug)]
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        // Relaxed: a notifier that still sees the old count takes the lock needlessly. Nothing else
        // depends on it.
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Listener<'_> {
    /// Waits for a notification.
    pub fn wait(self) {
        self.wait_deadline(None);
    }

    /// Waits for a notification and returns true; returns false if `deadline` passes first.
    ///
    /// Under loom deadlines never pass; under shuttle they pass after the other threads have had a
    /// turn.
    pub fn wait_deadline(self, deadline: Option<Instant>) -> bool {
        let Self { place, counted } = self;
        let notified = place.wait(deadline);
        drop(counted);
        notified
    }
}

impl Future for Listener<'_> {
    type Output = ();

    /// Ready once notified. It must not be polled again after that.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.place.poll(cx)
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
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
        task::{Wake, Waker},
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
            let mut attempts = 0;
            let seen = Event::new().wait_until(deadline, || {
                attempts += 1;
                (attempts == 5).then_some(attempts)
            });
            assert_eq!(seen, Some(5));
        }
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
