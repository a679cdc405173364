//! `ConcurrentCache`, beside a `BTreeMap` that is told of each entry that was evicted. Hashes collide, comparisons have
//! to be made outside of the lock, and weights differ.

use super::concurrent_dict::{Key, Plain};
use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, of, one},
};
use ft_concurrent_cache::{Cause, Claim, ConcurrentCache, Query, Terms, Walk};
use ft_sync::thread_local;
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use std::{cell::RefCell, collections::BTreeMap, hash::BuildHasher, iter};

/// Ways in which a relative is broken.
const FORGETS_WEIGHTS: u8 = 1;
const LOOKS_THEN_REMOVES: u8 = 2;
const KEEPS_ITS_CAPACITY: u8 = 3;

pub struct Cache<const BROKEN: u8 = 0> {
    cache: ConcurrentCache<Key, Token, Plain>,
    setup: Setup,
}

#[derive(Clone, Debug)]
pub struct Setup {
    capacity: u64,
    parts: usize,
    /// How many different hashes there are.
    hashes: u64,
    /// Whether keys can be told apart under the lock.
    peeks: bool,
}

struct Look<'a>(u32, &'a Setup);

impl Query<Key> for Look<'_> {
    type Error = Blown;

    fn hash<S: BuildHasher>(&self, build: &S) -> u64 {
        let hash = u64::from(self.0) % self.1.hashes;
        build.hash_one(hash.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn peek(&self, stored: &Key) -> Option<bool> {
        self.1.peeks.then(|| stored.value() == self.0)
    }

    fn compare(&self, stored: &Key) -> Result<bool, Blown> {
        fuse::burn()?;
        Ok(stored.value() == self.0)
    }

    fn keep(stored: &Key) -> Key {
        stored.clone()
    }

    fn is_same(one: &Key, other: &Key) -> bool {
        one.is_same(other)
    }
}

thread_local! {
    /// What the listener has heard in this call.
    static EVICTED: RefCell<Vec<(u32, u32)>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Debug)]
pub enum Call {
    Get(u32),
    /// With a weight.
    Insert(u32, u64),
    Remove(u32),
    /// Makes a value once, however many threads ask for it.
    GetOrMake(u32),
    /// That many keys, from this one on.
    InsertMany(u32, u32),
    RemoveOdd,
    Items,
    Weight,
    SetCapacity(u64),
    Clear,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Value(Option<u32>),
    /// The key got this value, and had this one before.
    Inserted(u32, u32, Option<u32>),
    /// The entry was evicted.
    Evicted(u32, u32),
    Weight(u64),
    Items(Vec<(u32, u32)>),
    Done,
}

/// Each key with its value and its weight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    items: BTreeMap<u32, (u32, u64)>,
    capacity: u64,
}

const CAPACITIES: [u64; 7] = [1, 2, 3, 10, 50, 1_000, u64::MAX];
/// The weight of a value that was made, or is one of many.
const LIGHT: u64 = 1;

impl<const BROKEN: u8> Cache<BROKEN> {
    fn look(&self, key: u32) -> Look<'_> {
        Look(key, &self.setup)
    }

    fn get(&self, key: u32) -> Result<Option<u32>, Blown> {
        let value = self.cache.try_read(&self.look(key), Token::clone)?;
        Ok(value.map(|value| value.value()))
    }

    fn insert(&self, key: u32, value: u32, weight: u64) -> Result<Option<u32>, Blown> {
        let (stored, value) = (Key::new(key), Token::new(value));
        let weight = match BROKEN {
            FORGETS_WEIGHTS => LIGHT,
            _ => weight,
        };
        let terms = Terms::new().weight(weight);
        let look = self.look(key);
        let old = (self.cache).try_insert(&look, || stored.clone(), value, terms)?;
        Ok(old.map(|old| old.value()))
    }

    fn get_or_make(&self, key: u32, value: u32) -> Result<Option<u32>, Blown> {
        let look = self.look(key);
        let stored = Key::new(key);
        let new = || stored.clone();
        loop {
            match self.cache.try_claim(&look, new)? {
                Claim::Ready(value) => return Ok(Some(value.value())),
                Claim::Leader(leader) => {
                    fuse::burn()?;
                    let value = leader.publish(&look, new, Token::new(value))?;
                    return Ok(Some(value.value()));
                }
                Claim::Stale(..) => unreachable!("nothing expires"),
                Claim::Follower(flight) => {
                    assert!(!flight.is_led_by_me(), "a claim was not given up");
                    let landed = || flight.has_landed().then_some(());
                    flight.changed().wait_until(None, landed);
                }
            }
        }
    }

    fn items(&self) -> Answer {
        let item = |key: &Key, value: &Token| (key.value(), value.value());
        let mut walk = Walk::default();
        let parts = iter::from_fn(|| self.cache.collect_next(&mut walk, item));
        let mut items: Vec<_> = parts.flatten().collect();
        items.sort_unstable();
        Answer::Items(items)
    }
}

/// Returns what was evicted since the last call.
fn evicted() -> impl Iterator<Item = Answer> {
    let evicted = EVICTED.with(|evicted| std::mem::take(&mut *evicted.borrow_mut()));
    let answer = |(key, value)| Answer::Evicted(key, value);
    evicted.into_iter().map(answer)
}

impl<const BROKEN: u8> Target for Cache<BROKEN> {
    const NAME: &'static str = match BROKEN {
        FORGETS_WEIGHTS => "concurrent_cache that forgets weights",
        LOOKS_THEN_REMOVES => "concurrent_cache that removes in two steps",
        KEEPS_ITS_CAPACITY => "concurrent_cache that keeps its capacity",
        _ => "concurrent_cache",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = Setup;
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = Model;

    fn setups() -> BoxedStrategy<Setup> {
        let hashes = select(vec![1, 2, 7, u64::MAX]);
        let capacity = select(CAPACITIES.to_vec());
        (capacity, select(vec![1, 1, 2, 4]), hashes, any::<bool>())
            .prop_map(|(capacity, parts, hashes, peeks)| Setup {
                capacity,
                parts,
                hashes,
                peeks,
            })
            .boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        let key = || 0..if alone { 30_u32 } else { 4 };
        let only = u32::from(alone);
        let weights = vec![0, 1, 1, 1, 2, 5, 20];
        let insert = (key(), select(weights)).prop_map(|(key, weight)| Call::Insert(key, weight));
        let many = (0..100_u32, 1..60_u32);
        vec![
            of(4, key().prop_map(Call::Get)),
            of(6, insert),
            of(3, key().prop_map(Call::Remove)),
            // What is made may be returned and not stored, if the key is changed meanwhile. The model does not know.
            of(4 * only, key().prop_map(Call::GetOrMake)),
            // The calls from here on are not atomic.
            of(
                only,
                many.prop_map(|(from, count)| Call::InsertMany(from, count)),
            ),
            one(only, Call::RemoveOdd),
            one(only, Call::Items),
            one(only, Call::Weight),
            of(
                only,
                select(CAPACITIES.to_vec()).prop_map(Call::SetCapacity),
            ),
            one(only, Call::Clear),
        ]
    }

    fn new(setup: &Setup) -> Self {
        let builder = ConcurrentCache::builder()
            .max_weight(setup.capacity)
            .parts(setup.parts)
            .shards(2)
            .listener(|key: &Key, value: &Token, cause| {
                if cause == Cause::Evicted {
                    let item = (key.value(), value.value());
                    EVICTED.with(|evicted| evicted.borrow_mut().push(item));
                }
            });
        Self {
            cache: builder.hasher(Plain).build(),
            setup: setup.clone(),
        }
    }

    fn model(setup: &Setup) -> Model {
        Model {
            items: BTreeMap::new(),
            capacity: setup.capacity,
        }
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        EVICTED.with(|evicted| evicted.borrow_mut().clear());
        let answer = match *call {
            Call::Get(key) => Answer::Value(self.get(key)?),
            Call::Insert(key, weight) => Answer::Value(self.insert(key, place.value(), weight)?),
            Call::Remove(key) => {
                let look = self.look(key);
                let found = match BROKEN {
                    LOOKS_THEN_REMOVES => self.get(key)?,
                    _ => None,
                };
                let removed = self.cache.try_remove(&look)?;
                Answer::Value(match BROKEN {
                    LOOKS_THEN_REMOVES => found,
                    _ => removed.map(|value| value.value()),
                })
            }
            Call::GetOrMake(key) => Answer::Value(self.get_or_make(key, place.value())?),
            // If the call failed after some of the keys, those would be there. So it does not fail.
            Call::InsertMany(from, count) => {
                fuse::put_out();
                let mut answers = Vec::new();
                for number in 0..count {
                    let (key, value) = (from + number, place.value() + number);
                    let old = self.insert(key, value, LIGHT)?;
                    answers.push(Answer::Inserted(key, value, old));
                    answers.extend(evicted());
                }
                return Ok(answers);
            }
            Call::RemoveOdd => {
                fuse::put_out();
                self.cache.remove_if(|key, _| key.value() % 2 == 1);
                Answer::Done
            }
            Call::Items => self.items(),
            Call::Weight => Answer::Weight(self.cache.weight()),
            Call::SetCapacity(capacity) => {
                if BROKEN != KEEPS_ITS_CAPACITY {
                    self.cache.set_capacity(capacity);
                }
                Answer::Done
            }
            Call::Clear => {
                self.cache.clear();
                Answer::Done
            }
        };
        Ok([answer].into_iter().chain(evicted()).collect())
    }

    fn step(model: &mut Model, place: Place, call: &Call, answer: &Answer) -> bool {
        if let Answer::Evicted(key, value) = answer {
            let evicted = model.items.remove(key);
            return evicted.is_some_and(|(stored, _)| stored == *value);
        }
        let new = place.value();
        let items = &mut model.items;
        if let Answer::Inserted(key, value, old) = *answer {
            let before = items.insert(key, (value, LIGHT));
            return before.map(|item| item.0) == old;
        }
        let expected = match *call {
            Call::Get(key) => Answer::Value(items.get(&key).map(|item| item.0)),
            Call::Insert(key, weight) => {
                let weight = weight.max(1);
                Answer::Value(items.insert(key, (new, weight)).map(|item| item.0))
            }
            Call::Remove(key) => Answer::Value(items.remove(&key).map(|item| item.0)),
            Call::GetOrMake(key) => Answer::Value(Some(items.entry(key).or_insert((new, LIGHT)).0)),
            Call::InsertMany(..) => return false,
            Call::RemoveOdd => {
                items.retain(|key, _| key % 2 == 0);
                Answer::Done
            }
            Call::Items => Answer::Items(items.iter().map(|(&key, item)| (key, item.0)).collect()),
            Call::Weight => {
                let weight = items.values().map(|item| item.1).sum();
                return weight <= model.capacity && *answer == Answer::Weight(weight);
            }
            Call::SetCapacity(capacity) => {
                model.capacity = capacity;
                Answer::Done
            }
            Call::Clear => {
                items.clear();
                Answer::Done
            }
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::Items, Call::Weight, Call::GetOrMake(0), Call::Items]
    }

    fn tokens(model: &Model) -> Option<usize> {
        Some(2 * model.items.len())
    }
}
