//! Entries, shards, and where values are dropped.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use ft_concurrent_dict::{Claim, ConcurrentDict, Entry, Query};
use ft_test_support::start_together;

#[test]
fn entry_removes_and_inserts() {
    let dict: ConcurrentDict<&str, i32> = [("a", 1), ("b", 2)].into_iter().collect();
    let removed = dict.entry("a", |entry| match entry {
        Entry::Occupied(entry) => Some(entry.remove()),
        Entry::Vacant(_) => None,
    });
    assert_eq!(removed, Some(("a", 1)));
    assert_eq!(dict.remove("a"), None);
    assert!(!dict.is_empty());
    assert_eq!(dict.remove("b"), Some(2));
    assert!(dict.is_empty());
}

#[test]
fn entry_shows_what_is_there() {
    let dict: ConcurrentDict<&str, i32> = [("a", 1)].into_iter().collect();
    assert_eq!(dict.entry("a", |entry| entry.get().copied()), Some(1));
    assert_eq!(dict.entry("b", |entry| entry.get().copied()), None);
    let key = dict.entry("a", |entry| match entry {
        Entry::Occupied(entry) => Some(*entry.key()),
        Entry::Vacant(_) => None,
    });
    assert_eq!(key, Some("a"));
}

#[test]
fn pop_any_takes_each_key_once() {
    let dict: ConcurrentDict<u32, u32> = (0..100).map(|n| (n, n + 1)).collect();
    let mut popped: Vec<_> = std::iter::from_fn(|| dict.pop_any()).collect();
    popped.sort_unstable();
    assert!(popped.into_iter().eq((0..100).map(|n| (n, n + 1))));
    assert!(dict.is_empty());
}

/// Otherwise threads would contend for one shard.
#[test]
fn keys_spread_over_the_shards() {
    let dict = ConcurrentDict::with_shards(4);
    for key in 0..1000 {
        dict.insert(key, ());
    }
    let mut keys = [0; 4];
    for (key, ()) in &dict {
        keys[dict.shard_of(&key)] += 1;
    }
    assert!(keys.iter().all(|&keys| keys > 100), "{keys:?}");
}

/// Plain keys are complete queries, for code that builds a query of its own on them.
#[test]
fn plain_keys_answer_everything() {
    let ada = &"Ada".to_owned();
    let peek = |text: &str| Query::<String>::peek(text, ada);
    assert_eq!((peek("Ada"), peek("Eva")), (Some(true), Some(false)));
    let compare = |text: &str| Query::<String>::compare(text, ada);
    assert_eq!((compare("Ada"), compare("Eva")), (Ok(true), Ok(false)));
    let is_same = |other: &str| <str as Query<String>>::is_same(ada, &other.to_owned());
    assert_eq!((is_same("Ada"), is_same("Eva")), (true, false));
}

#[test]
fn shards_follow_the_request() {
    let shards = |n| ConcurrentDict::<u8, u8>::with_shards(n).shards();
    assert_eq!([0, 1, 3, 17, usize::MAX].map(shards), [2, 2, 4, 32, 1024]);
}

/// A destructor may use the dictionary, because no value is dropped under a lock.
#[test]
fn values_die_outside_of_the_lock() {
    struct Visitor(Weak<ConcurrentDict<u8, Arc<Visitor>>>);
    impl Drop for Visitor {
        fn drop(&mut self) {
            if let Some(dict) = self.0.upgrade() {
                dict.get(&1);
                dict.insert(2, Arc::new(Visitor(Weak::new())));
            }
        }
    }
    let dict = Arc::new(ConcurrentDict::with_shards(2));
    let visitor = || Arc::new(Visitor(Arc::downgrade(&dict)));
    dict.insert(1, visitor());
    dict.insert(1, visitor());
    dict.remove(&1);
    dict.insert(1, visitor());
    dict.clear();
    assert!(!dict.contains_key(&1));
}

/// The same for what a function holds that would have made the key, if the key is not needed.
#[test]
fn unused_keys_die_outside_of_the_lock() {
    struct Uses<'a>(&'a ConcurrentDict<&'static str, i32>);
    impl Drop for Uses<'_> {
        fn drop(&mut self) {
            let Ok(_) = self.0.try_flight("a");
            self.0.get("a");
        }
    }
    fn key(uses: Uses<'_>) -> impl FnOnce() -> &'static str {
        move || {
            let _ = &uses;
            "a"
        }
    }
    let dict = ConcurrentDict::new();
    let Ok(Claim::Leader(leader)) = dict.try_claim("a", || "a") else {
        panic!("nobody else claims");
    };
    let second = dict.try_claim("a", key(Uses(&dict)));
    assert!(matches!(second, Ok(Claim::Follower(_))));
    dict.insert("a", 1);
    assert_eq!(leader.publish("a", key(Uses(&dict)), 2), Ok(1));
}

#[test]
fn quiescent_walk_sees_keys_under_computation() {
    let dict: ConcurrentDict<i32, i32> = (0..100).map(|n| (n, -n)).collect();
    let Ok(Claim::Leader(leader)) = dict.try_claim(&100, || 100) else {
        panic!("nobody else claims");
    };
    let mut seen = HashMap::new();
    // SAFETY: no other thread knows the dictionary.
    let all = unsafe {
        dict.for_each_quiescent(|&key, value| {
            seen.insert(key, value.copied());
            Ok::<_, ()>(())
        })
    };
    assert_eq!(all, Ok(()));
    assert_eq!(seen.len(), 101);
    assert_eq!((seen[&7], seen[&100]), (Some(-7), None));
    drop(leader);
    // SAFETY: as above.
    let first = unsafe { dict.for_each_quiescent(|key, _| Err(*key)) };
    assert!(first.is_err());
}

/// While shards grow and shrink, no increment is lost and no iterator sees a key twice.
#[test]
fn threads_lose_nothing() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 20_000;
    const KEYS: usize = 64;
    let dict = ConcurrentDict::<usize, usize>::with_shards(4);
    start_together(THREADS + 1, |thread| {
        if thread == THREADS {
            for _ in 0..50 {
                let mut seen = HashSet::new();
                assert!(dict.iter().all(|(key, _)| seen.insert(key)));
            }
            return;
        }
        for round in 0..ROUNDS {
            let key = round % KEYS;
            dict.entry(&key, |entry| *entry.or_insert(key, 0) += 1);
            // Keys of this thread alone make the tables grow and shrink.
            let own = KEYS + thread + THREADS * (round / 2);
            if round % 2 == 0 {
                assert_eq!(dict.insert(own, round), None);
            } else {
                assert_eq!(dict.remove(&own), Some(round - 1));
            }
        }
    });
    assert_eq!(dict.len(), KEYS);
    assert_eq!(
        dict.iter().map(|(_, count)| count).sum::<usize>(),
        THREADS * ROUNDS
    );
}
