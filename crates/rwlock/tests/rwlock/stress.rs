//! Threads that do everything at the same time.

use ft_rwlock::OwnedRwLock;
use ft_test_support::start_together;
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::{Duration, Instant},
};

/// Rounds per thread of the stress test.
const ROUNDS: usize = 3_000;

/// Threads read, write, give up and nest: there are never two writers, nor a reader beside a writer, and
/// in the end the lock is free.
#[test]
fn stress() {
    let lock = OwnedRwLock::new();
    let (readers, writers) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let read = |more: &dyn Fn()| {
        readers.fetch_add(1, SeqCst);
        assert_eq!(writers.load(SeqCst), 0);
        more();
        readers.fetch_sub(1, SeqCst);
    };
    let short = |n| Some(Instant::now() + Duration::from_micros(n as u64 % 40));
    start_together(4, |index| {
        for n in 0..ROUNDS {
            match (n * 7 + index) % 5 {
                0 => lock.write().unwrap(),
                1 if !lock.write_deadline(short(n)).unwrap() => continue,
                1 => {}
                2 if !lock.read_deadline(short(n)).unwrap() => continue,
                _ => {
                    if (n * 7 + index) % 5 > 2 {
                        lock.read().unwrap();
                    }
                    read(&|| {
                        lock.read().unwrap();
                        lock.unlock_read().unwrap();
                    });
                    lock.unlock_read().unwrap();
                    continue;
                }
            }
            assert_eq!(writers.fetch_add(1, SeqCst), 0);
            assert_eq!(readers.load(SeqCst), 0);
            writers.fetch_sub(1, SeqCst);
            if n % 2 == 0 {
                lock.unlock_write().unwrap();
            } else {
                lock.downgrade().unwrap();
                read(&|| ());
                lock.unlock_read().unwrap();
            }
        }
    });
    assert_eq!((lock.readers_waiting(), lock.writers_waiting()), (0, 0));
    assert!(lock.try_write());
}
