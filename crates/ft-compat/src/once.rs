//! One-time initialization that never waits.

use pyo3::Python;
use std::sync::OnceLock;

/// A cell that is set once, by whoever is first, and in which nobody waits.
///
/// Threads that find it empty at the same time each make a value; the first one stays, the others
/// are dropped, and all get the same. This is for values of which two may be made, but only one used:
/// imports, types, tables. With [`PyOnceLock`](pyo3::sync::PyOnceLock) exactly one thread
/// makes the value, and the others wait for it. That is right for what must not happen twice, but it
/// cannot be had without three hazards, which this cell does not have:
///
/// - *Re-entrancy*. Making the value may import a module, which may run code that asks for the
///   value. Here the inner call makes one too, and the outer call returns that.
/// - *Lock order*. Making the value may wait for what another thread has that waits for the value:
///   the lock of an import, say.
/// - *Forks*. A process that forks while another thread makes the value leaves its child with a
///   cell that waits for ever.
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

    /// Returns the value, if need be after making it.
    ///
    /// `make` may run any Python code, and ask for this same value. It may be called by several
    /// threads at once; those that are not first have their value dropped.
    pub fn get_or_init(&self, py: Python<'_>, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.0.get() {
            return value;
        }
        // What is too late is dropped after the cell is set, because that may run Python code.
        let _too_late = self.set(py, make());
        self.0.get().expect("it is set, by us or another")
    }

    /// As [`get_or_init`](Self::get_or_init), with a `make` that may fail.
    ///
    /// # Errors
    ///
    /// Returns the error of `make`, also if another thread has set the value meanwhile. The cell
    /// is as it was.
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
    /// Returns `value` if there is one already.
    pub fn set(&self, _py: Python<'_>, value: T) -> Result<(), T> {
        // Another thread that sets it at this moment moves a value, and nothing else, before this
        // one goes on. It is attached, so neither a fork nor the collector can come in between.
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
