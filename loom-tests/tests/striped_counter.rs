//! Models of `ft-striped-counter`.
#![cfg(ft_loom)]

use ft_striped_counter::StripedCounter;
use ft_sync::{
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::{
    check,
    data::Data,
    threads::{pair, spawn},
};

/// Two threads that meet lose nothing, and the second table is not lost if both make one.
#[test]
fn nothing_is_lost() {
    check(|| {
        let (theirs, ours) = pair(StripedCounter::new());
        let other = thread::spawn(move || {
            theirs.add_at(1, 1);
            theirs.add_at(1, 2);
        });
        ours.add_at(2, 4);
        ours.add_at(2, 8);
        other.join().unwrap();
        assert_eq!(ours.sum(), 15);
    });
}

/// The same for three threads at one place, which make larger and larger tables.
#[test]
fn tables_grow_without_loss() {
    check(|| {
        let ours = ft_sync::Arc::new(StripedCounter::new());
        let others = [1, 2].map(|n| {
            spawn(&ours, move |counter| {
                counter.add_at(4, n);
                counter.add_at(4, n);
            })
        });
        ours.add_at(4, 10);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(ours.sum(), 16);
    });
}

/// A reset during additions loses none and counts none twice.
#[test]
fn a_reset_counts_each_once() {
    check(|| {
        let (theirs, ours) = pair(StripedCounter::new());
        let adder = thread::spawn(move || {
            theirs.add_at(1, 1);
            theirs.add_at(2, 1);
        });
        ours.add_at(1, 1);
        let first = ours.sum_then_reset();
        adder.join().unwrap();
        assert_eq!(first + ours.sum_then_reset(), 3);
        assert_eq!(ours.sum(), 0);
    });
}

/// What threads did before additions is seen after a sum, or a reset, that counts these: in the first
/// integer and in stripes.
#[test]
fn a_sum_sees_what_was_done_before() {
    for read in [StripedCounter::sum, StripedCounter::sum_then_reset] {
        check(move || {
            let ours = ft_sync::Arc::new((StripedCounter::new(), [0, 1].map(AtomicUsize::new)));
            let others = [0, 1].map(|place| {
                spawn(&ours, move |(counter, data)| {
                    data[place].store(7, Relaxed);
                    counter.add_at(place, 1 << (place * 8));
                })
            });
            let sum = read(&ours.0);
            for place in [0, 1] {
                if sum & 1 << (place * 8) != 0 {
                    assert_eq!(ours.1[place].load(Relaxed), 7);
                }
            }
            for other in others {
                other.join().unwrap();
            }
        });
    }
}

/// The same for a thread that takes sums until one counts the addition.
#[test]
fn a_sum_acquires() {
    check(|| {
        let (theirs, ours) = pair((StripedCounter::new(), Data::new(0)));
        let adder = thread::spawn(move || {
            theirs.1.write(7);
            theirs.0.add_at(1, 1);
        });
        while ours.0.sum() != 1 {
            thread::yield_now();
        }
        assert_eq!(ours.1.read(), 7);
        adder.join().unwrap();
    });
}

/// While nothing negative is added, a later sum is never smaller.
#[test]
fn sums_do_not_go_down() {
    check(|| {
        let ours = ft_sync::Arc::new(StripedCounter::new());
        let others = [0, 1].map(|place| spawn(&ours, move |counter| counter.add_at(place, 1)));
        let first = ours.sum();
        let second = ours.sum();
        assert!(first <= second && second <= 2);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(ours.sum(), 2);
    });
}
