//! Those that want to know that a job is done: callbacks, and the functions `wait()` and `as_completed()`
//! of `concurrent.futures`.

use super::class::{Observed, PyFuture};
use crate::runtime::{create, error::both, imports::Imports, object::Object};
use pyo3::{
    exceptions::PyException,
    intern,
    prelude::*,
    types::{PyList, PyString},
};
use std::mem;

impl PyFuture {
    /// Makes the calls that were asked for, now that the job is done.
    pub(super) fn call_back(slf: &Bound<'_, Self>) -> PyResult<()> {
        let callbacks = mem::take(&mut slf.get().parts.lock().callbacks);
        let mut result = Ok(());
        for callback in callbacks {
            let called = call_one_back(slf, callback.bind(slf.py()));
            result = both(slf.py(), result, called);
        }
        result
    }

    fn observed(slf: &Bound<'_, Self>) -> PyResult<Observed> {
        let (this, py) = (slf.get(), slf.py());
        if let Some(observed) = this.parts.lock().observed.clone() {
            return Ok(observed);
        }
        let made = Observed {
            condition: Object::from(Imports::get(py).condition.call0(py)?),
            waiters: Object::from(
                create::Room::new(py, 0)?
                    .fill([].into_iter())
                    .into_any()
                    .unbind(),
            ),
        };
        let mut parts = this.parts.lock();
        let observed = parts.observed.get_or_insert_with(|| made.clone()).clone();
        drop(parts);
        Ok(observed)
    }
}

/// Tells those that wait in `wait()` or `as_completed()`. The condition is held.
pub(super) fn tell(
    future: &Bound<'_, PyFuture>,
    observed: &Observed,
    what: &Bound<'_, PyString>,
) -> PyResult<()> {
    let py = future.py();
    let waiters = observed.waiters.bind(py).cast::<PyList>()?;
    for n in 0..waiters.len() {
        waiters.get_item(n)?.call_method1(what, (future,))?;
    }
    let condition = observed.condition.bind(py);
    condition.call_method0(intern!(py, "notify_all"))?;
    Ok(())
}

/// Calls a callback, and logs the `Exception` that it raises. Any other is returned.
fn call_one_back(future: &Bound<'_, PyFuture>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = future.py();
    let Err(err) = callback.call1((future,)) else {
        return Ok(());
    };
    if !err.is_instance_of::<PyException>(py) {
        return Err(err);
    }
    let kwargs = create::dict(py)?;
    kwargs.set_item(intern!(py, "exc_info"), err.value(py))?;
    let text = intern!(py, "exception calling callback for %r");
    let log = Imports::get(py).log_error.bind(py);
    log.call((text, future), Some(&kwargs))?;
    Ok(())
}

/// Reports an error that nobody can be told of.
pub(super) fn report(result: PyResult<()>, future: &Bound<'_, PyFuture>) {
    if let Err(err) = result {
        err.write_unraisable(future.py(), Some(future));
    }
}

#[pymethods]
impl PyFuture {
    /// Call fn(future) when the job is done, in the thread that ends it; at once if it is done already.
    ///
    /// An Exception that fn raises is logged.
    fn add_done_callback(slf: &Bound<'_, Self>, r#fn: &Bound<'_, PyAny>) -> PyResult<()> {
        let this = slf.get();
        let callback = Object::new(r#fn);
        let mut parts = this.parts.lock();
        if !this.phase().is_done() {
            parts.callbacks.push(callback);
            return Ok(());
        }
        drop(parts);
        call_one_back(slf, r#fn)
    }

    // What the functions of `concurrent.futures` and asyncio read.

    #[getter]
    fn _condition<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Self::observed(slf)?.condition.into_bound(slf.py()))
    }

    #[getter]
    fn _waiters<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Self::observed(slf)?.waiters.into_bound(slf.py()))
    }
}
