//! Models of `TaskTracker`.
#![cfg(ft_loom)]

use ft_concurrent_queue::{ConcurrentQueue, TaskTracker, TooManyDone};
use ft_sync::{Arc, UnsafeCell, thread};
use loom_tests::{check, pairs::each_pair};

fn shared() -> (Arc<TaskTracker>, Arc<TaskTracker>) {
    let ours = Arc::new(TaskTracker::new());
    (Arc::clone(&ours), ours)
}

/// Waiting ends after the last task is done, and what its thread wrote before is visible then.
#[test]
fn wait_sees_what_was_done() {
    check(|| {
        let ours = Arc::new((TaskTracker::new(), UnsafeCell::new(0)));
        ours.0.add();
        let theirs = Arc::clone(&ours);
        let worker = thread::spawn(move || {
            // SAFETY: nobody else looks at the cell before the task is done.
            theirs.1.with_mut(|data| unsafe { *data = 7 });
            theirs.0.task_done().unwrap();
        });
        ours.0.wait();
        // SAFETY: the task is done, so the worker is done with the cell.
        assert_eq!(ours.1.with(|data| unsafe { *data }), 7);
        worker.join().unwrap();
    });
}

/// A count of zero that is seen without waiting publishes what was done, too.
#[test]
fn zero_sees_what_was_done() {
    check(|| {
        let ours = Arc::new((TaskTracker::new(), UnsafeCell::new(0)));
        ours.0.add();
        let theirs = Arc::clone(&ours);
        let worker = thread::spawn(move || {
            // SAFETY: nobody else looks at the cell before the task is done.
            theirs.1.with_mut(|data| unsafe { *data = 7 });
            theirs.0.task_done().unwrap();
        });
        while ours.0.unfinished() > 0 {
            thread::yield_now();
        }
        // SAFETY: the task is done, so the worker is done with the cell.
        assert_eq!(ours.1.with(|data| unsafe { *data }), 7);
        worker.join().unwrap();
    });
}

/// Waiting for two workers sees what both did, whoever is last.
#[test]
fn wait_sees_both_workers() {
    check(|| {
        let ours = Arc::new((TaskTracker::new(), [UnsafeCell::new(0), UnsafeCell::new(0)]));
        ours.0.add();
        ours.0.add();
        let workers = [0, 1].map(|n| {
            let theirs = Arc::clone(&ours);
            thread::spawn(move || {
                // SAFETY: this worker alone uses the cell before its task is done.
                theirs.1[n].with_mut(|data| unsafe { *data = 7 });
                theirs.0.task_done().unwrap();
            })
        });
        ours.0.wait();
        for cell in &ours.1 {
            // SAFETY: the tasks are done, so the workers are done with the cells.
            assert_eq!(cell.with(|data| unsafe { *data }), 7);
        }
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

/// A call too many is refused even while an attempt is made that fails, and a task that was handed
/// out in the meantime is not lost.
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
        // One task in all.
        assert_eq!(ours.unfinished(), u64::from(done.is_err()));
        assert_eq!(ours.task_done().is_ok(), done.is_err());
    });
}

/// With no task but an attempt that fails, being done is always refused.
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

/// Whoever has popped an item can be done with its task, even if the push is not over.
#[test]
fn popped_item_has_its_task() {
    check(|| {
        let ours = Arc::new((TaskTracker::new(), ConcurrentQueue::bounded(1)));
        // The first use makes this thread known to the epoch; that need not race with the other.
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

/// Discarding the rest wakes whoever waits, together with the last that is done.
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

/// What a thread wrote before it discarded the last task is visible to whoever finds none left.
#[test]
fn discarding_publishes() {
    check(|| {
        let ours = Arc::new((TaskTracker::new(), UnsafeCell::new(0)));
        ours.0.add();
        let theirs = Arc::clone(&ours);
        let other = thread::spawn(move || {
            // SAFETY: nobody else looks at the cell before the task is gone.
            theirs.1.with_mut(|data| unsafe { *data = 7 });
            theirs.0.discard(1);
        });
        while ours.0.unfinished() > 0 {
            thread::yield_now();
        }
        // SAFETY: the task is gone, so the other thread is done with the cell.
        assert_eq!(ours.1.with(|data| unsafe { *data }), 7);
        other.join().unwrap();
    });
}

/// Who is refused because another thread was done with the last task sees what that one wrote.
#[test]
fn refusal_sees_what_was_done() {
    check(|| {
        let ours = Arc::new((TaskTracker::new(), UnsafeCell::new(0)));
        ours.0.add();
        let theirs = Arc::clone(&ours);
        let other = thread::spawn(move || {
            // SAFETY: nobody else looks at the cell before the task is done.
            theirs.1.with_mut(|data| unsafe { *data = 7 });
            let _ = theirs.0.task_done();
        });
        if ours.0.task_done() == Err(TooManyDone) {
            // SAFETY: the task is done, so the other thread is done with the cell.
            assert_eq!(ours.1.with(|data| unsafe { *data }), 7);
        }
        other.join().unwrap();
    });
}

/// Whatever two operations meet, neither waits for ever.
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
