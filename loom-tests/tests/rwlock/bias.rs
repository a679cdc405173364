//! Readers that announce themselves.

use super::Guarded;
use ft_sync::Arc;
use loom_tests::{check, threads::spawn};

/// An announced reader that does not know of the writer keeps it out, and one that comes later sees what it has
/// written.
#[test]
fn announced_reader_beside_a_writer() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        let reader = spawn(&ours, |guarded| guarded.read() <= guarded.read());
        ours.write();
        assert!(reader.join().unwrap());
        assert_eq!(ours.read(), 1);
    });
}

/// A writer waits for all readers, whether they have announced themselves or are counted, and they for it.
#[test]
fn two_readers_and_a_writer() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        let readers = [(); 2].map(|()| spawn(&ours, Guarded::read));
        ours.write();
        for reader in readers {
            assert!(reader.join().unwrap() <= 1);
        }
        assert_eq!(ours.lock.readers(), 0);
        assert!(ours.lock.try_write());
    });
}

/// Two writers meet announced readers: one ends the bias, and the other one does not miss the reader that is left.
#[test]
fn two_writers_and_a_reader() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        let writer = spawn(&ours, Guarded::write);
        let reader = spawn(&ours, Guarded::read);
        ours.write();
        writer.join().unwrap();
        assert!(reader.join().unwrap() <= 2);
        assert_eq!(ours.read(), 2);
    });
}

/// A reader that meets another one turns the bias on, beside a writer.
#[test]
fn bias_is_turned_on_and_off() {
    check(|| {
        let ours = Guarded::shared();
        let readers = [(); 2].map(|()| spawn(&ours, |guarded| guarded.read() <= guarded.read()));
        ours.write();
        for reader in readers {
            assert!(reader.join().unwrap());
        }
        assert_eq!(ours.read(), 1);
    });
}

/// Announced readers may read again while a writer waits, until there are no places left and beyond.
#[test]
fn announced_reader_reads_again() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        assert!(ours.lock.try_read());
        let writer = spawn(&ours, Guarded::write);
        for _ in 0..3 {
            assert!(ours.lock.try_read_recursive());
        }
        assert_eq!(ours.lock.readers(), 4);
        for _ in 0..4 {
            assert_eq!(ours.value(), 0);
            ours.unlock_read();
        }
        writer.join().unwrap();
        assert_eq!(ours.read(), 1);
    });
}

/// What one thread has taken another one releases, while both read on their own and a writer waits.
#[test]
fn reading_is_released_by_another_thread() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        assert!(ours.lock.try_read());
        let other = spawn(&ours, |guarded| {
            // The reading of the other thread keeps this one possible.
            assert!(guarded.lock.try_read_recursive());
            assert!(guarded.value() <= 1);
            guarded.unlock_read();
            guarded.unlock_read();
        });
        ours.write();
        other.join().unwrap();
        assert_eq!((ours.lock.readers(), ours.read()), (0, 1));
    });
}

/// A downgraded writer, and readers that announce themselves later, keep the next writer out.
#[test]
fn downgrade_of_a_biased_lock() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        let writer = spawn(&ours, Guarded::write);
        let reader = spawn(&ours, Guarded::read);
        assert!(ours.lock.write_deadline(None));
        ours.add();
        ours.downgrade();
        let value = ours.value();
        assert!(ours.lock.try_read_recursive());
        ours.unlock_read();
        assert_eq!(ours.value(), value);
        ours.unlock_read();
        reader.join().unwrap();
        writer.join().unwrap();
        assert_eq!(ours.read(), 2);
    });
}

/// A thread has found the lock unbiased, and lowers the count when all counted readings have been released in place of
/// what is announced. The lock is free in the end.
#[test]
fn count_below_zero_is_repaired() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_read());
        let late = spawn(&ours, Guarded::unlock_read);
        // This turns the bias on if the first reading is still there, and the next one is announced.
        assert!(ours.lock.try_read_among_others() && ours.lock.try_read());
        let other = spawn(&ours, |guarded| {
            guarded.unlock_read();
            guarded.unlock_read();
        });
        other.join().unwrap();
        late.join().unwrap();
        assert_eq!(ours.lock.readers(), 0);
        assert!(ours.lock.try_write());
    });
}

/// A reader announces itself when a writer already has the lock, and a later writer sees that before it is withdrawn:
/// then the reader has the lock, and sees what the first writer has written.
#[test]
fn late_announcement_is_seen() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        let reader = spawn(&ours, |guarded| {
            if guarded.lock.try_read() {
                guarded.value();
                guarded.unlock_read();
            }
        });
        ours.write();
        // This turns the bias on again.
        assert!(ours.lock.try_read() && ours.lock.try_read_among_others());
        ours.unlock_read();
        ours.unlock_read();
        if ours.lock.try_write() {
            ours.unlock_write();
        }
        reader.join().unwrap();
        assert!(ours.lock.try_write());
    });
}
