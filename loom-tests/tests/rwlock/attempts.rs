//! Attempts without waiting, and looks at announced readers.

use super::Guarded;
use ft_sync::Arc;
use loom_tests::{check, threads::spawn};

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

/// A writer that only tries keeps no reader out, although it looks at the announced readers.
#[test]
fn reader_beside_a_look() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        assert!(ours.lock.try_read());
        let looks = spawn(&ours, |guarded| assert!(!guarded.lock.try_write()));
        assert!(ours.lock.try_read());
        assert_eq!(ours.lock.readers(), 2);
        looks.join().unwrap();
        ours.unlock_read();
        ours.unlock_read();
        assert!(ours.lock.try_write());
    });
}

/// A thread reads again, which counts, and releases what it has announced, while another one looks whether the writer
/// can have the lock.
#[test]
fn reading_again_beside_a_look() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        assert!(ours.lock.try_read() && ours.lock.try_read());
        let writer = spawn(&ours, Guarded::write);
        let looks = spawn(&ours, Guarded::unlock_read);
        assert!(ours.lock.try_read_recursive());
        ours.unlock_read();
        assert_eq!(ours.value(), 0);
        ours.unlock_read();
        looks.join().unwrap();
        writer.join().unwrap();
    });
}
