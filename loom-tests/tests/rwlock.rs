//! Every schedule of the readers-writer lock.
#![cfg(ft_loom)]

use ft_rwlock::{OwnedRwLock, RawRwLock};
use ft_sync::{
    Arc, UnsafeCell,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::{check, pairs::each_pair};
use std::time::Instant;

/// A number that the lock guards; loom sees it when accesses are not ordered.
struct Guarded {
    lock: RawRwLock,
    value: UnsafeCell<usize>,
}

impl Guarded {
    fn shared() -> Arc<Self> {
        Arc::new(Self {
            lock: RawRwLock::new(),
            value: UnsafeCell::new(0),
        })
    }

    /// Adds one, with the lock for writing.
    fn add(&self) {
        // SAFETY: nobody else has the lock.
        self.value.with_mut(|value| unsafe { *value += 1 });
    }

    /// Reads, with the lock.
    fn value(&self) -> usize {
        // SAFETY: nobody has the lock for writing.
        self.value.with(|value| unsafe { *value })
    }

    fn write(&self) {
        assert!(self.lock.write_deadline(None));
        self.add();
        // SAFETY: taken above.
        unsafe { self.lock.unlock_write() };
    }

    fn read(&self) -> usize {
        assert!(self.lock.read_deadline(None));
        let value = self.value();
        // SAFETY: taken above.
        unsafe { self.lock.unlock_read() };
        value
    }
}

fn spawn<T: 'static>(shared: &Arc<T>, work: impl FnOnce(&T) + 'static) -> thread::JoinHandle<()> {
    let theirs = Arc::clone(shared);
    thread::spawn(move || work(&theirs))
}

/// Writers exclude each other, see what the others have written, and all come to their turn.
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

/// A reader sees all of a writing or nothing, and both come to their turn.
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

/// The writer that is called by the last of several readers comes after all of them.
#[test]
fn writer_comes_after_all_readers() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_read() && ours.lock.try_read());
        let writer = spawn(&ours, Guarded::write);
        let reader = spawn(&ours, |guarded| {
            assert_eq!(guarded.value(), 0);
            // SAFETY: taken above.
            unsafe { guarded.lock.unlock_read() };
        });
        assert_eq!(ours.value(), 0);
        // SAFETY: taken above.
        unsafe { ours.lock.unlock_read() };
        reader.join().unwrap();
        writer.join().unwrap();
        assert_eq!(ours.read(), 1);
    });
}

/// Downgrading lets no writer in between, and lets in the reader that waits.
#[test]
fn downgrade_is_one_step() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let writer = spawn(&ours, Guarded::write);
        let reader = spawn(&ours, |guarded| assert!(guarded.read() >= 1));
        ours.add();
        // SAFETY: taken above.
        unsafe { ours.lock.downgrade() };
        assert_eq!(ours.value(), 1);
        // SAFETY: the reading that the writing has become.
        unsafe { ours.lock.unlock_read() };
        reader.join().unwrap();
        writer.join().unwrap();
        assert_eq!(ours.read(), 2);
    });
}

/// A reader that comes by itself when the line is empty again sees what the writer has written.
#[test]
fn readers_that_did_not_wait() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let waits = spawn(&ours, |guarded| assert_eq!(guarded.read(), 1));
        let comes = spawn(&ours, |guarded| {
            if guarded.lock.try_read() {
                assert_eq!(guarded.value(), 1);
                // SAFETY: taken above.
                unsafe { guarded.lock.unlock_read() };
            }
        });
        ours.add();
        // SAFETY: taken above.
        unsafe { ours.lock.unlock_write() };
        waits.join().unwrap();
        comes.join().unwrap();
    });
}

/// While a writer waits new readers do too, in the line, even if others read.
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
            // SAFETY: taken above.
            unsafe { ours.lock.unlock_read() };
        }
        // SAFETY: taken above.
        unsafe { ours.lock.unlock_read() };
        writer.join().unwrap();
        assert_eq!(ours.read(), 1);
    });
}

/// Who joins the readers past the line sees what was written before them.
#[test]
fn recursive_reading_sees_the_writing() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let joins = spawn(&ours, |guarded| {
            if guarded.lock.try_read_recursive() {
                assert_eq!(guarded.value(), 1);
                // SAFETY: taken above.
                unsafe { guarded.lock.unlock_read() };
            }
        });
        ours.add();
        // SAFETY: taken above.
        unsafe { ours.lock.downgrade() };
        assert_eq!(ours.value(), 1);
        // SAFETY: the reading that the writing has become.
        unsafe { ours.lock.unlock_read() };
        joins.join().unwrap();
    });
}

/// The reader that waits when a writer leaves comes before the next writer.
#[test]
fn readers_come_between_writers() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let seen = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&seen);
        let reader = spawn(&ours, move |guarded| {
            // Relaxed: read after the thread is joined.
            theirs.store(1 + guarded.read(), Relaxed);
        });
        let writer = spawn(&ours, Guarded::write);
        // Without this loom sees no reason to run the others first.
        thread::yield_now();
        let both_wait = ours.lock.readers_waiting() + ours.lock.writers_waiting() == 2;
        // SAFETY: taken above.
        unsafe { ours.lock.unlock_write() };
        reader.join().unwrap();
        writer.join().unwrap();
        // Relaxed: see above.
        let seen = seen.load(Relaxed) - 1;
        assert!(!both_wait || seen == 0, "the writer came first");
    });
}

/// A waiting writer keeps out new readers, and not the thread that reads already.
#[test]
fn nested_reading_never_waits() {
    check(|| {
        let ours = Arc::new((OwnedRwLock::new(), UnsafeCell::new(0)));
        ours.0.read().unwrap();
        let writer = spawn(&ours, |(lock, value)| {
            lock.write().unwrap();
            // SAFETY: nobody else has the lock.
            value.with_mut(|value| unsafe { *value = 7 });
            lock.unlock_write().unwrap();
        });
        ours.0.read().unwrap();
        // SAFETY: nobody has the lock for writing.
        assert_eq!(ours.1.with(|value| unsafe { *value }), 0);
        ours.0.unlock_read().unwrap();
        ours.0.unlock_read().unwrap();
        ours.0.read().unwrap();
        ours.0.unlock_read().unwrap();
        writer.join().unwrap();
    });
}

/// Who gives up a place takes nothing along: the lock goes to the next in line, and in the end it
/// is free.
#[test]
fn giving_up_loses_nothing() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let gives_up = spawn(&ours, |guarded| {
            if guarded.lock.write_deadline(Some(Instant::now())) {
                // SAFETY: taken above.
                unsafe { guarded.lock.unlock_write() };
            }
        });
        let writer = spawn(&ours, Guarded::write);
        // SAFETY: taken above.
        unsafe { ours.lock.unlock_write() };
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
                // SAFETY: taken above.
                unsafe { guarded.lock.unlock_write() };
            }
        });
        let reader = spawn(&ours, |guarded| assert_eq!(guarded.read(), 0));
        gives_up.join().unwrap();
        // We have the lock still.
        reader.join().unwrap();
        // And the line is gone.
        assert!(ours.lock.try_read());
        // SAFETY: taken above.
        unsafe { ours.lock.unlock_read() };
        // SAFETY: taken above.
        unsafe { ours.lock.unlock_read() };
        assert!(ours.lock.try_write());
    });
}

/// All ways to come and go at once, one of which gives up: the lock goes on to the others, and in
/// the end it is free.
#[test]
fn giving_up_while_the_lock_moves_on() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let gives_up = spawn(&ours, |guarded| {
            if guarded.lock.read_deadline(Some(Instant::now())) {
                assert!(guarded.value() >= 1);
                // SAFETY: taken above.
                unsafe { guarded.lock.unlock_read() };
            }
        });
        let writer = spawn(&ours, Guarded::write);
        ours.add();
        // SAFETY: taken above.
        unsafe { ours.lock.downgrade() };
        assert_eq!(ours.value(), 1);
        // SAFETY: the reading that the writing has become.
        unsafe { ours.lock.unlock_read() };
        gives_up.join().unwrap();
        writer.join().unwrap();
        assert!(ours.lock.try_write());
        assert_eq!(ours.value(), 2);
    });
}

/// The last writer in line gives up while the last reader leaves: whichever of them comes first,
/// the reader that waits gets the lock.
#[test]
fn giving_up_while_the_reader_leaves() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_read());
        let gives_up = spawn(&ours, |guarded| {
            if guarded.lock.write_deadline(Some(Instant::now())) {
                guarded.add();
                // SAFETY: taken above.
                unsafe { guarded.lock.unlock_write() };
            }
        });
        let reader = spawn(&ours, |guarded| assert!(guarded.read() <= 1));
        // SAFETY: taken above.
        unsafe { ours.lock.unlock_read() };
        gives_up.join().unwrap();
        reader.join().unwrap();
        assert!(ours.lock.try_write());
    });
}

/// An attempt without waiting fails only because of another thread, and never spoils anything.
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
            // SAFETY: taken above.
            unsafe { ours.lock.unlock_write() };
        }
        if ours.lock.try_read() {
            ours.value();
            // SAFETY: taken above.
            unsafe { ours.lock.unlock_read() };
        }
        writer.join().unwrap();
        reader.join().unwrap();
        assert!(ours.lock.try_write());
    });
}

/// Whatever two operations meet, nobody changes the value while another one looks.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || Guarded {
            lock: RawRwLock::new(),
            value: UnsafeCell::new(0),
        },
        &[
            ("read", |guarded: &Guarded| {
                guarded.read();
            }),
            ("write", |guarded| guarded.write()),
            ("try to read", |guarded| {
                if guarded.lock.try_read() {
                    guarded.value();
                    // SAFETY: taken above.
                    unsafe { guarded.lock.unlock_read() };
                }
            }),
            ("try to write", |guarded| {
                if guarded.lock.try_write() {
                    guarded.add();
                    // SAFETY: taken above.
                    unsafe { guarded.lock.unlock_write() };
                }
            }),
            ("read within a reading", |guarded| {
                assert!(guarded.lock.read_deadline(None));
                if guarded.lock.try_read_recursive() {
                    guarded.value();
                    // SAFETY: taken above.
                    unsafe { guarded.lock.unlock_read() };
                }
                guarded.value();
                // SAFETY: taken above.
                unsafe { guarded.lock.unlock_read() };
            }),
            ("downgrade", |guarded| {
                assert!(guarded.lock.write_deadline(None));
                guarded.add();
                // SAFETY: taken above.
                unsafe { guarded.lock.downgrade() };
                guarded.value();
                // SAFETY: it is a reading now.
                unsafe { guarded.lock.unlock_read() };
            }),
            ("give up", |guarded| {
                if guarded.lock.write_deadline(Some(Instant::now())) {
                    guarded.add();
                    // SAFETY: taken above.
                    unsafe { guarded.lock.unlock_write() };
                }
            }),
        ],
    );
}
