//! Calls that are refused.

use ft_rwlock::{NotHeld, OwnedRwLock, WouldDeadlock};
use ft_test_support::soon;
use std::thread;

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
    let waits = "this thread or task would wait for itself: it has the lock for";
    let has_not = "this thread or task does not have the lock for";
    for (message, expected) in [
        (WouldDeadlock::HasRead.to_string(), [waits, "reading"]),
        (WouldDeadlock::HasWrite.to_string(), [waits, "writing"]),
        (NotHeld::Read.to_string(), [has_not, "reading"]),
        (NotHeld::Write.to_string(), [has_not, "writing"]),
    ] {
        assert_eq!(message, expected.join(" "));
    }
}
