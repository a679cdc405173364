//! One-time initialization that never waits.

use pyo3::Python;
use std::sync::OnceLock;

/// A cell that is set once, by the first thread that does so, and for which no thread waits.
///
/// Threads that find it empty at the same time each create a value. The first value stays, the
/// others are dropped, and all threads get the same one. This is for values of which two may be
/// created, as long as only one is used: imports, types, tables. With
/// [`PyOnceLock`](pyo3::sync::PyOnceLock) exactly one thread creates the value, and the others wait
/// for it. That is right for actions that must not happen twice, but it has three hazards, which
/// this cell does not have:
///
/// - *Re-entrancy*. Creating the value may import a module, which may run code that asks for the
///   value. Here the inner call creates a value, too, and the outer call returns that one.
/// - *Lock order*. Creating the value may wait for a lock, such as that of an import, whose owner
///   waits for the value.
/// - *Forks*. If a process forks while another thread creates the value, its child has a cell that
///   waits for ever.
///
#[doc = concat!("```\n", include_str!("../examples/decimal.rs"), "```")]
pub struct RaceOnce<T>(OnceLock<T>);

impl<T> RaceOnce<T> {
    /// Creates an empty cell.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns the value, if there is one yet.
    #[inline]
    pub fn get(&self, _py: Python<'_>) -> Option<&T> {
        self.0.get()
    }

    /// Returns the value, and creates it first if necessary.
    ///
    /// `make` may run any Python code, and may ask for this same value. Several threads may call it
    /// at once. The values of all but the first are dropped.
    pub fn get_or_init(&self, py: Python<'_>, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.0.get() {
            return value;
        }
        // A value that comes too late is dropped after the cell is set, because that may run Python
        // code.
        let _too_late = self.set(py, make());
        self.0
            .get()
            .expect("the cell was set by this thread or another one")
    }

    /// Like [`get_or_init`](Self::get_or_init), with a `make` that may fail.
    ///
    /// # Errors
    ///
    /// The error of `make`, even if another thread has set the value meanwhile. This call has not
    /// changed the cell.
    pub fn get_or_try_init<E>(
        &self,
        py: Python<'_>,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<&T, E> {
        match self.0.get() {
            Some(value) => Ok(value),
            None => make().map(|value| self.get_or_init(py, || value)),
        }
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// Returns `value` if the cell is already set.
    pub fn set(&self, _py: Python<'_>, value: T) -> Result<(), T> {
        // If another thread sets the cell at this moment, it only moves a value before this thread
        // goes on. That thread is attached, so neither a fork nor the collector can come in
        // between.
        self.0.set(value)
    }
}

impl<T> Default for RaceOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for RaceOnce<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RaceOnce").field(&self.0.get()).finish()
    }
}
