//! Models of `ft-concurrent-queue`. Under loom a segment has two slots, and a pop burns a slot at once if
//! it finds it claimed and not filled.
#![cfg(ft_loom)]

use crossbeam_epoch as epoch;
use ft_concurrent_queue::ConcurrentQueue;
use ft_sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::threads::{both, spawn};

mod bounds;
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
    // The first use makes this thread known to the epoch. That need not race with the other threads.
    assert_eq!(queue.len(), filled);
    Arc::new(queue)
}

/// As [`both`], with only the queue to synchronize the two.
///
/// Both threads are pinned from the start, so that they do not pin later: pinning is a fence, which makes up
/// for orderings that are too weak. And both use an atomic of the model's: before each change of an atomic
/// loom looks for its last use, and if that was by the same thread it may not try to put the change first.
fn both_pinned<T: 'static, A: 'static, B>(
    queue: &Arc<ConcurrentQueue<T>>,
    theirs: impl FnOnce(&ConcurrentQueue<T>) -> A + 'static,
    ours: impl FnOnce(&ConcurrentQueue<T>) -> B,
) -> (A, B) {
    let done = Arc::new(AtomicUsize::new(0));
    let looked = Arc::clone(&done);
    let _pinned = epoch::pin();
    both(
        queue,
        move |queue| {
            let _pinned = epoch::pin();
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

/// Starts a thread that is pinned all the time, as those of [`both_pinned`] are.
fn pinned<R: 'static>(
    queue: &Arc<ConcurrentQueue<usize>>,
    work: impl FnOnce(&ConcurrentQueue<usize>) -> R + 'static,
) -> thread::JoinHandle<R> {
    spawn(queue, |queue| {
        let _pinned = epoch::pin();
        work(queue)
    })
}

fn rest<T>(queue: &ConcurrentQueue<T>) -> Vec<T> {
    queue.try_iter().collect()
}
