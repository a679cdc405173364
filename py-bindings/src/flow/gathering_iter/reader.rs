//! The iterators over the gathered values.

use super::class::PyGatheringIter;
use crate::{
    local_wrapper::Vacant,
    runtime::{
        awaiting::ringing,
        blocking::{self, Timeout},
        create::exception,
        failure::Cause,
        object::Object,
        truth::Truth,
    },
};
use ft_gathering_iter::{NextError, Reader};
use ft_sync::deadline_after;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyOverflowError, PyRuntimeError, PyTimeoutError, PyTypeError},
    intern,
    prelude::*,
};
use std::time::Duration;

#[pymethods]
impl PyGatheringIter {
    /// Return an iterator over the values of the keys 0 to max_key, in this order.
    ///
    /// It waits for each value, and raises TimeoutError after timeout seconds. After that error,
    /// the next call continues at the same key. If the next value is missing, the iterator ends if
    /// the object is closed; if the object has failed, it raises RuntimeError, whose cause is the
    /// producer's exception.
    ///
    /// With clear=True it takes the values out, and each value goes to exactly one iterator:
    /// iterators that are in progress at the same time skip keys that another one has taken. An
    /// iterator is in progress from its first next() until it is exhausted, has raised
    /// RuntimeError, or is closed or dropped. With clear=False it leaves the values in place, for
    /// other iterators to read.
    ///
    /// "async for" works in coroutines of any event loop: the task waits, not its thread. Threads and
    /// tasks may share an iterator; each value then goes to one of them.
    #[pyo3(
        signature = (max_key, clear=Truth(true), timeout=None),
        text_signature = "($self, max_key, clear=True, timeout=None)",
    )]
    fn iterator(
        slf: &Bound<'_, Self>,
        max_key: &Bound<'_, PyAny>,
        clear: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<GatheringReader> {
        Self::reader(slf, max_key, clear, timeout, false)
    }

    /// Return an iterator like iterator(), with each value in a LocalWrapper.
    #[pyo3(
        signature = (max_key, clear=Truth(true), timeout=None),
        text_signature = "($self, max_key, clear=True, timeout=None)",
    )]
    fn iterator_local(
        slf: &Bound<'_, Self>,
        max_key: &Bound<'_, PyAny>,
        clear: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<GatheringReader> {
        Self::reader(slf, max_key, clear, timeout, true)
    }
}

impl PyGatheringIter {
    fn reader(
        slf: &Bound<'_, Self>,
        max_key: &Bound<'_, PyAny>,
        clear: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
        is_local: bool,
    ) -> PyResult<GatheringReader> {
        let end = end_of(max_key)?;
        let timeout = timeout.map_or(Ok(None), duration)?;
        let core = slf.get().core()?;
        Ok(GatheringReader {
            reader: if clear.0 {
                core.drain(end)
            } else {
                core.iter(end)
            },
            timeout,
            is_local,
            source: slf.clone().unbind(),
        })
    }
}

/// Returns the first key after `max_key`.
fn end_of(max_key: &Bound<'_, PyAny>) -> PyResult<u64> {
    let py = max_key.py();
    let err = match max_key.extract::<i64>() {
        Ok(max_key) => return Ok(u64::try_from(max_key).map_or(0, |max_key| max_key + 1)),
        Err(err) => err,
    };
    if err.is_instance_of::<PyOverflowError>(py) {
        let is_negative = max_key
            .call_method0(intern!(max_key.py(), "__index__"))?
            .lt(0)?;
        return Ok(if is_negative { 0 } else { u64::MAX });
    }
    if !err.is_instance_of::<PyTypeError>(py) {
        return Err(err);
    }
    let max_key: f64 = max_key.extract().map_err(|err: PyErr| {
        if !err.is_instance_of::<PyTypeError>(py) {
            return err;
        }
        let kind = max_key.get_type();
        exception::<PyTypeError>(format!("max_key must be a number, not {kind}"))
    })?;
    // NaN allows no key. The conversion rounds down and saturates.
    let is_readable = max_key >= 0.0;
    Ok(if is_readable {
        (max_key as u64).saturating_add(1)
    } else {
        0
    })
}

/// Reads a timeout that begins again with each call.
fn duration(timeout: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    timeout.extract::<Timeout>()?;
    // A timeout longer than any clock can count means forever.
    Ok(Duration::try_from_secs_f64(timeout.extract()?).ok())
}

/// An iterator over the values of a ConcurrentGatheringIterator, in the order of their keys.
///
/// Threads and tasks may share it; each value then goes to one of them.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentGatheringReader"
)]
pub(crate) struct GatheringReader {
    pub(super) reader: Reader<Object, Cause>,
    /// How long to wait for each value; `None` means forever.
    pub(super) timeout: Option<Duration>,
    /// Whether each value is put into a LocalWrapper.
    pub(super) is_local: bool,
    /// Shows the values to the collector.
    source: Py<PyGatheringIter>,
}

impl GatheringReader {
    fn read(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let attempt = || match self.reader.try_next() {
            Err(NextError::Missing) => None,
            done => Some(done),
        };
        let done = match ringing(py, attempt) {
            Some(done) => done,
            None => {
                let deadline = self.timeout.and_then(deadline_after);
                let done = blocking::wait(py, deadline, self.reader.event(), attempt)?;
                done.unwrap_or(Err(NextError::Missing))
            }
        };
        done.map_or_else(
            |reason| self.no_value(py, reason).map(|()| None),
            |value| Ok(Some(value.into_py())),
        )
    }

    /// Returns the end of the iterator, or the error that it raises instead of a value.
    pub(super) fn no_value(&self, py: Python<'_>, reason: NextError<Cause>) -> PyResult<()> {
        let missing = |key: Option<u64>| match key {
            Some(key) => format!("the value of key {key} is missing"),
            // Another thread has taken the value meanwhile, and it was the last one that any thread
            // gets.
            None => "the next value is missing".to_owned(),
        };
        match reason {
            NextError::Ended => Ok(()),
            NextError::Failed(cause) => {
                let missing = missing(self.reader.failed_at());
                let what = format!("{missing}, and gathering has failed");
                Err(cause.error(&py.get_type::<PyRuntimeError>(), &what))
            }
            NextError::Missing => {
                let message = missing(self.reader.position());
                Err(exception::<PyTimeoutError>(message))
            }
        }
    }
}

#[pymethods]
impl GatheringReader {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        if !self.is_local {
            return self.read(py);
        }
        // The wrapper is made first, because nothing may fail once the value is taken out.
        let wrapper = Vacant::new(py)?;
        let value = self.read(py)?;
        Ok(value.map(|value| wrapper.fill(value.into_bound(py)).unbind()))
    }

    /// End the iterator; threads that wait in next() get StopIteration, tasks StopAsyncIteration.
    fn close(&self, py: Python<'_>) {
        ringing(py, || self.reader.close());
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.source)
    }
}
