//! Random calls, beside a `HashMap` that is told of everything that leaves the cache.

use ft_concurrent_cache::{Cause, ConcurrentCache, ManualClock, Terms};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

type Model = HashMap<u64, u64>;

/// Marsaglia's xorshift64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn every_departure_is_told() {
    for seed in 1..=20 {
        let mut numbers = Numbers(seed * 0x9E37_79B9);
        let model = Arc::new(Mutex::new(Model::new()));
        let clock = ManualClock::default();
        let told = Arc::clone(&model);
        let capacity = 1 + numbers.below(40);
        let cache = ConcurrentCache::builder()
            .max_weight(capacity)
            .parts(1 << numbers.below(3))
            .listener(move |key, value, cause| {
                let mut model = told.lock().unwrap();
                match cause {
                    // The new value may be there already.
                    Cause::Replaced => assert_ne!(model.get(key), Some(value)),
                    _ if model.get(key) == Some(value) => drop(model.remove(key)),
                    // An insertion has found the old value expired.
                    Cause::Expired => assert!(model.get(key) > Some(value)),
                    _ => panic!("{key}: {value} was not there ({cause:?})"),
                }
            })
            .clock(clock.clone())
            .build();
        for turn in 0..3_000 {
            let key = numbers.below(60);
            match numbers.below(12) {
                0..6 => {
                    model.lock().unwrap().insert(key, turn);
                    let mut terms = Terms::new().weight(1 + numbers.below(capacity));
                    if numbers.below(2) == 0 {
                        terms = terms.time_to_live(Duration::from_secs(numbers.below(20)));
                    }
                    if numbers.below(4) == 0 {
                        terms = terms.time_to_idle(Duration::from_secs(numbers.below(20)));
                    }
                    cache.insert_with(key, turn, terms);
                }
                6..9 => {
                    let value = cache.get(&key);
                    assert_eq!(value, model.lock().unwrap().get(&key).copied());
                }
                9 => drop(cache.remove(&key)),
                10 => clock.advance(Duration::from_secs(numbers.below(3))),
                _ => match numbers.below(20) {
                    0 => cache.clear(),
                    1 => cache.remove_if(|key, _| key % 3 == 0),
                    _ => drop(cache.remove_expired()),
                },
            }
            assert_eq!(cache.len(), model.lock().unwrap().len());
            assert!(cache.weight() <= capacity);
        }
    }
}
