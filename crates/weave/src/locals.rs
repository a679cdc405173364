//! The data of one thread: its list of destructors, and its values under keys.

use crate::{
    error::{KeyError, RegisterError},
    keys::{Keys, place},
    registration::{Destructor, DestructorWith, Registered, Registration},
};
use std::{cell::Cell, ffi::c_void, ptr};

/// How often a thread that ends looks for what its destructors have registered and set.
const ROUNDS: usize = 4;

/// The destructors and values of one thread.
///
/// While a method has taken the contents of a cell out, it calls no foreign code except the
/// allocator.
#[derive(Default)]
pub struct Locals {
    /// In the order of registration.
    list: Cell<Vec<Entry>>,
    /// At the places that their keys have in the table.
    values: Cell<Vec<Value>>,
}

struct Entry {
    registration: Registration,
    action: Action,
}

/// What to do when the thread ends.
pub(crate) enum Action {
    Value {
        variable: *mut *mut c_void,
        destructor: Option<Destructor>,
    },
    With {
        variable: *mut *mut c_void,
        destructor: DestructorWith,
        data: *mut c_void,
    },
    Call(Box<dyn FnOnce()>),
}

#[derive(Clone, Copy)]
struct Value {
    /// The key under which the value was set. A value of another key in the same place counts as
    /// none.
    key: u32,
    value: *mut c_void,
}

impl Locals {
    /// Appends to the list.
    pub(crate) fn register(&self, action: Action) -> Result<Registration, RegisterError> {
        let mut list = self.list.take();
        let room = list.try_reserve(1);
        if room.is_err() {
            self.list.set(list);
            // Drop the action only now: dropping a closure runs foreign code.
            drop(action);
            return Err(RegisterError::NoMemory);
        }
        let registration = Registration::next();
        list.push(Entry {
            registration,
            action,
        });
        self.list.set(list);
        Ok(registration)
    }

    /// Removes all registrations of a variable, and returns their number.
    pub(crate) fn unregister(&self, variable: *mut *mut c_void) -> usize {
        let mut list = self.list.take();
        let before = list.len();
        // No closure is removed here, since closures have no variable.
        list.retain(|entry| entry.action.variable() != Some(variable));
        let removed = before - list.len();
        self.list.set(list);
        removed
    }

    /// Removes one registration.
    pub(crate) fn cancel(&self, registration: Registration) -> bool {
        let mut list = self.list.take();
        let found = list
            .iter()
            .position(|entry| entry.registration == registration);
        let removed = found.map(|index| list.remove(index));
        self.list.set(list);
        // The entry is dropped after the list is back in its place: dropping a closure runs foreign
        // code.
        removed.is_some()
    }

    /// Calls `each` with every registration, in order.
    pub(crate) fn each(&self, each: impl FnMut(Registered)) -> usize {
        let list = self.list.take();
        list.iter().map(Entry::describe).for_each(each);
        let count = list.len();
        self.list.set(list);
        count
    }

    /// Sets the value under a key.
    pub fn set<const N: usize>(
        &self,
        keys: &Keys<N>,
        key: u32,
        value: *mut c_void,
    ) -> Result<(), KeyError> {
        if !keys.is_live(key) {
            return Err(KeyError::NoKey);
        }
        let mut values = self.values.take();
        let missing = (place(key) + 1).saturating_sub(values.len());
        let room = values.try_reserve(missing);
        if room.is_ok() {
            let none = Value {
                key: 0,
                value: ptr::null_mut(),
            };
            values.extend((0..missing).map(|_| none));
            values[place(key)] = Value { key, value };
        }
        self.values.set(values);
        room.map_err(|_| RegisterError::NoMemory.into())
    }

    /// Returns the value under a key, or null if there is none.
    pub fn get<const N: usize>(&self, keys: &Keys<N>, key: u32) -> *mut c_void {
        let values = self.values.take();
        let found = values.get(place(key)).copied();
        self.values.set(values);
        match found {
            Some(Value { key: of, value }) if of == key && keys.is_live(key) => value,
            _ => ptr::null_mut(),
        }
    }

    /// Does what must be done when the thread ends, and returns how many destructors were called.
    ///
    /// It first runs the list in order, and then the destructors of values. This is repeated for
    /// what they have added, up to four times in all. What is there after that stays.
    ///
    /// The function is `extern "C"`, so that a destructor that unwinds ends the process here, as in
    /// the drop of a thread-local variable. There is nobody who could handle the panic, and
    /// continuing after it would leave out the other destructors.
    pub extern "C" fn run<const N: usize>(&self, keys: &Keys<N>) -> usize {
        let mut called = 0;
        for _ in 0..ROUNDS {
            let before = called;
            for entry in self.list.take() {
                called += usize::from(entry.action.call());
            }
            let mut at = 0;
            while let Some((index, value, destructor)) = self.take_value(keys, at) {
                // SAFETY: the caller of `Keys::create` has promised that the destructor may be
                // called with this value, in this thread.
                unsafe { destructor(value) };
                called += 1;
                at = index + 1;
            }
            if called == before {
                // No destructor has added anything.
                break;
            }
        }
        called
    }

    /// Takes the first value, from place `from` on, whose key has a destructor.
    fn take_value<const N: usize>(
        &self,
        keys: &Keys<N>,
        from: usize,
    ) -> Option<(usize, *mut c_void, Destructor)> {
        let mut values = self.values.take();
        let mut places = values.iter_mut().enumerate().skip(from);
        let found = places.find_map(|(index, it)| {
            if it.value.is_null() {
                return None;
            }
            let destructor = keys.destructor(it.key)?;
            let value = std::mem::replace(&mut it.value, ptr::null_mut());
            Some((index, value, destructor))
        });
        self.values.set(values);
        found
    }
}

impl Entry {
    fn describe(&self) -> Registered {
        let (destructor, data) = match self.action {
            Action::Value { destructor, .. } => (
                destructor.map_or(ptr::null(), |it| it as *const c_void),
                ptr::null_mut(),
            ),
            Action::With {
                destructor, data, ..
            } => (destructor as *const c_void, data),
            Action::Call(_) => (ptr::null(), ptr::null_mut()),
        };
        Registered {
            registration: self.registration,
            variable: self.action.variable().unwrap_or(ptr::null_mut()),
            destructor,
            data,
        }
    }
}

impl Action {
    fn variable(&self) -> Option<*mut *mut c_void> {
        match *self {
            Self::Value { variable, .. } | Self::With { variable, .. } => Some(variable),
            Self::Call(_) => None,
        }
    }

    /// Calls the destructor. Returns false if there was nothing to call.
    fn call(self) -> bool {
        match self {
            Self::Value {
                variable,
                destructor: Some(destructor),
            } if !variable.is_null() => {
                // SAFETY: the caller of `register` has promised that the variable can be read when
                // the thread ends, and that the destructor may be called with the value found
                // there.
                unsafe { destructor(variable.read_unaligned()) };
            }
            Self::Value { .. } => return false,
            Self::With {
                variable,
                destructor,
                data,
            } => {
                let value = if variable.is_null() {
                    ptr::null_mut()
                } else {
                    // SAFETY: as above, by the caller of `register_with`.
                    unsafe { variable.read_unaligned() }
                };
                // SAFETY: as above.
                unsafe { destructor(value, data) };
            }
            Self::Call(call) => call(),
        }
        true
    }
}
