//! Storing a value under a key.

use super::class::{Core, PyGatheringIter};
use crate::runtime::{
    blocking::{self, Timeout},
    create::exception,
    error::raised,
    failure::Cause,
    fast::exact_i64,
    imports::Imports,
    object::Object,
};
use ft_gathering_iter::{InsertError, Refusal};
use ft_sync::Arc;
use pyo3::{
    exceptions::{PyException, PyRuntimeError, PyTimeoutError},
    prelude::*,
};

#[pymethods]
impl PyGatheringIter {
    /// Store a value under a key, in place of one that nobody has read.
    ///
    /// Any hashable key is accepted. Keys that are equal to 0, 1, 2, ... are read; a value under any
    /// other, say -1 or "x", never is, and is not kept. Once its value was taken a key may be used
    /// again.
    ///
    /// With a window it waits until the key is within that, and raises TimeoutError after timeout
    /// seconds. It raises ShutDown if the object is closed; RuntimeError if it would have to wait
    /// although the object has failed. If it fails because of its key (a list, say), that is a
    /// failure of the object, as with fail().
    #[pyo3(signature = (key, value, timeout=None))]
    fn insert(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<()> {
        let py = key.py();
        let core = self.core()?;
        let number = number_of(key).map_err(|err| remember(py, core, err))?;
        let Some(number) = number else {
            return match core.is_closed() {
                true => Err(closed(py)),
                false => Ok(()),
            };
        };
        let value = Object::new(value);
        let InsertError { value, reason } = match core.try_insert(number, value) {
            // Drops the value that it replaces.
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        if !matches!(reason, Refusal::Full) {
            return Err(refused(py, number, reason));
        }
        let mut insertion = core.insertion(number, value);
        let event = Arc::clone(insertion.event());
        let deadline = Timeout::deadline(timeout);
        let done = blocking::wait(py, deadline, &event, || insertion.attempt());
        match done.map_err(|err| remember(py, core, err))? {
            Some(Ok(_)) => Ok(()),
            Some(Err(InsertError { reason, .. })) => Err(refused(py, number, reason)),
            None => Err(refused(py, number, Refusal::Full)),
        }
    }
}

/// The number that a key is: `None` if no reader comes to it, because it is negative, or no
/// integer, or more than anybody lives to see.
///
/// May run any code, and fail.
#[inline]
fn number_of(key: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    match exact_i64(key.as_borrowed()) {
        Some(number) => Ok(u64::try_from(number).ok()),
        None => number_equal_to(key),
    }
}

/// As a dict finds it: what is equal to an int has the hash of that int, which is the int itself
/// unless it is huge.
#[cold]
fn number_equal_to(key: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    let hash = key.hash()?;
    Ok(match u64::try_from(hash) {
        Ok(number) if key.eq(number)? => Some(number),
        _ => None,
    })
}

/// Remembers what an insert raises, if it is an `Exception`: its value is missing.
fn remember(py: Python<'_>, core: &Core, err: PyErr) -> PyErr {
    if !err.is_instance_of::<PyException>(py) {
        return err;
    }
    let (cause, told) = Cause::new(err.value(py));
    core.fail(cause);
    told.err().unwrap_or(err)
}

fn closed(py: Python<'_>) -> PyErr {
    raised(py, &Imports::get(py).shut_down)
}

fn refused(py: Python<'_>, key: u64, reason: Refusal<Cause>) -> PyErr {
    match reason {
        Refusal::Full => exception::<PyTimeoutError>(format!("key {key} is beyond the window")),
        Refusal::Closed => closed(py),
        Refusal::Failed(cause) => {
            let what = format!("key {key} is beyond the window, and gathering has failed");
            cause.error(&py.get_type::<PyRuntimeError>(), &what)
        }
    }
}
