//! The examples of the docs as a module, and what else the tests need.

use ft_compat::{Protected, RaceOnce, Snapshot};
use pyo3::{PyTraverseError, PyVisit, prelude::*};
use std::sync::Mutex;

#[path = "../../../examples/account.rs"]
mod account;
#[path = "../../../examples/decimal.rs"]
mod decimal;
#[path = "../../../examples/gate.rs"]
mod gate;
#[path = "../../../examples/handlers.rs"]
mod handlers;
#[path = "../../../examples/mailbox.rs"]
mod mailbox;
#[path = "../../../examples/memo.rs"]
mod memo;
#[path = "../../../examples/sensor.rs"]
mod sensor;

/// A cell with an object in it.
#[pyclass(frozen, weakref)]
struct Cell(Protected<Option<Py<PyAny>>>);

#[pymethods]
impl Cell {
    #[new]
    fn new(value: Py<PyAny>) -> Self {
        Self(Protected::new(Some(value)))
    }

    fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        clone(&self.0.get(py), py)
    }

    fn set(&self, py: Python<'_>, value: Py<PyAny>) {
        self.0.set(py, Some(value));
    }

    fn replace(&self, py: Python<'_>, value: Py<PyAny>) -> Option<Py<PyAny>> {
        clone(&self.0.replace(py, Some(value)), py)
    }

    fn take(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        clone(&self.0.take(py), py)
    }

    /// Stores `change(value)`, and returns the value before.
    fn update(&self, change: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
        let py = change.py();
        let before = self.0.try_update(py, |value| {
            let value = change.call1((clone(value, py),))?;
            PyResult::Ok(Some(value.unbind()))
        })?;
        Ok(clone(&before, py))
    }

    /// Stores a value if no other comes to be stored by `meanwhile()`.
    fn exchange(&self, value: Py<PyAny>, meanwhile: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = meanwhile.py();
        let before = self.0.get(py);
        meanwhile.call0()?;
        Ok(self.0.compare_exchange(py, &before, Some(value))?)
    }

    /// Calls `function()` with a snapshot at hand, and returns what is in that then.
    fn with_snapshot(&self, function: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
        let py = function.py();
        let snapshot = self.0.get(py);
        function.call0()?;
        Ok(clone(&snapshot, py))
    }

    fn keep(&self, py: Python<'_>) -> Kept {
        Kept(Mutex::new(Some(self.0.get(py))))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(|value| visit.call(value))
    }

    fn __clear__(&self, py: Python<'_>) {
        self.0.take(py);
    }
}

fn clone(value: &Option<Py<PyAny>>, py: Python<'_>) -> Option<Py<PyAny>> {
    value.as_ref().map(|value| value.clone_ref(py))
}

/// A snapshot that is kept for long, out of the collector's sight.
#[pyclass(frozen)]
struct Kept(Mutex<Option<Snapshot<Option<Py<PyAny>>>>>);

#[pymethods]
impl Kept {
    fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        let kept = self.0.lock().unwrap();
        kept.as_ref().and_then(|snapshot| clone(snapshot, py))
    }

    fn release(&self) {
        let snapshot = self.0.lock().unwrap().take();
        drop(snapshot);
    }
}

/// A number that is changed by Rust code alone.
#[pyclass(frozen)]
struct Number {
    value: Protected<i64>,
    /// How often it took another attempt.
    again: Protected<i64>,
}

#[pymethods]
impl Number {
    #[new]
    fn new() -> Self {
        Self {
            value: Protected::new(0),
            again: Protected::new(0),
        }
    }

    fn get(&self, py: Python<'_>) -> (i64, i64) {
        (*self.value.get(py), *self.again.get(py))
    }

    fn add(&self, py: Python<'_>, times: u32) {
        let mut calls = 0;
        for _ in 0..times {
            self.value.update(py, |value| {
                calls += 1;
                // Long enough for others to come in between, if they could.
                (0..20_000).for_each(|_| std::hint::spin_loop());
                value + 1
            });
        }
        self.again
            .update(py, |again| again + calls - i64::from(times));
    }

    /// As `add`, letting others in at each time.
    fn add_detaching(&self, py: Python<'_>, times: u32) {
        for _ in 0..times {
            self.value.update(py, |value| {
                py.detach(std::thread::yield_now);
                value + 1
            });
        }
    }
}

/// A value that is made by a Python function.
#[pyclass(frozen)]
struct Once(RaceOnce<Py<PyAny>>);

#[pymethods]
impl Once {
    #[new]
    fn new() -> Self {
        Self(RaceOnce::new())
    }

    /// `make` must not fail.
    fn get_or_init(&self, make: &Bound<'_, PyAny>) -> Py<PyAny> {
        let py = make.py();
        let value = (self.0).get_or_init(py, || make.call0().unwrap().unbind());
        value.clone_ref(py)
    }

    fn get_or_try_init(&self, make: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = make.py();
        let value = (self.0).get_or_try_init(py, || make.call0().map(Bound::unbind))?;
        Ok(value.clone_ref(py))
    }
}

/// An extension for the tests of ft-compat.
#[pymodule]
mod ft_compat_extension {
    use super::*;

    #[pymodule_export]
    use super::{Cell, Number, Once};
    #[pymodule_export]
    use account::Account;
    #[pymodule_export]
    use decimal::to_decimal;
    #[pymodule_export]
    use gate::Gate;
    #[pymodule_export]
    use handlers::{add_handler, clear_handlers, fire};
    #[pymodule_export]
    use mailbox::Mailbox;
    #[pymodule_export]
    use memo::memo;
    #[pymodule_export]
    use sensor::{drain, record};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        ft_compat::prepare(module.py())?;
        // What the crate says, what the build script found, and what the compiler was told.
        module.add("FREE_THREADED", ft_compat::FREE_THREADED)?;
        module.add("TARGET", env!("FT_TARGET"))?;
        module.add("PY_GIL_DISABLED", cfg!(Py_GIL_DISABLED))?;
        module.add("PY_3_11", cfg!(Py_3_11))?;
        module.add("PY_3_12", cfg!(Py_3_12))?;
        module.add("PY_3_13", cfg!(Py_3_13))
    }
}
