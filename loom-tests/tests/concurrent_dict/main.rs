//! Models of `ft-concurrent-dict`: its search, its readers that only announce themselves, and the
//! computation of missing keys.
//!
//! Under loom the shards are in loom's cells, behind the lock that ships. So if a reader and a writer, or two
//! writers, can be in a shard at the same time, a model fails, whatever it is about.
#![cfg(ft_loom)]

use std::convert::Infallible;
use std::hash::BuildHasher;

use ft_concurrent_dict::{ConcurrentDict, Entry, Query};
use ft_sync::{Arc, thread};
use loom_tests::threads::pair;

mod computing;
mod dividing;
mod entries;
mod reading;

type Dict<V> = ConcurrentDict<Key, V>;

/// A key that can be compared only outside of the lock, unless it is the same.
#[derive(Clone)]
struct Key(std::sync::Arc<u8>);

/// Looks for a key by its number. All numbers have the same hash, and so the same shard and place.
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
        // Other threads run here, because a comparison may take any time.
        thread::yield_now();
        Ok(self.0 == *stored.0)
    }
    fn keep(stored: &Key) -> Key {
        stored.clone()
    }
    fn is_same(one: &Key, other: &Key) -> bool {
        std::sync::Arc::ptr_eq(&one.0, &other.0)
    }
}

fn key(number: u8) -> Key {
    Key(std::sync::Arc::new(number))
}

fn shared<V>() -> (Arc<Dict<V>>, Arc<Dict<V>>) {
    pair(Dict::with_shards(2))
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
