//! Behavior seen from outside.

use ft_rwlock::{NotHeld, OwnedRwLock, RwLock, RwLockWriteGuard, WouldDeadlock};
use proptest::prelude::*;
use std::{
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

/// Rounds per thread of the stress test.
const ROUNDS: usize = 3_000;

fn soon() -> Option<Instant> {
    Some(Instant::now() + Duration::from_millis(5))
}

fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

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

#[test]
fn misuse_is_refused() {
    let lock = OwnedRwLock::new();
    assert_eq!(lock.unlock_read(), Err(NotHeld::Read));
    assert_eq!(lock.unlock_write(), Err(NotHeld::Write));
    assert_eq!(lock.downgrade(), Err(NotHeld::Write));
    lock.read().unwrap();
    assert_eq!(lock.unlock_write(), Err(NotHeld::Write));
    assert_eq!(lock.write(), Err(WouldDeadlock::HasRead));
    assert!(!lock.try_write());
    thread::scope(|scope| {
        let other = scope.spawn(|| lock.unlock_read());
        assert_eq!(other.join().unwrap(), Err(NotHeld::Read));
    });
    lock.unlock_read().unwrap();
    lock.write().unwrap();
    assert_eq!(lock.write_deadline(soon()), Err(WouldDeadlock::HasWrite));
    assert_eq!(lock.read(), Err(WouldDeadlock::HasWrite));
    assert!(!lock.try_read());
    thread::scope(|scope| {
        let other = scope.spawn(|| (lock.unlock_write(), lock.unlock_read(), lock.downgrade()));
        let refused = (Err(NotHeld::Write), Err(NotHeld::Read), Err(NotHeld::Write));
        assert_eq!(other.join().unwrap(), refused);
    });
    lock.unlock_write().unwrap();
    assert!(lock.try_write());
}

#[test]
fn owned_nested_reading() {
    let lock = OwnedRwLock::new();
    thread::scope(|scope| {
        lock.read().unwrap();
        let writer = scope.spawn(|| {
            lock.write().unwrap();
            lock.unlock_write().unwrap();
        });
        until(|| lock.writers_waiting() == 1);
        assert!(!scope.spawn(|| lock.try_read()).join().unwrap());
        lock.read().unwrap();
        assert!(lock.try_read());
        assert_eq!(lock.readers(), 3);
        (0..3).for_each(|_| lock.unlock_read().unwrap());
        writer.join().unwrap();
    });
}

#[test]
fn writer_that_gives_up_lets_readers_in() {
    let lock = OwnedRwLock::new();
    thread::scope(|scope| {
        lock.read().unwrap();
        let writer = scope.spawn(|| {
            let mut waiter = lock.wait_to_write().unwrap();
            assert!(!waiter.wait_deadline(soon()));
            until(|| lock.readers_waiting() == 1);
            drop(waiter);
        });
        until(|| lock.writers_waiting() == 1);
        let reader = scope.spawn(|| {
            lock.read().unwrap();
            lock.unlock_read().unwrap();
        });
        writer.join().unwrap();
        // We have the lock still.
        reader.join().unwrap();
        lock.unlock_read().unwrap();
    });
    assert!(lock.try_write());
}

#[test]
fn waiter_that_was_called_passes_it_on() {
    let (lock, ready) = (OwnedRwLock::new(), Barrier::new(2));
    thread::scope(|scope| {
        lock.write().unwrap();
        scope.spawn(|| {
            let mut waiter = lock.wait_to_write().unwrap();
            assert!(!waiter.wait_deadline(soon()));
            ready.wait();
            // Handed over, and never picked up.
            ready.wait();
            drop(waiter);
        });
        ready.wait();
        lock.unlock_write().unwrap();
        ready.wait();
        assert!(lock.write_deadline(None).unwrap());
        lock.unlock_write().unwrap();
    });
}

/// The order is that of the phases: the readers that waited when the first writer left, together,
/// then the writers.
#[test]
fn phases_alternate() {
    let lock = OwnedRwLock::new();
    let order = Mutex::new(Vec::new());
    let inside = Barrier::new(3);
    thread::scope(|scope| {
        lock.write().unwrap();
        for n in 1..=2 {
            let (lock, order) = (&lock, &order);
            scope.spawn(move || {
                lock.write().unwrap();
                order.lock().unwrap().push(format!("writer {n}"));
                lock.unlock_write().unwrap();
            });
            until(|| lock.writers_waiting() == n);
        }
        for n in 1..=3 {
            let (lock, order, inside) = (&lock, &order, &inside);
            scope.spawn(move || {
                lock.read().unwrap();
                // All three have the lock at once, or this never ends.
                inside.wait();
                order.lock().unwrap().push("reader".to_owned());
                lock.unlock_read().unwrap();
            });
            until(|| lock.readers_waiting() == n);
        }
        lock.unlock_write().unwrap();
    });
    let order = order.into_inner().unwrap();
    assert_eq!(
        order,
        ["reader", "reader", "reader", "writer 1", "writer 2"]
    );
}

#[test]
fn lock_outlives_a_thread_that_reads() {
    let lock = Arc::new(OwnedRwLock::new());
    let theirs = Arc::clone(&lock);
    thread::spawn(move || theirs.read().unwrap())
        .join()
        .unwrap();
    assert_eq!(lock.readers(), 1);
    assert_eq!(lock.unlock_read(), Err(NotHeld::Read));
    assert!(!lock.write_deadline(soon()).unwrap());
}

/// A thread that ends can still give up what it has.
#[test]
fn unlock_while_the_thread_ends() {
    struct AtEnd(std::cell::RefCell<Option<Arc<OwnedRwLock>>>);

    impl Drop for AtEnd {
        fn drop(&mut self) {
            let lock = self.0.take().unwrap();
            lock.read().unwrap();
            lock.unlock_read().unwrap();
            lock.unlock_read().unwrap();
        }
    }

    thread_local! {
        static AT_END: AtEnd = const { AtEnd(std::cell::RefCell::new(None)) };
    }

    let lock = Arc::new(OwnedRwLock::new());
    let theirs = Arc::clone(&lock);
    let thread = thread::spawn(move || {
        AT_END.with(|at_end| at_end.0.replace(Some(Arc::clone(&theirs))));
        theirs.read().unwrap();
    });
    thread.join().unwrap();
    assert!(lock.try_write());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    TryRead,
    TryWrite,
    UnlockRead,
    UnlockWrite,
    Downgrade,
    Read,
    Write,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Step::*;
    let step = prop::sample::select(vec![
        TryRead,
        TryRead,
        TryWrite,
        UnlockRead,
        UnlockRead,
        UnlockWrite,
        Downgrade,
        Read,
        Write,
    ]);
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// One thread, against two numbers.
    #[test]
    fn like_two_numbers(steps in steps()) {
        let lock = OwnedRwLock::new();
        let (mut readers, mut writing) = (0_usize, false);
        for step in steps {
            match step {
                Step::TryRead => {
                    prop_assert_eq!(lock.try_read(), !writing);
                    readers += usize::from(!writing);
                }
                Step::TryWrite => {
                    let free = !writing && readers == 0;
                    prop_assert_eq!(lock.try_write(), free);
                    writing |= free;
                }
                Step::UnlockRead => {
                    prop_assert_eq!(lock.unlock_read().is_ok(), readers > 0);
                    readers = readers.saturating_sub(1);
                }
                Step::UnlockWrite => {
                    prop_assert_eq!(lock.unlock_write().is_ok(), writing);
                    writing = false;
                }
                Step::Downgrade => {
                    prop_assert_eq!(lock.downgrade().is_ok(), writing);
                    readers += usize::from(writing);
                    writing = false;
                }
                Step::Read => {
                    prop_assert_eq!(lock.read().is_ok(), !writing);
                    readers += usize::from(!writing);
                }
                Step::Write => {
                    let free = !writing && readers == 0;
                    prop_assert_eq!(lock.write().is_ok(), free);
                    writing |= free;
                }
            }
            prop_assert_eq!(lock.readers(), readers);
            prop_assert_eq!(lock.is_write_locked(), writing);
            prop_assert_eq!((lock.is_reader(), lock.is_writer()), (readers > 0, writing));
            prop_assert_eq!((lock.readers_waiting(), lock.writers_waiting()), (0, 0));
        }
    }
}

/// Readers, writers, those who give up and those who nest: never two writers, nor a reader beside
/// one, and in the end the lock is free.
#[test]
fn stress() {
    let lock = OwnedRwLock::new();
    let (readers, writers) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let read = |more: &dyn Fn()| {
        readers.fetch_add(1, SeqCst);
        assert_eq!(writers.load(SeqCst), 0);
        more();
        readers.fetch_sub(1, SeqCst);
    };
    let short = |n| Some(Instant::now() + Duration::from_micros(n as u64 % 40));
    thread::scope(|scope| {
        for index in 0..4 {
            let (lock, writers, readers, read) = (&lock, &writers, &readers, &read);
            scope.spawn(move || {
                for n in 0..ROUNDS {
                    match (n * 7 + index) % 5 {
                        0 => lock.write().unwrap(),
                        1 if !lock.write_deadline(short(n)).unwrap() => continue,
                        1 => {}
                        2 if !lock.read_deadline(short(n)).unwrap() => continue,
                        _ => {
                            if (n * 7 + index) % 5 > 2 {
                                lock.read().unwrap();
                            }
                            read(&|| {
                                lock.read().unwrap();
                                lock.unlock_read().unwrap();
                            });
                            lock.unlock_read().unwrap();
                            continue;
                        }
                    }
                    assert_eq!(writers.fetch_add(1, SeqCst), 0);
                    assert_eq!(readers.load(SeqCst), 0);
                    writers.fetch_sub(1, SeqCst);
                    if n % 2 == 0 {
                        lock.unlock_write().unwrap();
                    } else {
                        lock.downgrade().unwrap();
                        read(&|| ());
                        lock.unlock_read().unwrap();
                    }
                }
            });
        }
    });
    assert_eq!((lock.readers_waiting(), lock.writers_waiting()), (0, 0));
    assert!(lock.try_write());
}
