//! What a cache calls.

use crate::cause::Cause;

/// What a cache does with each entry that leaves it.
pub(crate) type Listener<K, V> = Box<dyn Fn(&K, &V, Cause) + Send + Sync>;
/// What a cache asks for the weight of an entry.
pub(crate) type Weigher<K, V> = Box<dyn Fn(&K, &V) -> u64 + Send + Sync>;
