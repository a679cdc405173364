//! Behavior of `StableReference` seen from outside.

use ft_atomic_reference::StableReference;
use ft_test_pool::{Pool, Pooled};
use ft_test_support::{Counted, Drops, start_together};
use proptest::prelude::*;
use std::sync::Arc;

/// The objects that the steps draw from.
const OBJECTS: usize = 3;

proptest! {
    /// A step is a kind of call, and two of the objects for it.
    #[test]
    fn like_a_variable(steps in prop::collection::vec((0..6, 0..OBJECTS, 0..OBJECTS), 0..50)) {
        let pool = Pool::default();
        let objects: [Pooled<usize>; OBJECTS] = std::array::from_fn(|number| pool.make(number));
        let slot = StableReference::from(objects[0].clone());
        let mut plain = 0;
        for (kind, one, other) in steps {
            let (expected, new) = (&objects[other], || objects[one].clone());
            match kind {
                0 => prop_assert_eq!((*slot.load(), slot.with(|it| **it)), (plain, plain)),
                1 => slot.store(new()),
                2 => prop_assert_eq!(*slot.exchange(new()), plain),
                3 => {
                    let done = slot.compare_exchange(expected, new());
                    prop_assert_eq!(done.is_ok(), other == plain);
                    prop_assert_eq!(*done.unwrap_or_else(|current| current), plain);
                }
                4 => {
                    let done = slot.try_replace(expected, new());
                    prop_assert_eq!(done.is_ok(), other == plain);
                    prop_assert_eq!(*done.unwrap_or_else(|refused| refused), if other == plain { plain } else { one });
                }
                _ => {
                    prop_assert_eq!(slot.try_update(|_| Err("no")).unwrap_err(), "no");
                    let change = slot.update(|_| new());
                    prop_assert_eq!((*change.before, *change.after), (plain, one));
                }
            }
            let changes = matches!(kind, 1 | 2 | 5) || matches!(kind, 3 | 4) && other == plain;
            if changes {
                plain = one;
            }
            prop_assert_eq!(slot.as_ptr(), ft_atomic_reference::TryCount::as_ptr(&objects[plain]));
            // One count is the slot's, one is ours.
            for (number, object) in objects.iter().enumerate() {
                prop_assert_eq!(object.count(), 1 + usize::from(number == plain));
            }
        }
        prop_assert_eq!(format!("{slot:?}"), format!("StableReference({plain})"));
        prop_assert_eq!(*slot.into_inner(), plain);
        prop_assert!(objects.iter().all(|object| object.count() == 1));
    }
}

#[test]
fn death_may_use_the_slot() {
    struct Heir(
        Arc<StableReference<Pooled<Option<Heir>>>>,
        Arc<Pool<Option<Heir>>>,
        usize,
    );
    impl Drop for Heir {
        fn drop(&mut self) {
            if self.2 > 0 {
                let heir = Heir(Arc::clone(&self.0), Arc::clone(&self.1), self.2 - 1);
                self.0.store(self.1.make(Some(heir)));
            }
        }
    }
    let pool = Arc::new(Pool::default());
    let slot = Arc::new(StableReference::new(pool.make(None)));
    let heir = Heir(Arc::clone(&slot), Arc::clone(&pool), 5);
    slot.store(pool.make(Some(heir)));
    slot.store(pool.make(None));
    // The heir that the first drop stored is there.
    assert_eq!(slot.load().as_ref().map(|heir| heir.2), Some(4));
    while slot.exchange(pool.make(None)).is_some() {}
    assert_eq!(Arc::strong_count(&slot), 1);
}

const THREADS: usize = 4;
const ROUNDS: usize = 10_000;

#[test]
fn many_threads_lose_nothing() {
    let (drops, pool) = (Drops::default(), Pool::<(usize, Counted)>::default());
    let mortal = |number| pool.make((number, drops.value()));
    let counter = StableReference::new(mortal(0));
    // The objects of this one have the memory of those.
    let other = StableReference::new(mortal(usize::MAX));
    start_together(THREADS, |_| {
        for _ in 0..ROUNDS {
            let change = counter.update(|now| mortal(now.0 + 1));
            assert_eq!(change.before.0 + 1, change.after.0);
            let seen = counter.load().0;
            assert!(seen > 0 && seen <= THREADS * ROUNDS);
            other.store(mortal(usize::MAX));
            assert!(counter.with(|now| now.0) >= seen);
        }
    });
    assert_eq!(counter.load().0, THREADS * ROUNDS);
    assert_eq!(drops.alive(), 2);
    drop((counter, other));
    assert_eq!(drops.alive(), 0);
}
