//! `ConcurrentDict`, beside a `BTreeMap`. Hashes collide, comparisons have to be made outside of the lock, and
//! tables grow.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, of, one},
};
use ft_concurrent_dict::{Claim, ConcurrentDict, Entry, Query};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher},
    sync::Arc,
};

/// Ways in which a relative is broken.
const TAKES_HASHES_FOR_KEYS: u8 = 1;
const LOOKS_THEN_INSERTS: u8 = 2;

pub struct Dict<const BROKEN: u8 = 0> {
    dict: ConcurrentDict<Key, Token, Plain>,
    setup: Setup,
}

#[derive(Clone, Debug)]
pub struct Setup {
    shards: usize,
    /// How many different hashes there are.
    hashes: u64,
    /// Whether keys can be told apart under the lock.
    peeks: bool,
}

/// A key. A key is the same as its copies, and as no other.
#[derive(Debug)]
pub struct Key(Arc<Token>);

impl Key {
    pub(super) fn new(key: u32) -> Self {
        Self(Arc::new(Token::new(key)))
    }

    pub(super) fn value(&self) -> u32 {
        self.0.value()
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        fuse::burn_or_panic();
        Self(Arc::clone(&self.0))
    }
}

/// A hasher that returns the number it is given.
#[derive(Clone, Copy)]
pub struct Plain;

pub struct PlainHasher(u64);

impl BuildHasher for Plain {
    type Hasher = PlainHasher;

    fn build_hasher(&self) -> PlainHasher {
        PlainHasher(0)
    }
}

impl Hasher for PlainHasher {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("it is given a number")
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

struct Look<'a, const BROKEN: u8>(u32, &'a Setup);

impl<const BROKEN: u8> Query<Key> for Look<'_, BROKEN> {
    type Error = Blown;

    fn hash<S: BuildHasher>(&self, build: &S) -> u64 {
        let hash = u64::from(self.0) % self.1.hashes;
        // The hash is spread over all bits, because the upper ones choose the shard.
        build.hash_one(hash.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn peek(&self, stored: &Key) -> Option<bool> {
        if BROKEN == TAKES_HASHES_FOR_KEYS {
            return Some(true);
        }
        self.1.peeks.then(|| stored.0.value() == self.0)
    }

    fn compare(&self, stored: &Key) -> Result<bool, Blown> {
        fuse::burn()?;
        Ok(stored.0.value() == self.0)
    }

    fn keep(stored: &Key) -> Key {
        stored.clone()
    }

    fn is_same(one: &Key, other: &Key) -> bool {
        Arc::ptr_eq(&one.0, &other.0)
    }
}

#[derive(Clone, Debug)]
pub enum Call {
    Get(u32),
    Insert(u32),
    Remove(u32),
    /// Calls foreign code under the lock.
    Update(u32),
    /// Makes a value once, however many threads ask for it.
    GetOrMake(u32),
    /// That many keys, from this one on.
    InsertMany(u32, u32),
    RemoveMany(u32, u32),
    Len,
    Items,
    CopyShards,
    PopAny,
    Clear,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Value(Option<u32>),
    Values(Vec<Option<u32>>),
    Len(usize),
    Items(Vec<(u32, u32)>),
    Item(Option<(u32, u32)>),
    Done,
}

impl<const BROKEN: u8> Dict<BROKEN> {
    fn look(&self, key: u32) -> Look<'_, BROKEN> {
        Look(key, &self.setup)
    }

    fn get(&self, key: u32) -> Result<Option<u32>, Blown> {
        let value = self
            .dict
            .try_read(&self.look(key), |value| value.cloned())?;
        Ok(value.map(|value| value.value()))
    }

    fn insert(&self, key: u32, value: u32) -> Result<Option<u32>, Blown> {
        let (stored, value) = (Key::new(key), Token::new(value));
        let look = self.look(key);
        let old = self.dict.try_entry(&look, |entry| match entry {
            Entry::Occupied(mut entry) => Some(entry.replace(value)),
            Entry::Vacant(entry) => {
                entry.insert(stored, value);
                None
            }
        })?;
        Ok(old.map(|old| old.value()))
    }

    fn remove(&self, key: u32) -> Result<Option<u32>, Blown> {
        let old = self.dict.try_entry(&self.look(key), |entry| match entry {
            Entry::Occupied(entry) => Some(entry.remove()),
            Entry::Vacant(_) => None,
        })?;
        Ok(old.map(|(_, value)| value.value()))
    }

    fn update(&self, key: u32, value: u32) -> Result<Option<u32>, Blown> {
        let value = Token::new(value);
        let old = self.dict.try_entry(&self.look(key), |entry| {
            fuse::burn()?;
            Ok(match entry {
                Entry::Occupied(mut entry) => Some(std::mem::replace(entry.get_mut(), value)),
                Entry::Vacant(_) => None,
            })
        })??;
        Ok(old.map(|old| old.value()))
    }

    fn get_or_make(&self, key: u32, value: u32) -> Result<Option<u32>, Blown> {
        let look = self.look(key);
        if BROKEN == LOOKS_THEN_INSERTS {
            if let Some(value) = self.get(key)? {
                return Ok(Some(value));
            }
            self.insert(key, value)?;
            return Ok(Some(value));
        }
        let stored = Key::new(key);
        let new = || stored.clone();
        loop {
            match self.dict.try_claim(&look, new)? {
                Claim::Ready(value) => return Ok(Some(value.value())),
                Claim::Leader(leader) => {
                    fuse::burn()?;
                    // `publish` clones the value after it has stored it, and a panic there would not undo that.
                    fuse::no_panics();
                    let value = leader.publish(&look, new, Token::new(value))?;
                    return Ok(Some(value.value()));
                }
                Claim::Follower(flight) => {
                    assert!(!flight.is_led_by_me(), "a claim was not given up");
                    let landed = || flight.has_landed().then_some(());
                    flight.changed().wait_until(None, landed);
                }
            }
        }
    }
}

impl<const BROKEN: u8> Target for Dict<BROKEN> {
    const NAME: &'static str = match BROKEN {
        TAKES_HASHES_FOR_KEYS => "concurrent_dict that takes hashes for keys",
        LOOKS_THEN_INSERTS => "concurrent_dict that makes values twice",
        _ => "concurrent_dict",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = Setup;
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = BTreeMap<u32, u32>;

    fn setups() -> BoxedStrategy<Setup> {
        let hashes = select(vec![1, 2, 7, u64::MAX]);
        (select(vec![2, 2, 8]), hashes, any::<bool>())
            .prop_map(|(shards, hashes, peeks)| Setup {
                shards,
                hashes,
                peeks,
            })
            .boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        let key = || 0..if alone { 30_u32 } else { 4 };
        let only = u32::from(alone);
        let many = || {
            (
                0..100_u32,
                select(vec![1, 3, 4, 7, 8, 14, 15, 28, 29, 56, 57]),
            )
        };
        vec![
            of(4, key().prop_map(Call::Get)),
            of(4, key().prop_map(Call::Insert)),
            of(4, key().prop_map(Call::Remove)),
            of(2, key().prop_map(Call::Update)),
            of(3, key().prop_map(Call::GetOrMake)),
            // The calls from here on are not atomic.
            of(
                only,
                many().prop_map(|(from, count)| Call::InsertMany(from, count)),
            ),
            of(
                only,
                many().prop_map(|(from, count)| Call::RemoveMany(from, count)),
            ),
            one(only, Call::Len),
            one(only, Call::Items),
            one(only, Call::CopyShards),
            one(only, Call::PopAny),
            one(only, Call::Clear),
        ]
    }

    fn new(setup: &Setup) -> Self {
        Self {
            dict: ConcurrentDict::with_shards_and_hasher(setup.shards, Plain),
            setup: setup.clone(),
        }
    }

    fn model(_setup: &Setup) -> Self::Model {
        BTreeMap::new()
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        let dict = &self.dict;
        let items = |items: Vec<(Key, Token)>| {
            let item = |(key, value): &(Key, Token)| (key.0.value(), value.value());
            let mut items: Vec<_> = items.iter().map(item).collect();
            items.sort_unstable();
            Answer::Items(items)
        };
        Ok(vec![match *call {
            Call::Get(key) => Answer::Value(self.get(key)?),
            Call::Insert(key) => Answer::Value(self.insert(key, place.value())?),
            Call::Remove(key) => Answer::Value(self.remove(key)?),
            Call::Update(key) => Answer::Value(self.update(key, place.value())?),
            Call::GetOrMake(key) => Answer::Value(self.get_or_make(key, place.value())?),
            // If the call failed after some of the keys, those would be there. So it does not fail.
            Call::InsertMany(from, count) => {
                fuse::put_out();
                let insert = |n| self.insert(from + n, place.value() + n);
                Answer::Values((0..count).map(insert).collect::<Result<_, _>>()?)
            }
            Call::RemoveMany(from, count) => {
                fuse::put_out();
                let remove = |n| self.remove(from + n);
                Answer::Values((0..count).map(remove).collect::<Result<_, _>>()?)
            }
            Call::Len => Answer::Len(dict.len()),
            Call::Items => items(dict.iter().collect()),
            Call::CopyShards => items(dict.collect_all(|key, value| (key.clone(), value.clone()))),
            Call::PopAny => {
                let item = dict.pop_any();
                Answer::Item(item.map(|(key, value)| (key.0.value(), value.value())))
            }
            Call::Clear => {
                dict.clear();
                Answer::Done
            }
        }])
    }

    fn step(model: &mut Self::Model, place: Place, call: &Call, answer: &Answer) -> bool {
        let new = place.value();
        let expected = match *call {
            Call::Get(key) => Answer::Value(model.get(&key).copied()),
            Call::Insert(key) => Answer::Value(model.insert(key, new)),
            Call::Remove(key) => Answer::Value(model.remove(&key)),
            Call::Update(key) => {
                let old = model.get_mut(&key);
                Answer::Value(old.map(|old| std::mem::replace(old, new)))
            }
            Call::GetOrMake(key) => Answer::Value(Some(*model.entry(key).or_insert(new))),
            Call::InsertMany(from, count) => {
                let insert = |n| model.insert(from + n, new + n);
                Answer::Values((0..count).map(insert).collect())
            }
            Call::RemoveMany(from, count) => {
                let remove = |n| model.remove(&(from + n));
                Answer::Values((0..count).map(remove).collect())
            }
            Call::Len => Answer::Len(model.len()),
            Call::Items | Call::CopyShards => {
                Answer::Items(model.iter().map(|(&key, &value)| (key, value)).collect())
            }
            Call::PopAny => {
                return match answer {
                    Answer::Item(Some((key, value))) => model.remove(key) == Some(*value),
                    _ => model.is_empty(),
                };
            }
            Call::Clear => {
                model.clear();
                Answer::Done
            }
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![
            Call::Len,
            Call::GetOrMake(0),
            Call::GetOrMake(1),
            Call::Items,
        ]
    }

    fn tokens(model: &Self::Model) -> Option<usize> {
        Some(2 * model.len())
    }
}
