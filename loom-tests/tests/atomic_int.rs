//! Models of `AtomicInt64`.
#![cfg(ft_loom)]

use ft_atomic_int::{AtomicInt64, Overflow};
use ft_sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};
use loom_tests::{check, data::Data, threads::pair};

fn shared(value: i64, overflow: Overflow) -> (Arc<AtomicInt64>, Arc<AtomicInt64>) {
    pair(AtomicInt64::new(value, overflow))
}

/// Two additions, each by a loop of exchanges, both count, and find different values.
#[test]
fn no_lost_addition() {
    check(|| {
        let (theirs, ours) = shared(0, Overflow::Error);
        let other = thread::spawn(move || theirs.fetch_add(1).unwrap());
        let before = ours.fetch_add(1).unwrap();
        assert_eq!(before + other.join().unwrap(), 1);
        assert_eq!(ours.load(), 2);
    });
}

/// An addition by instruction and one by loop (`update`) both count.
#[test]
fn instruction_against_loop() {
    check(|| {
        let (theirs, ours) = shared(5, Overflow::Wrap);
        let other = thread::spawn(move || theirs.fetch_add(10).unwrap());
        ours.try_update(|value| Ok::<_, ()>(value * 2)).unwrap();
        let added_to = other.join().unwrap();
        assert_eq!(ours.load(), if added_to == 5 { 30 } else { 20 });
    });
}

/// Of two additions with room for one, one fails, and the limit stands.
#[test]
fn one_overflows() {
    check(|| {
        let (theirs, ours) = shared(i64::MAX - 1, Overflow::Error);
        let other = thread::spawn(move || theirs.fetch_add(1).is_ok());
        let us = ours.fetch_add(1).is_ok();
        assert_ne!(us, other.join().unwrap());
        assert_eq!(ours.load(), i64::MAX);
    });
}

/// Of two exchanges that expect the same value, one succeeds.
#[test]
fn one_wins_the_exchange() {
    check(|| {
        let (theirs, ours) = shared(0, Overflow::Error);
        let other = thread::spawn(move || theirs.compare_exchange(0, 1));
        let us = ours.compare_exchange(0, 2);
        match other.join().unwrap() {
            Ok(_) => assert_eq!(us, Err(1)),
            Err(seen) => assert_eq!((us, seen), (Ok(0), 2)),
        }
    });
}

/// Each value exchanged out was exchanged in by exactly one other.
#[test]
fn exchange_passes_each_value_on() {
    check(|| {
        let (theirs, ours) = shared(0, Overflow::Error);
        let other = thread::spawn(move || theirs.exchange(1));
        let ours_before = ours.exchange(2);
        let mut seen = [ours_before, other.join().unwrap(), ours.load()];
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
    });
}

/// What a thread wrote before an addition is visible to a thread that sees the sum.
#[test]
fn addition_publishes_earlier_writes() {
    check(|| {
        let (theirs, ours) = pair((AtomicInt64::default(), Data::new(0)));
        let writer = thread::spawn(move || {
            theirs.1.write(7);
            theirs.0.fetch_add(1).unwrap();
        });
        while ours.0.load() == 0 {
            thread::yield_now();
        }
        assert_eq!(ours.1.read(), 7);
        writer.join().unwrap();
    });
}

fn store_after_writing((int, written): &(AtomicInt64, AtomicBool)) {
    // Relaxed: the store to the integer publishes it.
    written.store(true, Relaxed);
    int.store(1);
}

/// A failed exchange acquires, too: the value that it reports comes with what was written before.
#[test]
fn failed_exchange_sees_earlier_writes() {
    check(|| {
        let (theirs, ours) = pair((AtomicInt64::default(), AtomicBool::new(false)));
        let writer = thread::spawn(move || store_after_writing(&theirs));
        if ours.0.compare_exchange(5, 6) == Err(1) {
            // Relaxed: the failed exchange above acquired it.
            assert!(ours.1.load(Relaxed));
        }
        writer.join().unwrap();
    });
}

/// Every way to change a 3.
const CHANGES: [fn(&AtomicInt64); 8] = [
    |int| assert!(int.exchange(1) > 0),
    |int| assert!(int.compare_exchange(3, 1).is_ok()),
    |int| assert!(int.fetch_add(1).is_ok()),
    |int| assert!(int.fetch_sub(1).is_ok()),
    |int| assert!(int.fetch_and(1).is_ok()),
    |int| assert!(int.fetch_or(4).is_ok()),
    |int| assert!(int.fetch_xor(1).is_ok()),
    |int| assert!(int.fetch_mul(2).is_ok()),
];

/// What a thread wrote before a change, of any kind, is visible to a thread that sees the change.
#[test]
fn every_change_publishes() {
    let store: fn(&AtomicInt64) = |int| int.store(1);
    for change in CHANGES.into_iter().chain([store]) {
        check(move || {
            let int = AtomicInt64::new(3, Overflow::Wrap);
            let (theirs, ours) = pair((int, Data::new(0)));
            let writer = thread::spawn(move || {
                theirs.1.write(7);
                change(&theirs.0);
            });
            if ours.0.load() != 3 {
                assert_eq!(ours.1.read(), 7);
            }
            writer.join().unwrap();
        });
    }
}

/// A change, of any kind, acquires what was written before the change that it follows, even one that stored
/// the same value as before.
#[test]
fn every_change_acquires() {
    for change in CHANGES {
        check(move || {
            let int = AtomicInt64::new(3, Overflow::Wrap);
            let (theirs, ours) = pair((int, AtomicBool::new(false)));
            let writer = thread::spawn(move || {
                // Relaxed: the exchange publishes it.
                theirs.1.store(true, Relaxed);
                theirs.0.exchange(3)
            });
            change(&ours.0);
            // Relaxed: the change has acquired it, if it came after.
            let seen = ours.1.load(Relaxed);
            let we_came_after = writer.join().unwrap() == 3;
            assert!(seen || !we_came_after);
        });
    }
}

/// An update that gives up because of a value has acquired what was written before that value.
#[test]
fn refused_update_sees_earlier_writes() {
    check(|| {
        let (theirs, ours) = pair((AtomicInt64::default(), AtomicBool::new(false)));
        let writer = thread::spawn(move || store_after_writing(&theirs));
        let refuse = |value| if value == 1 { Err(()) } else { Ok(2) };
        if ours.0.try_update(refuse).is_err() {
            // Relaxed: acquired with the 1.
            assert!(ours.1.load(Relaxed));
        }
        writer.join().unwrap();
    });
}
