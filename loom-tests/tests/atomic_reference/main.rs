//! Models of `AtomicReference`, over a slot that loom can see into, and of `StableReference`, over a pool
//! that loom can see into.
#![cfg(ft_loom)]

mod stable;

use ft_atomic_reference::{AtomicReference, RefCnt};
use ft_sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed, thread};
use loom_tests::check;
use std::sync::Arc as StdArc;

/// A number whose drops are counted.
struct Mortal {
    number: usize,
    deaths: Arc<AtomicUsize>,
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.deaths.fetch_add(1, Relaxed);
    }
}

/// A slot of mortals, and the count of their drops.
struct Shared {
    slot: AtomicReference<StdArc<Mortal>>,
    deaths: Arc<AtomicUsize>,
}

impl Shared {
    fn pair(number: usize) -> (Arc<Self>, Arc<Self>) {
        let deaths = Arc::new(AtomicUsize::new(0));
        let first = Mortal {
            number,
            deaths: Arc::clone(&deaths),
        };
        let slot = AtomicReference::new(StdArc::new(first));
        let ours = Arc::new(Self { slot, deaths });
        (Arc::clone(&ours), ours)
    }

    fn mortal(&self, number: usize) -> StdArc<Mortal> {
        let deaths = Arc::clone(&self.deaths);
        StdArc::new(Mortal { number, deaths })
    }

    fn deaths(&self) -> usize {
        self.deaths.load(Relaxed)
    }
}

/// Two updates both count, and each sees what the one before it stored.
#[test]
fn no_lost_update() {
    check(|| {
        let (theirs, ours) = Shared::pair(0);
        let add = |shared: &Shared| {
            let change = shared.slot.update(|now| shared.mortal(now.number + 1));
            assert_eq!(change.before.number + 1, change.after.number);
            change.before.number
        };
        let other = thread::spawn(move || add(&theirs));
        let before = add(&ours);
        assert_eq!(before + other.join().unwrap(), 1);
        assert_eq!(ours.slot.load().number, 2);
    });
}

/// An update whose function replaces the object itself starts again from the new one.
#[test]
fn update_that_uses_the_slot() {
    check(|| {
        let (theirs, ours) = Shared::pair(0);
        let other = thread::spawn(move || {
            theirs.slot.update(|now| theirs.mortal(now.number + 1));
        });
        let mut first = true;
        ours.slot.update(|now| {
            if std::mem::take(&mut first) {
                ours.slot.update(|now| ours.mortal(now.number + 10));
            }
            ours.mortal(now.number + 100)
        });
        other.join().unwrap();
        assert_eq!(ours.slot.load().number, 111);
    });
}

/// An update that fails changes nothing, and keeps nothing alive.
#[test]
fn failed_update_leaves_no_trace() {
    check(|| {
        let (theirs, ours) = Shared::pair(0);
        let other = thread::spawn(move || drop(theirs.slot.exchange(theirs.mortal(1))));
        let failed = ours.slot.try_update(|now| Err::<StdArc<_>, _>(now.number));
        assert!(matches!(failed.map(|_| ()), Err(0 | 1)));
        other.join().unwrap();
        assert_eq!((ours.slot.load().number, ours.deaths()), (1, 1));
    });
}

/// Of two exchanges that expect the same object, one succeeds, and the other is given the object of the first.
#[test]
fn one_wins_the_exchange() {
    check(|| {
        let (theirs, ours) = Shared::pair(0);
        let first = ours.slot.load();
        let expected = StdArc::clone(&first);
        let number = |done: Result<StdArc<Mortal>, StdArc<Mortal>>| match done {
            Ok(before) => Ok(before.number),
            Err(current) => Err(current.number),
        };
        let other = thread::spawn(move || {
            let new = theirs.mortal(1);
            number(theirs.slot.compare_exchange(&expected, new))
        });
        let us = number(ours.slot.compare_exchange(&first, ours.mortal(2)));
        match other.join().unwrap() {
            Ok(before) => assert_eq!((before, us), (0, Err(1))),
            Err(current) => assert_eq!((current, us), (2, Ok(0))),
        }
    });
}

/// An exchange compares by identity: an equal number in another object does not match.
#[test]
fn equals_do_not_match() {
    check(|| {
        let (theirs, ours) = Shared::pair(0);
        let other = thread::spawn(move || theirs.slot.exchange(theirs.mortal(0)));
        let twin = ours.mortal(0);
        assert!(ours.slot.compare_exchange(&twin, ours.mortal(5)).is_err());
        assert_eq!(other.join().unwrap().number, 0);
        assert_eq!(ours.slot.load().number, 0);
    });
}

/// Each object exchanged out was exchanged in by exactly one other.
#[test]
fn exchange_passes_each_object_on() {
    check(|| {
        let (theirs, ours) = Shared::pair(0);
        let other = thread::spawn(move || theirs.slot.exchange(theirs.mortal(1)).number);
        let before = ours.slot.exchange(ours.mortal(2)).number;
        let mut seen = [before, other.join().unwrap(), ours.slot.load().number];
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
    });
}

/// Every object is dropped once: a replaced one at the latest when the last call is over, the one in the slot with
/// the slot, and one that was read not before its reader drops it.
#[test]
fn each_dies_once() {
    check(|| {
        let (theirs, ours) = Shared::pair(0);
        let deaths = Arc::clone(&ours.deaths);
        let other = thread::spawn(move || {
            let read = theirs.slot.load();
            let replaced = theirs
                .slot
                .compare_exchange(&read, theirs.mortal(1))
                .is_ok();
            assert!(!replaced || StdArc::strong_count(&read) == 1);
            drop(read);
        });
        ours.slot.store(ours.mortal(2));
        ours.slot.with(|now| assert!(now.number > 0));
        other.join().unwrap();
        assert_eq!(deaths.load(Relaxed), 2);
        let Ok(ours) = Arc::try_unwrap(ours) else {
            panic!("the other thread is over");
        };
        assert!(ours.slot.into_inner().number > 0);
        assert_eq!(deaths.load(Relaxed), 3);
    });
}

/// What a thread wrote before it stored an object is visible to a thread that loads the object.
#[test]
fn store_publishes() {
    check(|| {
        let (theirs, ours) = Shared::pair(0);
        let written = Arc::new(AtomicUsize::new(0));
        let their_written = Arc::clone(&written);
        let writer = thread::spawn(move || {
            // Relaxed: the slot publishes it.
            their_written.store(7, Relaxed);
            theirs.slot.store(theirs.mortal(1));
        });
        if ours.slot.load().number == 1 {
            // Relaxed: the load acquired it.
            assert_eq!(written.load(Relaxed), 7);
        }
        writer.join().unwrap();
    });
}

/// A slot takes any type that has the trait, such as an `Option`.
#[test]
fn nothing_is_a_reference_too() {
    check(|| {
        let slot = AtomicReference::new(None::<StdArc<u8>>);
        assert!(slot.compare_exchange(&None, Some(StdArc::new(1))).is_ok());
        assert!(!RefCnt::as_ptr(&slot.load()).is_null());
    });
}
