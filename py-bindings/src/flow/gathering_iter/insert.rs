//! The method `insert`, which stores a value under a key.

use super::class::{Core, PyGatheringIter};
use crate::runtime::{
    awaiting::ringing,
    blocking::{self, Timeout},
    create::exception,
    error::raised,
    failure::Cause,
    fast_calls::exact_i64,
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
    /// Store a value under a key, replacing a value that has not been read.
    ///
    /// Any hashable key is accepted. Keys equal to 0, 1, 2, ... are read. A value under any other
    /// key, such as -1 or "x", is never read, and is not kept. Once a key's value was taken, the
    /// key may be used again.
    ///
    /// With a window, wait until the key is within the window; raise TimeoutError after timeout
    /// seconds. Raise ShutDown if the object is closed, and RuntimeError if the call would have to
    /// wait although the object has failed. If the call fails because of its key (for example, a
    /// list), the object fails too, as with fail().
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
        let inserted = ringing(py, || core.try_insert(number, value));
        let InsertError { value, reason } = match inserted {
            // This drops the replaced value.
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

/// Returns the number that a key is equal to. Returns `None` if no reader ever reaches the key: it
/// is negative, not an integer, or too large to be reached.
///
/// This may run any code, and may fail.
#[inline]
fn number_of(key: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    match exact_i64(key.as_borrowed()) {
        Some(number) => Ok(u64::try_from(number).ok()),
        None => number_equal_to(key),
    }
}

/// Finds the number as a dict would: an object equal to an int has the same hash as that int, and
/// this hash is the int itself, unless the int is huge.
#[cold]
fn number_equal_to(key: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    let hash = key.hash()?;
    Ok(match u64::try_from(hash) {
        Ok(number) if key.eq(number)? => Some(number),
        _ => None,
    })
}

/// Makes the object fail with the error of an insert, if it is an `Exception`, because the value of
/// that insert is missing.
fn remember(py: Python<'_>, core: &Core, err: PyErr) -> PyErr {
    if !err.is_instance_of::<PyException>(py) {
        return err;
    }
    let (cause, told) = Cause::new(err.value(py));
    ringing(py, || core.fail(cause));
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
