//! Shared state that no thread ever holds.

mod slot;
mod snapshot;

use crate::section::Section;
use pyo3::{PyErr, PyTraverseError, Python, exceptions::PyRuntimeError};
use slot::Slot;
pub use snapshot::Snapshot;
use std::{
    convert::Infallible,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A value that threads share and replace, with and without the GIL.
///
/// It replaces `GILProtected`, and `&mut self` in classes. A thread that reads the value gets a
/// [`Snapshot`] of it; a thread that changes the value stores a new one. So there is no time during
/// which a thread *holds* the value, whatever code runs meanwhile, even if that code uses the same
/// cell. There are no borrows that could conflict. No operation fails or panics because of another
/// one, and none waits for Python code to end. A replaced value is dropped after everything else is
/// done, because dropping it may also run Python code.
///
/// All operations require an attached thread. Forks and the garbage collector stop attached threads
/// only between two operations, so they never see the cell in the middle of one.
///
#[doc = concat!("```\n", include_str!("../examples/handlers.rs"), "```")]
///
/// # What is atomic
///
/// Each operation is atomic, including [`update`](Self::update): no value that another thread has
/// stored gets lost. While the function that is given to `update` makes the new value, other
/// threads wait for the cell as they would for the GIL: until the function is done, runs Python
/// code, or waits for something. If another thread has changed the cell by then, the function is
/// called again with the present value.
///
/// Within one thread, operations happen in order. If the function itself changes the cell, its
/// result replaces that change, and the function is not called again because of it.
///
/// # When to use something else
///
/// A change costs an allocation, and a copy of everything that stays the same. If the state is
/// large or changes often, and is only used by a few lines that run no Python code, a [`Mutex`] is
/// better: see [Locks](crate#locks).
pub struct Protected<T> {
    /// Locked for a few instructions, which include no code of a user, and only by attached
    /// threads.
    slot: Mutex<Slot<T>>,
    /// Keeps other threads out while an update makes its new value.
    section: Section,
}

impl<T> Protected<T> {
    /// Creates a cell with its first value.
    pub const fn new(value: T) -> Self {
        Self {
            slot: Mutex::new(Slot::new(value)),
            section: Section::new(),
        }
    }

    /// Returns the current value. The snapshot stays the same when the cell changes.
    pub fn get(&self, _py: Python<'_>) -> Snapshot<T> {
        self.slot().current().clone()
    }

    /// Stores a value, and drops the previous one.
    pub fn set(&self, py: Python<'_>, value: T) {
        drop(self.replace(py, value));
    }

    /// Stores a value, and returns the previous one.
    pub fn replace(&self, py: Python<'_>, value: T) -> Snapshot<T> {
        let new = Snapshot::new(value);
        self.section.enter(py, || self.slot().replace(new))
    }

    /// Stores the default, and returns the previous value.
    pub fn take(&self, py: Python<'_>) -> Snapshot<T>
    where
        T: Default,
    {
        self.replace(py, T::default())
    }

    /// Stores a value if no value has been stored since `current` was the value of the cell.
    ///
    /// Values are compared by identity: an equal value that was stored later is a different one. So
    /// this detects every change between [`get`](Self::get) and now, by any thread.
    ///
    /// # Errors
    ///
    /// Returns `value`, together with the value that is in the cell instead of `current`.
    ///
    #[doc = concat!("```\n", include_str!("../examples/memo.rs"), "```")]
    pub fn compare_exchange(
        &self,
        py: Python<'_>,
        current: &Snapshot<T>,
        value: T,
    ) -> Result<(), Changed<T>> {
        let new = Snapshot::new(value);
        let stored = self.section.enter(py, || {
            let mut slot = self.slot();
            if Snapshot::ptr_eq(slot.current(), current) {
                Ok(slot.replace(new))
            } else {
                Err((slot.current().clone(), new))
            }
        });
        stored.map(drop).map_err(|(current, refused)| Changed {
            current,
            refused: refused
                .into_inner()
                .expect("no other thread has seen the refused value"),
        })
    }

    /// Replaces the value by `change` of it, and returns the previous one.
    ///
    /// `change` may run any code. If it lets other threads run, and one of them changes the cell,
    /// it is called again: see [above](Self#what-is-atomic). That happens at most as often as other
    /// threads change the cell. If each call of `change` makes another thread change it, this never
    /// ends.
    pub fn update(&self, py: Python<'_>, mut change: impl FnMut(&T) -> T) -> Snapshot<T> {
        match self.try_update(py, |value| Ok::<T, Infallible>(change(value))) {
            Ok(before) => before,
        }
    }

    /// Like [`update`](Self::update), with a `change` that may fail.
    ///
    /// # Errors
    ///
    /// The error of `change`. In that case nothing is stored.
    pub fn try_update<E>(
        &self,
        py: Python<'_>,
        mut change: impl FnMut(&T) -> Result<T, E>,
    ) -> Result<Snapshot<T>, E> {
        self.section.enter(py, || {
            loop {
                let (value, seen) = self.slot().look();
                let new = Snapshot::new(change(&value)?);
                // This is a statement of its own, so that a refused value is dropped with the slot
                // unlocked.
                let replaced = self.slot().replace_since(&seen, new);
                match replaced {
                    Ok(before) => return Ok(before),
                    Err(refused) => drop(refused),
                }
            }
        })
    }

    /// Shows the value to the garbage collector, from a `__traverse__`.
    ///
    /// While there is a [`Snapshot`] of the value, nothing is shown: the collector must not
    /// conclude that it knows all references to an object that a running function uses. A later
    /// collection will see the value.
    ///
    /// # Errors
    ///
    /// The error of `visit`.
    ///
    #[doc = concat!("```\n", include_str!("../examples/account.rs"), "```")]
    pub fn traverse(
        &self,
        visit: impl FnOnce(&T) -> Result<(), PyTraverseError>,
    ) -> Result<(), PyTraverseError> {
        // Nobody has locked the slot while the collector runs. At other times, somebody may have.
        let Ok(mut slot) = self.slot.try_lock() else {
            return Ok(());
        };
        let value = slot.unshared().cloned();
        drop(slot);
        value.map_or(Ok(()), |value| visit(&value))
    }

    fn slot(&self) -> MutexGuard<'_, Slot<T>> {
        // Nothing panics while the slot is locked.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Default for Protected<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Protected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Showing the value would require an attached thread.
        f.debug_struct("Protected").finish_non_exhaustive()
    }
}

/// The error of [`Protected::compare_exchange`]: the cell was changed, so the value was not stored.
///
/// As a Python exception it is a `RuntimeError`.
#[non_exhaustive]
pub struct Changed<T> {
    /// The value that is in the cell.
    pub current: Snapshot<T>,
    /// The value that was not stored.
    pub refused: T,
}

impl<T> fmt::Display for Changed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shared state was changed by somebody else in the meantime")
    }
}

impl<T> fmt::Debug for Changed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").finish_non_exhaustive()
    }
}

impl<T> std::error::Error for Changed<T> {}

impl<T> From<Changed<T>> for PyErr {
    fn from(changed: Changed<T>) -> Self {
        PyRuntimeError::new_err(changed.to_string())
    }
}
