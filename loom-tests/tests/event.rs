//! Models of the event that everything waits on: of its stand-in under loom, that is, which has
//! the fences of the real one.
#![cfg(loom)]

use ft_sync::{
    Arc, Event,
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
        let waiters = [(); 2].map(|()| {
            let listener = event.listen();
            thread::spawn(move || listener.wait())
        });
        event.notify(1);
        event.notify(1);
        waiters.into_iter().for_each(|it| it.join().unwrap());
    });
}

/// A notification of all wakes all.
#[test]
fn notify_all() {
    check(|| {
        let event = Arc::new(Event::new());
        let waiters = [(); 2].map(|()| {
            let listener = event.listen();
            thread::spawn(move || listener.wait())
        });
        event.notify_all();
        waiters.into_iter().for_each(|it| it.join().unwrap());
    });
}

/// A listener that goes without waiting takes nobody's wake-up with it.
#[test]
fn dropped_listener_hands_on() {
    check(|| {
        let event = Arc::new(Event::new());
        let quitter = event.listen();
        let waiter = event.listen();
        let threads = [
            thread::spawn(move || drop(quitter)),
            thread::spawn(move || waiter.wait()),
        ];
        event.notify(1);
        threads.into_iter().for_each(|it| it.join().unwrap());
    });
}

/// A listener that was dropped before counts for nobody: the notification goes to the next.
#[test]
fn gone_listener_is_passed_over() {
    check(|| {
        let event = Arc::new(Event::new());
        drop(event.listen());
        let waiter = event.listen();
        let thread = thread::spawn(move || waiter.wait());
        event.notify(1);
        thread.join().unwrap();
    });
}
