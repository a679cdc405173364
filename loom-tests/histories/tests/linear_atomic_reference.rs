//! Histories of `AtomicReference` and `StableReference`. Each operation is one step, and objects are told
//! apart by identity.

use ft_atomic_reference::{AtomicReference, Change, StableReference};
use ft_test_pool::{Pool, Pooled};
use histories::{
    linear::{Dice, Model, Subject, check},
    shared_specs::variable::compare_exchange,
};
use std::{ops::Deref, sync::Arc};

/// The number of the object in the slot. Each object has another number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spec(u32);

#[derive(Clone, Debug)]
enum Step {
    Load(u32),
    Store(u32),
    Exchanged {
        new: u32,
        before: u32,
    },
    Compared {
        expected: u32,
        new: u32,
        result: Result<u32, u32>,
    },
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, _thread: usize, step: &Step) -> bool {
        match *step {
            Step::Load(value) => self.0 == value,
            Step::Store(value) => {
                self.0 = value;
                true
            }
            Step::Exchanged { new, before } => std::mem::replace(&mut self.0, new) == before,
            Step::Compared {
                expected,
                new,
                result,
            } => compare_exchange(&mut self.0, expected, new, result),
        }
    }
}

#[derive(Debug)]
enum Call {
    Load,
    With,
    Store(u32),
    Exchange(u32),
    /// Expects the object that this thread has seen last.
    CompareExchange(u32),
    Update(u32),
}

/// A type under test, or a broken relative.
trait Reference: Send + Sync + 'static {
    type Object: Deref<Target = u32> + Clone + Send;
    fn new() -> Self;
    fn object(&self, number: u32) -> Self::Object;
    fn load(&self) -> Self::Object;
    fn with(&self) -> u32;
    fn store(&self, new: Self::Object);
    fn exchange(&self, new: Self::Object) -> Self::Object;
    fn compare_exchange(
        &self,
        expected: &Self::Object,
        new: Self::Object,
    ) -> Result<Self::Object, Self::Object>;
    fn update(&self, new: u32) -> Change<Self::Object>;
}

macro_rules! reference {
    ($type:ty, $object:ty, $new:expr, |$this:ident, $number:ident| $make:expr, $slot:ident) => {
        impl Reference for $type {
            type Object = $object;
            fn new() -> Self {
                $new
            }
            fn object(&self, $number: u32) -> $object {
                let $this = self;
                $make
            }
            fn load(&self) -> $object {
                self.$slot.load()
            }
            fn with(&self) -> u32 {
                self.$slot.with(|value| **value)
            }
            fn store(&self, new: $object) {
                self.$slot.store(new);
            }
            fn exchange(&self, new: $object) -> $object {
                self.$slot.exchange(new)
            }
            fn compare_exchange(
                &self,
                expected: &$object,
                new: $object,
            ) -> Result<$object, $object> {
                self.$slot.compare_exchange(expected, new)
            }
            fn update(&self, new: u32) -> Change<$object> {
                self.$slot.update(|_| self.object(new))
            }
        }
    };
}

struct Swapped {
    slot: AtomicReference<Arc<u32>>,
}

reference!(
    Swapped,
    Arc<u32>,
    Self {
        slot: AtomicReference::new(Arc::new(0))
    },
    |_this, number| Arc::new(number),
    slot
);

struct Stable {
    slot: StableReference<Pooled<u32>>,
    pool: Pool<u32>,
}

impl Stable {
    fn made() -> Self {
        let pool = Pool::default();
        let slot = StableReference::new(pool.make(0));
        Self { slot, pool }
    }
}

reference!(
    Stable,
    Pooled<u32>,
    Self::made(),
    |this, number| this.pool.make(number),
    slot
);

struct Recorded<R>(R);

impl<R: Reference> Subject for Recorded<R> {
    type Model = Spec;
    type Call = Call;
    /// The object that the thread has seen last.
    type Hand = Option<R::Object>;

    fn new(_dice: &mut Dice) -> (Self, Spec) {
        (Self(R::new()), Spec(0))
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut number = 100 * (thread as u32 + 1);
        dice.times(5, |dice| {
            number += 1;
            match dice.below(8) {
                0 | 1 => Call::Load,
                2 => Call::With,
                3 => Call::Store(number),
                4 => Call::Exchange(number),
                5 | 6 => Call::CompareExchange(number),
                _ => Call::Update(number),
            }
        })
    }

    fn call(&self, _thread: usize, seen: &mut Self::Hand, call: &Call) -> Vec<Step> {
        let slot = &self.0;
        vec![match *call {
            Call::Load => Step::Load(**seen.insert(slot.load())),
            Call::With => Step::Load(slot.with()),
            Call::Store(value) => {
                slot.store(slot.object(value));
                Step::Store(value)
            }
            Call::Exchange(new) => {
                let before = slot.exchange(slot.object(new));
                Step::Exchanged {
                    new,
                    before: **seen.insert(before),
                }
            }
            Call::CompareExchange(new) => {
                let Some(expected) = seen.take() else {
                    return Vec::new();
                };
                let result = slot.compare_exchange(&expected, slot.object(new));
                let result = result.map(|it| *it).map_err(|it| *it);
                Step::Compared {
                    expected: *expected,
                    new,
                    result,
                }
            }
            Call::Update(new) => {
                let change = slot.update(new);
                Step::Exchanged {
                    new: *change.after,
                    before: *change.before,
                }
            }
        }]
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Load(*self.0.load())]
    }
}

#[test]
fn everything() {
    check::<Recorded<Swapped>>();
}

#[test]
fn stable() {
    check::<Recorded<Stable>>();
}

/// Exchanges in two steps, so that two threads get the same object, and another object is lost.
#[cfg(ft_shuttle)]
struct LoadThenStore {
    slot: TwoSteps<AtomicReference<Arc<u32>>>,
}

#[cfg(ft_shuttle)]
struct TwoSteps<S>(S);

#[cfg(ft_shuttle)]
impl Deref for TwoSteps<AtomicReference<Arc<u32>>> {
    type Target = AtomicReference<Arc<u32>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

#[cfg(ft_shuttle)]
impl TwoSteps<AtomicReference<Arc<u32>>> {
    fn exchange(&self, value: Arc<u32>) -> Arc<u32> {
        let before = self.0.load();
        self.0.store(value);
        before
    }
}

#[cfg(ft_shuttle)]
reference!(
    LoadThenStore,
    Arc<u32>,
    Self {
        slot: TwoSteps(AtomicReference::new(Arc::new(0)))
    },
    |_this, number| Arc::new(number),
    slot
);

#[cfg(ft_shuttle)]
#[test]
fn broken_load_then_store() {
    histories::linear::rejects::<Recorded<LoadThenStore>>();
}
