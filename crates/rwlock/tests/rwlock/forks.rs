//! Locks in the child of a fork.

use ft_rwlock::OwnedRwLock;
use ft_test_support::{in_child, soon, until};
use std::{sync::Barrier, thread};

fn take(lock: &OwnedRwLock, for_writing: bool) {
    match for_writing {
        true => lock.write().unwrap(),
        false => lock.read().unwrap(),
    }
}

fn give_up(lock: &OwnedRwLock, for_writing: bool) -> bool {
    match for_writing {
        true => lock.unlock_write() == Ok(()),
        false => lock.unlock_read() == Ok(()),
    }
}

/// The child has what this thread had, and nobody waits there.
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
