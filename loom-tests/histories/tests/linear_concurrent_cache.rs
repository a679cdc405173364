//! Histories of `ConcurrentCache`: a map that may forget a key, if it is full, whenever another key is stored.

use ft_concurrent_cache::{ConcurrentCache, Walk};
use ft_concurrent_dict::ConcurrentDict;
use histories::keys::Fixed;
use histories::linear::{Dice, Model, Subject, check};
use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

const KEYS: u64 = 4;

type Cache = ConcurrentCache<u64, u32, Fixed>;

fn cache(capacity: u64) -> Cache {
    let builder = ConcurrentCache::builder().max_entries(capacity).shards(2);
    builder.hasher(Fixed::default()).build()
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spec {
    items: BTreeMap<u64, u32>,
    /// Whether all keys have room, so that none may be forgotten.
    keeps_all: bool,
    /// The thread that computes each key, and whether it may store the result.
    flights: BTreeMap<u64, (usize, bool)>,
    shards: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Step {
    Inserted(u64, u32, Option<u32>),
    Removed(u64, Option<u32>),
    /// From now on no computation of the key in progress may store its result.
    Outdated(u64),
    AllOutdated,
    Got(u64, Option<u32>),
    ShardCleared(usize),
    /// The thread alone may compute the key from now on. That may be while a value is there which
    /// another thread has computed, and which is gone when this one looks.
    Claims(u64),
    /// The thread finds no value, and computes one.
    Leads(u64),
    /// The thread is done: the value that it has computed, and the value that it has returned.
    Landed(u64, u32, u32),
    /// The keys that are there in the end, and their values.
    Last(BTreeMap<u64, u32>),
}

impl Spec {
    /// Returns whether the cache may have answered so, and forgets what it has forgotten.
    fn is_or_forgotten(&mut self, key: u64, answer: Option<u32>) -> bool {
        if answer.is_none() && !self.keeps_all {
            self.items.remove(&key);
        }
        self.items.get(&key).copied() == answer
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Inserted(key, value, before) => {
                let right = self.is_or_forgotten(key, before);
                self.items.insert(key, value);
                right
            }
            Step::Removed(key, before) => {
                let right = self.is_or_forgotten(key, before);
                self.items.remove(&key);
                right
            }
            Step::Outdated(key) => {
                if let Some((_, may_store)) = self.flights.get_mut(&key) {
                    *may_store = false;
                }
                true
            }
            Step::AllOutdated => {
                (self.flights.values_mut()).for_each(|(_, may_store)| *may_store = false);
                true
            }
            Step::Got(key, value) => self.is_or_forgotten(key, value),
            Step::ShardCleared(shard) => {
                let shards = &self.shards;
                self.items.retain(|key, _| shards[*key as usize] != shard);
                true
            }
            Step::Claims(key) => self.flights.insert(key, (thread, true)).is_none(),
            Step::Leads(key) => self.is_or_forgotten(key, None),
            Step::Landed(key, computed, returned) => {
                let Some((leader, may_store)) = self.flights.remove(&key) else {
                    return false;
                };
                if leader != thread {
                    return false;
                }
                // A value that came meanwhile stays. It may be forgotten, too, but then it has made the
                // computation void.
                if returned != computed {
                    return self.items.get(&key) == Some(&returned);
                }
                if may_store {
                    return *self.items.entry(key).or_insert(computed) == computed;
                }
                true
            }
            Step::Last(ref items) => {
                let left = items.iter();
                let mut known = left.map(|(key, value)| self.items.get(key) == Some(value));
                known.all(|known| known) && (!self.keeps_all || items.len() == self.items.len())
            }
        }
    }
}

#[derive(Debug)]
enum Call {
    Insert(u64, u32),
    Remove(u64),
    Get(u64),
    Compute(u64, u32),
    Clear,
}

/// The type under test, and its broken relatives.
trait Forgets: Send + Sync + 'static {
    fn new(capacity: u64) -> Self;
    fn real(&self) -> &Cache;
    fn compute(&self, key: u64, f: impl FnOnce() -> u32) -> u32 {
        self.real().get_or_compute(key, f)
    }
    fn remove(&self, key: u64) -> Option<u32> {
        self.real().remove(&key)
    }
}

impl Forgets for Cache {
    fn new(capacity: u64) -> Self {
        cache(capacity)
    }
    fn real(&self) -> &Cache {
        self
    }
}

struct Recorded<M> {
    cache: M,
    capacity: u64,
}

impl<M: Forgets> Subject for Recorded<M> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let capacity = dice.pick(&[1, 2, KEYS]);
        let cache = M::new(capacity);
        let spec = Spec {
            items: BTreeMap::new(),
            keeps_all: capacity >= KEYS,
            flights: BTreeMap::new(),
            shards: (0..KEYS).map(shard_of).collect(),
        };
        assert_eq!(spec.shards.iter().collect::<BTreeSet<_>>().len(), 2);
        (Self { cache, capacity }, spec)
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut value = 100 * (thread as u32 + 1);
        // There are few keys, so that threads meet.
        let keys = 1 + dice.below(KEYS as usize);
        dice.times(5, |dice| {
            let key = dice.below(keys) as u64;
            value += 10;
            match dice.below(10) {
                0..3 => Call::Insert(key, value),
                3 | 4 => Call::Remove(key),
                5 | 6 => Call::Get(key),
                7 | 8 => Call::Compute(key, value),
                _ => Call::Clear,
            }
        })
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let cache = self.cache.real();
        match *call {
            Call::Insert(key, value) => {
                let before = cache.insert(key, value);
                vec![Step::Outdated(key), Step::Inserted(key, value, before)]
            }
            Call::Remove(key) => {
                let before = self.cache.remove(key);
                vec![Step::Outdated(key), Step::Removed(key, before)]
            }
            Call::Get(key) => vec![Step::Got(key, cache.get(&key))],
            Call::Compute(key, value) => {
                let mut called = false;
                let now = self.cache.compute(key, || {
                    called = true;
                    ft_sync::thread::yield_now();
                    value
                });
                match called {
                    true => vec![
                        Step::Claims(key),
                        Step::Leads(key),
                        Step::Landed(key, value, now),
                    ],
                    false => vec![Step::Got(key, Some(now))],
                }
            }
            Call::Clear => {
                cache.clear();
                vec![
                    Step::AllOutdated,
                    Step::ShardCleared(0),
                    Step::ShardCleared(1),
                ]
            }
        }
    }

    fn last(&self) -> Vec<Step> {
        let cache = self.cache.real();
        assert!(cache.len() as u64 <= self.capacity, "too many are left");
        assert_eq!(cache.len() as u64, cache.weight());
        let mut walk = Walk::default();
        let parts = iter::from_fn(|| cache.collect_next(&mut walk, |key, value| (*key, *value)));
        vec![Step::Last(parts.flatten().collect())]
    }
}

/// The shard of a key, which is the same in every cache.
fn shard_of(key: u64) -> usize {
    ConcurrentDict::<u64, u32, Fixed>::with_shards_and_hasher(2, Fixed::default()).shard_of(&key)
}

#[test]
fn everything() {
    check::<Recorded<Cache>>();
}

/// Broken caches, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::rejects;

    /// Stores what was computed, even if the key was removed meanwhile.
    struct BringsBack(Cache);

    impl Forgets for BringsBack {
        fn new(capacity: u64) -> Self {
            Self(cache(capacity))
        }
        fn real(&self) -> &Cache {
            &self.0
        }
        fn compute(&self, key: u64, f: impl FnOnce() -> u32) -> u32 {
            let mut called = None;
            let now = self.0.get_or_compute(key, || *called.insert(f()));
            if let (Some(value), None) = (called, self.0.get(&key)) {
                self.0.insert(key, value);
            }
            now
        }
    }

    #[test]
    fn brings_back() {
        rejects::<Recorded<BringsBack>>();
    }

    /// Lets every thread that misses a key compute it.
    struct ComputesTwice(Cache);

    impl Forgets for ComputesTwice {
        fn new(capacity: u64) -> Self {
            Self(cache(capacity))
        }
        fn real(&self) -> &Cache {
            &self.0
        }
        fn compute(&self, key: u64, f: impl FnOnce() -> u32) -> u32 {
            self.0.get(&key).unwrap_or_else(|| {
                let value = f();
                self.0.insert(key, value);
                value
            })
        }
    }

    #[test]
    fn computes_twice() {
        rejects::<Recorded<ComputesTwice>>();
    }

    /// Removes in two steps.
    struct GetThenRemove(Cache);

    impl Forgets for GetThenRemove {
        fn new(capacity: u64) -> Self {
            Self(cache(capacity))
        }
        fn real(&self) -> &Cache {
            &self.0
        }
        fn remove(&self, key: u64) -> Option<u32> {
            let value = self.0.get(&key);
            self.0.remove(&key);
            value
        }
    }

    #[test]
    fn get_then_remove() {
        rejects::<Recorded<GetThenRemove>>();
    }
}
