//! Readers that only announce themselves, and writers that wait for them.

use std::convert::Infallible;
use std::hash::BuildHasher;

use ft_concurrent_dict::{Entry, Query};
use ft_sync::{Arc, thread};
use loom_tests::{check, check_with_one_preemption, data::Data, threads::spawn};

use crate::{Dict, Key, insert, shared};

fn read<V, R>(dict: &Dict<V>, number: u8, f: impl FnOnce(&V) -> R) -> Option<R> {
    let Ok(read) = dict.try_read(&Plain(number), |value| value.map(f));
    read
}

/// Finds keys without leaving the lock.
struct Plain(u8);

impl Query<Key> for Plain {
    type Error = Infallible;

    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        0
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

/// Replaces a value, and then does as a destructor would.
fn replace(dict: &Dict<Data>, number: u8, value: usize) {
    let Ok(before) = dict.try_entry(&Plain(number), |entry| match entry {
        Entry::Occupied(mut entry) => Some(entry.replace(Data::new(value))),
        Entry::Vacant(_) => None,
    });
    before.expect("the key is there").write(0);
}

/// Returns a dictionary with the value 10.
fn with_ten() -> Arc<Dict<Data>> {
    let dict = Arc::new(Dict::with_shards(2));
    insert(&dict, 1, Data::new(10));
    dict
}

/// Replaces 10 by 20 while two threads read.
fn replace_beside_two_readers(dict: &Arc<Dict<Data>>) {
    let readers = [(); 2].map(|()| spawn(dict, |dict| read(dict, 1, Data::read)));
    replace(dict, 1, 20);
    for reader in readers {
        let seen = reader.join().unwrap();
        assert!(matches!(seen, Some(10 | 20)), "{seen:?}");
    }
}

/// A thread that replaces a value has the old one to itself: readers that have seen it are done with it, and later
/// readers see only the new one.
#[test]
fn replaced_value_has_no_readers() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, Data::new(10));
        let reader = thread::spawn(move || {
            for _ in 0..2 {
                let seen = read(&theirs, 1, Data::read);
                assert!(matches!(seen, Some(10 | 20)), "{seen:?}");
            }
        });
        replace(&ours, 1, 20);
        reader.join().unwrap();
    });
}

/// The same with two writers, one of which has to wait for the other.
#[test]
fn two_writers_and_a_reader() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, Data::new(10));
        let writer = spawn(&ours, |dict| replace(dict, 1, 20));
        let reader = thread::spawn(move || read(&theirs, 1, Data::read));
        replace(&ours, 1, 30);
        let seen = reader.join().unwrap();
        assert!(matches!(seen, Some(10 | 20 | 30)), "{seen:?}");
        writer.join().unwrap();
    });
}

/// A writer waits for each of two readers.
#[test]
fn two_readers_and_a_writer() {
    check(|| {
        let ours = with_ten();
        replace_beside_two_readers(&ours);
    });
}

/// Lets a reader use two dictionaries, `outer` and `inner`, while both values are replaced: 10 by 20, and
/// 11 by 21.
fn check_reader_of_two(reader: fn(outer: &Dict<Data>, inner: &Dict<Data>)) {
    check(move || {
        let (theirs, ours) = shared();
        let (inner, their_inner) = shared();
        insert(&ours, 1, Data::new(10));
        insert(&inner, 1, Data::new(11));
        let reader = thread::spawn(move || reader(&theirs, &their_inner));
        replace(&inner, 1, 21);
        replace(&ours, 1, 20);
        reader.join().unwrap();
    });
}

/// A reader whose slot already says where it reads locks the second dictionary. No writer is in either of the two.
#[test]
fn reading_inside_of_a_reading() {
    check_reader_of_two(|outer, inner| {
        let seen = read(outer, 1, |value| {
            let inner = read(inner, 1, Data::read);
            assert!(matches!(inner, Some(11 | 21)), "{inner:?}");
            assert!(matches!(value.read(), 10 | 20));
        });
        assert!(seen.is_some());
    });
}

/// Readings inside of readings go on, to any depth, even if writers wait meanwhile, and no writer gets in.
#[test]
fn readings_inside_of_readings() {
    check_reader_of_two(|outer, inner| {
        let seen = read(outer, 1, |value| {
            // The outer reading covers this one. The next one is counted, and so is the one inside of it.
            let again = read(outer, 1, Data::read);
            read(inner, 1, |value| {
                let inner = read(inner, 1, Data::read);
                assert_eq!(inner, Some(value.read()));
            });
            assert_eq!(again, Some(value.read()));
        });
        assert!(seen.is_some());
    });
}

/// Two readers each read in one dictionary, and inside of that in the other's. With a writer for each dictionary no
/// thread waits for ever.
#[test]
fn crossing_readings_and_two_writers() {
    check_with_one_preemption(|| {
        let [one, two] = [(); 2].map(|()| Arc::new(Dict::with_shards(2)));
        insert(&one, 1, Data::new(10));
        insert(&two, 1, Data::new(20));
        let across = |outer: &Arc<Dict<Data>>, inner: &Arc<Dict<Data>>| {
            let (outer, inner) = (Arc::clone(outer), Arc::clone(inner));
            move || {
                let seen = read(&outer, 1, |value| {
                    (value.read(), read(&inner, 1, Data::read))
                });
                assert!(matches!(seen, Some((_, Some(_)))));
            }
        };
        let others = [
            thread::spawn(across(&one, &two)),
            spawn(&one, |dict| replace(dict, 1, 11)),
            thread::spawn(across(&two, &one)),
        ];
        replace(&two, 1, 21);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

/// A slot that a thread leaves and the next one takes belongs to that one alone. The end of the slots goes down and
/// up again without losing it.
#[test]
fn slot_is_given_back_and_taken() {
    check(|| {
        let ours = with_ten();
        // Each slot is given back when its thread ends, at any time.
        replace_beside_two_readers(&ours);
        // No writer waits for readers that have ended, and their slots can be used again.
        replace(&ours, 1, 30);
        assert_eq!(read(&ours, 1, Data::read), Some(30));
    });
}

/// With more readers than slots, more slots are made, and a writer finds them.
#[test]
fn readers_beyond_the_first_slots() {
    check(|| {
        let ours = with_ten();
        // This thread takes the first of the two slots.
        assert_eq!(read(&ours, 1, Data::read), Some(10));
        replace_beside_two_readers(&ours);
    });
}

/// A copy of a shard keeps writers out and lets other readers in.
#[test]
fn copying_among_others() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, 10);
        let copier = spawn(&ours, |dict| dict.iter().count());
        let writer = thread::spawn(move || insert(&theirs, 2, 20));
        assert_eq!(read(&ours, 1, |value| *value), Some(10));
        let seen = copier.join().unwrap();
        assert!(seen == 1 || seen == 2, "{seen}");
        writer.join().unwrap();
    });
}
