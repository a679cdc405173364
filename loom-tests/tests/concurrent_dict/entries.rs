//! Entries that come and go, and the search for them.

use ft_concurrent_dict::{Claim, Entry};
use ft_sync::thread;
use loom_tests::{
    check,
    pairs::{Shown, each_pair},
};

use crate::{Dict, Probe, get, insert, key, shared};

fn remove<V>(dict: &Dict<V>, number: u8) -> Option<V> {
    let Ok(removed) = dict.try_entry(&Probe(number), |entry| match entry {
        Entry::Occupied(entry) => Some(entry.remove().1),
        Entry::Vacant(_) => None,
    });
    removed
}

/// Two insertions of equal keys make one entry: the later replaces the earlier's value.
#[test]
fn equal_keys_meet() {
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || insert(&theirs, 1, 10));
        let before = insert(&ours, 1, 20);
        match (before, other.join().unwrap()) {
            (None, Some(20)) => assert_eq!(get(&ours, 1), Some(10)),
            (Some(10), None) => assert_eq!(get(&ours, 1), Some(20)),
            other => panic!("both or neither found the other: {other:?}"),
        }
        assert_eq!(ours.len(), 1);
    });
}

/// A key is found while keys with the same hash come and go between the comparisons.
#[test]
fn present_key_is_always_found() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, 10);
        insert(&ours, 2, 20);
        let other = thread::spawn(move || {
            remove(&theirs, 1);
            insert(&theirs, 3, 30);
        });
        assert_eq!(get(&ours, 2), Some(20));
        other.join().unwrap();
    });
}

/// A key that takes the place of another during a comparison is not taken for the other.
#[test]
fn verdict_belongs_to_the_key() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, 10);
        let other = thread::spawn(move || {
            assert_eq!(remove(&theirs, 1), Some(10));
            insert(&theirs, 2, 20);
        });
        let seen = get(&ours, 1);
        assert!(seen == Some(10) || seen.is_none(), "{seen:?}");
        other.join().unwrap();
        assert_eq!(get(&ours, 2), Some(20));
    });
}

/// Of two removals one gets the value.
#[test]
fn removed_once() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, 10);
        let other = thread::spawn(move || remove(&theirs, 1));
        let us = remove(&ours, 1);
        assert_eq!(us.xor(other.join().unwrap()), Some(10));
        assert_eq!(ours.len(), 0);
    });
}

/// Counting through an entry loses nothing, whoever inserts the counter.
#[test]
fn entry_is_one_step() {
    check(|| {
        fn count(dict: &Dict<usize>) {
            let Ok(()) = dict.try_entry(&Probe(1), |entry| *entry.or_insert(key(1), 0) += 1);
        }
        let (theirs, ours) = shared();
        let other = thread::spawn(move || count(&theirs));
        count(&ours);
        other.join().unwrap();
        assert_eq!(get(&ours, 1), Some(2));
    });
}

/// `clear` removes what was there before, and a value that comes meanwhile is removed or stays.
#[test]
fn clear_against_insertion() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, 10);
        let other = thread::spawn(move || theirs.clear());
        let before = insert(&ours, 1, 20);
        other.join().unwrap();
        match get(&ours, 1) {
            // The insertion came last.
            Some(20) => assert_eq!(before, None),
            None => assert_eq!(before, Some(10)),
            other => panic!("{other:?}"),
        }
    });
}

/// A copy of a shard is what the shard held at one moment.
#[test]
fn copied_shard_is_one_moment() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, 10);
        let other = thread::spawn(move || insert(&theirs, 1, 20));
        let copied: Vec<_> = ours.iter().map(|(_, value)| value).collect();
        assert!(copied == [10] || copied == [20], "{copied:?}");
        other.join().unwrap();
    });
}

/// No operation changes or drops a value while another uses it, whichever the two are.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || {
            let dict = Dict::with_shards(2);
            insert(&dict, 1, Shown::new(1));
            dict
        },
        &[
            ("read", |dict: &Dict<Shown>| {
                let Ok(value) = dict.try_read(&Probe(1), |value| value.cloned());
                drop(value);
            }),
            ("insert", |dict| drop(insert(dict, 1, Shown::new(2)))),
            ("another key", |dict| drop(insert(dict, 2, Shown::new(3)))),
            ("change", |dict| {
                let Ok(()) = dict.try_entry(&Probe(1), |entry| match entry {
                    Entry::Occupied(entry) => entry.into_mut().set(4),
                    Entry::Vacant(_) => (),
                });
            }),
            ("remove", |dict| drop(remove(dict, 1))),
            ("pop", |dict| drop(dict.pop_any())),
            ("clear", |dict| dict.clear()),
            ("copy", |dict| dict.iter().for_each(drop)),
            ("compute", |dict| {
                let Ok(claim) = dict.try_claim(&Probe(3), || key(3));
                if let Claim::Leader(leader) = claim {
                    let Ok(value) = leader.publish(&Probe(3), || key(3), Shown::new(5));
                    drop(value);
                }
            }),
        ],
    );
}
