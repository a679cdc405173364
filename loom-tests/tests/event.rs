//! Models of the event that everything waits on, with a stand-in for the queue in it.
#![cfg(loom)]

use ft_sync::{
    Arc, Event, Listener,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::check;

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
