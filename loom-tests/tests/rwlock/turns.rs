//! Who has the lock, who comes next, and what they see.

use super::Guarded;
use ft_rwlock::OwnedRwLock;
use ft_sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::{
    check,
    data::Data,
    threads::{pair, spawn},
};
use std::time::Instant;

/// Writers exclude each other, see what the others have written, and each has its turn.
#[test]
fn writers_exclude_each_other() {
    check(|| {
        let ours = Guarded::shared();
        let others = [(); 2].map(|()| spawn(&ours, Guarded::write));
        ours.write();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(ours.read(), 3);
    });
}

/// A reader sees all of a writing or nothing, and both have their turn.
#[test]
fn readers_exclude_writers() {
    check(|| {
        let ours = Guarded::shared();
        let writer = spawn(&ours, |guarded| {
            guarded.write();
            guarded.write();
        });
        let before = ours.read();
        assert!(before <= ours.read());
        writer.join().unwrap();
        assert_eq!(ours.read(), 2);
    });
}

/// A writer that the last of several readers wakes comes after all of them.
#[test]
fn writer_comes_after_all_readers() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_read() && ours.lock.try_read());
        let writer = spawn(&ours, Guarded::write);
        let reader = spawn(&ours, |guarded| {
            assert_eq!(guarded.value(), 0);
            guarded.unlock_read();
        });
        assert_eq!(ours.value(), 0);
        ours.unlock_read();
        reader.join().unwrap();
        writer.join().unwrap();
        assert_eq!(ours.read(), 1);
    });
}

/// Downgrading lets in the reader that waits, and no writer before it.
#[test]
fn downgrade_is_one_step() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let writer = spawn(&ours, Guarded::write);
        let reader = spawn(&ours, |guarded| assert!(guarded.read() >= 1));
        ours.add();
        ours.downgrade();
        assert_eq!(ours.value(), 1);
        ours.unlock_read();
        reader.join().unwrap();
        writer.join().unwrap();
        assert_eq!(ours.read(), 2);
    });
}

/// A reader that comes when the line is empty again sees what the writer has written.
#[test]
fn readers_that_did_not_wait() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let waits = spawn(&ours, |guarded| assert_eq!(guarded.read(), 1));
        let comes = spawn(&ours, |guarded| {
            if guarded.lock.try_read() {
                assert_eq!(guarded.value(), 1);
                guarded.unlock_read();
            }
        });
        ours.add();
        ours.unlock_write();
        waits.join().unwrap();
        comes.join().unwrap();
    });
}

/// While a writer waits in line, new readers wait there, too, even if others read.
#[test]
fn waiting_writer_keeps_readers_out() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_read());
        let writer = spawn(&ours, Guarded::write);
        thread::yield_now();
        let waits = ours.lock.writers_waiting() == 1;
        let taken = ours.lock.read_deadline(Some(Instant::now()));
        assert!(!(waits && taken));
        if taken {
            ours.unlock_read();
        }
        ours.unlock_read();
        writer.join().unwrap();
        assert_eq!(ours.read(), 1);
    });
}

/// A thread that joins the readers without waiting in line sees what was written before them.
#[test]
fn recursive_reading_sees_the_writing() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let joins = spawn(&ours, |guarded| {
            if guarded.lock.try_read_recursive() {
                assert_eq!(guarded.value(), 1);
                guarded.unlock_read();
            }
        });
        ours.add();
        ours.downgrade();
        assert_eq!(ours.value(), 1);
        ours.unlock_read();
        joins.join().unwrap();
    });
}

/// The same if the readers have announced themselves since then.
#[test]
fn recursive_reading_of_a_biased_lock_sees_the_writing() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let joins = spawn(&ours, |guarded| {
            if guarded.lock.try_read_recursive() {
                assert_eq!(guarded.value(), 1);
                guarded.unlock_read();
            }
        });
        ours.add();
        ours.unlock_write();
        assert!(ours.lock.try_read() && ours.lock.try_read_among_others());
        ours.unlock_read();
        ours.unlock_read();
        joins.join().unwrap();
    });
}

/// The reader that waits when a writer leaves comes before the next writer.
#[test]
fn readers_come_between_writers() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let (theirs, seen) = pair(AtomicUsize::new(0));
        let reader = spawn(&ours, move |guarded| {
            // Relaxed: read after the thread is joined.
            theirs.store(1 + guarded.read(), Relaxed);
        });
        let writer = spawn(&ours, Guarded::write);
        // Without this loom has no reason to run the other threads first.
        thread::yield_now();
        let both_wait = ours.lock.readers_waiting() + ours.lock.writers_waiting() == 2;
        ours.unlock_write();
        reader.join().unwrap();
        writer.join().unwrap();
        // Relaxed: see above.
        let seen = seen.load(Relaxed) - 1;
        assert!(!both_wait || seen == 0, "the writer came first");
    });
}

/// A waiting writer keeps out new readers, but not a thread that reads already.
#[test]
fn nested_reading_never_waits() {
    check(|| {
        let ours = Arc::new((OwnedRwLock::new(), Data::new(0)));
        ours.0.read().unwrap();
        let writer = spawn(&ours, |(lock, value)| {
            lock.write().unwrap();
            value.write(7);
            lock.unlock_write().unwrap();
        });
        ours.0.read().unwrap();
        assert_eq!(ours.1.read(), 0);
        ours.0.unlock_read().unwrap();
        ours.0.unlock_read().unwrap();
        ours.0.read().unwrap();
        ours.0.unlock_read().unwrap();
        writer.join().unwrap();
    });
}
