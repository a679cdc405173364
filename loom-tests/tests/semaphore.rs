//! Every schedule of the semaphore.
#![cfg(ft_loom)]

use ft_semaphore::{Acquire, Permit, Semaphore};
use ft_sync::{Arc, UnsafeCell, atomic::AtomicUsize, atomic::Ordering::Relaxed, thread};
use loom_tests::{
    check,
    pairs::{Watched, each_pair},
};
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

fn shared(permits: usize) -> (Arc<Semaphore>, Arc<Semaphore>) {
    let ours = Arc::new(Semaphore::new(permits));
    (Arc::clone(&ours), ours)
}

fn look<'a>(acquire: &mut Acquire<'a>) -> Option<Permit<'a>> {
    match Pin::new(acquire).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(permit) => Some(permit),
        Poll::Pending => None,
    }
}

/// Somebody in line.
fn queued(semaphore: &Semaphore) -> Acquire<'_> {
    let mut acquire = semaphore.acquire_async();
    assert!(look(&mut acquire).is_none());
    acquire
}

fn assert_all_free(semaphore: &Semaphore) {
    assert_eq!(
        (semaphore.available(), semaphore.waiting()),
        (semaphore.limit(), 0)
    );
}

/// With one permit it is a mutex: two threads, waiting if need be, never meet inside, and each sees
/// what the other did there. No wake-up is lost.
#[test]
fn one_permit_excludes() {
    check(|| {
        let ours = Arc::new((Semaphore::new(1), UnsafeCell::new(0)));
        let theirs = Arc::clone(&ours);
        let enter = |shared: &(Semaphore, UnsafeCell<i32>)| {
            let _permit = shared.0.acquire();
            // SAFETY: there is one permit, and we have it.
            shared.1.with_mut(|data| unsafe { *data += 1 });
        };
        let other = thread::spawn(move || enter(&theirs));
        enter(&ours);
        other.join().unwrap();
        // SAFETY: the other thread is done.
        assert_eq!(ours.1.with(|data| unsafe { *data }), 2);
        assert_all_free(&ours.0);
    });
}

/// The same among three, where one hands over while another joins.
#[test]
fn three_in_line() {
    check(|| {
        let ours = Arc::new((Semaphore::new(1), UnsafeCell::new(0)));
        let enter = |shared: &(Semaphore, UnsafeCell<i32>)| {
            let _permit = shared.0.acquire();
            // SAFETY: there is one permit, and we have it.
            shared.1.with_mut(|data| unsafe { *data += 1 });
        };
        let others: Vec<_> = (0..2)
            .map(|_| {
                let theirs = Arc::clone(&ours);
                thread::spawn(move || enter(&theirs))
            })
            .collect();
        enter(&ours);
        for other in others {
            other.join().unwrap();
        }
        // SAFETY: the other threads are done.
        assert_eq!(ours.1.with(|data| unsafe { *data }), 3);
        assert_all_free(&ours.0);
    });
}

/// What a holder did is seen by the next who takes the permit without waiting.
#[test]
fn release_publishes() {
    check(|| {
        let ours = Arc::new((Semaphore::new(1), UnsafeCell::new(0)));
        let theirs = Arc::clone(&ours);
        ours.0.acquire().forget();
        let holder = thread::spawn(move || {
            // SAFETY: the one permit is taken on our behalf.
            theirs.1.with_mut(|data| unsafe { *data = 7 });
            theirs.0.release().unwrap();
        });
        let permit = loop {
            match ours.0.try_acquire() {
                Some(permit) => break permit,
                None => thread::yield_now(),
            }
        };
        // SAFETY: we have the one permit.
        assert_eq!(ours.1.with(|data| unsafe { *data }), 7);
        drop(permit);
        holder.join().unwrap();
        assert_all_free(&ours.0);
    });
}

/// Two permits: whoever holds the second of two sees what both earlier holders did.
#[test]
fn releases_add_up() {
    check(|| {
        let ours = Arc::new((Semaphore::new(2), UnsafeCell::new(0), UnsafeCell::new(0)));
        ours.0.acquire().forget();
        ours.0.acquire().forget();
        let theirs = Arc::clone(&ours);
        let first = thread::spawn(move || {
            // SAFETY: nobody looks before both permits are free.
            theirs.1.with_mut(|data| unsafe { *data = 1 });
            theirs.0.release().unwrap();
        });
        let theirs = Arc::clone(&ours);
        let second = thread::spawn(move || {
            // SAFETY: as above.
            theirs.2.with_mut(|data| unsafe { *data = 2 });
            theirs.0.release().unwrap();
        });
        let permits = (ours.0.acquire(), ours.0.acquire());
        // SAFETY: both permits were given back.
        let sum = ours.1.with(|data| unsafe { *data }) + ours.2.with(|data| unsafe { *data });
        assert_eq!(sum, 3);
        drop(permits);
        first.join().unwrap();
        second.join().unwrap();
        assert_all_free(&ours.0);
    });
}

/// Of a release and somebody who joins at the same time, neither misses the other.
#[test]
fn release_against_join() {
    check(|| {
        let (theirs, ours) = shared(1);
        ours.acquire().forget();
        let releaser = thread::spawn(move || theirs.release().unwrap());
        let mut acquire = ours.acquire_async();
        let early = look(&mut acquire);
        releaser.join().unwrap();
        let permit = early.or_else(|| look(&mut acquire));
        drop(permit.expect("the permit was released"));
        assert_all_free(&ours);
    });
}

/// Somebody who leaves while being served takes no permit with it: the next gets it.
#[test]
fn leaving_passes_on() {
    check(|| {
        let (theirs, ours) = shared(1);
        let held = ours.acquire();
        let quitter = queued(&ours);
        let mut next = queued(&ours);
        let releaser = thread::spawn(move || theirs.release().unwrap());
        held.forget();
        drop(quitter);
        releaser.join().unwrap();
        drop(look(&mut next).expect("the permit was passed on"));
        assert_all_free(&ours);
    });
}

/// A thread that gives up its wait takes no permit with it, and leaves no line behind.
#[test]
fn giving_up_loses_nothing() {
    check(|| {
        let (theirs, ours) = shared(1);
        let held = ours.acquire();
        let quitter = thread::spawn(move || drop(theirs.acquire_deadline(Instant::now())));
        let waiter = thread::spawn({
            let semaphore = Arc::clone(&ours);
            move || drop(semaphore.acquire())
        });
        drop(held);
        quitter.join().unwrap();
        waiter.join().unwrap();
        assert_all_free(&ours);
    });
}

/// The last in line leaves while being served: the permit is free, or it was never handed over.
#[test]
fn last_leaves() {
    check(|| {
        let (theirs, ours) = shared(1);
        let held = ours.acquire();
        let quitter = queued(&ours);
        let releaser = thread::spawn(move || theirs.release().unwrap());
        held.forget();
        drop(quitter);
        releaser.join().unwrap();
        assert_all_free(&ours);
    });
}

/// A newcomer gets nothing as long as somebody is in line, whoever releases when.
#[test]
fn nobody_overtakes() {
    check(|| {
        let (theirs, ours) = shared(1);
        ours.acquire().forget();
        let mut first = queued(&ours);
        let newcomer = thread::spawn(move || {
            let mut late = theirs.acquire_async();
            look(&mut late).is_some()
        });
        ours.release().unwrap();
        assert!(!newcomer.join().unwrap());
        drop(look(&mut first).expect("it was first"));
        assert_all_free(&ours);
    });
}

/// Two releases and two in line, one of them waiting in a thread: both are served.
#[test]
fn two_releases_serve_two() {
    check(|| {
        let (theirs, ours) = shared(2);
        ours.acquire().forget();
        ours.acquire().forget();
        let mut task = queued(&ours);
        let waiter = thread::spawn({
            let semaphore = Arc::clone(&ours);
            move || semaphore.acquire().forget()
        });
        let releaser = thread::spawn(move || theirs.release().unwrap());
        ours.release().unwrap();
        waiter.join().unwrap();
        releaser.join().unwrap();
        look(&mut task).expect("it was first").forget();
        assert_eq!(ours.available(), 0);
    });
}

/// Of two releases of one permit that is held, one fails, and changes nothing.
#[test]
fn one_release_too_many() {
    check(|| {
        let (theirs, ours) = shared(1);
        ours.acquire().forget();
        let other = thread::spawn(move || theirs.release().is_ok());
        let us = ours.release().is_ok();
        assert_ne!(us, other.join().unwrap());
        assert_all_free(&ours);
    });
}

/// Two attempts at one permit: one succeeds, and while it does nobody else is inside.
#[test]
fn one_attempt_succeeds() {
    check(|| {
        let ours = Arc::new((Semaphore::new(1), AtomicUsize::new(0)));
        let theirs = Arc::clone(&ours);
        let enter = |shared: &(Semaphore, AtomicUsize)| {
            shared.0.try_acquire().map(|permit| {
                // Relaxed: it counts, no more.
                shared.1.fetch_add(1, Relaxed);
                permit.forget();
            })
        };
        let other = thread::spawn(move || enter(&theirs).is_some());
        let us = enter(&ours).is_some();
        assert_ne!(us, other.join().unwrap());
        // Relaxed: the other thread is done.
        assert_eq!(ours.1.load(Relaxed), 1);
    });
}

/// What one permit guards is used by one thread at a time, whatever two operations meet.
#[test]
fn each_operation_beside_each() {
    type Guarded = (Semaphore, Watched);

    each_pair(
        || (Semaphore::new(1), Watched::new(0)),
        &[
            ("acquire", |(semaphore, value): &Guarded| {
                let _permit = semaphore.acquire();
                drop(value.clone());
            }),
            ("try to acquire", |(semaphore, value)| {
                if let Some(_permit) = semaphore.try_acquire() {
                    drop(value.clone());
                }
            }),
            ("give up", |(semaphore, value)| {
                if let Some(_permit) = semaphore.acquire_deadline(Instant::now()) {
                    drop(value.clone());
                }
            }),
            ("forget and release", |(semaphore, value)| {
                semaphore.acquire().forget();
                drop(value.clone());
                semaphore.release().unwrap();
            }),
            ("look", |(semaphore, _)| {
                assert!(semaphore.available() <= 1);
                assert!(semaphore.waiting() <= 2);
            }),
        ],
    );
}
