//! Models of `ft-gathering-iter`, with segments of two slots.
#![cfg(ft_loom)]

use ft_gathering_iter::GatheringIter;
use ft_sync::thread;

mod ends;
mod reading;
mod window;

type Gathering<V = u64> = GatheringIter<V, u64>;

fn gathering<V>(window: Option<u64>) -> Gathering<V> {
    Gathering::with_segments(2, window.map(|n| n.try_into().unwrap()))
}

/// Runs `theirs` on another thread and `ours` on this one.
fn both<V: 'static, A: 'static, B>(
    gathering: &Gathering<V>,
    theirs: impl FnOnce(&Gathering<V>) -> A + 'static,
    ours: impl FnOnce(&Gathering<V>) -> B,
) -> (A, B) {
    let shared = gathering.clone();
    let thread = thread::spawn(move || theirs(&shared));
    let ours = ours(gathering);
    (thread.join().unwrap(), ours)
}
