//! Behavior of the task tracker seen from outside. What depends on schedules is in `loom-tests`.

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

use ft_concurrent_queue::{Attempt, ConcurrentQueue, TaskTracker, TooManyDone};
use ft_test_support::{LONG, passed, soon};
use proptest::prelude::*;

/// Tasks per thread in the stress test.
const TASKS: usize = if cfg!(miri) { 50 } else { 20_000 };

fn end(attempt: Attempt<'_>, succeeds: bool) {
    match succeeds {
        true => attempt.succeeded(),
        false => drop(attempt),
    }
}

#[test]
fn every_task_is_done_once() {
    let tasks = TaskTracker::new();
    assert_eq!(tasks.task_done(), Err(TooManyDone));
    tasks.add();
    tasks.attempt().succeeded();
    assert_eq!(tasks.unfinished(), 2);
    assert_eq!(tasks.task_done(), Ok(()));
    assert_eq!(tasks.task_done(), Ok(()));
    let err = tasks.task_done().unwrap_err();
    assert_eq!(err.to_string(), "task_done() called too many times");
    assert_eq!(tasks.unfinished(), 0);
}

#[test]
fn attempt_that_fails() {
    let tasks = TaskTracker::new();
    let attempt = tasks.attempt();
    assert_eq!(tasks.unfinished(), 1);
    drop(attempt);
    assert_eq!(tasks.unfinished(), 0);
    assert_eq!(tasks.task_done(), Err(TooManyDone));
}

#[test]
fn refusal_waits_for_attempts() {
    let tasks = TaskTracker::new();
    for succeeds in [true, false] {
        let attempt = tasks.attempt();
        thread::scope(|scope| {
            let done = scope.spawn(|| tasks.task_done());
            thread::sleep(Duration::from_millis(10));
            assert!(!done.is_finished());
            end(attempt, succeeds);
            assert_eq!(done.join().unwrap().is_ok(), succeeds);
        });
        assert_eq!(tasks.unfinished(), 0);
    }
}

#[test]
fn certain_tasks_wait_for_no_attempt() {
    let tasks = TaskTracker::new();
    tasks.add();
    let attempt = tasks.attempt();
    assert_eq!(tasks.task_done(), Ok(()));
    drop(attempt);
    assert_eq!(tasks.unfinished(), 0);
}

#[test]
fn discard_stops_at_zero() {
    let tasks = TaskTracker::new();
    (0..3).for_each(|_| tasks.add());
    tasks.discard(2);
    assert_eq!(tasks.unfinished(), 1);
    // These are more than there are, as when the task of an item is done before the item is taken.
    tasks.discard(usize::MAX);
    assert_eq!(tasks.unfinished(), 0);
    tasks.discard(1);
    assert_eq!(tasks.unfinished(), 0);
    assert_eq!(tasks.task_done(), Err(TooManyDone));
}

#[test]
fn discard_during_an_attempt() {
    let tasks = TaskTracker::new();
    for succeeds in [true, false] {
        let attempt = tasks.attempt();
        tasks.discard(1);
        assert_eq!(tasks.unfinished(), 0);
        end(attempt, succeeds);
        assert_eq!(tasks.unfinished(), 0);
        tasks.add();
        assert_eq!(tasks.task_done(), Ok(()));
    }
}

#[test]
fn waiting_ends() {
    let tasks = TaskTracker::new();
    tasks.wait();
    tasks.add();
    assert!(!tasks.wait_deadline(soon()));
    for end in [
        |tasks: &TaskTracker| tasks.task_done().unwrap(),
        |tasks: &TaskTracker| tasks.discard(5),
    ] {
        thread::scope(|scope| {
            let waiter = scope.spawn(|| tasks.wait_deadline(Some(Instant::now() + LONG)));
            thread::sleep(Duration::from_millis(5));
            assert!(!waiter.is_finished());
            end(&tasks);
            assert!(waiter.join().unwrap());
        });
        tasks.add();
    }
    let attempt = {
        tasks.task_done().unwrap();
        tasks.attempt()
    };
    thread::scope(|scope| {
        let waiter = scope.spawn(|| tasks.wait_deadline(Some(Instant::now() + LONG)));
        thread::sleep(Duration::from_millis(5));
        drop(attempt);
        assert!(waiter.join().unwrap());
    });
}

/// The last task wakes the waiters, in whatever way it ends, and no other task does.
#[test]
fn last_task_wakes() {
    let tasks = TaskTracker::new();
    for end in [
        |tasks: &TaskTracker| tasks.task_done().unwrap(),
        |tasks: &TaskTracker| tasks.discard(1),
        |tasks: &TaskTracker| drop(tasks.attempt()),
    ] {
        tasks.add();
        let listener = tasks.all_done().listen();
        tasks.add();
        end(&tasks);
        assert!(!listener.wait_deadline(passed()));
    }
    tasks.discard(usize::MAX);
    for end in [
        |tasks: &TaskTracker| tasks.task_done().unwrap(),
        |tasks: &TaskTracker| tasks.discard(1),
        |tasks: &TaskTracker| tasks.discard(7),
    ] {
        tasks.add();
        let listener = tasks.all_done().listen();
        end(&tasks);
        assert!(listener.wait_deadline(passed()));
    }
    let attempt = tasks.attempt();
    let listener = tasks.all_done().listen();
    drop(attempt);
    assert!(listener.wait_deadline(passed()));
}

#[test]
fn waits_for_another_thread() {
    let tasks = TaskTracker::new();
    for _ in 0..100 {
        tasks.add();
        thread::scope(|scope| {
            scope.spawn(|| tasks.task_done().unwrap());
            tasks.wait();
            assert_eq!(tasks.unfinished(), 0);
        });
    }
}

/// Producers' pushes often fail, and consumers finish each item once. In the end all tasks are done, and
/// none was done twice.
#[test]
fn stress() {
    let tasks = TaskTracker::new();
    let queue = ConcurrentQueue::bounded(2);
    let (pushed, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for n in 0..TASKS {
                    let attempt = tasks.attempt();
                    if queue.try_push(n).is_ok() {
                        attempt.succeeded();
                        pushed.fetch_add(1, SeqCst);
                    }
                }
            });
            scope.spawn(|| {
                for _ in 0..TASKS {
                    if queue.try_pop().is_ok() {
                        tasks.task_done().unwrap();
                        done.fetch_add(1, SeqCst);
                    }
                }
            });
        }
    });
    while queue.try_pop().is_ok() {
        assert_ne!(tasks.unfinished(), 0);
        tasks.task_done().unwrap();
        done.fetch_add(1, SeqCst);
    }
    tasks.wait();
    assert_eq!(tasks.task_done(), Err(TooManyDone));
    assert_eq!(pushed.load(SeqCst), done.load(SeqCst));
}

proptest! {
    /// It counts like an integer that is never negative.
    #[test]
    fn as_an_integer(steps in prop::collection::vec(0..5, 0..60)) {
        let tasks = TaskTracker::new();
        let mut count = 0_u64;
        for step in steps {
            match step {
                0 => {
                    tasks.add();
                    count += 1;
                }
                1 => {
                    tasks.attempt().succeeded();
                    count += 1;
                }
                2 => drop(tasks.attempt()),
                3 => {
                    prop_assert_eq!(tasks.task_done().is_ok(), count > 0);
                    count = count.saturating_sub(1);
                }
                _ => {
                    tasks.discard(2);
                    count = count.saturating_sub(2);
                }
            }
            prop_assert_eq!(tasks.unfinished(), count);
        }
    }
}
