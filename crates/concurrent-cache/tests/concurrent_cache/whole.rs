//! Operations on the whole cache.

use crate::Heard;
use ft_concurrent_cache::{Cause, Claim, ConcurrentCache, Statistics, Walk};
use std::iter;

#[test]
fn remove_if() {
    let heard = Heard::default();
    let cache = heard
        .by(ConcurrentCache::builder().max_entries(100))
        .build();
    (0..50).for_each(|key| assert_eq!(cache.insert(key, key * key), None));
    // The predicate may use the cache.
    cache.remove_if(|key, value| {
        assert_eq!(cache.get(key), Some(*value));
        key % 2 == 0
    });
    assert_eq!((cache.len(), cache.weight()), (25, 25));
    let gone = heard.take();
    assert_eq!(gone.len(), 25);
    assert!(
        gone.iter()
            .all(|(key, _, cause)| key % 2 == 0 && *cause == Cause::Removed)
    );
}

/// What is replaced after the predicate has seen it stays.
#[test]
fn remove_if_keeps_new_values() {
    let cache = ConcurrentCache::new(100);
    cache.insert(1, 1);
    cache.remove_if(|_, _| {
        cache.insert(1, 2);
        true
    });
    assert_eq!(cache.get(&1), Some(2));
}

#[test]
fn collects_each_entry_once() {
    let cache = ConcurrentCache::new(100);
    (0..50_u64).for_each(|key| assert_eq!(cache.insert(key, key + 1), None));
    let mut walk = Walk::default();
    let parts = iter::from_fn(|| cache.collect_next(&mut walk, |key, value| (*key, *value)));
    let mut items: Vec<_> = parts.flatten().collect();
    items.sort_unstable();
    assert_eq!(items, (0..50).map(|key| (key, key + 1)).collect::<Vec<_>>());
}

#[test]
fn traversal() {
    let cache = ConcurrentCache::new(100);
    cache.insert(1, 10);
    let Ok(Claim::Leader(leader)) = cache.try_claim(&2, || 2) else {
        panic!("it is missing");
    };
    let mut seen = Vec::new();
    // SAFETY: there is no other thread, and the closure does not use the cache.
    let result = unsafe {
        cache.for_each_quiescent(|key, value| {
            seen.push((*key, value.copied()));
            Ok::<_, ()>(())
        })
    };
    assert_eq!(result, Ok(()));
    assert_eq!(seen, [(1, Some(10)), (2, None)]);
    drop(leader);
    // SAFETY: as above.
    let result = unsafe { cache.for_each_quiescent(|key, _| Err(*key)) };
    assert_eq!(result, Err(1));
}

#[cfg(unix)]
#[test]
fn child_of_a_fork() {
    let cache = ConcurrentCache::new(100);
    cache.insert(1, 1);
    let Ok(Claim::Leader(_leader)) =
        std::thread::scope(|scope| scope.spawn(|| cache.try_claim(&2, || 2)).join().unwrap())
    else {
        panic!("it is missing");
    };
    // The child computes anew what the parent computes.
    assert!(ft_test_support::in_child(|| {
        cache.get(&1) == Some(1)
            && cache.get_or_compute(2, || 5) == 5
            && cache.insert(3, 3).is_none()
            && cache.get(&3) == Some(3)
    }));
}

#[test]
fn statistics_begin_anew() {
    let cache = (ConcurrentCache::builder().max_entries(100))
        .record_statistics()
        .build();
    cache.insert(1, 1);
    assert_eq!((cache.get(&1), cache.get(&2)), (Some(1), None));
    let before = cache.reset_statistics();
    assert_eq!((before.hits, before.misses), (1, 1));
    assert_eq!(cache.statistics(), Statistics::default());
    assert_eq!(cache.get(&1), Some(1));
    assert_eq!(cache.statistics().hits, 1);
}
