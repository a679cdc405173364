//! Models of `AtomicFlag`.
#![cfg(ft_loom)]

use ft_atomic_int::AtomicFlag;
use ft_sync::{
    Arc,
    atomic::AtomicUsize,
    atomic::Ordering::{Acquire, Relaxed, Release},
    thread,
};
use loom_tests::{check, data::Data, tasks::poll, threads::pair};
use std::pin::pin;

/// A flag, and data that it guards or announces.
type Guarded = Arc<(AtomicFlag, Data)>;

fn guarded(value: bool) -> (Guarded, Guarded) {
    pair((AtomicFlag::new(value), Data::new(0)))
}

/// A flag, and a number that it announces: one that may be read at any time.
type Announcing = Arc<(AtomicFlag, AtomicUsize)>;

fn announcing(value: bool) -> (Announcing, Announcing) {
    pair((AtomicFlag::new(value), AtomicUsize::new(0)))
}

/// Of two threads that set a clear flag, exactly one is told that it was the first.
#[test]
fn one_is_first() {
    check(|| {
        let (theirs, ours) = guarded(false);
        let other = thread::spawn(move || theirs.0.test_and_set());
        let us = ours.0.test_and_set();
        assert_ne!(us, other.join().unwrap());
        assert!(ours.0.load());
    });
}

/// Used as a lock: a thread that sets the flag sees what the thread did that cleared it.
#[test]
fn clear_hands_over() {
    check(|| {
        let (theirs, ours) = guarded(false);
        let other = thread::spawn(move || {
            while theirs.0.test_and_set() {
                thread::yield_now();
            }
            theirs.1.add(1);
            theirs.0.clear();
        });
        while ours.0.compare_exchange(false, true).is_err() {
            thread::yield_now();
        }
        ours.1.add(1);
        ours.0.clear();
        other.join().unwrap();
        assert_eq!(ours.1.read(), 2);
    });
}

/// A waiter is woken, and sees what was done before the flag was set, by each way of setting it.
#[test]
fn set_wakes_and_publishes() {
    let ways: [fn(&AtomicFlag); 3] = [
        |flag| flag.store(true),
        |flag| assert!(!flag.test_and_set()),
        |flag| assert_eq!(flag.compare_exchange(false, true), Ok(false)),
    ];
    for set in ways {
        check(move || {
            let (theirs, ours) = guarded(false);
            let waiter = thread::spawn(move || {
                theirs.0.wait();
                theirs.1.read()
            });
            ours.1.add(7);
            set(&ours.0);
            assert_eq!(waiter.join().unwrap(), 7);
        });
    }
}

/// Setting the flag once wakes all waiters.
#[test]
fn set_wakes_everyone() {
    check(|| {
        let (theirs, ours) = guarded(false);
        let others = [Arc::clone(&ours), theirs];
        let waiters = others.map(|flag| thread::spawn(move || flag.0.wait()));
        ours.0.store(true);
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

/// A wait that began before the flag was set ends, though the flag is cleared again at once.
#[test]
fn pulse_is_not_missed() {
    check(|| {
        let (theirs, ours) = guarded(false);
        let began = Arc::new(AtomicUsize::new(0));
        let ours_began = Arc::clone(&began);
        let waiter = thread::spawn(move || {
            let watch = theirs.0.watch();
            // Release: pairs with the Acquire below, so the flag is set after it was looked at.
            began.store(1, Release);
            let attempt = || watch.was_set().then_some(());
            theirs.0.became_set().wait_until(None, attempt);
        });
        // Acquire: pairs with the Release above.
        while ours_began.load(Acquire) == 0 {
            thread::yield_now();
        }
        ours.0.store(true);
        ours.0.clear();
        waiter.join().unwrap();
        assert!(!ours.0.load());
    });
}

/// A watch never reports a flag as set that nobody has set.
#[test]
fn clearing_is_not_setting() {
    check(|| {
        let (theirs, ours) = guarded(false);
        let watch = ours.0.watch();
        let other = thread::spawn(move || {
            theirs.0.clear();
            theirs.0.compare_exchange(false, false)
        });
        ours.0.exchange(false);
        assert!(!watch.was_set());
        assert_eq!(other.join().unwrap(), Ok(false));
        assert!(!watch.was_set());
    });
}

/// Setting a flag that is set already publishes, too: a thread that clears it then sees what was done before
/// each of the two.
#[test]
fn second_signal_publishes() {
    check(|| {
        let (theirs, ours) = announcing(true);
        let giver = thread::spawn(move || {
            // Relaxed: the flag publishes it.
            theirs.1.store(1, Relaxed);
            theirs.0.store(true);
        });
        // Relaxed: the exchange acquired what was published.
        let mut found = ours.0.exchange(false) && ours.1.load(Relaxed) == 1;
        giver.join().unwrap();
        found |= ours.0.load();
        assert!(
            found,
            "the signal was taken, and what it announced not seen"
        );
    });
}

/// As above, with a flag that is clear already.
#[test]
fn second_clear_publishes() {
    check(|| {
        let (theirs, ours) = announcing(false);
        let giver = thread::spawn(move || {
            // Relaxed: the flag publishes it.
            theirs.1.store(1, Relaxed);
            theirs.0.clear();
        });
        // Relaxed: the exchange acquired what was published.
        let mut found = !ours.0.test_and_set() && ours.1.load(Relaxed) == 1;
        giver.join().unwrap();
        found |= !ours.0.load();
        assert!(found, "the flag was taken, and what it announced not seen");
    });
}

/// Of two exchanges that expect the same value, one succeeds.
#[test]
fn one_wins_the_exchange() {
    check(|| {
        let (theirs, ours) = guarded(true);
        let other = thread::spawn(move || theirs.0.compare_exchange(true, false));
        let us = ours.0.compare_exchange(true, false);
        match other.join().unwrap() {
            Ok(before) => assert_eq!((before, us), (true, Err(false))),
            Err(seen) => assert_eq!((seen, us), (false, Ok(true))),
        }
    });
}

/// An exchange that succeeds publishes what was done before it to an exchange that finds its value.
///
/// Neither sets the flag, because setting it notifies, and the fence of a notification would hide a weakness.
#[test]
fn exchange_publishes() {
    check(|| {
        let (theirs, ours) = guarded(true);
        let reader = thread::spawn(move || {
            let found = theirs.0.compare_exchange(false, false).is_ok();
            !found || theirs.1.read() == 7
        });
        ours.1.add(7);
        assert_eq!(ours.0.compare_exchange(true, false), Ok(true));
        assert!(reader.join().unwrap());
    });
}

/// A thread that finds the flag changed, by each way of looking, sees what was done before the change, by each
/// way of changing it.
#[test]
fn every_look_acquires() {
    type Change = fn(&AtomicFlag);
    let changes: [(bool, Change); 4] = [
        (false, |flag| _ = flag.test_and_set()),
        (false, |flag| _ = flag.compare_exchange(false, true)),
        (true, |flag| flag.clear()),
        (true, |flag| _ = flag.compare_exchange(true, false)),
    ];
    let looks: [fn(&AtomicFlag, bool) -> bool; 3] = [
        |flag, before| flag.load() != before,
        |flag, before| flag.compare_exchange(before, before).is_err(),
        |flag, before| !before && flag.test_and_set(),
    ];
    for (before, change) in changes {
        for changed in looks {
            check(move || {
                let (theirs, ours) = guarded(before);
                let other = thread::spawn(move || {
                    theirs.1.add(7);
                    change(&theirs.0);
                });
                if changed(&ours.0, before) {
                    assert_eq!(ours.1.read(), 7);
                }
                other.join().unwrap();
            });
        }
    }
}

/// An exchange that finds the flag set sees what was done before the flag was last set, though it was set
/// already before that.
#[test]
fn exchange_acquires() {
    check(|| {
        let (theirs, ours) = announcing(true);
        let giver = thread::spawn(move || {
            // Relaxed: the flag publishes it.
            theirs.1.store(1, Relaxed);
            theirs.0.test_and_set()
        });
        assert_eq!(ours.0.compare_exchange(true, false), Ok(true));
        // Relaxed: the exchange acquired what was published, if it came after.
        let seen = ours.1.load(Relaxed);
        let we_came_after = giver.join().unwrap();
        assert!(seen == 1 || !we_came_after);
    });
}

/// A task that waits passes once the flag has been set, whenever that happens, even if it is cleared again at once.
/// One that is dropped meanwhile takes nothing with it.
#[test]
fn tasks_wait() {
    check(|| {
        let (theirs, ours) = guarded(false);
        let mut quitter = Box::pin(ours.0.wait_async());
        let mut task = pin!(ours.0.wait_async());
        assert!(poll(quitter.as_mut()).is_pending());
        assert!(poll(task.as_mut()).is_pending());
        let setter = thread::spawn(move || {
            theirs.1.write(7);
            theirs.0.store(true);
            theirs.0.clear();
        });
        drop(quitter);
        if poll(task.as_mut()).is_pending() {
            setter.join().unwrap();
            assert!(poll(task.as_mut()).is_ready());
        } else {
            assert_eq!(ours.1.read(), 7);
            setter.join().unwrap();
        }
    });
}
