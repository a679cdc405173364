//! Waiters that give up.

use super::Guarded;
use ft_sync::Arc;
use loom_tests::{check, threads::spawn};
use std::time::Instant;

/// When a thread in line gives up, the lock goes to the next in line, and in the end it is free.
#[test]
fn giving_up_loses_nothing() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let gives_up = spawn(&ours, |guarded| {
            if guarded.lock.write_deadline(Some(Instant::now())) {
                guarded.unlock_write();
            }
        });
        let writer = spawn(&ours, Guarded::write);
        ours.unlock_write();
        gives_up.join().unwrap();
        writer.join().unwrap();
        assert!(ours.lock.try_write());
        assert_eq!(ours.value(), 1);
    });
}

/// When the last writer in line gives up, the readers that waited because of it come in.
#[test]
fn giving_up_lets_readers_in() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_read());
        let gives_up = spawn(&ours, |guarded| {
            if guarded.lock.write_deadline(Some(Instant::now())) {
                guarded.unlock_write();
            }
        });
        let reader = spawn(&ours, |guarded| assert_eq!(guarded.read(), 0));
        gives_up.join().unwrap();
        // The reader gets the lock while this thread still has it, and then the line is empty.
        reader.join().unwrap();
        assert!(ours.lock.try_read());
        ours.unlock_read();
        ours.unlock_read();
        assert!(ours.lock.try_write());
    });
}

/// A reader gives up while a writing is downgraded and another writer waits: the lock goes on to the others, and
/// in the end it is free.
#[test]
fn giving_up_while_the_lock_moves_on() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let gives_up = spawn(&ours, |guarded| {
            if guarded.lock.read_deadline(Some(Instant::now())) {
                assert!(guarded.value() >= 1);
                guarded.unlock_read();
            }
        });
        let writer = spawn(&ours, Guarded::write);
        ours.add();
        ours.downgrade();
        assert_eq!(ours.value(), 1);
        ours.unlock_read();
        gives_up.join().unwrap();
        writer.join().unwrap();
        assert!(ours.lock.try_write());
        assert_eq!(ours.value(), 2);
    });
}

/// When the last writer in line gives up while the last reader leaves, the reader that waits gets the lock,
/// whichever of the two comes first.
#[test]
fn giving_up_while_the_reader_leaves() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_read());
        let gives_up = spawn(&ours, |guarded| {
            if guarded.lock.write_deadline(Some(Instant::now())) {
                guarded.add();
                guarded.unlock_write();
            }
        });
        let reader = spawn(&ours, |guarded| assert!(guarded.read() <= 1));
        ours.unlock_read();
        gives_up.join().unwrap();
        reader.join().unwrap();
        assert!(ours.lock.try_write());
    });
}

/// A writer that has looked at the announced readers gives up: readers go on, and the next writer gets the lock.
#[test]
fn writer_of_a_biased_lock_gives_up() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        assert!(ours.lock.try_read());
        let gives_up = spawn(&ours, |guarded| {
            assert!(!guarded.lock.try_write());
            assert!(!guarded.lock.write_deadline(Some(Instant::now())));
        });
        let reader = spawn(&ours, Guarded::read);
        gives_up.join().unwrap();
        assert_eq!(reader.join().unwrap(), 0);
        ours.unlock_read();
        ours.write();
        assert_eq!(ours.read(), 1);
    });
}
