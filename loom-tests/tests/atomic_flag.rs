//! Every schedule of the atomic flag.
#![cfg(ft_loom)]

use ft_atomic_int::AtomicFlag;
use ft_sync::{
    Arc, UnsafeCell,
    atomic::AtomicUsize,
    atomic::Ordering::{Acquire, Relaxed, Release},
    thread,
};
use loom_tests::check;

/// A flag, and data that it guards or announces; two handles.
type Guarded = Arc<(AtomicFlag, UnsafeCell<u32>)>;

fn guarded(value: bool) -> (Guarded, Guarded) {
    let ours = Arc::new((AtomicFlag::new(value), UnsafeCell::new(0)));
    (Arc::clone(&ours), ours)
}

fn add(data: &UnsafeCell<u32>, n: u32) {
    // SAFETY: the callers' models say why nobody else looks at it now, and loom checks that.
    data.with_mut(|data| unsafe { *data += n });
}

fn read(data: &UnsafeCell<u32>) -> u32 {
    // SAFETY: as above.
    data.with(|data| unsafe { *data })
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

/// As a lock: whoever sets it sees what the one that cleared it did.
#[test]
fn clear_hands_over() {
    check(|| {
        let (theirs, ours) = guarded(false);
        let other = thread::spawn(move || {
            while theirs.0.test_and_set() {
                thread::yield_now();
            }
            add(&theirs.1, 1);
            theirs.0.clear();
        });
        while ours.0.compare_exchange(false, true).is_err() {
            thread::yield_now();
        }
        add(&ours.1, 1);
        ours.0.clear();
        other.join().unwrap();
        assert_eq!(read(&ours.1), 2);
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
                read(&theirs.1)
            });
            add(&ours.1, 7);
            set(&ours.0);
            assert_eq!(waiter.join().unwrap(), 7);
        });
    }
}

/// Setting it once wakes everyone who waits.
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

/// A watch never tells of a flag that nobody set.
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

/// Setting a flag that is set already publishes too: whoever clears it then sees what was done
/// before either.
#[test]
fn second_signal_publishes() {
    check(|| {
        let ours = Arc::new((AtomicFlag::new(true), AtomicUsize::new(0)));
        let theirs = Arc::clone(&ours);
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
        let ours = Arc::new((AtomicFlag::new(false), AtomicUsize::new(0)));
        let theirs = Arc::clone(&ours);
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

/// An exchange that succeeds publishes what was done before it to one that finds its value.
///
/// Neither sets the flag: loom looks no closer at what comes before the fence of a notification.
#[test]
fn exchange_publishes() {
    check(|| {
        let (theirs, ours) = guarded(true);
        let reader = thread::spawn(move || {
            let found = theirs.0.compare_exchange(false, false).is_ok();
            !found || read(&theirs.1) == 7
        });
        add(&ours.1, 7);
        assert_eq!(ours.0.compare_exchange(true, false), Ok(true));
        assert!(reader.join().unwrap());
    });
}

/// Whoever finds the flag changed, by each way of looking, sees what was done before the change, by
/// each way of changing it.
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
                    add(&theirs.1, 7);
                    change(&theirs.0);
                });
                if changed(&ours.0, before) {
                    assert_eq!(read(&ours.1), 7);
                }
                other.join().unwrap();
            });
        }
    }
}

/// An exchange of the value that is expected comes with what was done before the flag was last set,
/// though it was set already.
#[test]
fn exchange_acquires() {
    check(|| {
        let ours = Arc::new((AtomicFlag::new(true), AtomicUsize::new(0)));
        let theirs = Arc::clone(&ours);
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
