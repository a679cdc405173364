//! Behavior of `ConcurrentDict` seen from outside.

use std::hash::BuildHasher;
use std::sync::Arc;

use ft_concurrent_dict::{ConcurrentDict, Query};

mod comparisons;
mod entries;
mod familiar;
#[cfg(unix)]
mod forks;
mod leaders;
mod model;
mod readings;

type Dict<V> = ConcurrentDict<Arc<String>, V>;

/// A query that cannot compare under the lock, gives every key the same hash, and calls `during` at each
/// comparison.
struct Slow<'a> {
    name: &'a str,
    during: &'a dyn Fn(&str) -> Result<(), String>,
}

impl Query<Arc<String>> for Slow<'_> {
    type Error = String;

    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        7
    }
    fn peek(&self, _: &Arc<String>) -> Option<bool> {
        None
    }
    fn compare(&self, stored: &Arc<String>) -> Result<bool, String> {
        (self.during)(stored)?;
        Ok(self.name == stored.as_str())
    }
    fn keep(stored: &Arc<String>) -> Arc<String> {
        stored.clone()
    }
    fn is_same(one: &Arc<String>, other: &Arc<String>) -> bool {
        Arc::ptr_eq(one, other)
    }
}

fn slow(name: &str) -> Slow<'_> {
    Slow {
        name,
        during: &|_| Ok(()),
    }
}
