//! Sequences of keys that programs ask for, the same each time.

use crate::cell::Numbers;

/// How many keys the popular ones are chosen from.
const KEYS: usize = 100_000;
/// How many keys a trace asks for.
const LENGTH: usize = 600_000;
/// From this key on, keys are not among the popular ones.
const OTHERS: u64 = 1 << 40;

/// Chooses keys by Zipf's law: the n-th key comes 1/n^a times as often as the first.
pub struct Zipf {
    /// For each key, the part of all choices that it and the keys before it have.
    sums: Vec<f64>,
}

impl Zipf {
    /// Chooses from so many keys.
    pub fn new(keys: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let add = |rank: usize| {
            sum += (rank as f64).powf(-exponent);
            sum
        };
        let mut sums: Vec<f64> = (1..=keys).map(add).collect();
        sums.iter_mut().for_each(|part| *part /= sum);
        Self { sums }
    }

    /// Returns the key that belongs to a random number.
    pub fn pick(&self, number: u64) -> u64 {
        let part = (number >> 11) as f64 / (1_u64 << 53) as f64;
        self.sums.partition_point(|&sum| sum < part) as u64
    }
}

/// A trace, with its name.
pub struct Trace {
    /// What it is like.
    pub name: &'static str,
    /// The keys, in order.
    pub keys: Vec<u64>,
}

/// Returns the traces for a cache of that capacity, on which the lengths of loops depend.
pub fn all(capacity: u64) -> Vec<Trace> {
    let trace = |name, keys| Trace { name, keys };
    let zipf = |exponent, seed| {
        let zipf = Zipf::new(KEYS, exponent);
        let mut numbers = Numbers::new(seed);
        move || zipf.pick(numbers.next())
    };
    let repeat = |mut next: Box<dyn FnMut() -> u64>| (0..LENGTH).map(|_| next()).collect();
    vec![
        trace("Zipf 0.7", repeat(Box::new(zipf(0.7, 1)))),
        trace("Zipf 0.9", repeat(Box::new(zipf(0.9, 2)))),
        trace("Zipf 1.0", repeat(Box::new(zipf(1.0, 3)))),
        trace("Zipf 1.1", repeat(Box::new(zipf(1.1, 4)))),
        trace("Zipf 0.9 and scans", scans(zipf(0.9, 5))),
        trace(
            "loop of 1.5 times the capacity",
            in_a_loop(capacity * 3 / 2),
        ),
        trace("loop of 3 times the capacity", in_a_loop(capacity * 3)),
        trace("mix", mix(zipf(0.9, 6), capacity)),
        trace("Zipf 1.0 whose keys change", changing(zipf(1.0, 7))),
        trace("only what is new", news(capacity)),
    ]
}

fn in_a_loop(keys: u64) -> Vec<u64> {
    (0..LENGTH as u64).map(|turn| turn % keys).collect()
}

/// Every 20,000 keys there come 10,000 that come only once.
fn scans(mut popular: impl FnMut() -> u64) -> Vec<u64> {
    let mut once = OTHERS..;
    let key = |turn| match turn % 30_000 {
        0..20_000 => popular(),
        _ => once.next().unwrap_or(0),
    };
    (0..LENGTH).map(key).collect()
}

/// Popular keys that change slowly, a scan, and a loop of 1.25 times the capacity, in turns.
fn mix(mut popular: impl FnMut() -> u64, capacity: u64) -> Vec<u64> {
    let (mut once, mut looped) = (OTHERS.., (0..capacity * 5 / 4).cycle());
    let key = |turn| match turn % 35_000 {
        0..20_000 => (popular() + 500 * (turn as u64 / 35_000)) % KEYS as u64,
        20_000..25_000 => once.next().unwrap_or(0),
        _ => 2 * OTHERS + looped.next().unwrap_or(0),
    };
    (0..LENGTH).map(key).collect()
}

/// Every 100,000 keys, others become popular.
fn changing(mut popular: impl FnMut() -> u64) -> Vec<u64> {
    let key = |turn| popular() + OTHERS * (turn as u64 / 100_000);
    (0..LENGTH).map(key).collect()
}

/// Half of the keys are new, and the other half came lately.
fn news(capacity: u64) -> Vec<u64> {
    let mut numbers = Numbers::new(8);
    let key = |turn: usize| {
        let newest = OTHERS + turn as u64 / 2;
        let part = (numbers.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let back = (part.powi(3) * capacity as f64 * 1.5) as u64;
        match turn % 2 {
            0 => newest,
            _ => newest - back,
        }
    };
    (0..LENGTH).map(key).collect()
}
