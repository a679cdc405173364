//! Models of the event that everything waits on. Its queue is a stand-in here.
#![cfg(ft_loom)]

use ft_sync::{
    Arc, Event, Listener, Signal,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::{
    check,
    data::Data,
    tasks::{block_on, poll},
    threads::{pair, spawn},
};
use std::{
    pin::pin,
    task::{Poll, Waker},
};

/// What an event is notified of.
struct State {
    number: AtomicUsize,
    event: Event,
}

impl State {
    fn shared() -> (Arc<Self>, Arc<Self>) {
        pair(Self {
            number: AtomicUsize::new(0),
            event: Event::new(),
        })
    }

    fn change(&self) {
        // Relaxed: the fence in `notify` comes after.
        self.number.store(7, Relaxed);
        self.event.notify(1);
    }

    /// Adds one, and wakes a thread for it.
    fn put(&self) {
        // Relaxed: the fence in `notify` comes after.
        self.number.fetch_add(1, Relaxed);
        self.event.notify(1);
    }

    /// Takes one, if there is one.
    fn take(&self) -> Option<()> {
        // Relaxed: the fence in `listen` comes before.
        let taken = (self.number).fetch_update(Relaxed, Relaxed, |number| number.checked_sub(1));
        taken.ok().map(drop)
    }

    fn changed(&self) -> Option<usize> {
        // Relaxed: the fence in `listen` comes before.
        Some(self.number.load(Relaxed)).filter(|&number| number > 0)
    }
}

/// A notification is not lost between the look and the wait, though the state is read and written relaxed,
/// because the fences order the accesses.
#[test]
fn notify_and_wait() {
    check(|| {
        let (theirs, shared) = State::shared();
        let notifier = thread::spawn(move || theirs.change());
        let seen = shared.event.wait_until(None, || shared.changed());
        assert_eq!(seen, Some(7));
        notifier.join().unwrap();
    });
}

/// Two notifications of one listener each wake two, even if the first one woken has not run by the second.
#[test]
fn each_wakes_one_more() {
    check(|| {
        let (theirs, event) = pair(Event::new());
        let listeners = [event.listen(), event.listen()];
        let notifier = thread::spawn(move || {
            theirs.notify(1);
            theirs.notify(1);
        });
        listeners.into_iter().for_each(Listener::wait);
        notifier.join().unwrap();
    });
}

/// A notification of all listeners wakes all.
#[test]
fn notify_all() {
    check(|| {
        let (theirs, event) = pair(Event::new());
        let listeners = [event.listen(), event.listen()];
        let notifier = thread::spawn(move || theirs.notify_all());
        listeners.into_iter().for_each(Listener::wait);
        notifier.join().unwrap();
    });
}

/// A listener that is dropped without waiting does not swallow a wake-up.
#[test]
fn dropped_listener_hands_on() {
    check(|| {
        let (theirs, event) = pair(Event::new());
        let (quitter, waiter) = (event.listen(), event.listen());
        let notifier = thread::spawn(move || theirs.notify(1));
        drop(quitter);
        waiter.wait();
        notifier.join().unwrap();
    });
}

/// A listener that leaves, notified or not, hides no other listener from the notifier.
#[test]
fn leaving_hides_nobody() {
    check(|| {
        let (theirs, event) = pair(Event::new());
        let quitter = spawn(&event, |event| drop(event.listen()));
        let waiter = event.listen();
        let notifier = thread::spawn(move || theirs.notify(2));
        waiter.wait();
        notifier.join().unwrap();
        quitter.join().unwrap();
    });
}

/// Listeners are counted exactly, whether they leave or are notified: one too few would hide the next listener.
#[test]
fn leaving_beside_a_notification() {
    check(|| {
        let (theirs, event) = pair(Event::new());
        let quitter = spawn(&event, |event| drop(event.listen()));
        theirs.notify(1);
        quitter.join().unwrap();
        let waiter = event.listen();
        let notifier = thread::spawn(move || theirs.notify(1));
        waiter.wait();
        notifier.join().unwrap();
    });
}

/// A listener is counted before it enters the queue. Otherwise it could be notified, and counted out, before it is
/// counted, and the count would hide the next listener.
#[test]
fn counted_before_it_can_be_notified() {
    check(|| {
        let (theirs, event) = pair(Event::new());
        let first = theirs.listen();
        let other = spawn(&event, |event| drop(event.listen()));
        theirs.notify(2);
        let mut last = pin!(theirs.listen());
        theirs.notify_all();
        let polled = poll(last.as_mut());
        assert_eq!(polled, Poll::Ready(()));
        other.join().unwrap();
        drop(first);
    });
}

/// A thread that looks without listening, as in a pause, takes what a woken thread was notified of. Each still gets
/// one: the woken thread listens again, and is counted again.
#[test]
fn looking_beside_listeners() {
    check(|| {
        let (theirs, shared) = State::shared();
        let looker = spawn(&shared, |shared| {
            // A look after a pause.
            let seen = shared.take();
            seen.unwrap_or_else(|| shared.event.wait_until(None, || shared.take()).unwrap())
        });
        let pusher = thread::spawn(move || (0..2).for_each(|_| theirs.put()));
        shared.event.wait_until(None, || shared.take()).unwrap();
        looker.join().unwrap();
        pusher.join().unwrap();
        assert_eq!(shared.number.load(Relaxed), 0);
    });
}

/// A task's notification is not lost between its look and its wait.
#[test]
fn notify_and_await() {
    check(|| {
        let (theirs, shared) = State::shared();
        let notifier = thread::spawn(move || theirs.change());
        let seen = block_on(shared.event.wait_until_async(|| shared.changed()));
        assert_eq!(seen, 7);
        notifier.join().unwrap();
    });
}

/// A task that gives up at the moment of a notification does not swallow it.
#[test]
fn dropped_task_hands_on() {
    check(|| {
        let (theirs, event) = pair(Event::new());
        let mut quitter = Box::pin(event.listen());
        let polled = poll(quitter.as_mut());
        assert_eq!(polled, Poll::Pending);
        let waiter = event.listen();
        let notifier = thread::spawn(move || theirs.notify(1));
        drop(quitter);
        waiter.wait();
        notifier.join().unwrap();
    });
}

/// What a waker's thread did before is visible to the thread that it wakes. A wake-up that comes early counts.
#[test]
fn signal_shows_what_the_waker_did() {
    check(|| {
        let woken = std::sync::Arc::new(Signal::new());
        let waker = Waker::from(std::sync::Arc::clone(&woken));
        let (theirs, ours) = pair(Data::new(0));
        let other = thread::spawn(move || {
            theirs.write(7);
            waker.wake();
        });
        assert!(woken.wait_deadline(None));
        assert_eq!(ours.read(), 7);
        other.join().unwrap();
    });
}

/// A listener that waits in slices misses no notification between them.
#[test]
fn slices() {
    check(|| {
        let (theirs, shared) = State::shared();
        let mut listener = shared.event.listen();
        let notifier = thread::spawn(move || theirs.change());
        // Under loom each slice ends at once, or with the notification.
        while !listener.wait_slice(Some(std::time::Instant::now())) {
            thread::yield_now();
        }
        assert_eq!(shared.changed(), Some(7));
        notifier.join().unwrap();
    });
}

/// The waiters of a condition: one that gives up hands its notification to the other, whenever it does.
#[test]
fn a_waiter_that_gives_up_hands_on() {
    check(|| {
        let (theirs, shared) = State::shared();
        let (mut impatient, mut patient) = (shared.event.listen(), shared.event.listen());
        let notifier = thread::spawn(move || theirs.event.notify(1));
        let noticed = impatient.wait_slice(Some(std::time::Instant::now()));
        drop(impatient);
        notifier.join().unwrap();
        let woken = patient.wait_slice(Some(std::time::Instant::now()));
        assert!(noticed != woken);
    });
}
