//! Detects user functions that change the object they were called to update.
//!
//! An update calls a function of the user's to compute the next value. If another thread has
//! changed the value meanwhile, the update calls the function again. If the function itself has
//! changed the value, that would repeat forever. So each thread keeps a list of the places for
//! which it is inside a function, and marks a place in this list when the thread changes it.
//! Programs that never call such a function only pay for reading a flag that nobody writes to.

use crate::runtime::create::exception;
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use std::{
    cell::{Cell, RefCell},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// How often a comparison may change the value that it compares. After each change the comparison
/// starts over with the new value, whose comparison may well not change anything.
const PATIENCE: u32 = 100;

/// Watches the places of one class.
pub(crate) struct Watch {
    /// Set when a function is called for the first time, and never reset.
    is_used: AtomicBool,
}

/// The place of a value: the address of the core and, in a dictionary, the hash of the key.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Place {
    core: usize,
    key: u64,
}

/// A function that the thread is currently inside of.
struct Running {
    place: Place,
    number: u64,
    has_changed_it: bool,
}

thread_local! {
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
    static NEXT_NUMBER: Cell<u64> = const { Cell::new(0) };
}

impl Place {
    pub(crate) fn of<T>(core: &T) -> Self {
        Self::of_key(core, 0)
    }

    /// Keys with the same hash count as the same key. The cost: if a function changes another key
    /// with this hash while another thread changes the key itself, the update fails although it
    /// could have called the function again.
    pub(crate) fn of_key<T>(core: &T, key: u64) -> Self {
        let core = std::ptr::from_ref(core).addr();
        Self { core, key }
    }
}

impl Watch {
    pub(crate) const fn new() -> Self {
        Self {
            is_used: AtomicBool::new(false),
        }
    }

    /// Notes that this thread has changed the value of a place.
    #[inline]
    pub(crate) fn changed(&self, place: impl FnOnce() -> Place) {
        // Relaxed, here and below: the flag only matters to a thread that is inside a function, and
        // such a thread has set the flag itself.
        if self.is_used.load(Relaxed) {
            let place = place();
            note(|running| *running == place);
        }
    }

    /// Notes that this thread may have changed all values of a core.
    pub(crate) fn changed_all<T>(&self, core: &T) {
        if self.is_used.load(Relaxed) {
            let core = Place::of(core).core;
            note(|running| running.core == core);
        }
    }

    /// Calls a function, and returns whether the function has changed the value of the place.
    pub(crate) fn during<T>(&self, place: Place, function: impl FnOnce() -> T) -> (T, bool) {
        // Relaxed: see `changed`. Reading before writing keeps the cache line shared.
        if !self.is_used.load(Relaxed) {
            self.is_used.store(true, Relaxed);
        }
        let entered = Entered::new(place);
        let done = function();
        (done, entered.leave())
    }
}

#[cold]
fn note(is_it: impl Fn(&Place) -> bool) {
    // A thread whose thread-local variables are gone is not inside a function.
    let _ = RUNNING.try_with(|running| {
        for running in running.borrow_mut().iter_mut() {
            running.has_changed_it |= is_it(&running.place);
        }
    });
}

/// An entry in the list of running functions. It is removed when the function has returned. A
/// thread that switches between several stacks may remove its entries in any order.
struct Entered(u64);

impl Entered {
    fn new(place: Place) -> Self {
        let number = NEXT_NUMBER.get();
        NEXT_NUMBER.set(number + 1);
        let running = Running {
            place,
            number,
            has_changed_it: false,
        };
        let _ = RUNNING.try_with(|all| all.borrow_mut().push(running));
        Self(number)
    }

    fn leave(self) -> bool {
        self.take().is_some_and(|running| running.has_changed_it)
    }

    fn take(&self) -> Option<Running> {
        let taken = RUNNING.try_with(|all| {
            let mut all = all.borrow_mut();
            let place = all.iter().rposition(|running| running.number == self.0)?;
            Some(all.remove(place))
        });
        taken.ok().flatten()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.take();
    }
}

/// The error for a function that has changed the value it was called to update.
pub(crate) fn own_change(what: &str) -> PyErr {
    exception::<PyRuntimeError>(format!(
        "the function changed the {what} that it was called to update, so its result was not stored"
    ))
}

/// Counts how often comparisons have changed the value that they compare.
#[derive(Default)]
pub(crate) struct Patience(u32);

impl Patience {
    /// Counts a change, and raises RuntimeError if there are too many.
    pub(crate) fn lose(&mut self, has_changed_it: bool) -> PyResult<()> {
        self.0 += u32::from(has_changed_it);
        if self.0 > PATIENCE {
            return Err(exception::<PyRuntimeError>(
                "the comparison changed the value that it compared, again and again",
            ));
        }
        Ok(())
    }
}
