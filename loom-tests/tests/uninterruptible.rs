//! Models of waits that cannot tell their callers that they have ended early: no interrupt ends them.
#![cfg(ft_loom)]

use ft_atomic_int::AtomicFlag;
use ft_concurrent_queue::{ConcurrentQueue, TaskTracker};
use ft_interval_lock::{IntervalLock, RawIntervalLock};
use ft_latch::Latch;
use ft_rwlock::OwnedRwLock;
use ft_semaphore::Semaphore;
use ft_sync::{Event, Interrupt, Select, interruptible, thread};
use ft_work_stealing::{Pool, Queued};
use loom_tests::{check, check_with_one_preemption, data::Data, threads::pair};
use std::{future::ready, pin::Pin, sync::Arc, time::Duration};

/// An interrupt that is always raised.
struct Raised;

impl Interrupt for Raised {
    fn is_raised(&self) -> bool {
        true
    }

    fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(ready(()))
    }
}

fn interrupted<T>(wait: impl FnOnce() -> T) -> T {
    interruptible(Arc::new(Raised), wait)
}

/// Waits on another thread, which is interrupted, for what this one does. The wait must not end
/// before.
fn outlasts<T: 'static>(object: T, wait: impl FnOnce(&T) + 'static, end: impl FnOnce(&T)) {
    let (theirs, ours) = pair((object, Data::new(0)));
    let waiter = thread::spawn(move || {
        interrupted(|| wait(&theirs.0));
        assert_eq!(theirs.1.read(), 7);
    });
    ours.1.write(7);
    end(&ours.0);
    waiter.join().unwrap();
}

#[test]
fn event() {
    check(|| {
        let (theirs, ours) = pair((Event::new(), Data::new(0)));
        let listener = ours.0.listen();
        let notifier = thread::spawn(move || {
            theirs.1.write(7);
            theirs.0.notify(1);
        });
        interrupted(|| listener.wait());
        assert_eq!(ours.1.read(), 7);
        notifier.join().unwrap();
    });
}

#[test]
fn latch() {
    check(|| outlasts(Latch::new(1), Latch::wait, |it| it.count_down(1).unwrap()));
}

#[test]
fn flag() {
    check(|| {
        outlasts(AtomicFlag::new(false), AtomicFlag::wait, |it| {
            it.store(true)
        })
    });
}

#[test]
fn tasks() {
    check(|| {
        let tasks = TaskTracker::new();
        tasks.add();
        outlasts(tasks, TaskTracker::wait, |it| it.task_done().unwrap());
    });
}

#[test]
fn queue() {
    check(|| {
        let pop = |queue: &ConcurrentQueue<u8>| assert_eq!(queue.pop(), Ok(7));
        outlasts(ConcurrentQueue::unbounded(), pop, |it| it.push(7).unwrap());
    });
}

#[test]
fn queue_with_a_bound() {
    check(|| {
        let queue = ConcurrentQueue::bounded(1);
        queue.push(7).unwrap();
        let push = |queue: &ConcurrentQueue<u8>| queue.push(8).unwrap();
        outlasts(queue, push, |it| assert_eq!(it.pop(), Ok(7)));
    });
}

#[test]
fn select() {
    check(|| {
        let wait = |latch: &Latch| Select::new().case(latch.opening()).wait();
        outlasts(Latch::new(1), wait, |it| it.count_down(1).unwrap());
    });
}

#[test]
fn semaphore() {
    check(|| {
        let taken = Semaphore::with_limit(0, 1);
        let acquire = |it: &Semaphore| drop(it.acquire());
        outlasts(taken, acquire, |it| it.release().unwrap());
    });
}

#[test]
fn reader() {
    check(|| {
        let lock = OwnedRwLock::new();
        lock.write().unwrap();
        let read = |lock: &OwnedRwLock| {
            lock.read().unwrap();
            lock.unlock_read().unwrap();
        };
        outlasts(lock, read, |it| it.unlock_write().unwrap());
    });
}

#[test]
fn writer() {
    check(|| {
        let lock = OwnedRwLock::new();
        lock.read().unwrap();
        let write = |lock: &OwnedRwLock| {
            lock.write().unwrap();
            lock.unlock_write().unwrap();
        };
        outlasts(lock, write, |it| it.unlock_read().unwrap());
    });
}

#[test]
fn interval_lock() {
    check(|| {
        let lock = RawIntervalLock::new(Duration::ZERO);
        lock.lock().unwrap();
        let take = |lock: &RawIntervalLock| {
            lock.lock().unwrap();
            lock.unlock().unwrap();
        };
        outlasts(lock, take, |it| it.unlock().unwrap());
    });
}

/// The guard, which goes on, has the lock again.
#[test]
fn ceded_interval_lock() {
    check(|| {
        let (theirs, ours) = pair(IntervalLock::new(Duration::ZERO, 0));
        let ceding = thread::spawn(move || {
            let mut value = theirs.lock();
            interrupted(|| value.cede());
            *value += 1;
        });
        *ours.lock() += 1;
        ceding.join().unwrap();
        assert_eq!(*ours.lock(), 2);
    });
}

/// A job on the stack of a thread that waits is over before the wait is.
#[test]
fn job_from_outside() {
    check(|| {
        let (pool, data) = (Pool::new(1), Data::new(0));
        interrupted(|| pool.install(|| data.write(7)));
        assert_eq!(data.read(), 7);
        pool.shut_down(Queued::Finish);
        interrupted(|| pool.wait());
        assert_eq!(pool.workers(), 0);
    });
}

/// So are the jobs for which a worker waits.
#[test]
fn jobs_of_a_worker() {
    check_with_one_preemption(|| {
        let pool = Pool::new(2);
        pool.install(|| {
            interrupted(|| {
                let data = Data::new(0);
                pool.join(thread::yield_now, || data.write(7));
                assert_eq!(data.read(), 7);
            });
        });
        pool.shut_down(Queued::Finish);
        pool.wait();
    });
}

/// So are those of a scope.
#[test]
fn jobs_of_a_scope() {
    check_with_one_preemption(|| {
        let pool = Pool::new(2);
        pool.install(|| {
            interrupted(|| {
                let data = Data::new(0);
                pool.scope(|scope| {
                    scope.spawn(|| data.write(7));
                    thread::yield_now();
                });
                assert_eq!(data.read(), 7);
            });
        });
        pool.shut_down(Queued::Finish);
        pool.wait();
    });
}
