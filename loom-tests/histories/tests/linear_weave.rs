//! Histories of the table of keys of `ft-weave`: no number comes twice, and no key has the destructor of another.

use ft_weave::parts::Keys;
use histories::linear::{Dice, Model, Subject, check};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::c_void,
};

const PLACES: usize = 2;

unsafe extern "C" fn first(_value: *mut c_void) {}
unsafe extern "C" fn second(value: *mut c_void) {
    // This differs from the first, because otherwise both might become one function.
    assert!(!value.is_null());
}

/// The destructors, by number.
const DESTRUCTORS: [ft_weave::Destructor; 2] = [first, second];

fn number(destructor: ft_weave::Destructor) -> Option<usize> {
    let is_it = |other: &ft_weave::Destructor| std::ptr::fn_addr_eq(*other, destructor);
    DESTRUCTORS.iter().position(is_it)
}

/// The low bits of the number of a key are its place in the table.
fn place(key: u32) -> usize {
    key as usize % ft_weave::Key::MAX
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Spec {
    /// The keys there are, with their destructors.
    live: BTreeMap<u32, usize>,
    /// All keys that there ever were.
    used: BTreeSet<u32>,
    /// The threads in the middle of making a key, each of which may occupy a place.
    making: u8,
}

#[derive(Clone, Debug)]
enum Step {
    /// The thread begins to make a key.
    Making,
    Created(u32, usize),
    /// The thread looks for a free place, one after the other, and finds this one taken. The places may be taken one
    /// after the other, and not all at the same time.
    Taken(usize),
    Exhausted,
    Deleted(u32, bool),
    IsLive(u32, bool),
    Destructor(u32, Option<usize>),
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Making => {
                self.making |= 1 << thread;
                true
            }
            Step::Created(key, destructor) => {
                self.making &= !(1 << thread);
                let free = !self.live.keys().any(|&other| place(other) == place(key));
                self.live.insert(key, destructor);
                free && self.used.insert(key)
            }
            Step::Taken(at) => {
                let others = self.making & !(1 << thread);
                others != 0 || self.live.keys().any(|&key| place(key) == at)
            }
            Step::Exhausted => {
                self.making &= !(1 << thread);
                true
            }
            Step::Deleted(key, done) => self.live.remove(&key).is_some() == done,
            Step::IsLive(key, live) => self.live.contains_key(&key) == live,
            Step::Destructor(key, destructor) => self.live.get(&key).copied() == destructor,
        }
    }
}

#[derive(Debug)]
enum Call {
    Create(usize),
    /// These are about the key that this thread made that many keys ago, or, if it has made none, about the first key of
    /// all.
    Delete,
    IsLive,
    Destructor,
}

/// The type under test, and its broken relatives.
trait Table: Send + Sync + 'static {
    fn new() -> Self;
    fn real(&self) -> &Keys<PLACES>;
    fn delete(&self, key: u32) -> bool {
        self.real().delete(key).is_ok()
    }
}

impl Table for Keys<PLACES> {
    fn new() -> Self {
        Keys::new()
    }
    fn real(&self) -> &Keys<PLACES> {
        self
    }
}

struct Recorded<T>(T);

impl<T: Table> Subject for Recorded<T> {
    type Model = Spec;
    type Call = Call;
    /// The last key that the thread has made.
    type Hand = u32;

    fn new(_dice: &mut Dice) -> (Self, Spec) {
        (Self(T::new()), Spec::default())
    }

    fn script(&self, _thread: usize, dice: &mut Dice) -> Vec<Call> {
        dice.times(5, |dice| match dice.below(7) {
            0..=2 => Call::Create(dice.below(2)),
            3 | 4 => Call::Delete,
            5 => Call::IsLive,
            _ => Call::Destructor,
        })
    }

    fn call(&self, _thread: usize, key: &mut u32, call: &Call) -> Vec<Step> {
        let keys = self.0.real();
        match *call {
            Call::Create(destructor) => {
                // SAFETY: no value is ever set, so no destructor is called.
                match unsafe { keys.create(Some(DESTRUCTORS[destructor])) } {
                    Ok(made) => {
                        *key = made;
                        vec![Step::Making, Step::Created(made, destructor)]
                    }
                    Err(_) => {
                        let taken = (0..PLACES).map(Step::Taken);
                        taken.chain([Step::Exhausted]).collect()
                    }
                }
            }
            Call::Delete => vec![Step::Deleted(*key, self.0.delete(*key))],
            Call::IsLive => vec![Step::IsLive(*key, keys.is_live(*key))],
            Call::Destructor => {
                let destructor = keys.destructor(*key).and_then(number);
                vec![Step::Destructor(*key, destructor)]
            }
        }
    }
}

#[test]
fn everything() {
    check::<Recorded<Keys<PLACES>>>();
}

/// Returns to each of two threads that delete a key that it has deleted the key.
#[cfg(ft_shuttle)]
struct DeletedTwice(Keys<PLACES>);

#[cfg(ft_shuttle)]
impl Table for DeletedTwice {
    fn new() -> Self {
        Self(Keys::new())
    }
    fn real(&self) -> &Keys<PLACES> {
        &self.0
    }
    fn delete(&self, key: u32) -> bool {
        let is_live = self.0.is_live(key);
        let _ = self.0.delete(key);
        is_live
    }
}

#[cfg(ft_shuttle)]
#[test]
fn broken_deleted_twice() {
    histories::linear::rejects::<Recorded<DeletedTwice>>();
}
