//! Histories of `ConcurrentDict`. An operation on a key is one step. An operation on all keys is one step for each
//! shard. One thread at a time computes a missing value.

use ft_concurrent_dict::ConcurrentDict;
use histories::keys::Fixed;
use histories::linear::{Dice, Model, Subject, check};
use std::collections::BTreeMap;

const SHARDS: usize = 2;
const KEYS: u64 = 4;

type Dict = ConcurrentDict<u64, u32, Fixed>;

fn dict() -> Dict {
    ConcurrentDict::with_shards_and_hasher(SHARDS, Fixed::default())
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spec {
    items: BTreeMap<u64, u32>,
    /// The shard of each key.
    shards: Vec<usize>,
    /// The thread that computes each key.
    flights: BTreeMap<u64, usize>,
    /// What each thread has counted so far.
    counts: [usize; 4],
}

#[derive(Clone, Debug)]
enum Step {
    Inserted(u64, u32, Option<u32>),
    Removed(u64, Option<u32>),
    Got(u64, Option<u32>),
    Has(u64, bool),
    /// One was added to the value, or to 0 if there was none. This is the value now.
    Counted(u64, u32),
    Counting(usize),
    Len(usize),
    ShardCleared(usize),
    Shard(usize, BTreeMap<u64, u32>),
    ShardEmpty(usize),
    Popped(usize, u64, u32),
    /// The thread begins to compute a key.
    Leads(u64),
    /// The thread is done: the value that it has computed, and the value that is there now.
    Landed(u64, u32, u32),
    /// The thread did not have to compute the key.
    Ready(u64, u32),
}

impl Spec {
    fn in_shard(&self, shard: usize) -> BTreeMap<u64, u32> {
        let is_there = |(key, _): &(&u64, &u32)| self.shards[**key as usize] == shard;
        let items = self.items.iter().filter(is_there);
        items.map(|(&key, &value)| (key, value)).collect()
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Inserted(key, value, before) => self.items.insert(key, value) == before,
            Step::Removed(key, before) => self.items.remove(&key) == before,
            Step::Got(key, value) => self.items.get(&key).copied() == value,
            Step::Has(key, has) => self.items.contains_key(&key) == has,
            Step::Counted(key, now) => {
                let value = self.items.entry(key).or_default();
                *value += 1;
                *value == now
            }
            Step::Counting(shard) => {
                self.counts[thread] += self.in_shard(shard).len();
                true
            }
            Step::Len(len) => std::mem::take(&mut self.counts[thread]) == len,
            Step::ShardCleared(shard) => {
                for key in self.in_shard(shard).into_keys() {
                    self.items.remove(&key);
                }
                true
            }
            Step::Shard(shard, ref items) => self.in_shard(shard) == *items,
            Step::ShardEmpty(shard) => self.in_shard(shard).is_empty(),
            Step::Popped(shard, key, value) => {
                self.shards[key as usize] == shard && self.items.remove(&key) == Some(value)
            }
            Step::Leads(key) => {
                let others = self.flights.insert(key, thread);
                !self.items.contains_key(&key) && others.is_none()
            }
            Step::Landed(key, computed, now) => {
                let led = self.flights.remove(&key) == Some(thread);
                led && *self.items.entry(key).or_insert(computed) == now
            }
            Step::Ready(key, value) => self.items.get(&key) == Some(&value),
        }
    }
}

#[derive(Debug)]
enum Call {
    Insert(u64, u32),
    Remove(u64),
    Get(u64),
    Has(u64),
    Count(u64),
    Compute(u64, u32),
    Len,
    Clear,
    Iter,
    Copy,
    PopAny,
}

/// The type under test, and its broken relatives.
trait Map: Send + Sync + 'static {
    fn new() -> Self;
    fn real(&self) -> &Dict;
    fn count(&self, key: u64) -> u32 {
        self.real().entry(&key, |entry| {
            let value = entry.or_insert(key, 0);
            *value += 1;
            *value
        })
    }
    fn compute(&self, key: u64, f: impl FnOnce() -> u32) -> u32 {
        self.real().get_or_insert_with(key, f)
    }
}

impl Map for Dict {
    fn new() -> Self {
        dict()
    }
    fn real(&self) -> &Dict {
        self
    }
}

struct Recorded<M>(M);

impl<M: Map> Subject for Recorded<M> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let map = M::new();
        let spec = Spec {
            items: (0..dice.below(3) as u64).map(|key| (key, 0)).collect(),
            shards: (0..KEYS).map(dict_shard).collect(),
            flights: BTreeMap::new(),
            counts: [0; 4],
        };
        assert!((0..SHARDS).all(|shard| spec.shards.contains(&shard)));
        for (&key, &value) in &spec.items {
            map.real().insert(key, value);
        }
        (Self(map), spec)
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut value = 100 * (thread as u32 + 1);
        // There are few keys, so that threads meet.
        let keys = 1 + dice.below(KEYS as usize);
        dice.times(5, |dice| {
            let key = dice.below(keys) as u64;
            value += 10;
            match dice.below(15) {
                0 | 1 => Call::Insert(key, value),
                2 | 3 => Call::Remove(key),
                4 => Call::Get(key),
                5 => Call::Has(key),
                6 | 7 => Call::Count(key),
                8 | 9 => Call::Compute(key, value),
                10 => Call::Len,
                11 => Call::Clear,
                12 => Call::Iter,
                13 => Call::Copy,
                _ => Call::PopAny,
            }
        })
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let dict = self.0.real();
        match *call {
            Call::Insert(key, value) => vec![Step::Inserted(key, value, dict.insert(key, value))],
            Call::Remove(key) => vec![Step::Removed(key, dict.remove(&key))],
            Call::Get(key) => vec![Step::Got(key, dict.get(&key))],
            Call::Has(key) => vec![Step::Has(key, dict.contains_key(&key))],
            Call::Count(key) => vec![Step::Counted(key, self.0.count(key))],
            Call::Compute(key, value) => {
                let mut called = false;
                let now = self.0.compute(key, || {
                    called = true;
                    ft_sync::thread::yield_now();
                    value
                });
                match called {
                    true => vec![Step::Leads(key), Step::Landed(key, value, now)],
                    false => vec![Step::Ready(key, now)],
                }
            }
            Call::Len => {
                let len = dict.len();
                let steps = (0..SHARDS).map(Step::Counting);
                steps.chain([Step::Len(len)]).collect()
            }
            Call::Clear => {
                dict.clear();
                (0..SHARDS).map(Step::ShardCleared).collect()
            }
            Call::Iter => by_shard(dict.iter()),
            Call::Copy => by_shard(dict.clone().iter()),
            Call::PopAny => match dict.pop_any() {
                None => (0..SHARDS).map(Step::ShardEmpty).collect(),
                Some((key, value)) => vec![Step::Popped(dict_shard(key), key, value)],
            },
        }
    }

    fn last(&self) -> Vec<Step> {
        by_shard(self.0.real().iter())
    }
}

/// What was seen of each shard. Before the dictionary is divided, all shards are seen at one moment.
fn by_shard(items: impl Iterator<Item = (u64, u32)>) -> Vec<Step> {
    let mut shards = vec![BTreeMap::new(); SHARDS];
    for (key, value) in items {
        let twice = shards[dict_shard(key)].insert(key, value);
        assert!(twice.is_none(), "a walk met the key {key} twice");
    }
    (shards.into_iter().enumerate())
        .map(|(shard, items)| Step::Shard(shard, items))
        .collect()
}

/// The shard of a key, which is the same in every dictionary.
fn dict_shard(key: u64) -> usize {
    dict().shard_of(&key)
}

#[test]
fn everything() {
    check::<Recorded<Dict>>();
}

/// Broken dictionaries, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::rejects;

    /// Counts in two steps.
    struct GetThenInsert(Dict);

    impl Map for GetThenInsert {
        fn new() -> Self {
            Self(dict())
        }
        fn real(&self) -> &Dict {
            &self.0
        }
        fn count(&self, key: u64) -> u32 {
            let value = self.0.get(&key).unwrap_or(0) + 1;
            self.0.insert(key, value);
            value
        }
    }

    #[test]
    fn get_then_insert() {
        rejects::<Recorded<GetThenInsert>>();
    }

    /// Lets every thread that misses a key compute it, and keeps one result.
    struct ComputesTwice(Dict);

    impl Map for ComputesTwice {
        fn new() -> Self {
            Self(dict())
        }
        fn real(&self) -> &Dict {
            &self.0
        }
        fn compute(&self, key: u64, f: impl FnOnce() -> u32) -> u32 {
            if let Some(value) = self.0.get(&key) {
                return value;
            }
            let value = f();
            self.0.entry(&key, |entry| *entry.or_insert(key, value))
        }
    }

    #[test]
    fn computes_twice() {
        rejects::<Recorded<ComputesTwice>>();
    }
}
