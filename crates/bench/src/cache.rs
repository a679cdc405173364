//! The cache, beside `moka` and `quick_cache`, all with the standard library's hasher.

use crate::cell::{Cell, Numbers, Run, THREADS, libraries, on_threads};
use crate::traces::Zipf;
use ft_concurrent_cache::ConcurrentCache;
use std::{convert::Infallible, hash::RandomState, hint::black_box, sync::LazyLock};

/// How many entries a cache holds.
const CAPACITY: u64 = 10_000;
/// How many keys the work that misses asks for.
const KEYS: usize = 50_000;

/// A cache, as the benchmarks and the traces use it.
pub trait Cache: Sync {
    /// Creates a cache that holds up to that many entries.
    fn new(capacity: u64) -> Self;
    /// Returns a value.
    fn get(&self, key: u64) -> Option<u64>;
    /// Stores a value.
    fn insert(&self, key: u64, value: u64);
    /// Returns a value, or computes it once.
    fn compute(&self, key: u64) -> u64;
    /// Does what the cache has put off.
    fn settle(&self) {}
}

impl Cache for ConcurrentCache<u64, u64> {
    fn new(capacity: u64) -> Self {
        Self::new(capacity)
    }

    fn get(&self, key: u64) -> Option<u64> {
        self.get(&key)
    }

    fn insert(&self, key: u64, value: u64) {
        self.insert(key, value);
    }

    fn compute(&self, key: u64) -> u64 {
        self.get_or_compute(key, || key)
    }
}

impl Cache for moka::sync::Cache<u64, u64> {
    fn new(capacity: u64) -> Self {
        Self::new(capacity)
    }

    fn get(&self, key: u64) -> Option<u64> {
        self.get(&key)
    }

    fn insert(&self, key: u64, value: u64) {
        self.insert(key, value);
    }

    fn compute(&self, key: u64) -> u64 {
        self.get_with(key, || key)
    }

    fn settle(&self) {
        self.run_pending_tasks();
    }
}

type Weighter = quick_cache::UnitWeighter;
/// With std's hasher.
pub type QuickCache = quick_cache::sync::Cache<u64, u64, Weighter, RandomState>;

impl Cache for QuickCache {
    fn new(capacity: u64) -> Self {
        Self::with(
            capacity as usize,
            capacity,
            Weighter::default(),
            RandomState::new(),
            quick_cache::sync::DefaultLifecycle::default(),
        )
    }

    fn get(&self, key: u64) -> Option<u64> {
        self.get(&key)
    }

    fn insert(&self, key: u64, value: u64) {
        self.insert(key, value);
    }

    fn compute(&self, key: u64) -> u64 {
        let Ok(value) = self.get_or_insert_with(&key, || Ok::<_, Infallible>(key));
        value
    }
}

/// Keys as a program asks for them, most often for a few.
static ZIPF: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let zipf = Zipf::new(KEYS, 1.0);
    let mut numbers = Numbers::new(99);
    (0..1 << 18).map(|_| zipf.pick(numbers.next())).collect()
});

fn filled<C: Cache>() -> C {
    let cache = C::new(CAPACITY);
    // All keys fit, also where the capacity is divided.
    for key in 0..CAPACITY / 2 {
        cache.insert(key, key);
    }
    cache.settle();
    for key in 0..CAPACITY / 2 {
        cache.get(key);
    }
    cache.settle();
    cache
}

/// Calls `work` on each thread with numbers, other ones on each.
fn each<C: Cache>(
    cache: &C,
    threads: usize,
    operations: usize,
    work: impl Fn(&C, &mut Numbers) + Sync,
) -> Run {
    on_threads(threads, |index| {
        let mut numbers = Numbers::new(index);
        for _ in 0..operations {
            work(cache, &mut numbers);
        }
    })
}

fn hit<C: Cache>(cache: &C, numbers: &mut Numbers) {
    black_box(cache.get(numbers.next() % (CAPACITY / 2)));
}

fn hit_hot<C: Cache>(cache: &C, _: &mut Numbers) {
    black_box(cache.get(7));
}

fn write_some<C: Cache>(cache: &C, numbers: &mut Numbers) {
    let key = numbers.next() % (CAPACITY / 2);
    match numbers.once_in(10) {
        true => cache.insert(key, key),
        false => drop(black_box(cache.get(key))),
    }
}

fn get_or_insert<C: Cache>(cache: &C, numbers: &mut Numbers) {
    let key = zipf(numbers);
    if cache.get(key).is_none() {
        cache.insert(key, key);
    }
}

fn compute<C: Cache>(cache: &C, numbers: &mut Numbers) {
    black_box(cache.compute(zipf(numbers)));
}

fn evict<C: Cache>(cache: &C, numbers: &mut Numbers) {
    let key = numbers.next();
    cache.insert(key, key);
}

fn zipf(numbers: &mut Numbers) -> u64 {
    ZIPF[numbers.next() as usize % ZIPF.len()]
}

macro_rules! cells {
    ($cells:ident, $($name:literal => $work:ident,)+) => {
        $(for threads in THREADS {
            $cells.push(Cell {
                primitive: "cache",
                work: $name,
                threads,
                libraries: libraries! {
                    move |cache: &_, operations| each(cache, threads, operations, $work);
                    "ours" => filled::<ConcurrentCache<u64, u64>>,
                    "moka" => filled::<moka::sync::Cache<u64, u64>>,
                    "quick_cache" => filled::<QuickCache>,
                },
            });
        })+
    };
}

pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    cells! { cells,
        "hit" => hit,
        "hit one hot key" => hit_hot,
        "one write in ten" => write_some,
        "get, insert if missing" => get_or_insert,
        "compute if missing" => compute,
        "insert and evict" => evict,
    }
    cells
}
