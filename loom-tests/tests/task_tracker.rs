//! Models of `TaskTracker`.
#![cfg(ft_loom)]

use ft_concurrent_queue::{ConcurrentQueue, TaskTracker, TooManyDone};
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    data::Data,
    pairs::each_pair,
    threads::{pair, spawn},
};

fn shared() -> (Arc<TaskTracker>, Arc<TaskTracker>) {
    pair(TaskTracker::new())
}

/// A tracker with one task, and data that the thread writes that ends the task.
type WithData = (TaskTracker, Data);

fn with_data() -> (Arc<WithData>, Arc<WithData>) {
    let tracker = TaskTracker::new();
    tracker.add();
    pair((tracker, Data::new(0)))
}

fn write_and_be_done((tracker, data): &WithData) {
    data.write(7);
    tracker.task_done().unwrap();
}

fn until_none_is_left(tracker: &TaskTracker) {
    while tracker.unfinished() > 0 {
        thread::yield_now();
    }
}

/// Waiting ends after the last task is done, and then what its thread wrote is visible.
#[test]
fn wait_sees_what_was_done() {
    check(|| {
        let (theirs, ours) = with_data();
        let worker = thread::spawn(move || write_and_be_done(&theirs));
        ours.0.wait();
        assert_eq!(ours.1.read(), 7);
        worker.join().unwrap();
    });
}

/// A thread that sees a count of zero without waiting sees what was done, too.
#[test]
fn zero_sees_what_was_done() {
    check(|| {
        let (theirs, ours) = with_data();
        let worker = thread::spawn(move || write_and_be_done(&theirs));
        until_none_is_left(&ours.0);
        assert_eq!(ours.1.read(), 7);
        worker.join().unwrap();
    });
}

/// Waiting for two workers sees what both did, whoever is last.
#[test]
fn wait_sees_both_workers() {
    check(|| {
        let ours = Arc::new((TaskTracker::new(), [0, 0].map(Data::new)));
        ours.0.add();
        ours.0.add();
        let workers = [0, 1].map(|n| {
            spawn(&ours, move |(tracker, data)| {
                data[n].write(7);
                tracker.task_done().unwrap();
            })
        });
        ours.0.wait();
        assert_eq!(ours.1.each_ref().map(Data::read), [7, 7]);
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// Of two threads that are done with one task, one is refused.
#[test]
fn one_too_many() {
    check(|| {
        let (theirs, ours) = shared();
        ours.add();
        let other = thread::spawn(move || theirs.task_done());
        assert_ne!(ours.task_done().is_ok(), other.join().unwrap().is_ok());
        assert_eq!(ours.unfinished(), 0);
    });
}

/// One call too many is refused even while another thread makes an attempt that fails, and a task that was
/// added in the meantime is not lost.
#[test]
fn no_task_from_a_failing_attempt() {
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || {
            drop(theirs.attempt());
            theirs.attempt().succeeded();
        });
        let done = ours.task_done();
        other.join().unwrap();
        // There was one task in all.
        assert_eq!(ours.unfinished(), u64::from(done.is_err()));
        assert_eq!(ours.task_done().is_ok(), done.is_err());
    });
}

/// With no task but an attempt that fails, `task_done` is always refused.
#[test]
fn failing_attempt_is_no_task() {
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || drop(theirs.attempt()));
        assert_eq!(ours.task_done(), Err(TooManyDone));
        other.join().unwrap();
        assert_eq!(ours.unfinished(), 0);
    });
}

/// A thread that has popped an item can be done with its task, even if the push is not over.
#[test]
fn popped_item_has_its_task() {
    check(|| {
        let ours = Arc::new((TaskTracker::new(), ConcurrentQueue::bounded(1)));
        // The first use makes this thread known to the epoch. That need not race with the other thread.
        assert_eq!(ours.1.len(), 0);
        let theirs = Arc::clone(&ours);
        let producer = thread::spawn(move || {
            let attempt = theirs.0.attempt();
            theirs.1.try_push(1).unwrap();
            attempt.succeeded();
        });
        if ours.1.try_pop().is_ok() {
            ours.0.task_done().unwrap();
            ours.0.wait();
            producer.join().unwrap();
        } else {
            producer.join().unwrap();
            assert_eq!(ours.0.unfinished(), 1);
        }
    });
}

/// Waiting ends when the last task was an attempt that fails.
#[test]
fn failed_attempt_wakes() {
    check(|| {
        let (theirs, ours) = shared();
        let attempt = thread::spawn(move || drop(theirs.attempt()));
        ours.wait();
        attempt.join().unwrap();
        ours.wait();
    });
}

/// A discard and a task that is done wake a waiter together, whichever of them is last.
#[test]
fn discarding_wakes() {
    check(|| {
        let (theirs, ours) = shared();
        ours.add();
        ours.add();
        let other = Arc::clone(&ours);
        let drainer = thread::spawn(move || theirs.discard(1));
        let worker = thread::spawn(move || other.task_done().unwrap());
        ours.wait();
        assert_eq!(ours.unfinished(), 0);
        drainer.join().unwrap();
        worker.join().unwrap();
    });
}

/// Discarding while an attempt is decided never makes the count negative.
#[test]
fn discarding_during_an_attempt() {
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || drop(theirs.attempt()));
        ours.discard(1);
        other.join().unwrap();
        assert_eq!(ours.unfinished(), 0);
        ours.add();
        assert_eq!(ours.task_done(), Ok(()));
        assert_eq!(ours.task_done(), Err(TooManyDone));
    });
}

/// What a thread wrote before it discarded the last task is visible to a thread that finds none left.
#[test]
fn discarding_publishes() {
    check(|| {
        let (theirs, ours) = with_data();
        let other = thread::spawn(move || {
            theirs.1.write(7);
            theirs.0.discard(1);
        });
        until_none_is_left(&ours.0);
        assert_eq!(ours.1.read(), 7);
        other.join().unwrap();
    });
}

/// A thread that is refused because another was done with the last task sees what that one wrote.
#[test]
fn refusal_sees_what_was_done() {
    check(|| {
        let (theirs, ours) = with_data();
        let other = thread::spawn(move || {
            theirs.1.write(7);
            let _ = theirs.0.task_done();
        });
        if ours.0.task_done() == Err(TooManyDone) {
            assert_eq!(ours.1.read(), 7);
        }
        other.join().unwrap();
    });
}

/// Whichever two operations run at the same time, neither waits for ever.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || {
            let tracker = TaskTracker::new();
            (0..4).for_each(|_| tracker.add());
            tracker
        },
        &[
            ("add", |tracker: &TaskTracker| {
                tracker.add();
                assert!(tracker.unfinished() >= 1);
            }),
            ("attempt in vain", |tracker| drop(tracker.attempt())),
            ("attempt", |tracker| tracker.attempt().succeeded()),
            ("done", |tracker| tracker.task_done().unwrap()),
            ("discard", |tracker| tracker.discard(2)),
        ],
    );
}
