//! Threads that do everything at the same time.

use ft_semaphore::{Permit, Semaphore};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::Duration,
};

use crate::look;

/// How much the stress test does.
const ROUNDS: usize = if cfg!(miri) { 20 } else { 2_000 };

/// Threads wait, give up, and leave just after they were served: there are never more inside than there
/// are permits, and in the end all permits are there.
#[test]
fn stress() {
    const PERMITS: usize = 2;
    let semaphore = Semaphore::new(PERMITS);
    let (inside, acquired) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let enter = |permit: Permit<'_>| {
        assert!(inside.fetch_add(1, SeqCst) < PERMITS);
        acquired.fetch_add(1, SeqCst);
        thread::yield_now();
        inside.fetch_sub(1, SeqCst);
        drop(permit);
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..ROUNDS).for_each(|_| enter(semaphore.acquire())));
        }
        scope.spawn(|| {
            for round in 0..ROUNDS {
                let timeout = Duration::from_micros(round as u64 % 50);
                semaphore
                    .acquire_timeout(timeout)
                    .into_iter()
                    .for_each(enter);
            }
        });
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                let mut quitter = semaphore.acquire_async();
                let permit = look(&mut quitter);
                thread::yield_now();
                drop(permit);
            }
        });
    });
    assert!(acquired.load(SeqCst) >= 3 * ROUNDS);
    assert_eq!((semaphore.available(), semaphore.waiting()), (PERMITS, 0));
}
