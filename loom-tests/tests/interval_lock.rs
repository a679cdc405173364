//! Models of `ft-interval-lock`.
#![cfg(ft_loom)]

use ft_interval_lock::{IntervalLock, NotOwner, RawIntervalLock};
use ft_sync::{Arc, TaskToken, thread};
use loom_tests::{
    check,
    data::Data,
    pairs::{Watched, each_pair},
    tasks::{block_on, poll},
    threads::spawn,
};
use std::time::{Duration, Instant};

type Lock = IntervalLock<usize>;

/// An interval that has always ended, and one that never ends: with these the lock reads no clock.
const ALWAYS: Duration = Duration::ZERO;
const NEVER: Duration = Duration::MAX;

fn shared(interval: Duration) -> Arc<Lock> {
    Arc::new(IntervalLock::new(interval, 0))
}

fn add(lock: &Lock) {
    *lock.lock() += 1;
}

/// Owners exclude each other, see what the others have written, and each has its turn.
#[test]
fn owners_exclude_each_other() {
    check(|| {
        let lock = shared(NEVER);
        let others = [(); 2].map(|()| spawn(&lock, add));
        add(&lock);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(*lock.lock(), 3);
    });
}

/// Unlocking and locking again does not overtake a thread that waits.
#[test]
fn no_overtaking() {
    check(|| {
        let lock = shared(NEVER);
        let guard = lock.lock();
        let other = spawn(&lock, add);
        // Without this loom has no reason to run the other threads first.
        thread::yield_now();
        let waited = lock.waiters();
        drop(guard);
        let seen = *lock.lock();
        assert!(seen >= waited);
        other.join().unwrap();
    });
}

/// A thread that cedes gets the lock back after the threads that waited, and is told whether there were any.
#[test]
fn cede_lets_others_in() {
    check(|| {
        let lock = shared(NEVER);
        let mut guard = lock.lock();
        let others = [(); 2].map(|()| spawn(&lock, add));
        // Without this loom has no reason to run the other threads first.
        thread::yield_now();
        let waited = lock.waiters();
        let ceded = guard.cede();
        assert!(*guard >= waited);
        assert_eq!(ceded, *guard > 0);
        drop(guard);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(*lock.lock(), 2);
    });
}

/// Two threads that poll after the interval take turns until both are done.
#[test]
fn polls_take_turns() {
    check(|| {
        let lock = shared(ALWAYS);
        let work = |lock: &Lock| {
            let mut guard = lock.lock();
            *guard += 1;
            guard.poll();
            *guard += 1;
        };
        let other = spawn(&lock, work);
        work(&lock);
        other.join().unwrap();
        assert_eq!(*lock.lock(), 4);
    });
}

/// A poll before the interval keeps the lock.
#[test]
fn poll_keeps_the_lock() {
    check(|| {
        let lock = shared(NEVER);
        let mut guard = lock.lock();
        let other = spawn(&lock, add);
        thread::yield_now();
        assert!(!guard.poll());
        assert_eq!(*guard, 0);
        drop(guard);
        other.join().unwrap();
    });
}

/// When a thread in line gives up, the lock goes to the next in line, and in the end it is free.
#[test]
fn giving_up_loses_nothing() {
    check(|| {
        let lock = shared(NEVER);
        let guard = lock.lock();
        let gives_up = spawn(&lock, |lock| {
            if let Some(mut guard) = lock.lock_deadline(Some(Instant::now())) {
                *guard += 10;
            }
        });
        let other = spawn(&lock, add);
        drop(guard);
        gives_up.join().unwrap();
        other.join().unwrap();
        assert_eq!(*lock.try_lock().unwrap() % 10, 1);
    });
}

/// An attempt without waiting, whether it succeeds or fails, leaves the lock usable.
#[test]
fn attempts() {
    check(|| {
        let lock = shared(NEVER);
        let other = spawn(&lock, |lock| {
            lock.lock().cede();
        });
        let tries = spawn(&lock, |lock| {
            if let Some(mut guard) = lock.try_lock() {
                *guard += 1;
            }
        });
        if let Some(mut guard) = lock.try_lock() {
            *guard += 1;
        }
        other.join().unwrap();
        tries.join().unwrap();
        assert!(lock.try_lock().is_some());
    });
}

/// No thread is taken for the owner because it sees an old value.
#[test]
fn only_the_owner_is_the_owner() {
    check(|| {
        let lock = Arc::new(RawIntervalLock::new(NEVER));
        let other = spawn(&lock, |lock| {
            lock.lock().unwrap();
            lock.unlock().unwrap();
            assert_eq!(lock.unlock(), Err(NotOwner));
        });
        assert_eq!(lock.unlock(), Err(NotOwner));
        lock.lock().unwrap();
        lock.unlock().unwrap();
        assert_eq!(lock.poll(), Err(NotOwner));
        other.join().unwrap();
    });
}

/// No two operations use the value at the same time, whichever they are.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || IntervalLock::new(ALWAYS, Watched::new(1)),
        &[
            ("lock", |lock: &IntervalLock<Watched>| {
                drop(lock.lock().clone())
            }),
            ("try to lock", |lock| {
                drop(lock.try_lock().as_deref().cloned())
            }),
            ("poll", |lock| {
                let mut guard = lock.lock();
                guard.poll();
                drop(guard.clone());
            }),
            ("cede", |lock| {
                let mut guard = lock.lock();
                guard.cede();
                drop(guard.clone());
            }),
            ("replace", |lock| *lock.lock() = Watched::new(2)),
            ("give up", |lock| {
                let guard = lock.lock_deadline(Some(Instant::now()));
                drop(guard.as_deref().cloned());
            }),
            ("look", |lock| {
                lock.set_interval(NEVER);
                let _ = (lock.is_locked(), lock.waiters(), lock.interval());
            }),
        ],
    );
}

fn add_as_a_task((lock, value): &(RawIntervalLock, Data), task: u64) {
    let task = TaskToken::new(task);
    block_on(lock.lock_async(task)).unwrap();
    value.add(1);
    block_on(lock.cede_async(task)).unwrap();
    value.add(1);
    lock.unlock_of(task).unwrap();
}

/// Tasks that take the lock, cede it and release it exclude each other, and a thread, and each has its turn.
#[test]
fn tasks_beside_a_thread() {
    check(|| {
        let ours = Arc::new((RawIntervalLock::new(NEVER), Data::new(0)));
        let task = spawn(&ours, |shared| add_as_a_task(shared, 1));
        ours.0.lock().unwrap();
        ours.1.add(1);
        ours.0.unlock().unwrap();
        add_as_a_task(&ours, 2);
        task.join().unwrap();
        assert_eq!(ours.1.read(), 5);
        assert!(!ours.0.is_locked());
    });
}

/// A task that is cancelled while the lock is handed to it passes it on to the next in line.
#[test]
fn cancelled_while_it_is_called() {
    check(|| {
        let ours = Arc::new((RawIntervalLock::new(NEVER), Data::new(0)));
        assert!(ours.0.try_lock_for(TaskToken::new(1)));
        let [mut quitter, mut next] =
            [2, 3].map(|n| Box::pin(ours.0.lock_async(TaskToken::new(n))));
        assert!(poll(quitter.as_mut()).is_pending() && poll(next.as_mut()).is_pending());
        let holder = spawn(&ours, |(lock, value)| {
            value.add(1);
            lock.unlock_of(TaskToken::new(1)).unwrap();
        });
        drop(quitter);
        holder.join().unwrap();
        assert!(poll(next.as_mut()).is_ready());
        assert_eq!(ours.1.read(), 1);
        ours.0.unlock_of(TaskToken::new(3)).unwrap();
        assert!(!ours.0.is_locked());
    });
}
