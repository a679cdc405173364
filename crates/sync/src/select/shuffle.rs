//! A random order, so that no case is always the first to be tried.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
};

thread_local! {
    /// The state of Marsaglia's xorshift64, which is never 0. 0 means that there is none yet.
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// Puts the items into a random order. Under loom and shuttle, which replay schedules, it leaves
/// them as they are.
///
/// It is as random as fairness needs, and no more.
pub fn shuffle<T>(items: &mut [T]) {
    if cfg!(any(ft_loom, ft_shuttle)) {
        return;
    }
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1));
    }
}

fn below(bound: usize) -> usize {
    let mut x = STATE.get();
    if x == 0 {
        // Two threads should not agree on an order.
        x = RandomState::new().hash_one(0) | 1;
    }
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    STATE.set(x);
    // The upper half of the product is below the bound, and fits again.
    ((u128::from(x) * bound as u128) >> 64) as usize
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_lost() {
        for count in 0..5 {
            let mut items: Vec<_> = (0..count).collect();
            shuffle(&mut items);
            items.sort_unstable();
            assert_eq!(items, Vec::from_iter(0..count));
        }
    }

    /// Each item comes first about equally often.
    #[test]
    fn each_is_first() {
        let mut firsts = [0_u32; 4];
        for _ in 0..40_000 {
            let mut items = [0, 1, 2, 3];
            shuffle(&mut items);
            firsts[items[0]] += 1;
        }
        // Six standard deviations of 87.
        assert!(
            firsts.iter().all(|&n| n.abs_diff(10_000) < 520),
            "{firsts:?}"
        );
    }
}
