use ft_compat::Protected;
use pyo3::prelude::*;

static HANDLERS: Protected<Vec<Py<PyAny>>> = Protected::new(Vec::new());

/// Has a function called at each event.
#[pyfunction]
pub fn add_handler(py: Python<'_>, handler: Py<PyAny>) {
    HANDLERS.update(py, |handlers| {
        let old = handlers.iter().map(|other| other.clone_ref(py));
        old.chain([handler.clone_ref(py)]).collect()
    });
}

/// Calls the handlers, which may add handlers, or be called by other threads.
#[pyfunction]
pub fn fire(py: Python<'_>, event: &Bound<'_, PyAny>) -> PyResult<()> {
    for handler in &*HANDLERS.get(py) {
        handler.call1(py, (event,))?;
    }
    Ok(())
}

/// Forgets all handlers.
#[pyfunction]
pub fn clear_handlers(py: Python<'_>) {
    HANDLERS.take(py);
}
