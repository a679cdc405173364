//! Models of the event that everything waits on, with a stand-in for the queue in it.
#![cfg(ft_loom)]

use ft_sync::{
    Arc, Event, Listener, Signal, UnsafeCell,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::check;
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

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

/// A notification is not lost between the look and the wait, though the state is read and written
/// relaxed: the fences order them.
#[test]
fn notify_and_wait() {
    check(|| {
        let shared = Arc::new((AtomicUsize::new(0), Event::new()));
        let theirs = Arc::clone(&shared);
        let notifier = thread::spawn(move || {
            // Relaxed: the fence in `notify` comes after.
            theirs.0.store(7, Relaxed);
            theirs.1.notify(1);
        });
        let seen = shared.1.wait_until(None, || {
            // Relaxed: the fence in `listen` comes before.
            Some(shared.0.load(Relaxed)).filter(|&n| n > 0)
        });
        assert_eq!(seen, Some(7));
        notifier.join().unwrap();
    });
}

/// Two notifications of one wake two, even if the first has not run when the second comes.
#[test]
fn each_wakes_one_more() {
    check(|| {
        let event = Arc::new(Event::new());
        let theirs = Arc::clone(&event);
        let listeners = [event.listen(), event.listen()];
        let notifier = thread::spawn(move || {
            theirs.notify(1);
            theirs.notify(1);
        });
        listeners.into_iter().for_each(Listener::wait);
        notifier.join().unwrap();
    });
}

/// A notification of all wakes all.
#[test]
fn notify_all() {
    check(|| {
        let event = Arc::new(Event::new());
        let theirs = Arc::clone(&event);
        let listeners = [event.listen(), event.listen()];
        let notifier = thread::spawn(move || theirs.notify_all());
        listeners.into_iter().for_each(Listener::wait);
        notifier.join().unwrap();
    });
}

/// A listener that goes without waiting takes nobody's wake-up with it.
#[test]
fn dropped_listener_hands_on() {
    check(|| {
        let event = Arc::new(Event::new());
        let theirs = Arc::clone(&event);
        let (quitter, waiter) = (event.listen(), event.listen());
        let notifier = thread::spawn(move || theirs.notify(1));
        drop(quitter);
        waiter.wait();
        notifier.join().unwrap();
    });
}

/// One listener that leaves, notified or not, hides no other from the notifier.
#[test]
fn leaving_hides_nobody() {
    check(|| {
        let event = Arc::new(Event::new());
        let (theirs, quitters) = (Arc::clone(&event), Arc::clone(&event));
        let quitter = thread::spawn(move || drop(quitters.listen()));
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
        let shared = Arc::new((AtomicUsize::new(0), Event::new()));
        let theirs = Arc::clone(&shared);
        let notifier = thread::spawn(move || {
            // Relaxed: the fence in `notify` comes after.
            theirs.0.store(7, Relaxed);
            theirs.1.notify(1);
        });
        let seen = block_on(shared.1.wait_until_async(|| {
            // Relaxed: the fence in `listen` comes before.
            Some(shared.0.load(Relaxed)).filter(|&n| n > 0)
        }));
        assert_eq!(seen, 7);
        notifier.join().unwrap();
    });
}

/// A task and a thread are woken by one notification each; a task that gives up in that moment
/// takes none with it.
#[test]
fn dropped_task_hands_on() {
    check(|| {
        let event = Arc::new(Event::new());
        let theirs = Arc::clone(&event);
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

/// What a waker's thread did before is visible to the thread that it wakes; an early wake-up
/// counts.
#[test]
fn signal_shows_what_the_waker_did() {
    check(|| {
        let woken = std::sync::Arc::new(Signal::new());
        let waker = Waker::from(std::sync::Arc::clone(&woken));
        let ours = Arc::new(UnsafeCell::new(0));
        let theirs = Arc::clone(&ours);
        let other = thread::spawn(move || {
            // SAFETY: nobody else looks at the cell before the wake-up.
            theirs.with_mut(|data| unsafe { *data = 7 });
            waker.wake();
        });
        assert!(woken.wait_deadline(None));
        // SAFETY: the other thread has woken us, so it is done with the cell.
        assert_eq!(ours.with(|data| unsafe { *data }), 7);
        other.join().unwrap();
    });
}
