//! An event: what a thread or a task waits on until somebody has changed something.
//!
//! The queue in it is that of [`event_listener`]. A model with that inside does not end, so loom
//! gets another one, and so does shuttle, which could not interrupt it. With `--cfg loom`, which is
//! for the models of other crates, `event_listener` does not build, and ours takes its place.

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
/// An event holds no state of its own, so a waiter listens *first*, then looks at the state, and
/// only then waits; [`wait_until`](Event::wait_until) and
/// [`wait_until_async`](Event::wait_until_async) do that. The notifier changes the state
/// first and notifies afterwards. Both sides pass a sequentially consistent fence in between, so
/// either the waiter's look sees the change or the notifier sees the waiter.
///
/// After a fork the child can use the event: it forgets the threads that waited in the parent.
///
/// Waiters are woken in the order in which they began to listen. Notifying costs a fence and a
/// load while nobody listens, and takes a lock otherwise.
#[derive(Debug, Default)]
pub struct Event {
    /// How many [`Listener`]s there are, notified or not. Without it each notification would
    /// take the lock of the queue.
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
    /// Listeners that an earlier call has woken but that have not yet run do not count: two calls
    /// with 1 wake two listeners.
    #[inline]
    pub fn notify(&self, count: usize) {
        // Pairs with the fence in `listen`. If that one comes first, we see the count here, and
        // take the lock: either the listener is in the queue, or it will be after we have left the
        // lock, and then sees the change, too. If ours comes first, its look sees the change.
        fence(SeqCst);
        // Relaxed: ordered by the fences.
        if self.listening.load(Relaxed) > 0 {
            self.queue.notify(count);
        }
    }

    /// As [`notify`](Self::notify), for a change that was a `SeqCst` read-modify-write: that puts it
    /// in order with the fence of a listener, and no other fence is needed.
    ///
    /// If the fence in `listen` comes first in the order of all these, our load, later in it than
    /// our change, sees the count. If the change comes first, the listener's look sees it.
    #[inline]
    pub fn notify_after_swap(&self, count: usize) {
        before_looking();
        // SeqCst: as above.
        if self.listening.load(SeqCst) > 0 {
            self.queue.notify(count);
        }
    }

    /// Wakes every listener.
    #[inline]
    pub fn notify_all(&self) {
        self.notify(usize::MAX);
    }

    /// Starts listening; notifications from now on reach the returned [`Listener`].
    pub fn listen(&self) -> Listener<'_> {
        // Relaxed: ordered by the fence below.
        self.listening.fetch_add(1, Relaxed);
        let counted = Counted(&self.listening);
        let place = self.queue.listen();
        // Pairs with the fence in `notify`.
        fence(SeqCst);
        Listener { place, counted }
    }

    /// Waits until `attempt` returns something, and returns that; `None` if `deadline` passes.
    ///
    /// `attempt` runs at least once, some times more before the thread lies down (see
    /// [`spin`](crate::spin)), again after each wake-up, and a last time after the deadline. It runs
    /// on the calling thread with no lock held. A deadline of `None` waits for ever. Under loom
    /// deadlines never pass; under shuttle they do after others have had a turn.
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
        // What others are about to change costs less to look at than to be woken for.
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

    /// Waits, as a task, until `attempt` returns something, and returns that.
    ///
    /// `attempt` runs at least once, and again after each wake-up, always in a poll of the future.
    /// So a future that is dropped has done nothing, or all of it.
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
/// Dropping a listener that was notified, but never waited for that, passes the notification on
/// to the next one: a waiter that gives up takes nobody's wake-up with it.
///
/// A thread waits with [`wait`](Listener::wait); a task awaits the listener, which is a future. Its
/// waker is called by the notifying thread, perhaps under the lock of the event, so a waker may
/// neither use the event nor run code that could. It is dropped there only if a later poll brought
/// another one.
#[derive(Debug)]
pub struct Listener<'a> {
    // Dropped in this order: it counts for as long as it is in the queue.
    place: Place,
    counted: Counted<'a>,
}

/// One of `Event::listening`.
#[derive(Debug)]
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        // Relaxed: a notifier that still sees the count takes a lock in vain, no more.
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Listener<'_> {
    /// Waits until notified.
    pub fn wait(self) {
        self.wait_deadline(None);
    }

    /// Waits until notified, which returns true, or until `deadline`, which returns false.
    ///
    /// Under loom deadlines never pass; under shuttle they do after others have had a turn.
    pub fn wait_deadline(self, deadline: Option<Instant>) -> bool {
        let Self { place, counted } = self;
        let notified = place.wait(deadline);
        drop(counted);
        notified
    }
}

impl Future for Listener<'_> {
    type Output = ();

    /// Ready once notified; not to be polled again after that.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.place.poll(cx)
    }
}

/// Returns the instant `timeout` from now, or `None`, for ever, when no clock reaches that far.
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

    /// Counts how often it wakes.
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

    /// A state that is about to change is seen without a notification.
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
        // Before listening, after, and in the end.
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
        // It has passed already, so nobody spins.
        let seen = Event::new().wait_until(Some(Instant::now()), || {
            // The first is before listening, the second after, the third after the deadline.
            (attempts.fetch_add(1, SeqCst) == 2).then_some(7)
        });
        assert_eq!(seen, Some(7));
    }
}
