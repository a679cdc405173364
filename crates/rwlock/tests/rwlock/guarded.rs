//! The lock that guards a value.

use ft_rwlock::{RwLock, RwLockWriteGuard};
use ft_sync::{Interrupt, interruptible};
use ft_test_support::until;
use std::{
    future::ready,
    pin::Pin,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

#[test]
fn readers_share() {
    let lock = RwLock::new(7);
    let (first, second) = (lock.read(), lock.read());
    assert_eq!(*first + *second, 14);
    assert!(lock.try_write().is_none());
    drop(first);
    assert!(lock.try_write_for(Duration::from_millis(1)).is_none());
    drop(second);
    *lock.try_write().unwrap() += 1;
    assert_eq!(lock.into_inner(), 8);
}

#[test]
fn writer_excludes() {
    let lock = RwLock::new(());
    let writing = lock.write();
    assert!(lock.try_read().is_none());
    assert!(lock.try_write().is_none());
    assert!(lock.try_read_until(Instant::now()).is_none());
    assert!(lock.is_locked_exclusive());
    drop(writing);
    assert!(!lock.is_locked());
}

/// All the ways to try succeed exactly when no holder of the lock excludes them.
#[test]
fn ways_to_try() {
    let (lock, soon) = (RwLock::new(0), Duration::from_millis(1));
    let reading = || {
        [
            lock.try_read(),
            lock.try_read_recursive(),
            lock.try_read_for(soon),
            lock.try_read_until(Instant::now()),
        ]
    };
    let writing: [&dyn Fn() -> bool; 3] = [
        &|| lock.try_write().is_some_and(|_| lock.is_locked_exclusive()),
        &|| lock.try_write_for(soon).is_some_and(|_| lock.is_locked()),
        &|| lock.try_write_until(Instant::now()).is_some(),
    ];
    let can_write = || writing.map(|way| way());
    assert_eq!(can_write(), [true; 3]);
    let guards = reading();
    assert!(guards.iter().all(Option::is_some));
    assert!(lock.is_locked() && !lock.is_locked_exclusive());
    assert_eq!(can_write(), [false; 3]);
    drop(guards);
    assert!(!lock.is_locked());
    let guard = lock.write();
    assert!(reading().iter().all(Option::is_none));
    assert_eq!(can_write(), [false; 3]);
    drop(guard);
    assert_eq!(can_write(), [true; 3]);
}

#[test]
fn downgrade_lets_readers_in() {
    let lock = RwLock::new(1);
    let writing = lock.write();
    thread::scope(|scope| {
        let reader = scope.spawn(|| *lock.read());
        let reading = RwLockWriteGuard::downgrade(writing);
        assert_eq!(reader.join().unwrap(), 1);
        assert!(lock.try_write().is_none());
        assert_eq!(*reading, 1);
    });
    assert!(lock.try_write().is_some());
}

#[test]
fn nested_reading_passes_a_waiting_writer() {
    let lock = RwLock::new(0);
    thread::scope(|scope| {
        let reading = lock.read();
        scope.spawn(|| *lock.write() += 1);
        // A new reader is refused as soon as the writer waits.
        until(|| lock.try_read().is_none());
        assert_eq!(*lock.read_recursive() + *reading, 0);
    });
    assert_eq!(*lock.read(), 1);
}

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

/// A guard means that its thread has the lock, whatever interrupt is raised.
#[test]
fn no_interrupt_makes_a_guard() {
    let lock = RwLock::new(0_u32);
    let add = |writing: &mut u32| {
        let before = *writing;
        (0..20).for_each(|_| thread::yield_now());
        *writing = before + 1;
    };
    thread::scope(|scope| {
        for n in 0..4 {
            let (lock, add) = (&lock, &add);
            scope.spawn(move || {
                for _ in 0..100 {
                    interruptible(Arc::new(Raised), || match n {
                        0 => assert!(*lock.read() <= 200),
                        1 => drop(lock.read_recursive()),
                        _ => add(&mut lock.write()),
                    });
                }
            });
        }
    });
    assert_eq!(lock.into_inner(), 200);
}
