//! Comparisons that fail, that collide, and that use the dictionary.

use std::cell::Cell;
use std::convert::Infallible;
use std::hash::BuildHasher;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use ft_concurrent_dict::{ConcurrentDict, Entry, Query};

use crate::{Dict, Slow, slow};

fn put<V>(dict: &Dict<V>, probe: &Slow<'_>, value: V) -> Result<Option<V>, String> {
    dict.try_entry(probe, |entry| match entry {
        Entry::Occupied(mut entry) => Some(entry.replace(value)),
        Entry::Vacant(entry) => {
            entry.insert(Arc::new(probe.name.to_owned()), value);
            None
        }
    })
}

fn find<V: Copy>(dict: &Dict<V>, probe: &Slow<'_>) -> Result<Option<V>, String> {
    dict.try_read(probe, |value| value.copied())
}

#[test]
fn colliding_keys_are_told_apart() {
    let dict = Dict::new();
    for (value, name) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(put(&dict, &slow(name), value), Ok(None));
    }
    assert_eq!(put(&dict, &slow("b"), 9), Ok(Some(1)));
    assert_eq!(find(&dict, &slow("c")), Ok(Some(2)));
    assert_eq!(find(&dict, &slow("d")), Ok(None));
    assert_eq!(dict.len(), 3);
}

thread_local! {
    static LOOK_UPS: Cell<usize> = const { Cell::new(0) };
}

/// A query that counts how often the results of earlier comparisons are looked through.
struct Counting(usize);

impl Query<usize> for Counting {
    type Error = Infallible;

    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        7
    }
    fn peek(&self, _: &usize) -> Option<bool> {
        None
    }
    fn compare(&self, stored: &usize) -> Result<bool, Self::Error> {
        Ok(self.0 == *stored)
    }
    fn keep(stored: &usize) -> usize {
        *stored
    }
    fn is_same(one: &usize, other: &usize) -> bool {
        LOOK_UPS.set(LOOK_UPS.get() + 1);
        one == other
    }
}

/// The search finds the result of an earlier comparison at the place where it expects it: among keys with
/// the same hash the cost is linear in their number.
#[test]
fn search_among_colliding_keys_is_linear() {
    const KEYS: usize = 512;
    let dict = ConcurrentDict::<usize, ()>::new();
    for key in 0..KEYS {
        let Ok(()) = dict.try_entry(&Counting(key), |entry| {
            if let Entry::Vacant(entry) = entry {
                entry.insert(key, ());
            }
        });
    }
    LOOK_UPS.set(0);
    let Ok(found) = dict.try_read(&Counting(KEYS), |value| value.is_some());
    assert!(!found);
    assert!(LOOK_UPS.get() < 4 * KEYS, "{} look-ups", LOOK_UPS.get());
}

#[test]
fn failing_comparison_changes_nothing() {
    let dict = Dict::new();
    put(&dict, &slow("a"), 1).unwrap();
    let failing = Slow {
        name: "b",
        during: &|stored| Err(format!("cannot tell from {stored}")),
    };
    let error = Err("cannot tell from a".to_owned());
    assert_eq!(put(&dict, &failing, 2), error);
    assert_eq!(find(&dict, &failing), error);
    assert_eq!(dict.len(), 1);
}

/// A comparison may do anything to the very dictionary; each key is compared once.
#[test]
fn comparison_may_change_the_dictionary() {
    let dict = Dict::new();
    put(&dict, &slow("a"), 1).unwrap();
    let compared = AtomicUsize::new(0);
    let meddling = Slow {
        name: "a",
        during: &|_| {
            if compared.fetch_add(1, SeqCst) == 0 {
                dict.clear();
                put(&dict, &slow("z"), 3)?;
            }
            Ok(())
        },
    };
    // The key that was found equal has been removed meanwhile, and so has its value.
    assert_eq!(put(&dict, &meddling, 2), Ok(None));
    assert_eq!(compared.load(SeqCst), 2);
    assert_eq!(find(&dict, &slow("a")), Ok(Some(2)));
    assert_eq!(find(&dict, &slow("z")), Ok(Some(3)));
}
