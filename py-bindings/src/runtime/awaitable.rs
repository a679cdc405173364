//! Refuses coroutines where a value is expected.

use super::create::exception;
use pyo3::{exceptions::PyTypeError, ffi, intern, prelude::*};

/// Refuses a coroutine as a value to store, because it can be awaited only once.
///
/// Futures and tasks may be awaited many times, so they are accepted like any other value.
pub(crate) fn refuse_coroutine(value: &Bound<'_, PyAny>, instead: &str) -> PyResult<()> {
    // SAFETY: the object is valid. Its type either has this table, or the pointer is null.
    let can_be_awaited = unsafe {
        let table = (*ffi::Py_TYPE(value.as_ptr())).tp_as_async;
        table.as_ref().is_some_and(|table| table.am_await.is_some())
    };
    if !can_be_awaited {
        return Ok(());
    }
    let (py, kind) = (value.py(), value.get_type());
    let close = intern!(py, "close");
    if !kind.hasattr(intern!(py, "send"))? || !kind.hasattr(close)? {
        return Ok(());
    }
    // Without this, Python would warn that the coroutine was never awaited.
    value.call_method0(close)?;
    Err(exception::<PyTypeError>(format!(
        "the function returned a coroutine, which can be awaited only once: {instead}"
    )))
}
