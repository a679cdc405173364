//! What other containers are built from: removal by hash and by shard, and flights that are outdated.

use ft_concurrent_dict::{Claim, ConcurrentDict, Walk};
use ft_test_support::Drops;
use std::{
    hash::{BuildHasherDefault, Hasher},
    iter,
    panic::{AssertUnwindSafe, catch_unwind},
};

#[test]
fn removal_by_hash() {
    let dict: ConcurrentDict<_, _> = [("a", 1), ("b", 2)].into_iter().collect();
    let hash = dict.entry("a", |entry| entry.hash());
    assert_eq!(hash, dict.entry("a", |entry| entry.hash()));
    assert_eq!(dict.remove_by_hash(hash, |_| false), None);
    assert_eq!(dict.remove_by_hash(hash, |_| true), Some(("a", 1)));
    // The hash of a missing key is that of the query.
    assert_eq!(hash, dict.entry("a", |entry| entry.hash()));
    assert_eq!((dict.len(), dict.get("b")), (1, Some(2)));
}

/// An entry passes over its own key, and finds another one with the same hash.
#[test]
fn removal_beside_an_entry() {
    /// Gives all keys one hash.
    #[derive(Default)]
    struct Same;
    impl Hasher for Same {
        fn write(&mut self, _: &[u8]) {}
        fn finish(&self) -> u64 {
            7
        }
    }
    let dict = ConcurrentDict::with_hasher(BuildHasherDefault::<Same>::default());
    for key in 0..5 {
        dict.insert(key, "v");
    }
    for own in 0..5 {
        let mut removed = Vec::new();
        dict.entry(&own, |mut entry| {
            removed.extend(iter::from_fn(|| entry.remove_other(7, |_| true)));
        });
        removed.sort_unstable();
        assert!(
            removed
                .iter()
                .map(|it| it.0)
                .eq((0..5).filter(|&key| key != own))
        );
        assert!(dict.iter().eq([(own, "v")]));
        for (key, value) in removed {
            dict.insert(key, value);
        }
    }
    // A missing key has no slot of its own.
    dict.entry(&9, |mut entry| {
        let removed = iter::from_fn(|| entry.remove_other(7, |_| true));
        assert_eq!(removed.count(), 5);
    });
    assert!(dict.is_empty());
}

#[test]
fn extraction() {
    let dict: ConcurrentDict<u32, u32> = (0..500).map(|key| (key, key * key)).collect();
    let mut walk = Walk::default();
    let parts = iter::from_fn(|| dict.extract_next(&mut walk, |key, _| key % 2 == 1));
    let mut extracted: Vec<_> = parts.flatten().collect();
    extracted.sort_unstable();
    let expected = (0..250).map(|half| (2 * half + 1, (2 * half + 1) * (2 * half + 1)));
    assert!(extracted.into_iter().eq(expected));
    assert_eq!(dict.len(), 250);
    assert!((0..500).all(|key| dict.contains_key(&key) == (key % 2 == 0)));
}

#[test]
fn extraction_that_panics() {
    let drops = Drops::default();
    let dict = ConcurrentDict::with_shards(2);
    for key in 0..20 {
        dict.insert(key, drops.value());
    }
    let mut looks = 0;
    let result = catch_unwind(AssertUnwindSafe(|| {
        dict.extract_next(&mut Walk::default(), |_, _| {
            looks += 1;
            assert!(looks < 3, "enough");
            true
        })
    }));
    assert!(result.is_err());
    assert_eq!((dict.len(), drops.alive()), (18, 18));
    dict.clear();
}

#[test]
fn outdated_flights() {
    let dict = ConcurrentDict::new();
    let Ok(none) = dict.try_flight("a");
    assert!(none.is_none());
    let Ok(Claim::Leader(leader)) = dict.try_claim("a", || "a") else {
        panic!("it is missing");
    };
    let Ok(Some(flight)) = dict.try_flight("a") else {
        panic!("it is being computed");
    };
    assert!(!leader.flight().is_outdated());
    flight.outdate();
    assert!(leader.flight().is_outdated() && !flight.has_landed());
    // The dictionary itself stores it all the same.
    assert_eq!(leader.publish("a", || "a", 7), Ok(7));
    assert!(flight.has_landed());
    let Ok(none) = dict.try_flight("a");
    assert!(none.is_none());
}
