//! Histories of `AtomicReference`. Each operation is one step, and objects are told apart by identity.

use ft_atomic_reference::AtomicReference;
use histories::{
    linear::{Dice, Model, Subject, check},
    shared_specs::variable::compare_exchange,
};
use std::sync::Arc;

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

type Slot = AtomicReference<Arc<u32>>;

/// The type under test, and its broken relatives.
trait Reference: Send + Sync + 'static {
    fn new(value: Arc<u32>) -> Self;
    fn real(&self) -> &Slot;
    fn exchange(&self, value: Arc<u32>) -> Arc<u32> {
        self.real().exchange(value)
    }
}

impl Reference for Slot {
    fn new(value: Arc<u32>) -> Self {
        AtomicReference::new(value)
    }
    fn real(&self) -> &Slot {
        self
    }
}

struct Recorded<R>(R);

impl<R: Reference> Subject for Recorded<R> {
    type Model = Spec;
    type Call = Call;
    /// The object that the thread has seen last.
    type Hand = Option<Arc<u32>>;

    fn new(_dice: &mut Dice) -> (Self, Spec) {
        (Self(R::new(Arc::new(0))), Spec(0))
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
        let slot = self.0.real();
        vec![match *call {
            Call::Load => Step::Load(**seen.insert(slot.load())),
            Call::With => Step::Load(slot.with(|value| **value)),
            Call::Store(value) => {
                slot.store(Arc::new(value));
                Step::Store(value)
            }
            Call::Exchange(new) => {
                let before = self.0.exchange(Arc::new(new));
                Step::Exchanged {
                    new,
                    before: **seen.insert(before),
                }
            }
            Call::CompareExchange(new) => {
                let Some(expected) = seen.take() else {
                    return Vec::new();
                };
                let result = slot.compare_exchange(&expected, Arc::new(new));
                let result = result.map(|it| *it).map_err(|it| *it);
                Step::Compared {
                    expected: *expected,
                    new,
                    result,
                }
            }
            Call::Update(new) => {
                let change = slot.update(|_| Arc::new(new));
                Step::Exchanged {
                    new: *change.after,
                    before: *change.before,
                }
            }
        }]
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Load(*self.0.real().load())]
    }
}

#[test]
fn everything() {
    check::<Recorded<Slot>>();
}

/// Exchanges in two steps, so that two threads get the same object, and another object is lost.
#[cfg(ft_shuttle)]
struct LoadThenStore(Slot);

#[cfg(ft_shuttle)]
impl Reference for LoadThenStore {
    fn new(value: Arc<u32>) -> Self {
        Self(AtomicReference::new(value))
    }
    fn real(&self) -> &Slot {
        &self.0
    }
    fn exchange(&self, value: Arc<u32>) -> Arc<u32> {
        let before = self.0.load();
        self.0.store(value);
        before
    }
}

#[cfg(ft_shuttle)]
#[test]
fn broken_load_then_store() {
    histories::linear::rejects::<Recorded<LoadThenStore>>();
}
