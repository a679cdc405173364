//! The bound, by entries and by weight.

use crate::Heard;
use ft_concurrent_cache::{Cause, ConcurrentCache, Terms};
use ft_test_support::{Drops, start_together};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

#[test]
fn never_more_than_the_capacity() {
    for capacity in [0, 1, 2, 7, 100] {
        let cache = ConcurrentCache::new(capacity);
        for key in 0..500 {
            cache.insert(key, key);
            assert!(cache.len() as u64 <= capacity);
            assert_eq!(cache.get(&key), (capacity > 0).then_some(key));
        }
        assert_eq!(cache.len() as u64, capacity);
        assert_eq!(cache.weight(), capacity);
    }
}

#[test]
fn parts_share_the_capacity() {
    let cache = ConcurrentCache::builder().max_entries(67).parts(4).build();
    for key in 0..10_000 {
        cache.insert(key, key);
        assert!(cache.len() <= 67);
    }
    assert_eq!((cache.len(), cache.weight()), (67, 67));
    // With fewer entries than parts there would be parts that hold nothing.
    let small = ConcurrentCache::builder().max_entries(3).parts(64).build();
    (0..100).for_each(|key| assert_eq!(small.insert(key, ()), None));
    assert_eq!(small.len(), 3);
}

#[test]
fn bounded_by_weight() {
    let heard = Heard::default();
    let cache = heard
        .by(ConcurrentCache::builder().max_weight(100))
        .weigher(|_, value| *value)
        .build();
    cache.insert(1, 60);
    cache.insert(2, 40);
    assert_eq!((cache.weight(), cache.len()), (100, 2));
    cache.insert(3, 41);
    assert!(cache.weight() <= 100);
    assert!(cache.contains_key(&3));
    // Too heavy: neither it nor the old value is there.
    heard.take();
    cache.insert(3, 101);
    assert_eq!(cache.get(&3), None);
    assert_eq!(
        heard.take(),
        [(3, 41, Cause::Replaced), (3, 101, Cause::Evicted)]
    );
    // An overwrite can become heavier and lighter.
    cache.clear();
    cache.insert(1, 10);
    cache.insert(2, 10);
    cache.insert(1, 95);
    assert!(cache.weight() <= 100);
    cache.insert(1, 1);
    assert!(cache.weight() <= 11);
    // What weighs nothing is bounded, too.
    let cache = ConcurrentCache::builder().max_weight(10).build();
    for key in 0..100 {
        cache.insert_with(key, (), Terms::new().weight(0));
    }
    assert_eq!(cache.len(), 10);
}

/// The weights of several parts may be more than fits into a number.
#[test]
fn the_largest_weights() {
    let builder = ConcurrentCache::builder().max_weight(u64::MAX).parts(8);
    let cache = builder.weigher(|_, weight| *weight).build();
    for key in 0..500_u64 {
        cache.insert(key, u64::MAX / 4);
    }
    assert_eq!((cache.len(), cache.weight()), (8, u64::MAX));
    // Heavier than a part.
    cache.insert(500, u64::MAX);
    assert!(!cache.contains_key(&500));
    cache.insert(501, 1);
    cache.clear();
    assert_eq!((cache.len(), cache.weight()), (0, 0));
}

#[test]
fn every_weight_is_given_back() {
    let cache = ConcurrentCache::builder().max_weight(1_000).build();
    for round in 0..1_000_u64 {
        let key = round * 7 % 31;
        match round % 5 {
            0 => drop(cache.remove(&key)),
            _ => drop(cache.insert_with(key, round, Terms::new().weight(round * 13 % 400))),
        }
        assert!(cache.weight() <= 1_000);
    }
    for key in 0..31 {
        cache.remove(&key);
    }
    assert_eq!((cache.len(), cache.weight()), (0, 0));
}

#[test]
fn listener_hears_of_each_entry_once() {
    let heard = Heard::default();
    let cache = heard
        .by(ConcurrentCache::builder().max_entries(10))
        .record_statistics()
        .build();
    for key in 0..100 {
        cache.insert(key, key);
    }
    let gone = heard.take();
    assert_eq!(gone.len(), 90);
    assert!(gone.iter().all(|(key, value, cause)| {
        key == value && *cause == Cause::Evicted && !cache.contains_key(key)
    }));
    cache.insert(100, 1);
    heard.take();
    assert_eq!(cache.insert(100, 2), Some(1));
    assert_eq!(cache.remove(&100), Some(2));
    assert_eq!(cache.remove(&100), None);
    assert_eq!(
        heard.take(),
        [(100, 1, Cause::Replaced), (100, 2, Cause::Removed)]
    );
    cache.clear();
    assert_eq!(heard.take().len(), 9);
    let counts = cache.statistics();
    assert_eq!(
        (counts.evicted, counts.removed, counts.replaced),
        (91, 10, 1)
    );
}

/// While threads insert, remove and compute, the table holds at most one entry more for each.
#[test]
fn bound_in_flight() {
    const THREADS: usize = 4;
    const CAPACITY: usize = 20;
    let cache = ConcurrentCache::builder()
        .max_entries(CAPACITY as u64)
        .shards(8)
        .build();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !over.load(SeqCst) {
                // The shards are counted one after another, so this count may be too large, by
                // what has moved in between. A count twice as large shows a leak.
                most = most.max(cache.len());
                assert!(cache.weight() <= CAPACITY as u64);
            }
            most
        });
        start_together(THREADS, |thread| {
            for turn in 0..20_000_u64 {
                let key = turn * (thread as u64 + 3) % 101;
                match turn % 7 {
                    0 => drop(cache.remove(&key)),
                    1 | 2 => assert_eq!(cache.get_or_compute(key, || key), key),
                    _ => drop(cache.insert(key, key)),
                }
            }
        });
        over.store(true, SeqCst);
        assert!(watch.join().unwrap() <= 2 * (CAPACITY + THREADS));
    });
    assert!(cache.len() <= CAPACITY);
    assert_eq!(cache.len() as u64, cache.weight());
}

#[test]
fn values_are_dropped_at_once() {
    let drops = Drops::default();
    let cache = ConcurrentCache::new(5);
    for key in 0..50 {
        cache.insert(key, drops.value());
        assert_eq!(drops.alive(), cache.len());
    }
    cache.insert(49, drops.value());
    assert_eq!(drops.alive(), 5);
    cache.clear();
    assert_eq!(drops.alive(), 0);
}

#[test]
fn the_capacity_can_be_set() {
    for parts in [1, 4] {
        let heard = Heard::default();
        let builder = ConcurrentCache::builder()
            .max_entries(u64::MAX)
            .parts(parts);
        let cache = heard.by(builder).build();
        assert_eq!(cache.capacity(), u64::MAX);
        let fill = || fill(&cache, 1_000);
        fill();
        for capacity in [500, 8, 0, 100] {
            cache.set_capacity(capacity);
            assert_eq!(cache.capacity(), capacity);
            assert!(cache.weight() <= capacity);
            assert_eq!(cache.len() as u64, cache.weight());
            fill();
            assert_eq!((cache.weight(), cache.len() as u64), (capacity, capacity));
        }
        let evicted = || {
            (heard.take().iter())
                .filter(|(.., cause)| *cause == Cause::Evicted)
                .count()
        };
        assert!(evicted() > 1_000);
        cache.set_capacity(u64::MAX);
        fill();
        assert_eq!((cache.len(), evicted()), (1_000, 0));
    }
}

#[test]
fn what_is_used_stays_when_the_cache_shrinks() {
    let cache = ConcurrentCache::new(1_000);
    fill(&cache, 1_000);
    for key in (0..300).map(|turn| turn % 100 * 7) {
        assert_eq!(cache.get(&key), Some(key));
    }
    cache.set_capacity(200);
    let stayed = (0..100).filter(|key| cache.contains_key(&(key * 7)));
    assert_eq!(stayed.count(), 100);
}

/// The bound holds as soon as one of the calls that have set it returns and no other is in progress.
#[test]
fn threads_set_the_capacity() {
    let cache = ConcurrentCache::builder().max_entries(64).parts(4).build();
    start_together(4, |thread| {
        for turn in 0..500 {
            match turn % 10 {
                0 => cache.set_capacity(4 * (thread + 1) as u64),
                _ => {
                    cache.insert(turn * thread as u64, turn);
                }
            }
        }
    });
    let capacity = cache.capacity();
    assert!(cache.weight() <= capacity);
    fill(&cache, 100);
    assert_eq!((cache.weight(), cache.len() as u64), (capacity, capacity));
}

fn fill(cache: &ConcurrentCache<u64, u64>, keys: u64) {
    for key in 0..keys {
        cache.insert(key, key);
    }
}
