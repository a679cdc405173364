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
    threads::{pair, spawn},
};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
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

    fn changed(&self) -> Option<usize> {
        // Relaxed: the fence in `listen` comes before.
        Some(self.number.load(Relaxed)).filter(|&number| number > 0)
    }
}

/// Drives a future in this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        let woken = std::sync::Arc::new(Signal::new());
        let waker = Waker::from(std::sync::Arc::clone(&woken));
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        woken.wait_deadline(None);
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
        let polled = (quitter.as_mut()).poll(&mut Context::from_waker(Waker::noop()));
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
