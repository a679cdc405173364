use pyo3::{prelude::*, sync::MutexExt};
use std::sync::{Mutex, PoisonError};

static READINGS: Mutex<Vec<Py<PyAny>>> = Mutex::new(Vec::new());

/// Keeps a reading.
#[pyfunction]
pub fn record(py: Python<'_>, reading: Py<PyAny>) {
    // Detaches if it has to wait. While it is locked no Python code runs, nothing is called that
    // might, and nothing is dropped.
    let mut readings = READINGS
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner);
    readings.push(reading);
}

/// Calls a function with each reading, and forgets them.
#[pyfunction]
pub fn drain(py: Python<'_>, function: &Bound<'_, PyAny>) -> PyResult<()> {
    // The readings leave the lock, which is free again at the end of the statement, and then
    // anything may be done with them.
    let readings = std::mem::take(
        &mut *READINGS
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner),
    );
    for reading in readings {
        function.call1((reading,))?;
    }
    Ok(())
}
