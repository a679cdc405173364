//! Prints which part of each trace the caches answer: `hit_rates`.
//!
//! One thread asks for the keys in order, and stores those that are missing. After each, `moka` does
//! what it has put off, as it would while a program does other work.

use ft_bench::{cache::Cache, cache::QuickCache, traces};
use ft_concurrent_cache::ConcurrentCache;

/// How many entries the caches hold.
const CAPACITIES: [u64; 3] = [500, 2_000, 10_000];

fn main() {
    println!("| trace | capacity | ours, % | moka, % | quick_cache, % | LRU, % | ours / moka |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for capacity in CAPACITIES {
        for trace in traces::all(capacity) {
            let ours = rate::<ConcurrentCache<u64, u64>>(capacity, &trace.keys);
            let moka = rate::<moka::sync::Cache<u64, u64>>(capacity, &trace.keys);
            let quick = rate::<QuickCache>(capacity, &trace.keys);
            let lru = lru(capacity, &trace.keys);
            println!(
                "| {} | {capacity} | {ours:.2} | {moka:.2} | {quick:.2} | {lru:.2} | {:.3} |",
                trace.name,
                ours / moka
            );
        }
    }
}

/// Returns how many in a hundred keys were there.
fn rate<C: Cache>(capacity: u64, keys: &[u64]) -> f64 {
    let cache = C::new(capacity);
    let hit = |key: &&u64| {
        let hit = cache.get(**key).is_some();
        if !hit {
            cache.insert(**key, 0);
        }
        cache.settle();
        hit
    };
    percent(keys.iter().filter(hit).count(), keys)
}

/// The least recently used entry is evicted.
fn lru(capacity: u64, keys: &[u64]) -> f64 {
    let mut last_use = std::collections::HashMap::new();
    let mut order = std::collections::BTreeMap::new();
    let mut hits = 0;
    for (time, &key) in keys.iter().enumerate() {
        if let Some(before) = last_use.insert(key, time) {
            order.remove(&before);
            hits += 1;
        } else if order.len() as u64 == capacity {
            let oldest = order.pop_first();
            oldest.map(|(_, key)| last_use.remove(&key));
        }
        order.insert(time, key);
    }
    percent(hits, keys)
}

fn percent(hits: usize, keys: &[u64]) -> f64 {
    100.0 * hits as f64 / keys.len() as f64
}
