//! Keys of dictionaries and caches.

use std::hash::{BuildHasherDefault, Hasher};

/// A hasher that is the same in each run, so that schedules can be repeated.
pub type Fixed = BuildHasherDefault<FixedHasher>;

/// See [`Fixed`].
#[derive(Default)]
pub struct FixedHasher(u64);

impl Hasher for FixedHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are u64");
    }

    fn write_u64(&mut self, key: u64) {
        // Odd and even keys are in different shards, whether the shard is taken from the upper bits, as without a model,
        // or from the lower ones.
        self.0 = key << 56 | key;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
