//! Behavior seen from outside.

use ft_striped_counter::StripedCounter;
use ft_test_support::start_together;
use proptest::prelude::*;

#[test]
fn counts() {
    let counter = StripedCounter::default();
    counter.add(5);
    counter.add(-7);
    assert_eq!(counter.sum(), -2);
    assert_eq!(format!("{counter:?}"), "StripedCounter(-2)");
    assert_eq!(counter.sum_then_reset(), -2);
    assert_eq!(counter.sum(), 0);
}

#[test]
fn wraps_around() {
    let counter = StripedCounter::new();
    counter.add(i64::MAX);
    counter.add(1);
    assert_eq!(counter.sum(), i64::MIN);
}

#[test]
fn threads_lose_nothing() {
    const THREADS: usize = 8;
    const ROUNDS: i64 = 20_000;
    let counter = StripedCounter::new();
    let taken = StripedCounter::new();
    start_together(THREADS, |index| {
        for n in 0..ROUNDS {
            counter.add(n % 3);
            if index == 0 && n % 100 == 0 {
                taken.add(counter.sum_then_reset());
            }
        }
    });
    let expected: i64 = (0..ROUNDS).map(|n| n % 3).sum();
    assert_eq!(taken.sum() + counter.sum(), expected * THREADS as i64);
}

/// While nothing negative is added, sums never go down.
#[test]
fn sums_grow() {
    let counter = StripedCounter::new();
    start_together(4, |index| {
        let mut last = 0;
        for _ in 0..5_000 {
            counter.add(1);
            if index == 0 {
                let sum = counter.sum();
                assert!(sum > last);
                last = sum;
            }
        }
    });
    assert_eq!(counter.sum(), 20_000);
}

proptest! {
    /// It does not matter where numbers are added.
    #[test]
    fn adds_up(numbers in prop::collection::vec((any::<usize>(), any::<i64>()), 0..50)) {
        let counter = StripedCounter::new();
        let mut sum = 0_i64;
        for (place, n) in numbers {
            counter.add_at(place, n);
            sum = sum.wrapping_add(n);
            prop_assert_eq!(counter.sum(), sum);
        }
    }
}
