//! Behavior of `AtomicReference` seen from outside, over the slot that ships.

use ft_atomic_reference::{AtomicReference, Change};
use ft_test_support::{Counted, Drops, start_together};
use proptest::prelude::*;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

/// A number whose drop is counted.
struct Mortal {
    number: usize,
    _counted: Counted,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Load,
    Store(usize),
    Exchange(usize),
    CompareExchange(usize, usize),
    Update(usize),
    FailedUpdate,
}

/// The objects that the steps draw from; each is equal to all the others.
const OBJECTS: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    let object = || 0..OBJECTS;
    prop_oneof![
        Just(Step::Load),
        object().prop_map(Step::Store),
        object().prop_map(Step::Exchange),
        (object(), object()).prop_map(|(expected, new)| Step::CompareExchange(expected, new)),
        object().prop_map(Step::Update),
        Just(Step::FailedUpdate),
    ]
}

proptest! {
    #[test]
    fn like_a_variable(steps in proptest::collection::vec(step(), 0..50)) {
        let objects: [Arc<()>; OBJECTS] = std::array::from_fn(|_| Arc::new(()));
        let which = |object: &Arc<()>| objects.iter().position(|other| Arc::ptr_eq(object, other));
        let slot = AtomicReference::new(Arc::clone(&objects[0]));
        let mut plain = 0;
        for step in steps {
            match step {
                Step::Load => {
                    prop_assert_eq!(which(&slot.load()), Some(plain));
                    prop_assert_eq!(slot.with(which), Some(plain));
                }
                Step::Store(new) => {
                    slot.store(Arc::clone(&objects[new]));
                    plain = new;
                }
                Step::Exchange(new) => {
                    let before = slot.exchange(Arc::clone(&objects[new]));
                    prop_assert_eq!(which(&before), Some(plain));
                    plain = new;
                }
                Step::CompareExchange(expected, new) => {
                    let done = slot.compare_exchange(&objects[expected], Arc::clone(&objects[new]));
                    prop_assert_eq!(done.is_ok(), expected == plain);
                    let before = done.unwrap_or_else(|current| current);
                    prop_assert_eq!(which(&before), Some(plain));
                    if expected == plain {
                        plain = new;
                    }
                }
                Step::Update(new) => {
                    let change = slot.update(|_| Arc::clone(&objects[new]));
                    prop_assert_eq!(which(&change.before), Some(plain));
                    prop_assert_eq!(which(&change.after), Some(new));
                    plain = new;
                }
                Step::FailedUpdate => {
                    prop_assert_eq!(slot.try_update(|_| Err("no")).unwrap_err(), "no");
                }
            }
            // One count is the slot's, one is ours.
            for (index, object) in objects.iter().enumerate() {
                prop_assert_eq!(Arc::strong_count(object), 1 + usize::from(index == plain));
            }
        }
    }
}

#[test]
fn equal_is_not_identical() {
    let slot = AtomicReference::from(Arc::new(1));
    let twin = Arc::new(1);
    assert_eq!(slot.compare_exchange(&twin, Arc::new(2)), Err(Arc::new(1)));
    let first = slot.load();
    assert_eq!(slot.compare_exchange(&first, Arc::new(2)), Ok(first));
    assert_eq!(format!("{slot:?}"), "AtomicReference(2)");
}

#[test]
fn may_be_empty() {
    let slot = AtomicReference::<Option<Arc<u8>>>::default();
    assert_eq!(slot.exchange(Some(Arc::new(7))), None);
    assert_eq!(slot.compare_exchange(&None, None), Err(Some(Arc::new(7))));
    assert_eq!(slot.into_inner().as_deref(), Some(&7));
}

#[test]
fn function_may_use_the_slot() {
    let slot = AtomicReference::new(Arc::new(1));
    let mut calls = 0;
    let change = slot.update(|value| {
        calls += 1;
        if calls == 1 {
            slot.store(Arc::new(10));
        }
        Arc::new(**value + 1)
    });
    let (before, after) = (Arc::new(10), Arc::new(11));
    assert_eq!((calls, change), (2, Change { before, after }));
}

#[test]
fn death_may_use_the_slot() {
    struct Heir(Arc<AtomicReference<Option<Arc<Heir>>>>, usize);
    impl Drop for Heir {
        fn drop(&mut self) {
            if self.1 > 0 {
                let heir = Heir(Arc::clone(&self.0), self.1 - 1);
                self.0.store(Some(Arc::new(heir)));
            }
        }
    }
    let slot = Arc::new(AtomicReference::default());
    slot.store(Some(Arc::new(Heir(Arc::clone(&slot), 5))));
    slot.store(None);
    // The heir that the first drop stored is there.
    assert_eq!(slot.load().map(|heir| heir.1), Some(4));
    while slot.exchange(None).is_some() {}
    assert_eq!(Arc::strong_count(&slot), 1);
}

const THREADS: usize = 4;
const ROUNDS: usize = 10_000;

#[test]
fn many_threads_lose_nothing() {
    let (drops, sum) = (Drops::default(), AtomicUsize::new(0));
    let mortal = |number| {
        let _counted = drops.value();
        Arc::new(Mortal { number, _counted })
    };
    let counter = AtomicReference::new(mortal(0));
    let passed = AtomicReference::new(mortal(0));
    start_together(THREADS, |index| {
        for round in 0..ROUNDS {
            counter.update(|now| mortal(now.number + 1));
            let seen = counter.load();
            assert!(seen.number > 0 && seen.number <= THREADS * ROUNDS);
            // What goes in comes out at one of the threads, or at the end.
            let new = mortal(index * ROUNDS + round);
            sum.fetch_add(passed.exchange(new).number, SeqCst);
            assert!(counter.with(|now| now.number) >= seen.number);
        }
    });
    let total = THREADS * ROUNDS;
    assert_eq!(counter.load().number, total);
    let last = passed.into_inner();
    assert_eq!(sum.into_inner() + last.number, total * (total - 1) / 2);
    drop((counter, last));
    assert_eq!(drops.alive(), 0);
}
