//! Models of `ft-semaphore`.
#![cfg(ft_loom)]

use ft_semaphore::{Acquire, Permit, Semaphore};
use ft_sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed, thread};
use loom_tests::{
    check,
    data::Data,
    pairs::{Watched, each_pair},
    threads::{pair, spawn},
};
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

fn shared(permits: usize) -> (Arc<Semaphore>, Arc<Semaphore>) {
    pair(Semaphore::new(permits))
}

fn look<'a>(acquire: &mut Acquire<'a>) -> Option<Permit<'a>> {
    match Pin::new(acquire).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(permit) => Some(permit),
        Poll::Pending => None,
    }
}

/// An acquisition that waits in line.
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

/// Adds to the data, with the one permit.
fn enter((semaphore, data): &(Semaphore, Data)) {
    let _permit = semaphore.acquire();
    data.add(1);
}

/// With one permit the semaphore is a mutex: two threads are never inside at once, and each sees what the
/// other did there. No wake-up is lost.
#[test]
fn one_permit_excludes() {
    check(|| {
        let (theirs, ours) = pair((Semaphore::new(1), Data::new(0)));
        let other = thread::spawn(move || enter(&theirs));
        enter(&ours);
        other.join().unwrap();
        assert_eq!(ours.1.read(), 2);
        assert_all_free(&ours.0);
    });
}

/// The same among three threads, of which one hands over while another joins the line.
#[test]
fn three_in_line() {
    check(|| {
        let ours = Arc::new((Semaphore::new(1), Data::new(0)));
        let others = [(); 2].map(|()| spawn(&ours, enter));
        enter(&ours);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(ours.1.read(), 3);
        assert_all_free(&ours.0);
    });
}

/// A thread that takes the permit without waiting sees what the holder before it did.
#[test]
fn release_publishes() {
    check(|| {
        let (theirs, ours) = pair((Semaphore::new(1), Data::new(0)));
        ours.0.acquire().forget();
        let holder = thread::spawn(move || {
            // This thread holds the one permit, which we acquired for it.
            theirs.1.write(7);
            theirs.0.release().unwrap();
        });
        let permit = loop {
            match ours.0.try_acquire() {
                Some(permit) => break permit,
                None => thread::yield_now(),
            }
        };
        assert_eq!(ours.1.read(), 7);
        drop(permit);
        holder.join().unwrap();
        assert_all_free(&ours.0);
    });
}

/// A thread that holds both permits sees what both earlier holders did.
#[test]
fn releases_add_up() {
    check(|| {
        let ours = Arc::new((Semaphore::new(2), [0, 0].map(Data::new)));
        ours.0.acquire().forget();
        ours.0.acquire().forget();
        let holders = [0, 1].map(|which| {
            spawn(&ours, move |(semaphore, data)| {
                data[which].write(7);
                semaphore.release().unwrap();
            })
        });
        let permits = (ours.0.acquire(), ours.0.acquire());
        assert_eq!(ours.1.each_ref().map(Data::read), [7, 7]);
        drop(permits);
        holders.into_iter().for_each(|it| it.join().unwrap());
        assert_all_free(&ours.0);
    });
}

/// A release and a waiter that joins the line at the same time do not miss each other.
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

/// A waiter that leaves while it is being served takes no permit with it: the next one gets it.
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
        let waiter = spawn(&ours, |semaphore| drop(semaphore.acquire()));
        drop(held);
        quitter.join().unwrap();
        waiter.join().unwrap();
        assert_all_free(&ours);
    });
}

/// When the last in line leaves while it is being served, the permit is free.
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

/// A newcomer gets nothing as long as somebody is in line, whenever the release comes.
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

/// Two releases serve the two in line, of which one is a thread that waits.
#[test]
fn two_releases_serve_two() {
    check(|| {
        let (theirs, ours) = shared(2);
        ours.acquire().forget();
        ours.acquire().forget();
        let mut task = queued(&ours);
        let waiter = spawn(&ours, |semaphore| semaphore.acquire().forget());
        let releaser = thread::spawn(move || theirs.release().unwrap());
        ours.release().unwrap();
        waiter.join().unwrap();
        releaser.join().unwrap();
        look(&mut task).expect("it was first").forget();
        assert_eq!(ours.available(), 0);
    });
}

/// A thread that takes two permits at once sees what both earlier holders did, even if one of them had released when
/// it came.
#[test]
fn many_at_once() {
    check(|| {
        let ours = Arc::new((Semaphore::new(2), [0, 0].map(Data::new)));
        ours.0.acquire_many(2).forget();
        let holders = [0, 1].map(|which| {
            spawn(&ours, move |(semaphore, data)| {
                data[which].write(7);
                semaphore.release().unwrap();
            })
        });
        let permits = ours.0.acquire_many(2);
        assert_eq!(ours.1.each_ref().map(Data::read), [7, 7]);
        drop(permits);
        holders.into_iter().for_each(|it| it.join().unwrap());
        assert_all_free(&ours.0);
    });
}

/// What was set aside for a waiter that leaves is free, and who takes it sees what its holder did.
#[test]
fn permits_that_were_set_aside() {
    check(|| {
        let ours = Arc::new((Semaphore::new(2), Data::new(0)));
        ours.0.acquire_many(2).forget();
        let mut quitter = ours.0.acquire_many_async(2);
        assert!(look(&mut quitter).is_none());
        let holder = spawn(&ours, |(semaphore, data)| {
            data.write(7);
            semaphore.release().unwrap();
        });
        let taker = spawn(&ours, |(semaphore, data)| {
            if let Some(permit) = semaphore.try_acquire() {
                assert_eq!(data.read(), 7);
                permit.forget();
                return true;
            }
            false
        });
        drop(quitter);
        holder.join().unwrap();
        let taken = taker.join().unwrap();
        assert_eq!(ours.0.available(), usize::from(!taken));
    });
}

/// While the limit changes, a release and an attempt do not miss each other, and in the end as many are free as there
/// should be.
#[test]
fn limit_changes() {
    check(|| {
        let (theirs, ours) = shared(2);
        let held = ours.acquire();
        let changer = thread::spawn(move || theirs.set_limit(1));
        let attempt = spawn(&ours, |semaphore| {
            semaphore.try_acquire().map(|it| it.forget()).is_some()
        });
        drop(held);
        changer.join().unwrap();
        if attempt.join().unwrap() {
            assert_eq!(ours.available(), 0);
            ours.release().unwrap();
        }
        assert_all_free(&ours);
    });
}

/// A larger limit serves those that wait.
#[test]
fn larger_limit_serves() {
    check(|| {
        let (theirs, ours) = shared(0);
        let waiter = spawn(&ours, |semaphore| semaphore.acquire().forget());
        let changer = thread::spawn(move || theirs.set_limit(1));
        waiter.join().unwrap();
        changer.join().unwrap();
        assert_eq!((ours.available(), ours.waiting()), (0, 0));
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

/// Of two attempts at one permit, one succeeds, and nobody else is inside meanwhile.
#[test]
fn one_attempt_succeeds() {
    check(|| {
        let (theirs, ours) = pair((Semaphore::new(1), AtomicUsize::new(0)));
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

/// One thread at a time uses what one permit guards, whichever two operations run at the same time.
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
