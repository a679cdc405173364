//! Threads that insert and read at the same time.

use std::convert::Infallible;
use std::thread;

use ft_gathering_iter::{GatheringIter, NextError, Reader};
use ft_test_support::start_together;

/// Values in the stress test.
const VALUES: u64 = if cfg!(miri) { 200 } else { 100_000 };

/// What this thread gets of the values that are left, which is in order.
fn rest(mut reader: &Reader<u64, Infallible>) -> Vec<u64> {
    let values: Vec<_> = reader.by_ref().map(|Ok(value)| value).collect();
    assert!(values.is_sorted());
    values
}

#[test]
fn threads_share_a_reader() {
    let gathering: GatheringIter<u64> = GatheringIter::new();
    let reader = gathering.drain(1000);
    let mut all = thread::scope(|scope| {
        let readers = [(); 3].map(|()| scope.spawn(|| rest(&reader)));
        for key in (0..1000).rev() {
            gathering.insert(key, key).unwrap();
        }
        readers.map(|thread| thread.join().unwrap()).concat()
    });
    all.sort();
    assert_eq!(all, (0..1000).collect::<Vec<_>>());
}

#[test]
fn copying_readers_see_all() {
    let gathering: GatheringIter<u64> = GatheringIter::new();
    thread::scope(|scope| {
        let readers = [(); 3].map(|()| scope.spawn(|| rest(&gathering.iter(500))));
        for key in (0..500).rev() {
            gathering.insert(key, key).unwrap();
        }
        for reader in readers {
            assert_eq!(reader.join().unwrap(), (0..500).collect::<Vec<_>>());
        }
    });
}

/// Producers, held back by a window or not, insert every value once, and two draining readers share them.
#[test]
fn stress() {
    const PRODUCERS: usize = 4;
    for window in [None, Some(16)] {
        let gathering: GatheringIter<u64> = match window {
            None => GatheringIter::new(),
            Some(window) => GatheringIter::with_window(window.try_into().unwrap()),
        };
        // Both readers are in progress before a thread starts.
        let readers = [(); 2].map(|()| gathering.drain(VALUES));
        for reader in &readers {
            assert_eq!(reader.try_next(), Err(NextError::Missing));
        }
        let produce = |first: u64| {
            for key in (first..VALUES).step_by(PRODUCERS) {
                gathering.insert(key, key).unwrap();
            }
            vec![]
        };
        let taken = start_together(PRODUCERS + 2, |thread| match readers.get(thread) {
            Some(reader) => rest(reader),
            None => produce(thread as u64 - 2),
        });
        let mut taken = taken.concat();
        taken.sort();
        assert_eq!(taken, (0..VALUES).collect::<Vec<_>>());
        assert!(gathering.is_empty());
    }
}
