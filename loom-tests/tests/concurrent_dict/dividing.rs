//! The division of the first part into shards, beside everything else. In models, a part with two entries is divided
//! by the next write.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hash::BuildHasher;

use ft_concurrent_dict::{Entry, Query};
use ft_sync::{Arc, thread};
use loom_tests::{check, data::Data, threads::spawn};

use crate::{Dict, Key, key};

/// Finds keys without leaving the lock. Odd and even numbers have different shards.
struct Number(u8);

impl Query<Key> for Number {
    type Error = Infallible;

    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        self.0.into()
    }
    fn peek(&self, stored: &Key) -> Option<bool> {
        Some(self.0 == *stored.0)
    }
    fn compare(&self, stored: &Key) -> Result<bool, Infallible> {
        Ok(self.0 == *stored.0)
    }
    fn keep(stored: &Key) -> Key {
        stored.clone()
    }
    fn is_same(one: &Key, other: &Key) -> bool {
        std::sync::Arc::ptr_eq(&one.0, &other.0)
    }
}

fn insert<V>(dict: &Dict<V>, number: u8, value: V) -> Option<V> {
    let Ok(before) = dict.try_entry(&Number(number), |entry| match entry {
        Entry::Occupied(mut entry) => Some(entry.replace(value)),
        Entry::Vacant(entry) => {
            entry.insert(key(number), value);
            None
        }
    });
    before
}

fn read<V, R>(dict: &Dict<V>, number: u8, f: impl FnOnce(&V) -> R) -> Option<R> {
    let Ok(read) = dict.try_read(&Number(number), |value| value.map(f));
    read
}

fn remove<V>(dict: &Dict<V>, number: u8) -> Option<V> {
    let Ok(removed) = dict.try_entry(&Number(number), |entry| match entry {
        Entry::Occupied(entry) => Some(entry.remove().1),
        Entry::Vacant(_) => None,
    });
    removed
}

/// Returns a dictionary with the keys 1 and 2, which the next write divides.
fn full() -> Arc<Dict<usize>> {
    let dict = Arc::new(Dict::with_shards(2));
    insert(&dict, 1, 10);
    insert(&dict, 2, 20);
    dict
}

/// A reader finds a key whenever the table is divided. The writer that did it has a replaced value to itself.
#[test]
fn reader_beside_the_division() {
    check(|| {
        let ours = Arc::new(Dict::with_shards(2));
        insert(&ours, 1, Data::new(10));
        insert(&ours, 2, Data::new(20));
        let reader = spawn(&ours, |dict| {
            for _ in 0..2 {
                let seen = read(dict, 1, Data::read);
                assert!(matches!(seen, Some(10 | 11)), "{seen:?}");
            }
        });
        let before = insert(&ours, 1, Data::new(11));
        before.expect("the key is there").write(0);
        reader.join().unwrap();
    });
}

/// Two writers that both find the part full, and one of which has to wait for the other, lose nothing.
#[test]
fn writer_beside_the_division() {
    check(|| {
        let ours = full();
        let writer = spawn(&ours, |dict| {
            assert_eq!(insert(dict, 3, 30), None);
            assert_eq!(remove(dict, 1), Some(10));
        });
        assert_eq!(insert(&ours, 2, 21), Some(20));
        writer.join().unwrap();
        let seen = [1, 2, 3].map(|number| read(&ours, number, |value| *value));
        assert_eq!(seen, [None, Some(21), Some(30)]);
        assert_eq!(ours.len(), 2);
    });
}

/// Two writers that meet in an empty dictionary, which one of them divides, and a reader.
#[test]
fn writers_that_meet() {
    check(|| {
        let ours = Arc::new(Dict::with_shards(2));
        let writer = spawn(&ours, |dict| insert(dict, 1, 10));
        let reader = spawn(&ours, |dict| read(dict, 1, |value| *value));
        assert_eq!(insert(&ours, 2, 20), None);
        assert_eq!(writer.join().unwrap(), None);
        assert!(matches!(reader.join().unwrap(), None | Some(10)));
        let seen = [1, 2].map(|number| read(&ours, number, |value| *value));
        assert_eq!(seen, [Some(10), Some(20)]);
        assert_eq!(ours.len(), 2);
    });
}

/// Iteration and copies meet each key that is there all the time once.
#[test]
fn iteration_beside_the_division() {
    check(|| {
        let ours = full();
        let writer = spawn(&ours, |dict| insert(dict, 3, 30));
        let mut seen = BTreeMap::new();
        for (key, value) in &*ours {
            assert_eq!(seen.insert(*key.0, value), None, "met twice");
        }
        seen.remove(&3);
        assert_eq!(seen, BTreeMap::from([(1, 10), (2, 20)]));
        writer.join().unwrap();
        assert_eq!(Dict::clone(&ours).len(), 3);
    });
}

/// The length never misses a key that is there, and counts none twice.
#[test]
fn length_beside_the_division() {
    check(|| {
        let ours = full();
        let writer = thread::spawn({
            let theirs = Arc::clone(&ours);
            move || insert(&theirs, 3, 30)
        });
        let len = ours.len();
        assert!(len == 2 || len == 3, "{len}");
        writer.join().unwrap();
        assert_eq!(ours.len(), 3);
    });
}

/// Clearing takes all that was there before, and a key is taken out once.
#[test]
fn clearing_beside_the_division() {
    check(|| {
        let ours = full();
        let writer = spawn(&ours, |dict| insert(dict, 3, 30));
        let popped = ours.pop_any();
        assert!(popped.is_some());
        ours.clear();
        writer.join().unwrap();
        let left: Vec<_> = ours.iter().map(|(key, _)| *key.0).collect();
        assert!(left.is_empty() || left == [3], "{left:?}");
        assert_eq!(ours.len(), left.len());
    });
}

/// The same with one key: the first part is emptied, and the dictionary is divided only if the threads meet.
#[test]
fn clearing_of_the_first_part() {
    check(|| {
        let ours = Arc::new(Dict::with_shards(2));
        insert(&ours, 1, 10);
        let writer = spawn(&ours, |dict| insert(dict, 2, 20));
        ours.clear();
        writer.join().unwrap();
        let left: Vec<_> = ours.iter().map(|(key, _)| *key.0).collect();
        assert!(left.is_empty() || left == [2], "{left:?}");
        assert_eq!(ours.len(), left.len());
    });
}

/// Making room divides the dictionary, and so does a writer beside it. Giving room back moves the entries.
/// Nothing is lost.
#[test]
fn making_room_beside_a_writer() {
    check(|| {
        let ours = full();
        let writer = spawn(&ours, |dict| insert(dict, 3, 30));
        ours.reserve(3);
        ours.shrink_to_fit();
        assert_eq!(writer.join().unwrap(), None);
        let seen = [1, 2, 3].map(|number| read(&ours, number, |value| *value));
        assert_eq!(seen, [Some(10), Some(20), Some(30)]);
        assert_eq!(ours.len(), 3);
    });
}

/// A reader finds a key while room is made and given back.
#[test]
fn making_room_beside_a_reader() {
    check(|| {
        let ours = Arc::new(Dict::with_shards(2));
        insert(&ours, 1, 10);
        let reader = spawn(&ours, |dict| read(dict, 1, |value| *value));
        ours.reserve(3);
        ours.shrink_to_fit();
        assert_eq!(reader.join().unwrap(), Some(10));
    });
}
