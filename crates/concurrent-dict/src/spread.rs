//! Makes good hashes of weak ones, and keeps neighbours together.

/// So many low bits stay together.
///
/// With longer runs, even more neighbours would share a cache line. But a run that meets another one
/// has to go far: where three of four places are taken, 42 % of the searches would look at a second
/// group of places with runs of 16, 29 % do with runs of 8, and 5 % would without runs.
const RUN: u32 = 3;

/// Makes a hash for a [`Query`](crate::Query) from a number that identifies the key but is no good
/// hash: an integer key itself, an address, or the hash that an interpreter gives its objects.
///
/// All 64 bits of the result depend on the number, and neighbours stay neighbours: numbers that
/// differ only in their lowest 3 bits come to lie beside each other in memory. So a loop over
/// consecutive numbers finds most keys in cache lines that it has just used. For numbers in random
/// order, it makes no difference.
///
/// ```
/// use ft_concurrent_dict::{ConcurrentDict, Query, spread};
/// use std::{convert::Infallible, hash::BuildHasher};
///
/// struct Id(u64);
///
/// impl Query<u64> for Id {
///     type Error = Infallible;
///
///     fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
///         spread(self.0)
///     }
///     fn peek(&self, stored: &u64) -> Option<bool> {
///         Some(self.0 == *stored)
///     }
///     fn compare(&self, stored: &u64) -> Result<bool, Infallible> {
///         Ok(self.0 == *stored)
///     }
///     fn keep(stored: &u64) -> u64 {
///         *stored
///     }
///     fn is_same(one: &u64, other: &u64) -> bool {
///         one == other
///     }
/// }
///
/// let names = ConcurrentDict::<u64, &str>::new();
/// names.try_entry(&Id(3), |entry| *entry.or_insert(3, "three"))?;
/// assert_eq!(names.try_read(&Id(3), |name| name.copied()), Ok(Some("three")));
/// # Ok::<(), Infallible>(())
/// ```
///
/// # How it works
///
/// The higher bits, the number of the run, go through the folded multiplication of wyhash (Wang Yi)
/// and related hashes; the factors are bits of pi. The lowest bits then number the places in the
/// run. The dictionary takes the place of a key from the low bits of its hash, the shard from bits
/// below the highest seven, and compares the highest seven before it looks at a key. So keys of one
/// run have one shard and consecutive places, and no two of them have the same highest bits.
///
/// It does not resist an attacker who chooses the numbers.
#[inline]
pub fn spread(number: u64) -> u64 {
    let within = number & ((1 << RUN) - 1);
    let run = u128::from((number >> RUN) ^ 0x243f_6a88_85a3_08d3);
    let product = run * 0x1319_8a2e_0370_7344;
    let start = product as u64 ^ (product >> 64) as u64;
    start ^ within ^ (within << 57)
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    /// The width of a group of places that hashbrown looks at together.
    const GROUP: usize = 16;
    const SHARDS: usize = 16;

    /// The places of one shard, with keys where hashbrown would put them.
    struct Places {
        full: Vec<bool>,
        hashes: Vec<u64>,
    }

    impl Places {
        /// Returns the first free place for a hash, and how many groups are before it.
        fn find(&self, hash: u64) -> (usize, usize) {
            let mask = self.full.len() - 1;
            let mut place = hash as usize & mask;
            for groups in 0.. {
                let mut places = (0..GROUP).map(|next| (place + next) & mask);
                if let Some(free) = places.find(|&place| !self.full[place]) {
                    return (free, groups);
                }
                place = (place + (groups + 1) * GROUP) & mask;
            }
            unreachable!()
        }

        /// Returns how many groups a search for each key looks at on average, if the table is as
        /// full as hashbrown allows.
        fn search(hashes: Vec<u64>) -> f64 {
            let places = 1 << (hashes.len() * 8 / 7).ilog2();
            let mut this = Self {
                full: vec![false; places],
                hashes,
            };
            this.hashes.truncate(places / 8 * 7);
            let mut groups = 0;
            for place in 0..this.hashes.len() {
                let (free, before) = this.find(this.hashes[place]);
                this.full[free] = true;
                groups += before + 1;
            }
            groups as f64 / this.hashes.len() as f64
        }
    }

    /// Python's hash of a float: the number modulo `2^61 - 1`.
    fn float(number: f64) -> u64 {
        const PRIME: u128 = (1 << 61) - 1;
        let bits = number.to_bits();
        let exponent = ((bits >> 52) as i64 - 1075).rem_euclid(61);
        let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
        (mantissa * (1 << exponent) % PRIME) as u64
    }

    /// The numbers of the keys.
    type Pattern = Box<dyn Fn(u64) -> u64>;

    /// Whatever keys a program uses, shards get about as many keys each, and a search looks at few
    /// groups, even where the tables are as full as they get.
    #[test]
    fn searches_are_short() {
        let mut patterns: Vec<(String, Pattern)> = vec![
            ("in order".into(), Box::new(|n| n)),
            ("from the middle".into(), Box::new(|n| n + 123_456_789)),
            ("negative".into(), Box::new(|n| (n + 2).wrapping_neg())),
            ("pairs".into(), Box::new(|n| ((n / 500) << 32) | (n % 500))),
            (
                "long pairs".into(),
                Box::new(|n| ((n / 20_000) << 40) | (n % 20_000)),
            ),
            (
                "grid".into(),
                Box::new(|n| ((n >> 9) << 20) | ((n & 511) << 3)),
            ),
            (
                "addresses".into(),
                Box::new(|n| 0x07f1_2345_0000 + n * 4 + n / 60 * 16),
            ),
            ("halves".into(), Box::new(|n| float(n as f64 / 2.0 + 0.5))),
            (
                "thousandths".into(),
                Box::new(|n| float(n as f64 / 1000.0 + 0.5)),
            ),
        ];
        for factor in [2, 3, 24, 48, 100, 1_000, 3_600, 1_000_000_000] {
            patterns.push((format!("times {factor}"), Box::new(move |n| n * factor)));
        }
        for shift in 1..48 {
            patterns.push((format!("shifted by {shift}"), Box::new(move |n| n << shift)));
        }
        for (name, number) in &patterns {
            let mut shards = vec![Vec::new(); SHARDS];
            let keys = 30_000;
            for hash in (0..keys).map(|n| spread(number(n))) {
                // As `Table` does.
                shards[(hash << 7 >> (64 - SHARDS.ilog2())) as usize].push(hash);
            }
            let most = shards.iter().map(Vec::len).max().unwrap();
            assert!(
                most * SHARDS < keys as usize * 6 / 5,
                "{name}: {most} keys in a shard"
            );
            let groups: f64 = shards.into_iter().map(Places::search).sum();
            let groups = groups / SHARDS as f64;
            assert!(groups < 4.0, "{name}: a search looks at {groups:.1} groups");
        }
    }

    /// The keys of a run have the same shard, lie in a row, and differ in the bits that are compared.
    #[test]
    fn neighbours_stay_together() {
        for run in [0, 1, 12_345, u64::MAX >> RUN] {
            let hashes = (0..1 << RUN).map(|within| spread(run << RUN | within));
            let places = hashes.clone().map(|hash| hash << 7 >> 7 >> RUN);
            assert_eq!(
                places.min(),
                hashes.clone().map(|hash| hash << 7 >> 7 >> RUN).max()
            );
            let mut tags: Vec<_> = hashes.map(|hash| hash >> 57).collect();
            tags.sort_unstable();
            tags.dedup();
            assert_eq!(tags.len(), 1 << RUN);
        }
    }
}
