//! States that take a certain moment to reach.

use super::{
    lock::RawRwLock,
    word::{BIASED, Kind, ONE_READER, QUEUED, WRITER},
};
use ft_sync::{atomic::Ordering::Relaxed, readers};

const KINDS: [Kind; 2] = [Kind::Read, Kind::Write];

/// A lock that was released and has a line whose first thread is not called yet, or whose line
/// was left behind in a fork.
fn given_up(line: &[Kind]) -> RawRwLock {
    let lock = RawRwLock::new();
    lock.state.store(QUEUED, Relaxed);
    for &kind in line {
        lock.line().push(kind);
    }
    lock
}

#[test]
fn line_of_nobody() {
    let takes = [
        RawRwLock::try_take,
        RawRwLock::look_and_take,
        |lock: &RawRwLock, kind| lock.take_or_queue(kind).is_none(),
    ];
    for kind in KINDS {
        for take in takes {
            let lock = given_up(&[]);
            assert!(take(&lock, kind));
            let reads = kind == Kind::Read;
            assert_eq!(lock.readers(), usize::from(reads));
            assert_eq!(lock.is_write_locked(), !reads);
            // As if there had been no line.
            assert_eq!(take(&lock, Kind::Read), reads);
        }
    }
}

#[test]
fn nobody_overtakes_a_writer() {
    let lock = given_up(&[Kind::Write]);
    for kind in KINDS {
        assert!(!lock.try_take(kind));
        assert!(!lock.look_and_take(kind));
    }
    assert!(!lock.try_read_recursive());
    assert_eq!((lock.readers(), lock.is_write_locked()), (0, false));
    assert_eq!(lock.writers_waiting(), 1);
}

#[test]
fn readers_join_readers() {
    let lock = given_up(&[Kind::Read]);
    assert!(!lock.try_write());
    assert!(lock.try_read());
    assert_eq!((lock.readers(), lock.readers_waiting()), (1, 1));
}

/// Two threads release the lock and find the line. The second one finds that nothing is left to
/// do.
#[test]
fn line_that_is_done_with() {
    for lock in [given_up(&[]), RawRwLock::new()] {
        lock.end_reading();
        assert_eq!(lock.state.load(Relaxed), 0);
    }
}

/// A writer that gets the lock from the last reader ends the bias.
#[test]
fn writer_that_is_called_ends_the_bias() {
    let lock = RawRwLock::biased();
    assert!(lock.try_read());
    assert!(!lock.take_or(&lock.line(), Kind::Write, |state| state | QUEUED));
    lock.line().push(Kind::Write);
    // SAFETY: it was taken above.
    unsafe { lock.unlock_read() };
    assert_eq!(lock.state.load(Relaxed), WRITER);
}

/// A thread that finds the count below zero repairs it, but others have already released what
/// was announced, and a writer has the lock. An announcement that was made in vain stays where it
/// is, to be withdrawn.
#[test]
fn repair_while_a_writer_has_the_lock() {
    let lock = RawRwLock::biased();
    lock.state.store(WRITER | ONE_READER, Relaxed);
    let number = lock.number.load(Relaxed);
    assert!(readers::hold(number));
    lock.end_announced();
    assert_eq!(lock.state.load(Relaxed), WRITER);
    assert!(readers::withdraw(number));
}

/// A fork in the middle of a writer's look leaves QUEUED beside BIASED to the child, where the
/// line is empty.
#[test]
fn look_of_nobody() {
    for kind in KINDS {
        let lock = RawRwLock::biased();
        lock.state.fetch_or(QUEUED, Relaxed);
        assert!(lock.try_take(kind));
        let left = lock.state.load(Relaxed);
        match kind {
            Kind::Read => assert_eq!(left, BIASED | ONE_READER),
            Kind::Write => assert_eq!(left, WRITER),
        }
        // SAFETY: it was taken above.
        unsafe { lock.unlock(kind) };
        assert!(lock.try_write());
    }
}

/// The same, while the thread that forked reads.
#[test]
fn look_of_nobody_at_a_reader() {
    let lock = RawRwLock::biased();
    assert!(lock.try_read());
    lock.state.fetch_or(QUEUED, Relaxed);
    assert!(!lock.try_write());
    assert!(lock.try_read_recursive() && lock.try_read());
    assert_eq!(lock.readers(), 3);
    // SAFETY: they were taken above.
    (0..3).for_each(|_| unsafe { lock.unlock_read() });
    assert!(lock.try_write());
}

#[test]
fn looking_takes() {
    for kind in KINDS {
        let lock = RawRwLock::new();
        assert!(lock.look_and_take(kind));
        assert_eq!(lock.readers() > 0, kind == Kind::Read);
        assert_eq!(lock.is_write_locked(), kind == Kind::Write);
        assert!(!lock.look_and_take(Kind::Write));
    }
}
