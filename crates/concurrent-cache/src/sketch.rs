//! How often keys were asked for lately, more or less.
//!
//! This is the frequency sketch of TinyLFU (Einziger, Friedman and Manes, "TinyLFU: A Highly
//! Efficient Cache Admission Policy", 2017): a count-min sketch with counters of four bits, all of
//! which are halved from time to time. It takes the place of a list of keys that were evicted, and
//! takes 16 to 32 bytes for each entry of the cache, however many keys there were. As in Caffeine, the
//! counters of a key are in one cache line.

/// The number of counters of each key, of which the least counts.
const ROWS: usize = 4;
/// The largest count.
const MOST: u64 = 15;
/// All bits but the upper one of each counter.
const LOWER_BITS: u64 = 0x7777_7777_7777_7777;
/// The number of words in a block, which has all counters of a key and is a cache line.
const BLOCK: usize = 8;
/// The number of words for each entry, at least.
const WORDS: usize = 2;
/// After how many additions for each entry the counters are halved.
const PERIOD: u64 = 8;

pub(crate) struct Sketch {
    /// Words of sixteen counters each. The number of blocks is a power of two.
    blocks: Vec<[u64; BLOCK]>,
    /// How many entries there are room for.
    entries: usize,
    /// How much was added since the counters were halved, less what halving has removed.
    added: u64,
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self {
            blocks: vec![[0; BLOCK]],
            entries: BLOCK / WORDS,
            added: 0,
        }
    }

    /// Makes room for that many entries.
    pub(crate) fn reserve(&mut self, entries: usize) {
        self.entries = self.entries.max(entries);
        while BLOCK * self.blocks.len() < WORDS * entries {
            // A key has its counters at the same place in each half, so no count changes.
            self.blocks.extend_from_within(..);
        }
    }

    /// Returns about how often the key with this hash was added.
    pub(crate) fn count(&self, hash: u64) -> u64 {
        let (block, places) = self.places(hash);
        let words = &self.blocks[block];
        let counts = places.map(|(word, shift)| (words[word] >> shift) & MOST);
        counts.into_iter().fold(MOST, u64::min)
    }

    /// Adds a key that many times.
    pub(crate) fn add(&mut self, hash: u64, times: u64) {
        let mut changed = false;
        let (block, places) = self.places(hash);
        let words = &mut self.blocks[block];
        for (word, shift) in places {
            let word = &mut words[word];
            let before = (*word >> shift) & MOST;
            let after = (before + times).min(MOST);
            *word += (after - before) << shift;
            changed |= after != before;
        }
        if changed {
            self.added += times;
            if self.added >= PERIOD * self.entries as u64 {
                self.halve();
            }
        }
    }

    #[cold]
    fn halve(&mut self) {
        for word in self.blocks.as_flattened_mut() {
            *word = (*word >> 1) & LOWER_BITS;
        }
        self.added /= 2;
    }

    /// Returns the block of the counters for a hash, and for each row the word of the block and the
    /// place in it.
    #[inline]
    fn places(&self, hash: u64) -> (usize, [(usize, u64); ROWS]) {
        let bits = mix(hash);
        let block = (bits >> 32) as usize & (self.blocks.len() - 1);
        // Each row has two words of the block, with 32 counters, and five bits to choose one.
        let places = std::array::from_fn(|row| {
            let choice = bits >> (5 * row);
            (2 * row + (choice & 1) as usize, 4 * (choice >> 1 & 15))
        });
        (block, places)
    }
}

/// Spreads a hash over all bits: the finalizer of SplitMix64.
pub(crate) fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn counts_up_to_fifteen() {
        let mut sketch = Sketch::new();
        sketch.reserve(100);
        assert_eq!(sketch.count(7), 0);
        sketch.add(7, 2);
        sketch.add(7, 1);
        assert_eq!(sketch.count(7), 3);
        sketch.add(7, 100);
        assert_eq!(sketch.count(7), 15);
    }

    #[test]
    fn growing_changes_no_count() {
        let mut sketch = Sketch::new();
        for hash in 0..10 {
            sketch.add(hash, hash);
        }
        let before: Vec<_> = (0..20).map(|hash| sketch.count(hash)).collect();
        sketch.reserve(1_000);
        assert_eq!(sketch.blocks.len(), 256);
        let after: Vec<_> = (0..20).map(|hash| sketch.count(hash)).collect();
        assert_eq!(before, after);
    }

    #[test]
    fn old_counts_fade() {
        let mut sketch = Sketch::new();
        sketch.add(7, 8);
        for hash in 0..2_000 {
            sketch.add(1_000 + hash, 1);
        }
        let mut faded = Sketch::new();
        faded.add(7, 8);
        faded.halve();
        assert_eq!(faded.count(7), 4);
        assert!(
            sketch
                .blocks
                .as_flattened()
                .iter()
                .all(|word| word & 0x8888_8888_8888_8888 == 0)
        );
    }
}
