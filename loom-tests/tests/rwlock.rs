//! Models of `ft-rwlock`.
#![cfg(ft_loom)]

use ft_rwlock::{OwnedRwLock, RawRwLock};
use ft_sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::{
    check,
    data::Data,
    pairs::each_pair,
    threads::{pair, spawn},
};
use std::time::Instant;

/// A number that the lock guards.
struct Guarded {
    lock: RawRwLock,
    value: Data,
}

impl Guarded {
    fn new() -> Self {
        Self {
            lock: RawRwLock::new(),
            value: Data::new(0),
        }
    }

    fn shared() -> Arc<Self> {
        Arc::new(Self::new())
    }

    /// Adds one, with the lock for writing.
    fn add(&self) {
        self.value.add(1);
    }

    /// Reads, with the lock.
    fn value(&self) -> usize {
        self.value.read()
    }

    fn unlock_read(&self) {
        // SAFETY: the models call this after they have locked for reading.
        unsafe { self.lock.unlock_read() };
    }

    fn unlock_write(&self) {
        // SAFETY: the models call this after they have locked for writing.
        unsafe { self.lock.unlock_write() };
    }

    /// Makes a reading of a writing.
    fn downgrade(&self) {
        // SAFETY: the models call this after they have locked for writing.
        unsafe { self.lock.downgrade() };
    }

    fn write(&self) {
        assert!(self.lock.write_deadline(None));
        self.add();
        self.unlock_write();
    }

    fn read(&self) -> usize {
        assert!(self.lock.read_deadline(None));
        let value = self.value();
        self.unlock_read();
        value
    }
}

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

/// An attempt without waiting, whether it succeeds or fails, leaves the lock usable.
#[test]
fn attempts() {
    check(|| {
        let ours = Guarded::shared();
        let writer = spawn(&ours, Guarded::write);
        let reader = spawn(&ours, |guarded| {
            guarded.read();
        });
        if ours.lock.try_write() {
            ours.add();
            ours.unlock_write();
        }
        if ours.lock.try_read() {
            ours.value();
            ours.unlock_read();
        }
        writer.join().unwrap();
        reader.join().unwrap();
        assert!(ours.lock.try_write());
    });
}

/// No thread changes the value while another reads it, whichever two operations run at the same time.
#[test]
fn each_operation_beside_each() {
    each_pair(
        Guarded::new,
        &[
            ("read", |guarded: &Guarded| {
                guarded.read();
            }),
            ("write", |guarded| guarded.write()),
            ("try to read", |guarded| {
                if guarded.lock.try_read() {
                    guarded.value();
                    guarded.unlock_read();
                }
            }),
            ("try to write", |guarded| {
                if guarded.lock.try_write() {
                    guarded.add();
                    guarded.unlock_write();
                }
            }),
            ("read within a reading", |guarded| {
                assert!(guarded.lock.read_deadline(None));
                if guarded.lock.try_read_recursive() {
                    guarded.value();
                    guarded.unlock_read();
                }
                guarded.value();
                guarded.unlock_read();
            }),
            ("downgrade", |guarded| {
                assert!(guarded.lock.write_deadline(None));
                guarded.add();
                guarded.downgrade();
                guarded.value();
                guarded.unlock_read();
            }),
            ("give up", |guarded| {
                if guarded.lock.write_deadline(Some(Instant::now())) {
                    guarded.add();
                    guarded.unlock_write();
                }
            }),
        ],
    );
}
