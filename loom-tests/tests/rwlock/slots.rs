//! The places in which readers announce themselves.

use super::Guarded;
use ft_sync::Arc;
use loom_tests::{check, threads::spawn};

/// The slot of a thread that ends goes to another thread, while a writer looks at it.
#[test]
fn slot_of_an_ended_thread() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        let first = spawn(&ours, Guarded::read);
        let writer = spawn(&ours, Guarded::write);
        first.join().unwrap();
        let second = spawn(&ours, Guarded::read);
        writer.join().unwrap();
        second.join().unwrap();
        assert!(ours.lock.try_write());
    });
}

/// A thread ends while it has the lock. The thread that takes its slot leaves the announcement there.
#[test]
fn slot_with_an_announcement() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        let readers = [(); 2].map(|()| spawn(&ours, |guarded| assert!(guarded.lock.try_read())));
        for reader in readers {
            reader.join().unwrap();
        }
        assert_eq!(ours.lock.readers(), 2);
        ours.unlock_read();
        assert!(!ours.lock.try_write());
        ours.unlock_read();
        assert!(ours.lock.try_write());
    });
}

/// A writer finds readers whose slots are not in the first block.
#[test]
fn readers_beyond_the_first_slots() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        // This thread takes the first of the two slots.
        assert_eq!(ours.read(), 0);
        let readers = [(); 2].map(|()| spawn(&ours, Guarded::read));
        ours.write();
        for reader in readers {
            assert!(reader.join().unwrap() <= 1);
        }
    });
}

/// A thread holds one lock while it takes and releases another, more often than it has places for announcements.
/// Writers of both have their turn.
#[test]
fn two_locks_at_once() {
    check(|| {
        let ours = Arc::new([Guarded::biased(), Guarded::biased()]);
        let writer = spawn(&ours, |both| both.iter().for_each(Guarded::write));
        let [one, other] = &*ours;
        let hold = |guarded: &Guarded| {
            assert!(guarded.lock.read_deadline(None));
            guarded.value()
        };
        // The writer holds at most one of them at a time.
        let first = hold(one);
        let second = hold(other);
        assert!(first >= second);
        other.unlock_read();
        assert_eq!(one.value(), first);
        one.unlock_read();
        writer.join().unwrap();
        assert_eq!((one.read(), other.read()), (1, 1));
    });
}
