//! Models of `ft-concurrent-cache`: its bound, and what of computations is stored.
//!
//! The order of eviction is behind a mutex, and the table behind the locks of `ft-concurrent-dict`, which have models of
//! their own. What is explored here is how the two agree.
#![cfg(ft_loom)]

use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use ft_concurrent_cache::{Cause, Claim, ConcurrentCache, ManualClock, Terms};
use ft_sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::{
    check,
    data::Counted,
    threads::{both, pair, spawn},
};
use std::time::Duration;

/// A hasher that is the same in each run. All keys are in one shard.
#[derive(Default)]
struct Fixed(u64);

impl Hasher for Fixed {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are u64");
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key << 8;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

type Hash = BuildHasherDefault<Fixed>;
type Cache<V> = ConcurrentCache<u64, V, Hash>;

fn cache<V>(capacity: u64) -> Cache<V> {
    let builder = ConcurrentCache::builder().max_entries(capacity).shards(2);
    builder.hasher(Hash::default()).build()
}

/// Checks that the table and the order of eviction agree.
fn settled<V: Clone, S: BuildHasher + Clone>(cache: &ConcurrentCache<u64, V, S>) {
    assert!(cache.len() as u64 <= cache.capacity());
    assert_eq!(cache.len() as u64, cache.weight());
}

/// Of two threads that insert into a full cache each evicts one entry.
#[test]
fn two_insertions() {
    check(|| {
        let shared = Arc::new(cache(1));
        both(&shared, |it| it.insert(1, 1), |it| it.insert(2, 2));
        settled(&shared);
        assert_eq!(shared.len(), 1);
    });
}

/// An entry is evicted while it gets a new value. It is there with the new value, or gone.
#[test]
fn evicted_while_replaced() {
    check(|| {
        let shared = Arc::new(cache(1));
        shared.insert(1, 1);
        both(&shared, |it| it.insert(2, 2), |it| it.insert(1, 3));
        settled(&shared);
        assert_ne!(shared.get(&1), Some(1));
    });
}

/// As above, where the order of eviction hears of the new value, because weights may change.
#[test]
fn evicted_while_weighed_anew() {
    check(|| {
        let builder = ConcurrentCache::builder().max_weight(2).shards(2);
        let shared = Arc::new(builder.hasher(Hash::default()).build());
        let put = |cache: &Cache<u64>, key, value, weight| {
            cache.insert_with(key, value, Terms::new().weight(weight))
        };
        put(&shared, 1, 1, 2);
        both(&shared, move |it| put(it, 2, 2, 2), |it| put(it, 1, 3, 1));
        assert!(shared.weight() <= 2);
        let left = [shared.get(&1), shared.get(&2)];
        let weight = left.map(|value| value.map_or(0, |value| if value == 2 { 2 } else { 1 }));
        assert_eq!(weight.iter().sum::<u64>(), shared.weight());
        assert_ne!(left[0], Some(1));
    });
}

/// An entry is evicted while it is removed: one of the two gets it, and it is dropped once.
#[test]
fn evicted_while_removed() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new(cache(1));
        shared.insert(1, std::sync::Arc::new(Counted(Arc::clone(&drops))));
        let second = std::sync::Arc::new(Counted(Arc::clone(&drops)));
        both(&shared, move |it| it.insert(2, second), |it| it.remove(&1));
        settled(&shared);
        assert_eq!(drops.load(Relaxed), 1);
        assert!(shared.contains_key(&2));
    });
}

/// A third key pushes out one of two that other threads insert, and the listener hears of each once.
#[test]
fn every_departure_is_told_once() {
    check(|| {
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let builder = ConcurrentCache::builder().max_entries(1).shards(2);
        let builder = builder.listener(move |_, _, cause| {
            assert_eq!(cause, Cause::Evicted);
            count.fetch_add(1, Relaxed);
        });
        let shared = Arc::new(builder.hasher(Hash::default()).build());
        let first = spawn(&shared, |it| it.insert(1, 1));
        let second = spawn(&shared, |it| it.insert(2, 2));
        first.join().unwrap();
        second.join().unwrap();
        settled(&shared);
        assert_eq!(told.load(Relaxed), 1);
    });
}

/// Of two threads that ask for a missing key one computes it, and both get the same value.
#[test]
fn computed_once() {
    check(|| {
        let shared = Arc::new(cache(2));
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        // Relaxed: it counts, no more.
        let (theirs, ours) = both(
            &shared,
            move |it| it.get_or_compute(1, || counted.fetch_add(1, Relaxed)),
            |it| it.get_or_compute(1, || calls.fetch_add(1, Relaxed)),
        );
        assert_eq!((theirs, ours, calls.load(Relaxed)), (0, 0, 1));
        settled(&shared);
    });
}

/// If the leader fails, the other one takes over.
#[test]
fn follower_takes_over() {
    check(|| {
        let shared = Arc::new(cache(2));
        let (theirs, ours) = both(
            &shared,
            |it| it.try_get_or_compute(1, || Err(())),
            |it| it.try_get_or_compute(1, || Ok::<_, ()>(7)),
        );
        assert_eq!(ours, Ok(7));
        assert!(theirs.is_err() || theirs == Ok(7));
        assert_eq!(shared.get(&1), Some(7));
    });
}

/// What a computation reads.
fn source() -> (Arc<AtomicUsize>, Arc<AtomicUsize>) {
    pair(AtomicUsize::new(1))
}

/// After its source has changed and the key was removed, no old value comes back, although the source
/// itself orders nothing.
#[test]
fn a_removal_is_final() {
    stale_after(|cache| {
        cache.remove(&1);
    });
}

/// As above, if all keys are removed.
#[test]
fn clearing_is_final() {
    stale_after(Cache::clear);
}

fn stale_after(remove: fn(&Cache<usize>)) {
    check(move || {
        let shared = Arc::new(cache(2));
        let (theirs, ours) = source();
        both(
            &shared,
            // Relaxed: the cache orders it.
            move |it| it.get_or_compute(1, || theirs.load(Relaxed)),
            |it| {
                ours.store(2, Relaxed);
                remove(it);
            },
        );
        assert_ne!(shared.get(&1), Some(1));
        settled(&shared);
    });
}

/// The same for a key that gets its new value from outside, which is evicted before the computation ends.
#[test]
fn an_insertion_is_final() {
    check(|| {
        let shared = Arc::new(cache(1));
        let (theirs, ours) = source();
        both(
            &shared,
            move |it| it.get_or_compute(1, || theirs.load(Relaxed)),
            |it| {
                ours.store(2, Relaxed);
                it.insert(1, 2);
                it.insert(3, 3);
            },
        );
        assert_ne!(shared.get(&1), Some(1));
        settled(&shared);
    });
}

/// A new value does not give way to one that was computed from the old source.
#[test]
fn a_refresh_beside_an_insertion() {
    check(|| {
        let shared = Arc::new(cache(2));
        shared.insert(1, 1);
        both(
            &shared,
            |it| {
                let claim = it.try_claim_refresh(ft_concurrent_cache::Party::thread, &1, || 1);
                let Ok(Claim::Stale(old, leader)) = claim else {
                    panic!("it is there, and nobody else renews it");
                };
                let Ok(_) = leader.publish(&1, || 1, old + 10);
            },
            |it| it.insert(1, 2),
        );
        // The refresh has begun before the insertion and is void, or after it.
        let value = shared.get(&1);
        assert!(value == Some(2) || value == Some(12), "{value:?}");
    });
}

/// An expired entry is removed by one of the two that find it.
#[test]
fn buried_once() {
    check(|| {
        let clock = ManualClock::default();
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let cache = ConcurrentCache::builder()
            .max_entries(2)
            .shards(2)
            .time_to_live(Duration::from_secs(1))
            .listener(move |_, _, cause| {
                assert_eq!(cause, Cause::Expired);
                count.fetch_add(1, Relaxed);
            })
            .hasher(Hash::default())
            .clock(clock.clone())
            .build();
        let shared = Arc::new(cache);
        let (key, value) = (1_u64, 1);
        shared.insert(key, value);
        clock.advance(Duration::from_secs(1));
        both(
            &shared,
            |it| {
                thread::yield_now();
                assert_eq!(it.get(&1), None);
            },
            |it| {
                it.remove_expired();
            },
        );
        assert_eq!(
            (told.load(Relaxed), shared.len(), shared.weight()),
            (1, 0, 0)
        );
    });
}

/// An insertion beside a change of the capacity leaves no more than the new capacity.
#[test]
fn capacity_is_set_beside_an_insertion() {
    check(|| {
        let shared = Arc::new(cache(2));
        shared.insert(1, 1);
        shared.insert(2, 2);
        both(
            &shared,
            |it| it.set_capacity(1),
            |it| {
                it.insert(3, 3);
            },
        );
        assert_eq!((shared.weight(), shared.len()), (1, 1));
    });
}

/// Of two threads that set the capacity, the same one wins for all parts and for the number.
#[test]
fn capacity_is_set_by_two_threads() {
    let fill = |cache: &Cache<u64>| {
        for key in 1..=3 {
            cache.insert(key, key);
        }
    };
    check(move || {
        let shared = Arc::new(cache(3));
        fill(&shared);
        both(&shared, |it| it.set_capacity(1), |it| it.set_capacity(2));
        let capacity = shared.capacity();
        assert!(shared.weight() <= capacity);
        // There is room for as many as the number says.
        fill(&shared);
        assert_eq!(shared.weight(), capacity);
    });
}
