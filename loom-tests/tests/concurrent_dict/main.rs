//! Every schedule of the dictionary: its search, its readers that only announce themselves, and the
//! computation of missing keys.
//!
//! The shards are in loom's cells here, and behind the lock that ships: wherever a reader and a
//! writer, or two writers, could be in one at a time, a model fails, whatever it is about.
#![cfg(ft_loom)]

use ft_concurrent_dict::{Claim, ConcurrentDict, Deadlock, Entry, Note, Party, Query, Waiting};
use ft_sync::{
    Arc, UnsafeCell,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::{
    check, check_with,
    pairs::{Shown, each_pair},
};
use std::{convert::Infallible, hash::BuildHasher};

type Dict<V> = ConcurrentDict<Key, V>;

/// A key that can be compared only outside of the lock, unless it is the same.
#[derive(Clone)]
struct Key(std::sync::Arc<u8>);

/// Looks for a key by number. All numbers share a hash, and so a shard and a place.
struct Probe(u8);

impl Query<Key> for Probe {
    type Error = Infallible;

    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        0
    }
    fn peek(&self, _: &Key) -> Option<bool> {
        None
    }
    fn compare(&self, stored: &Key) -> Result<bool, Infallible> {
        // A point where others run: a comparison may take any time.
        thread::yield_now();
        Ok(self.0 == *stored.0)
    }
    fn is_same(one: &Key, other: &Key) -> bool {
        std::sync::Arc::ptr_eq(&one.0, &other.0)
    }
}

fn key(number: u8) -> Key {
    Key(std::sync::Arc::new(number))
}

fn shared<V>() -> (Arc<Dict<V>>, Arc<Dict<V>>) {
    let ours = Arc::new(Dict::with_shards(2));
    (Arc::clone(&ours), ours)
}

fn get<V: Copy>(dict: &Dict<V>, number: u8) -> Option<V> {
    let Ok(value) = dict.try_read(&Probe(number), |value| value.copied());
    value
}

fn insert<V>(dict: &Dict<V>, number: u8, value: V) -> Option<V> {
    let Ok(before) = dict.try_entry(&Probe(number), |entry| match entry {
        Entry::Occupied(mut entry) => Some(entry.replace(value)),
        Entry::Vacant(entry) => {
            entry.insert(key(number), value);
            None
        }
    });
    before
}

fn remove<V>(dict: &Dict<V>, number: u8) -> Option<V> {
    let Ok(removed) = dict.try_entry(&Probe(number), |entry| match entry {
        Entry::Occupied(entry) => Some(entry.remove().1),
        Entry::Vacant(_) => None,
    });
    removed
}

/// As `get_or_insert_with`, for these keys.
fn compute(dict: &Dict<usize>, number: u8, f: impl FnOnce() -> Option<usize>) -> Option<usize> {
    loop {
        let Ok(claim) = dict.try_claim(&Probe(number), || key(number));
        match claim {
            Claim::Ready(value) => return Some(value),
            Claim::Leader(leader) => {
                let value = f()?;
                let Ok(stored) = leader.publish(&Probe(number), || key(number), value);
                return Some(stored);
            }
            Claim::Follower(flight) => {
                let landed = || flight.has_landed().then_some(());
                flight.changed().wait_until(None, landed);
            }
        }
    }
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

/// A key stays findable while colliding ones come and go between its finder's comparisons.
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

/// A key removed and inserted anew while it is compared is another key: no stale verdict holds.
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

/// An emptied dictionary forgets what was there, and keeps or forgets what comes meanwhile.
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

/// A copied shard is of one moment: of two keys moved in one step, it has one.
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

/// Of two that ask for a missing key one computes it, and both get the same value.
#[test]
fn computed_once() {
    check(|| {
        let (theirs, ours) = shared();
        let calls = Arc::new(AtomicUsize::new(0));
        // Relaxed: only counts.
        let counted = |calls: &AtomicUsize| Some(calls.fetch_add(1, Relaxed));
        let their_calls = Arc::clone(&calls);
        let other = thread::spawn(move || compute(&theirs, 1, || counted(&their_calls)));
        let us = compute(&ours, 1, || counted(&calls));
        assert_eq!(us, Some(0));
        assert_eq!(other.join().unwrap(), Some(0));
        assert_eq!(calls.load(Relaxed), 1);
    });
}

/// When the leader fails, the follower is woken and takes over.
#[test]
fn follower_takes_over() {
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || compute(&theirs, 1, || None));
        assert!(matches!(compute(&ours, 1, || Some(7)), Some(7)));
        let them = other.join().unwrap();
        assert!(them.is_none() || them == Some(7));
        assert_eq!(get(&ours, 1), Some(7));
    });
}

/// Of two that compute a key each and ask for the other's, one is told, and the other gets on.
#[test]
fn crossed_computations() {
    fn ask(dict: &Dict<usize>, number: u8, then: Option<u8>) -> Result<usize, Deadlock> {
        loop {
            let Ok(claim) = dict.try_claim(&Probe(number), || key(number));
            match claim {
                Claim::Ready(value) => return Ok(value),
                Claim::Leader(leader) => {
                    let value = then.map_or(Ok(0), |other| ask(dict, other, None))?;
                    let Ok(stored) = leader.publish(&Probe(number), || key(number), value);
                    return Ok(stored);
                }
                Claim::Follower(flight) => {
                    let _waiting = Waiting::begin(&flight, Party::thread(), Note::new(()))?;
                    let landed = || flight.has_landed().then_some(());
                    flight.changed().wait_until(None, landed);
                }
            }
        }
    }
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || ask(&theirs, 1, Some(2)).is_ok());
        let us = ask(&ours, 2, Some(1)).is_ok();
        assert!(other.join().unwrap() || us);
    });
}

/// A value stored without a claim is never overwritten by a computed one.
#[test]
fn insertion_beats_the_leader() {
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || insert(&theirs, 1, 50));
        let computed = compute(&ours, 1, || Some(7));
        let before = other.join().unwrap();
        assert_eq!(get(&ours, 1), Some(50));
        match before {
            Some(replaced) => assert_eq!((replaced, computed), (7, Some(7))),
            None => assert_eq!(computed, Some(50)),
        }
    });
}

/// A value that loom watches.
struct Watched(UnsafeCell<usize>);

// SAFETY: the models access it under a lock, or when they have taken it out; loom sees if not.
unsafe impl Send for Watched {}
// SAFETY: as above.
unsafe impl Sync for Watched {}

impl Watched {
    fn new(value: usize) -> Self {
        Self(UnsafeCell::new(value))
    }

    fn get(&self) -> usize {
        // SAFETY: see `Sync`.
        self.0.with(|value| unsafe { *value })
    }

    fn set(&self, new: usize) {
        // SAFETY: see `Sync`.
        self.0.with_mut(|value| unsafe { *value = new });
    }
}

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
    fn is_same(one: &Key, other: &Key) -> bool {
        std::sync::Arc::ptr_eq(&one.0, &other.0)
    }
}

/// Replaces a value, and then does as a destructor would.
fn replace(dict: &Dict<Watched>, number: u8, value: usize) {
    let Ok(before) = dict.try_entry(&Plain(number), |entry| match entry {
        Entry::Occupied(mut entry) => Some(entry.replace(Watched::new(value))),
        Entry::Vacant(_) => None,
    });
    before.expect("the key is there").set(0);
}

/// Who replaces a value has it alone: readers that have seen it are done with it, those that come
/// later do not see it, and see all of the new one.
#[test]
fn replaced_value_has_no_readers() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, Watched::new(10));
        let reader = thread::spawn(move || {
            for _ in 0..2 {
                let seen = read(&theirs, 1, Watched::get);
                assert!(matches!(seen, Some(10 | 20)), "{seen:?}");
            }
        });
        replace(&ours, 1, 20);
        reader.join().unwrap();
    });
}

/// The same with two writers, of which one has to wait for the other.
#[test]
fn two_writers_and_a_reader() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, Watched::new(10));
        let writer = {
            let theirs = Arc::clone(&theirs);
            thread::spawn(move || replace(&theirs, 1, 20))
        };
        let reader = thread::spawn(move || read(&theirs, 1, Watched::get));
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
        let (theirs, ours) = shared();
        insert(&ours, 1, Watched::new(10));
        let readers = [0, 1].map(|_| {
            let theirs = Arc::clone(&theirs);
            thread::spawn(move || read(&theirs, 1, Watched::get))
        });
        replace(&ours, 1, 20);
        for reader in readers {
            let seen = reader.join().unwrap();
            assert!(matches!(seen, Some(10 | 20)), "{seen:?}");
        }
    });
}

/// Lets a reader use two dictionaries, `outer` and `inner`, while both values are replaced: 10 by 20, and
/// 11 by 21.
fn check_reader_of_two(reader: fn(outer: &Dict<Watched>, inner: &Dict<Watched>)) {
    check(move || {
        let (theirs, ours) = shared();
        let (inner, their_inner) = shared();
        insert(&ours, 1, Watched::new(10));
        insert(&inner, 1, Watched::new(11));
        let reader = thread::spawn(move || reader(&theirs, &their_inner));
        replace(&inner, 1, 21);
        replace(&ours, 1, 20);
        reader.join().unwrap();
    });
}

/// A reader whose slot says already where it reads locks the second dictionary: no writer is in
/// either.
#[test]
fn reading_inside_of_a_reading() {
    check_reader_of_two(|outer, inner| {
        let seen = read(outer, 1, |value| {
            let inner = read(inner, 1, Watched::get);
            assert!(matches!(inner, Some(11 | 21)), "{inner:?}");
            assert!(matches!(value.get(), 10 | 20));
        });
        assert!(seen.is_some());
    });
}

/// Readers inside of readers get on, to any depth, also if writers wait meanwhile; and no writer is in.
#[test]
fn readings_inside_of_readings() {
    check_reader_of_two(|outer, inner| {
        let seen = read(outer, 1, |value| {
            // Covered by the outer one; counted; and counted again.
            let again = read(outer, 1, Watched::get);
            read(inner, 1, |value| {
                let inner = read(inner, 1, Watched::get);
                assert_eq!(inner, Some(value.get()));
            });
            assert_eq!(again, Some(value.get()));
        });
        assert!(seen.is_some());
    });
}

/// Two readers, each in the dictionary that the other one reads inside of its own, and a writer for each
/// of the two: nobody waits for ever.
#[test]
fn crossing_readings_and_two_writers() {
    let few = |builder: &mut loom::model::Builder| builder.preemption_bound = Some(1);
    check_with(few, || {
        let [one, two] = [(); 2].map(|()| Arc::new(Dict::with_shards(2)));
        insert(&one, 1, Watched::new(10));
        insert(&two, 1, Watched::new(20));
        let across = |outer: &Arc<Dict<Watched>>, inner: &Arc<Dict<Watched>>| {
            let (outer, inner) = (Arc::clone(outer), Arc::clone(inner));
            move || {
                let seen = read(&outer, 1, |value| {
                    (value.get(), read(&inner, 1, Watched::get))
                });
                assert!(matches!(seen, Some((_, Some(_)))));
            }
        };
        let writer = Arc::clone(&one);
        let others = [
            thread::spawn(across(&one, &two)),
            thread::spawn(move || replace(&writer, 1, 11)),
            thread::spawn(across(&two, &one)),
        ];
        replace(&two, 1, 21);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

/// A slot that a thread leaves, and that the next one takes, belongs to that one alone; the end of
/// the slots goes down and up again without losing it.
#[test]
fn slot_is_given_back_and_taken() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, Watched::new(10));
        let first = {
            let theirs = Arc::clone(&theirs);
            // Its slot is given back when it ends, at any time.
            thread::spawn(move || read(&theirs, 1, Watched::get))
        };
        let second = thread::spawn(move || read(&theirs, 1, Watched::get));
        replace(&ours, 1, 20);
        for reader in [first, second] {
            let seen = reader.join().unwrap();
            assert!(matches!(seen, Some(10 | 20)), "{seen:?}");
        }
        // Ended readers are waited for by nobody, and the slots are there for others.
        replace(&ours, 1, 30);
        assert_eq!(read(&ours, 1, Watched::get), Some(30));
    });
}

/// With more readers than slots, more are made, and a writer finds them.
#[test]
fn readers_beyond_the_first_slots() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, Watched::new(10));
        // Takes the first of the two slots.
        assert_eq!(read(&ours, 1, Watched::get), Some(10));
        let readers = [0, 1].map(|_| {
            let theirs = Arc::clone(&theirs);
            thread::spawn(move || read(&theirs, 1, Watched::get))
        });
        replace(&ours, 1, 20);
        for reader in readers {
            let seen = reader.join().unwrap();
            assert!(matches!(seen, Some(10 | 20)), "{seen:?}");
        }
    });
}

/// A copy of a shard keeps writers out and lets other readers in.
#[test]
fn copying_among_others() {
    check(|| {
        let (theirs, ours) = shared();
        insert(&ours, 1, 10);
        let copier = {
            let theirs = Arc::clone(&theirs);
            thread::spawn(move || theirs.copy_shard(0).len())
        };
        let writer = thread::spawn(move || insert(&theirs, 2, 20));
        assert_eq!(read(&ours, 1, |value| *value), Some(10));
        let seen = copier.join().unwrap();
        assert!(seen == 1 || seen == 2, "{seen}");
        writer.join().unwrap();
    });
}

/// No operation changes or drops a value while another uses it, whatever the two are.
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
