//! Models of `ft-concurrent-queue`. Under loom a block has two slots. A queue with a bound of 1 or 2 is a
//! ring, and any other queue is a chain.
#![cfg(ft_loom)]

use ft_concurrent_queue::ConcurrentQueue;
use ft_sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use loom_tests::threads;

mod blocks;
mod bounds;
mod channel;
mod closing;
mod order;
mod peeking;
mod publishing;
mod runs;
mod waking;

/// Returns a queue with `filled` items that count from 0.
fn queue(capacity: Option<usize>, filled: usize) -> Arc<ConcurrentQueue<usize>> {
    let queue = capacity.map_or_else(ConcurrentQueue::unbounded, ConcurrentQueue::bounded);
    for n in 0..filled {
        queue.try_push(n).unwrap();
    }
    Arc::new(queue)
}

/// Runs `theirs` on another thread and `ours` on this one, and returns what both return. Loom tries to put each
/// change of the queue before what the other thread has done.
///
/// For that both threads use an atomic of the model's: before each change of an atomic loom looks for its
/// last use, and if that was by the same thread it may not try to put the change first.
fn both<T: 'static, A: 'static, B>(
    queue: &Arc<ConcurrentQueue<T>>,
    theirs: impl FnOnce(&ConcurrentQueue<T>) -> A + 'static,
    ours: impl FnOnce(&ConcurrentQueue<T>) -> B,
) -> (A, B) {
    let done = Arc::new(AtomicUsize::new(0));
    let looked = Arc::clone(&done);
    threads::both(
        queue,
        move |queue| {
            let result = theirs(queue);
            // Relaxed, here and below: so that it does not synchronize.
            done.store(1, Relaxed);
            result
        },
        move |queue| {
            looked.load(Relaxed);
            ours(queue)
        },
    )
}

fn rest<T>(queue: &ConcurrentQueue<T>) -> Vec<T> {
    queue.try_iter().collect()
}
