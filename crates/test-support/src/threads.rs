//! Threads that start together, and threads that wait for one another.

use std::sync::Barrier;
use std::thread;

/// Runs `work` on several threads, which start at the same time. Each is given its number; the
/// results are in the order of the numbers.
///
/// # Panics
///
/// If one of them panics.
///
/// ```
/// use ft_test_support::start_together;
///
/// assert_eq!(start_together(3, |number| number * 10), [0, 10, 20]);
/// ```
pub fn start_together<R: Send>(threads: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let (work, barrier) = (&work, &Barrier::new(threads));
    thread::scope(|scope| {
        let start = |number| {
            scope.spawn(move || {
                barrier.wait();
                work(number)
            })
        };
        let threads: Vec<_> = (0..threads).map(start).collect();
        let results = threads.into_iter().map(|thread| thread.join().unwrap());
        results.collect()
    })
}

/// Lets other threads run until `condition` holds.
pub fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}
