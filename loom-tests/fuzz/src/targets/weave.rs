//! Keys and registrations of `weave`, beside a table and a list. A program runs in one new thread, and the end of
//! that thread calls the destructors that are left.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of},
};
use ft_weave::{Key, Registration};
use proptest::{collection::vec, prelude::*, strategy::BoxedStrategy};
use std::{
    collections::BTreeMap,
    ffi::c_void,
    ptr,
    sync::{Arc, Mutex},
    thread,
};

/// Ways in which a relative is broken.
const FORGETS_TO_CANCEL: u8 = 1;

pub struct Weave<const BROKEN: u8 = 0>;

/// What the thread does.
#[derive(Clone, Debug)]
pub enum Step {
    NewKey {
        destructor: bool,
    },
    /// One of the keys so far, deleted or not.
    Delete(usize),
    Set(usize),
    SetNull(usize),
    Get(usize),
    Register,
    /// One of the registrations so far, cancelled or not.
    Cancel(usize),
    RunNow,
}

/// The values whose destructors were called, in this order.
type Calls = Arc<Mutex<Vec<usize>>>;

std::thread_local! {
    /// What was called in this thread.
    static CALLS: std::cell::RefCell<Vec<usize>> = const { std::cell::RefCell::new(Vec::new()) };
}

unsafe extern "C" fn destroy(value: *mut c_void) {
    note(value as usize);
}

fn note(called: usize) {
    // At the end of the thread the list may be gone already.
    let _ = CALLS.try_with(|calls| calls.borrow_mut().push(called));
}

fn pointer(value: usize) -> *mut c_void {
    ptr::without_provenance_mut(value)
}

/// Runs the program on the real keys and registrations, and on the model.
fn run(steps: &[Step], broken: u8, at_end: &Calls) -> Vec<usize> {
    let mut keys: Vec<(Key, bool, bool)> = Vec::new();
    let mut values: BTreeMap<usize, usize> = BTreeMap::new();
    let mut made: Vec<(Registration, usize)> = Vec::new();
    let mut registered: Vec<(Registration, usize)> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let new = 1000 + index;
        match *step {
            Step::NewKey { destructor } => {
                let function: ft_weave::Destructor = destroy;
                // SAFETY: it does nothing but look at the number of the pointer.
                let key = unsafe { Key::new(destructor.then_some(function)) }.unwrap();
                assert!(key.get().is_null(), "step {index}: a new key has a value");
                keys.push((key, destructor, true));
            }
            Step::Delete(which) if !keys.is_empty() => {
                let which = which % keys.len();
                let (key, _, alive) = &mut keys[which];
                assert_eq!(key.delete().is_ok(), *alive, "step {index}");
                *alive = false;
                values.remove(&which);
            }
            Step::Set(which) | Step::SetNull(which) if !keys.is_empty() => {
                let which = which % keys.len();
                let (key, _, alive) = keys[which];
                let is_null = matches!(step, Step::SetNull(_));
                let value = if is_null { 0 } else { new };
                assert_eq!(key.set(pointer(value)).is_ok(), alive, "step {index}");
                if alive {
                    values.insert(which, value);
                }
            }
            Step::Get(which) if !keys.is_empty() => {
                let which = which % keys.len();
                let value = values.get(&which).copied().unwrap_or(0);
                assert_eq!(keys[which].0.get() as usize, value, "step {index}");
            }
            Step::Register => {
                let at_end = Arc::clone(at_end);
                let call = move || {
                    note(new);
                    at_end.lock().unwrap().push(new);
                };
                let registration = ft_weave::at_thread_end(call).unwrap();
                made.push((registration, new));
                registered.push((registration, new));
            }
            Step::Cancel(which) if !made.is_empty() => {
                let (registration, new) = made[which % made.len()];
                let before = registered.len();
                registered.retain(|&(_, other)| other != new);
                let done = broken == FORGETS_TO_CANCEL || ft_weave::cancel(registration);
                assert_eq!(done, registered.len() < before, "step {index}");
            }
            Step::RunNow => {
                CALLS.take();
                let count = ft_weave::run_now();
                let mut expected: Vec<_> = registered.drain(..).map(|(_, new)| new).collect();
                expected.extend(destroyed(&keys, &mut values));
                let mut calls = CALLS.take();
                // Registrations are called in the order in which they are kept. The order of keys is not defined.
                calls.sort_unstable();
                expected.sort_unstable();
                assert_eq!((count, &calls), (expected.len(), &expected), "step {index}");
                at_end.lock().unwrap().clear();
            }
            _ => {}
        }
        let listed: Vec<_> = ft_weave::registered()
            .iter()
            .map(|it| it.registration)
            .collect();
        let expected: Vec<_> = registered.iter().map(|it| it.0).collect();
        assert_eq!(listed, expected, "step {index}");
    }
    for (key, _, alive) in keys {
        assert_eq!(key.delete().is_ok(), alive);
    }
    registered.into_iter().map(|(_, new)| new).collect()
}

/// Returns the values that have a destructor, and forgets them.
fn destroyed(keys: &[(Key, bool, bool)], values: &mut BTreeMap<usize, usize>) -> Vec<usize> {
    let mut called = Vec::new();
    values.retain(|&which, value| {
        let calls = keys[which].1 && *value != 0;
        called.extend(calls.then_some(*value));
        !calls
    });
    called
}

impl<const BROKEN: u8> Target for Weave<BROKEN> {
    const NAME: &'static str = match BROKEN {
        FORGETS_TO_CANCEL => "weave that does not cancel",
        _ => "weave",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = ();
    type Call = Vec<Step>;
    type Answer = ();
    type Hand = ();
    type Model = ();

    fn setups() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn calls(_alone: bool) -> Vec<Kind<Vec<Step>>> {
        let which = 0..30_usize;
        let step = prop_oneof![
            3 => any::<bool>().prop_map(|destructor| Step::NewKey { destructor }),
            1 => which.clone().prop_map(Step::Delete),
            4 => which.clone().prop_map(Step::Set),
            1 => which.clone().prop_map(Step::SetNull),
            2 => which.clone().prop_map(Step::Get),
            4 => Just(Step::Register),
            2 => which.prop_map(Step::Cancel),
            1 => Just(Step::RunNow),
        ];
        vec![of(1, vec(step, 0..8))]
    }

    fn new(_setup: &()) -> Self {
        Self
    }

    fn model(_setup: &()) {}

    fn call(&self, _hand: &mut (), _place: Place, steps: &Vec<Step>) -> Result<Vec<()>, Blown> {
        let at_end = Calls::default();
        let run = || run(steps, BROKEN, &at_end);
        let left = thread::scope(|scope| scope.spawn(run).join());
        let left = left.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // The thread is joined, so its destructors have run.
        let mut called = std::mem::take(&mut *at_end.lock().unwrap());
        let mut left = left;
        called.sort_unstable();
        left.sort_unstable();
        assert_eq!(called, left, "at the end of the thread");
        Ok(vec![()])
    }

    fn step(_model: &mut (), _place: Place, _call: &Vec<Step>, _answer: &()) -> bool {
        true
    }
}
