//! Readers that announce themselves.

use ft_rwlock::{OwnedRwLock, RawRwLock, RwLock, RwLockReadGuard};
use ft_test_support::start_together;
#[cfg(unix)]
use ft_test_support::{in_child, until};
use std::{mem, thread};

/// More holds than a thread can announce.
const MANY: usize = 7;

#[test]
fn readers_are_counted() {
    let lock = OwnedRwLock::biased();
    for n in 0..MANY {
        assert_eq!(lock.readers(), n);
        assert!(lock.try_read());
    }
    assert!(!lock.try_write());
    assert!(!thread::scope(|scope| scope
        .spawn(|| lock.try_write())
        .join()
        .unwrap()));
    for n in (0..MANY).rev() {
        lock.unlock_read().unwrap();
        assert_eq!(lock.readers(), n);
    }
    assert!(lock.try_write());
}

/// Any thread can release any reading.
#[test]
fn released_by_others() {
    let lock = RawRwLock::biased();
    let take = || (0..MANY).for_each(|_| assert!(lock.try_read()));
    // SAFETY: each reading is released once.
    let release = |count| (0..count).for_each(|_| unsafe { lock.unlock_read() });
    thread::scope(|scope| {
        take();
        scope.spawn(take).join().unwrap();
        assert_eq!(lock.readers(), 2 * MANY);
        release(MANY + 2);
        assert_eq!(lock.readers(), MANY - 2);
        scope.spawn(|| release(MANY - 2)).join().unwrap();
    });
    assert_eq!(lock.readers(), 0);
    assert!(lock.try_write());
}

/// A thread that ends leaves the lock as it is, and a guard can outlive its thread.
#[test]
fn thread_ends_while_it_reads() {
    let raw = RawRwLock::biased();
    thread::scope(|scope| scope.spawn(|| assert!(raw.try_read())).join().unwrap());
    assert_eq!(raw.readers(), 1);
    assert!(!raw.try_write());
    // SAFETY: it is released once.
    unsafe { raw.unlock_read() };
    assert!(raw.try_write());
}

/// Readers meet until the lock is biased, and the guards of two threads change hands.
#[test]
fn guards_change_hands() {
    let lock = RwLock::new(7);
    start_together(4, |_| {
        for _ in 0..10_000 {
            assert_eq!(*lock.read(), 7);
        }
    });
    let guard = thread::scope(|scope| scope.spawn(|| lock.read()).join().unwrap());
    assert!(lock.try_write().is_none());
    let other = lock.read();
    drop(guard);
    assert!(lock.try_write().is_none());
    drop::<RwLockReadGuard<'_, _>>(other);
    assert!(lock.try_write().is_some());
}

/// A reading that is never released does not outlive its lock, and moves with it.
#[test]
fn forgotten_readings() {
    let lock = RwLock::new(1);
    mem::forget(lock.read());
    let moved = lock;
    assert!(moved.try_write().is_none());
    for _ in 0..20 {
        let lock = RawRwLock::biased();
        assert!(lock.try_read());
    }
    let lock = RawRwLock::biased();
    assert!(lock.try_write());
}

/// The child of a fork has what this thread had.
#[cfg(unix)]
#[test]
fn child_of_a_fork() {
    let (lock, other) = (OwnedRwLock::biased(), OwnedRwLock::biased());
    lock.read().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| lock.write().map(|()| lock.unlock_write()));
        until(|| lock.writers_waiting() == 1);
        assert!(in_child(|| {
            lock.readers() == 1
                && other.try_read()
                && other.unlock_read() == Ok(())
                && other.try_write()
                && lock.try_read()
                && lock.unlock_read() == Ok(())
                && lock.unlock_read() == Ok(())
                && lock.try_write()
        }));
        lock.unlock_read().unwrap();
    });
    assert!(lock.try_write());
}
