//! Models of `ft-latch`.
#![cfg(ft_loom)]

use ft_latch::Latch;
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    data::Data,
    pairs::each_pair,
    threads::{pair, spawn},
};

/// Both workers' writes are visible after a wait, whoever is last.
#[test]
fn wait_sees_both_workers() {
    check(|| {
        let ours = Arc::new((Latch::new(2), [0, 0].map(Data::new)));
        let workers = [0, 1].map(|n| {
            spawn(&ours, move |(latch, data)| {
                data[n].write(7);
                latch.count_down(1).unwrap();
            })
        });
        ours.0.wait();
        assert_eq!(ours.1.each_ref().map(Data::read), [7, 7]);
        workers.into_iter().for_each(|it| it.join().unwrap());
    });
}

/// A thread that sees an open latch without waiting sees what was written before it was opened.
#[test]
fn open_sees_what_was_written() {
    check(|| {
        let (theirs, ours) = pair((Latch::new(1), Data::new(0)));
        let worker = thread::spawn(move || {
            theirs.1.write(7);
            theirs.0.count_down(1).unwrap();
        });
        while !ours.0.is_open() {
            thread::yield_now();
        }
        assert_eq!(ours.1.read(), 7);
        worker.join().unwrap();
    });
}

/// The same for a thread that has watched it, and does not sleep.
#[test]
fn a_watch_sees_what_was_written() {
    check(|| {
        let (theirs, ours) = pair((Latch::new(1), Data::new(0)));
        let watch = ours.0.watch();
        let worker = thread::spawn(move || {
            theirs.1.write(7);
            theirs.0.count_down(1).unwrap();
        });
        while !watch.was_open() {
            thread::yield_now();
        }
        assert_eq!(ours.1.read(), 7);
        worker.join().unwrap();
    });
}

/// A wait ends even if the latch is closed again before the waiter looks.
#[test]
fn an_opening_is_not_missed() {
    check(|| {
        let (theirs, ours) = pair((Latch::new(1), Data::new(0)));
        let watch = ours.0.watch();
        let opener = thread::spawn(move || {
            theirs.1.write(7);
            theirs.0.count_down(1).unwrap();
            theirs.0.add(1).unwrap();
        });
        let opened = ours.0.opened();
        opened.wait_until(None, || watch.was_open().then_some(()));
        assert_eq!(ours.1.read(), 7);
        opener.join().unwrap();
        assert_eq!(ours.0.count(), 1);
    });
}

/// Every waiter passes: here two, one of which is there before the other.
#[test]
fn opening_wakes_all() {
    check(|| {
        let ours = Arc::new(Latch::new(1));
        let waiters = [(); 2].map(|()| spawn(&ours, Latch::wait));
        ours.count_down(1).unwrap();
        waiters.into_iter().for_each(|it| it.join().unwrap());
    });
}

/// Of two threads that count down from one, one is refused.
#[test]
fn the_count_is_not_passed() {
    check(|| {
        let (theirs, ours) = pair(Latch::new(1));
        let other = thread::spawn(move || theirs.count_down(1).is_ok());
        let passed = ours.count_down(1).is_ok();
        assert!(passed != other.join().unwrap());
        assert_eq!(ours.count(), 0);
    });
}

/// Every operation beside every other. The count is large enough that none of them fails.
#[test]
fn each_operation_beside_each_other() {
    each_pair::<Latch>(
        || Latch::new(5),
        &[
            ("count_down", |latch| latch.count_down(2).unwrap()),
            ("add", |latch| latch.add(1).unwrap()),
            ("count", |latch| assert!(latch.count() > 0)),
            ("watch", |latch| assert!(!latch.watch().was_open())),
        ],
    );
}
