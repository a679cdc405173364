//! Shared state that no thread ever holds.

mod slot;

use crate::section::Section;
use pyo3::{PyErr, PyTraverseError, Python, exceptions::PyRuntimeError};
use slot::Slot;
use std::{
    convert::Infallible,
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A value that threads share and replace, with and without the GIL.
///
/// It takes the place of `GILProtected`, and of `&mut self` in classes. Who looks at the value gets
/// a [`Snapshot`] of it; who changes it puts a new value in its place. So there is no time during
/// which a thread *has* the value, whatever code runs meanwhile, also code that uses this same
/// cell: there are no two borrows to be in each other's way, no operation fails or panics because
/// of another one, and none waits for Python code to end. A value that was replaced is dropped
/// after everything else is done, because that may run Python code as well.
///
/// All operations want a thread that is attached. So a fork and the garbage collector, which stop
/// attached threads between two operations, never see the cell in the middle of one.
///
#[doc = concat!("```\n", include_str!("../examples/handlers.rs"), "```")]
///
/// # What is atomic
///
/// Each operation is, [`update`](Self::update) included: nothing that others have stored gets lost.
/// While the function that it is given makes the new value, others wait for the cell as they
/// would for the GIL: until it is done, or runs Python code, or waits for something. If somebody
/// has changed the cell by then, the function is called again, with the value that is there now.
///
/// Within one thread things happen in order. If the function itself changes the cell, its result
/// replaces that change, and it is not called again for it.
///
/// # When to use something else
///
/// A change costs an allocation, and a copy of what stays the same. For state that is large, or
/// that changes often, and that is only touched for a few lines that run no Python code, a
/// [`Mutex`] is better: see [Locks](crate#locks).
pub struct Protected<T> {
    /// Locked for a few instructions, none of them of a user, and only by attached threads.
    slot: Mutex<Slot<T>>,
    /// Keeps others out while an update makes its new value.
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

    /// Returns the value of this moment, which stays as it is however the cell changes.
    pub fn get(&self, _py: Python<'_>) -> Snapshot<T> {
        self.slot().current().clone()
    }

    /// Stores a value, and drops the one before.
    pub fn set(&self, py: Python<'_>, value: T) {
        drop(self.replace(py, value));
    }

    /// Stores a value, and returns the one before.
    pub fn replace(&self, py: Python<'_>, value: T) -> Snapshot<T> {
        let new = Snapshot::new(value);
        self.section.enter(py, || self.slot().replace(new))
    }

    /// Leaves the default in the cell, and returns the value.
    pub fn take(&self, py: Python<'_>) -> Snapshot<T>
    where
        T: Default,
    {
        self.replace(py, T::default())
    }

    /// Stores a value if nobody has stored one since `current` was the value.
    ///
    /// It is the very value that counts: one that is equal but was stored later is another one. So
    /// this detects whatever happened between [`get`](Self::get) and now, in any thread.
    ///
    /// # Errors
    ///
    /// Returns `value`, together with what is in the cell instead of `current`.
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
            refused: refused.into_inner().expect("nobody else has seen it"),
        })
    }

    /// Replaces the value by what `change` makes of it, and returns the one before.
    ///
    /// `change` may run any code. If it lets other threads in, and one of them changes the cell, it
    /// is called again: see [above](Self#what-is-atomic). That happens at most as often as others
    /// change the cell; for ever, if it is `change` itself that does so each time.
    pub fn update(&self, py: Python<'_>, mut change: impl FnMut(&T) -> T) -> Snapshot<T> {
        match self.try_update(py, |value| Ok::<T, Infallible>(change(value))) {
            Ok(before) => before,
        }
    }

    /// As [`update`](Self::update), with a `change` that may fail.
    ///
    /// # Errors
    ///
    /// Returns the error of `change`, after which nothing is stored.
    pub fn try_update<E>(
        &self,
        py: Python<'_>,
        mut change: impl FnMut(&T) -> Result<T, E>,
    ) -> Result<Snapshot<T>, E> {
        self.section.enter(py, || {
            loop {
                let (value, seen) = self.slot().look();
                let new = Snapshot::new(change(&value)?);
                // In a statement of its own: what was refused is dropped with the slot unlocked.
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
    /// Nothing is shown while somebody has a [`Snapshot`]. The collector must not think it knows of
    /// all references to an object that a running function uses; next time will do.
    ///
    /// # Errors
    ///
    /// Returns the error of `visit`.
    ///
    #[doc = concat!("```\n", include_str!("../examples/account.rs"), "```")]
    pub fn traverse(
        &self,
        visit: impl FnOnce(&T) -> Result<(), PyTraverseError>,
    ) -> Result<(), PyTraverseError> {
        // Nobody has it locked while the collector runs. At another time somebody may.
        let Ok(mut slot) = self.slot.try_lock() else {
            return Ok(());
        };
        let value = slot.unshared().cloned();
        drop(slot);
        value.map_or(Ok(()), |value| visit(&value))
    }

    fn slot(&self) -> MutexGuard<'_, Slot<T>> {
        // Nothing panics while it is locked.
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
        // To show the value would take an attached thread.
        f.debug_struct("Protected").finish_non_exhaustive()
    }
}

/// The value of a [`Protected`] at some moment.
///
/// It keeps that value alive, and so the Python objects in it. Drop it when done with it, in an
/// attached thread if it matters when they are released: elsewhere PyO3 defers that.
pub struct Snapshot<T>(Arc<T>);

impl<T> Snapshot<T> {
    fn new(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// Tells whether both are the same value, from the same change of the same cell.
    pub fn ptr_eq(one: &Self, other: &Self) -> bool {
        Arc::ptr_eq(&one.0, &other.0)
    }

    fn into_inner(self) -> Option<T> {
        Arc::into_inner(self.0)
    }
}

impl<T> Clone for Snapshot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Snapshot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Snapshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Somebody has changed the cell, so [`Protected::compare_exchange`] has not.
///
/// As a Python exception it is a `RuntimeError`.
#[non_exhaustive]
pub struct Changed<T> {
    /// What is in the cell.
    pub current: Snapshot<T>,
    /// What was to be stored.
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
