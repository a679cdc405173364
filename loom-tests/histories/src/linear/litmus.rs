//! Whether there is one order over several atomics, which neither loom nor shuttle can see.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

/// Lets each of two threads write to its place and then read the other's, again and again on new pairs of places. At
/// least one of them must find the other's write.
///
/// That holds if writes and reads are sequentially consistent. If they only release and acquire it does not, because
/// both writes may still be on their way, which every processor with a store buffer soon shows. Loom treats sequentially
/// consistent accesses as release and acquire, and shuttle does the opposite, so this needs real threads. (The clock of
/// a history would be in the way, because every tick is a fence.)
///
/// # Panics
///
/// If neither finds the other's write.
pub fn write_then_read<T: Sync>(
    new: impl Fn() -> T,
    write: impl Fn(&T) + Sync,
    is_written: impl Fn(&T) -> bool + Sync,
) {
    const BATCH: usize = 1_000;
    let limit: f64 = super::run::setting("FT_LINEAR_SECONDS").unwrap_or(0.5);
    let limit = Duration::from_secs_f64(limit);
    let start = Instant::now();
    let mut pairs = 0;
    while pairs == 0 || start.elapsed() < limit {
        let places: Vec<_> = (0..BATCH).map(|_| [new(), new()]).collect();
        let here = AtomicUsize::new(0);
        let play = |thread: usize| {
            let play = |(round, pair): (usize, &[T; 2])| {
                // Relaxed: this only makes them begin at about the same time. Anything stronger would be a fence.
                here.fetch_add(1, Relaxed);
                let mut looks = 0_u32;
                while here.load(Relaxed) < 2 * (round + 1) {
                    looks += 1;
                    match looks % 64 {
                        0 => thread::yield_now(),
                        _ => std::hint::spin_loop(),
                    }
                }
                write(&pair[thread]);
                is_written(&pair[1 - thread])
            };
            places.iter().enumerate().map(play).collect::<Vec<_>>()
        };
        let (ours, theirs) = thread::scope(|scope| {
            let other = scope.spawn(|| play(1));
            (play(0), other.join().unwrap())
        });
        for (round, found) in ours.into_iter().zip(theirs).enumerate() {
            let after = pairs + round;
            assert_ne!(
                found,
                (false, false),
                "neither found the other's write, after {after} pairs"
            );
        }
        pairs += BATCH;
    }
    let (seconds, operations) = (start.elapsed().as_secs_f64(), 4 * pairs);
    println!("checked {pairs} histories, {operations} operations in {seconds:.1} s");
}
