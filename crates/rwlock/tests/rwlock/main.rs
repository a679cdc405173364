//! Behavior seen from outside.

use ft_rwlock::{NotHeld, OwnedRwLock, RwLock, RwLockWriteGuard, WouldDeadlock};
#[cfg(unix)]
use ft_test_support::in_child;
use ft_test_support::{soon, start_together, until};
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
fn messages() {
    let waits = "this thread would wait for itself: it has the lock for";
    let has_not = "this thread does not have the lock for";
    for (message, expected) in [
        (WouldDeadlock::HasRead.to_string(), [waits, "reading"]),
        (WouldDeadlock::HasWrite.to_string(), [waits, "writing"]),
        (NotHeld::Read.to_string(), [has_not, "reading"]),
        (NotHeld::Write.to_string(), [has_not, "writing"]),
    ] {
        assert_eq!(message, expected.join(" "));
    }
}

/// Dropping a lock does not end this thread's readings of another lock.
#[test]
fn dropped_while_read() {
    let (lock, other) = (OwnedRwLock::new(), OwnedRwLock::new());
    lock.read().unwrap();
    other.read().unwrap();
    drop(other);
    assert!(lock.is_reader());
    assert_eq!(lock.unlock_read(), Ok(()));
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
        assert!(lock.wait_to_read().unwrap().wait_deadline(soon()));
        assert_eq!(lock.readers(), 4);
        (0..4).for_each(|_| lock.unlock_read().unwrap());
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
        // This thread still has the lock.
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
            // The lock has been handed over to this thread, which never takes it.
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

/// First come all the readers that waited when the writer left, together, then the writers in turn.
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

/// A thread that ends can still unlock what it has locked.
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

#[cfg(unix)]
fn take(lock: &OwnedRwLock, for_writing: bool) {
    match for_writing {
        true => lock.write().unwrap(),
        false => lock.read().unwrap(),
    }
}

#[cfg(unix)]
fn give_up(lock: &OwnedRwLock, for_writing: bool) -> bool {
    match for_writing {
        true => lock.unlock_write() == Ok(()),
        false => lock.unlock_read() == Ok(()),
    }
}

/// The child has what this thread had, and nobody waits there.
#[cfg(unix)]
#[test]
fn line_stays_behind_at_a_fork() {
    let lock = OwnedRwLock::new();
    let waiting = || (lock.readers_waiting(), lock.writers_waiting());
    let is_free = || lock.try_write() && lock.unlock_write() == Ok(()) && waiting() == (0, 0);
    for writes in [true, false] {
        let mut fine = Vec::new();
        thread::scope(|scope| {
            take(&lock, writes);
            scope.spawn(|| lock.write().map(|()| lock.unlock_write()));
            until(|| lock.writers_waiting() == 1);
            scope.spawn(|| lock.read().map(|()| lock.unlock_read()));
            until(|| lock.readers_waiting() == 1);
            let unlock = || give_up(&lock, writes);
            fine.push(in_child(|| waiting() == (0, 0) && unlock() && is_free()));
            if writes {
                fine.push(in_child(|| {
                    let shared = lock.downgrade() == Ok(()) && lock.readers() == 1;
                    shared && lock.unlock_read() == Ok(()) && is_free()
                }));
            } else {
                fine.push(in_child(|| {
                    let nested = lock.try_read() && lock.readers() == 2 && unlock();
                    nested && unlock() && is_free()
                }));
            }
            fine.push(waiting() == (1, 1));
            assert!(unlock());
        });
        assert_eq!(fine, [true; 3]);
    }
}

/// A place in the parent's line is no claim to the lock in the child.
#[cfg(unix)]
#[test]
fn waiter_leaves_after_a_fork() {
    let (lock, ready) = (OwnedRwLock::new(), Barrier::new(2));
    for reads in [true, false] {
        let state = || (lock.readers(), lock.is_write_locked());
        let wait = || {
            let waiter = match reads {
                true => lock.wait_to_read(),
                false => lock.wait_to_write(),
            };
            let mut waiter = waiter.unwrap();
            assert!(!waiter.wait_deadline(soon()));
            waiter
        };
        let fine = thread::scope(|scope| {
            scope.spawn(|| {
                take(&lock, reads);
                ready.wait();
                ready.wait();
                assert!(give_up(&lock, reads));
                ready.wait();
            });
            ready.wait();
            let (before, waiter) = (state(), wait());
            let still_theirs = in_child(|| {
                drop(waiter);
                state() == before
            });
            let waiter = wait();
            ready.wait();
            ready.wait();
            // The lock is this thread's now, though the waiter has not noticed yet.
            let given_up = in_child(|| {
                drop(waiter);
                state() == (0, false) && lock.try_write()
            });
            [still_theirs, given_up]
        });
        assert_eq!(fine, [true; 2]);
    }
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

/// Threads read, write, give up and nest: there are never two writers, nor a reader beside a writer, and
/// in the end the lock is free.
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
    start_together(4, |index| {
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
    assert_eq!((lock.readers_waiting(), lock.writers_waiting()), (0, 0));
    assert!(lock.try_write());
}
