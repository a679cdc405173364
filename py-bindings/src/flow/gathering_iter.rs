//! `ConcurrentGatheringIterator`.

use crate::{
    local_wrapper::Vacant,
    runtime::{
        blocking::{self, Timeout},
        create::{New, exception},
        error::raised,
        failure::Cause,
        fast::{Done, exact_i64},
        imports::Imports,
        nesting::Nested,
        not_copyable::not_copyable,
        object::Object,
        truth::Truth,
    },
};
use ft_gathering_iter::{GatheringIter, InsertError, NextError, Reader, Refusal};
use ft_sync::{Arc, deadline_after};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{
        PyException, PyOverflowError, PyRuntimeError, PyTimeoutError, PyTypeError, PyValueError,
    },
    intern,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{num::NonZeroU64, sync::OnceLock, time::Duration};

/// Values by key, and the exception of the producer that failed.
type Core = GatheringIter<Object, Cause>;

/// Gathers values by number from many threads, for readers that get them in the order 0, 1, 2, ...
///
/// ConcurrentGatheringIterator(scaling=None, *, window=None)
///
/// Producers insert(key, value) in any order; iterator(max_key) yields the values of the keys 0 to
/// max_key, each as soon as it is there. An insert wakes the readers that wait for its key, and no
/// others. Waits end within 0.1 s of Ctrl-C.
///
/// With a window, an insert waits while its key is window or more ahead of what clearing iterators
/// have taken, so that at most that many values are held for them. While no clearing iterator is in
/// progress the window begins at key 0.
///
/// close() says that no more values come, fail(exception) that one will not come. scaling is a hint
/// how many threads use the object at once.
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    generic,
    module = "ft_utils.concurrency",
    name = "ConcurrentGatheringIterator"
)]
pub(crate) struct PyGatheringIter {
    /// Set by `__init__`, so that subclasses are free in what they take.
    core: Nested<OnceLock<Core>>,
    /// The object whose values these are, if it is another one. It alone shows them to the
    /// collector.
    owner: Option<Py<Self>>,
    /// True; false in memory that is still to become one of these. Python 3.11 and 3.12 show the
    /// collector such memory, all zeros, when they make the dict of the instance.
    is_made: bool,
}

impl PyGatheringIter {
    #[inline]
    fn core(&self) -> PyResult<&Core> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>(
                "ConcurrentGatheringIterator.__init__() was not called by the subclass",
            )
        })
    }

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

/// The first key that is beyond `max_key`.
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
    // No key is at most NaN. The conversion rounds down and saturates.
    let is_readable = max_key >= 0.0;
    Ok(if is_readable {
        (max_key as u64).saturating_add(1)
    } else {
        0
    })
}

/// A timeout that begins anew with each call.
fn duration(timeout: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    timeout.extract::<Timeout>()?;
    // Longer than any clock is for ever.
    Ok(Duration::try_from_secs_f64(timeout.extract()?).ok())
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

#[pymethods]
impl PyGatheringIter {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(scaling=None, *, window=None)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    #[pyo3(signature = (scaling=None, *, window=None))]
    fn __init__(&self, scaling: Option<isize>, window: Option<i64>) -> PyResult<()> {
        let window = match window.map(|n| (n, u64::try_from(n).ok().and_then(NonZeroU64::new))) {
            None => None,
            Some((_, Some(window))) => Some(window),
            Some((n, None)) => {
                let message = format!("window must be positive or None, not {n}");
                return Err(exception::<PyValueError>(message));
            }
        };
        let shards = scaling.and_then(|n| usize::try_from(n).ok());
        let core = match shards.filter(|&n| n > 0) {
            Some(shards) => Core::with_shards(shards, window),
            None => window.map_or_else(Core::new, Core::with_window),
        };
        // A second call changes nothing: other threads use what the first one made.
        let _ = self.core.set(core);
        Ok(())
    }

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

    /// Return an iterator over the values of the keys 0 to max_key, in this order.
    ///
    /// It waits for each value; TimeoutError after timeout seconds, and then goes on where it was if
    /// asked again. When the next value is missing, it ends if the object is closed, and raises
    /// RuntimeError, from the producer's exception, if the object has failed.
    ///
    /// With clear=True it takes the values out, and each value goes to exactly one iterator: those
    /// that are in progress at the same time pass over keys that another one has taken. In progress
    /// means from the first next() until it is exhausted, has raised RuntimeError, or is closed or
    /// dropped. With clear=False it leaves the values where they are, for others to see.
    ///
    /// Threads may share an iterator: each value goes to one of them.
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

    /// Say that no more values come.
    ///
    /// Iterators yield what is there, up to the first key that is missing, and end. insert() raises
    /// ShutDown, at once if it waits. Nothing happens if the object has failed or is closed.
    fn close(&self) -> PyResult<()> {
        self.core()?.close();
        Ok(())
    }

    /// Say that a value will not come, because of an exception.
    ///
    /// Iterators yield what is there, up to the first key that is missing, and raise RuntimeError
    /// from the exception; those that wait do so at once. insert() goes on, except where it would
    /// have to wait. Nothing happens if the object has failed or is closed.
    fn fail(&self, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        let core = self.core()?;
        let (cause, told) = Cause::of_argument(exception)?;
        core.fail(cause);
        told
    }

    /// Forget a failure, so that iterators wait again; return its exception, or None.
    fn clear_failure(&self) -> PyResult<Option<Py<PyAny>>> {
        Ok(self.core()?.clear_failure().map(Cause::into_py))
    }

    /// The exception of the first producer that failed, or None.
    #[getter]
    fn failure(&self) -> PyResult<Option<Py<PyAny>>> {
        Ok(self.core()?.failure().map(Cause::into_py))
    }

    /// Whether close() has taken effect.
    #[getter]
    fn closed(&self) -> PyResult<bool> {
        Ok(self.core()?.is_closed())
    }

    /// How far ahead of the readers a key may be, or None.
    #[getter]
    fn window(&self) -> PyResult<Option<New<u64>>> {
        Ok(self.core()?.window().map(NonZeroU64::get).map(New))
    }

    /// Return the number of values held, exact while no other thread uses the object.
    fn size(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.len()))
    }

    /// Return another object for the same values.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle(slf: &Bound<'_, Self>) -> PyResult<Self> {
        let this = slf.get();
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Ok(Self {
            core: Nested::new(OnceLock::from(this.core()?.clone())),
            owner: Some(owner),
            is_made: true,
        })
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let name = slf.get_type().name()?;
        let Some(core) = slf.get().core.get() else {
            return Ok(New(format!("<{name}, not initialized>")));
        };
        let state = match core.failure() {
            _ if core.is_closed() => ", closed",
            Some(_) => ", failed",
            None => "",
        };
        Ok(New(format!("<{name} with {} values{state}>", core.len())))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        // Only attached threads are inside the core, and none of them stops there: nothing in it
        // allocates a Python object, detaches, or runs Python code. So no lock is taken now.
        self.core.get().map_or(Ok(()), |core| {
            core.visit(|value| visit.call(&**value), |cause| cause.traverse(&visit))
        })
    }

    fn __clear__(&self) {
        if let (None, Some(core)) = (&self.owner, self.core.get()) {
            drop((core.clear(), core.clear_failure()));
        }
    }
}

not_copyable!(PyGatheringIter, "handle() to share the object");

/// An iterator over the values of a ConcurrentGatheringIterator, in the order of their keys.
///
/// Threads may share it: each value goes to one of them.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentGatheringReader"
)]
pub(crate) struct GatheringReader {
    reader: Reader<Object, Cause>,
    /// How long to wait for each value; `None`: for ever.
    timeout: Option<Duration>,
    /// Whether each value is put into a LocalWrapper.
    is_local: bool,
    /// Shows the values to the collector.
    source: Py<PyGatheringIter>,
}

impl GatheringReader {
    fn read(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let attempt = || match self.reader.try_next() {
            Err(NextError::Missing) => None,
            done => Some(done),
        };
        let done = match attempt() {
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

    /// The end of an iterator, or what it raises instead of a value.
    fn no_value(&self, py: Python<'_>, reason: NextError<Cause>) -> PyResult<()> {
        let missing = |key: Option<u64>| match key {
            Some(key) => format!("the value of key {key} is missing"),
            // Another thread has taken it meanwhile, and was the last to get one.
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
        // Made first: once the value is out nothing may fail.
        let wrapper = Vacant::new(py)?;
        let value = self.read(py)?;
        Ok(value.map(|value| wrapper.fill(value.into_bound(py)).unbind()))
    }

    /// End the iterator; threads that wait in next() get StopIteration.
    fn close(&self) {
        self.reader.close();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.source)
    }
}

pub(crate) mod source {
    use super::{Done, Object, PyGatheringIter, exact_i64};

    crate::runtime::fast::fast! { PyGatheringIter:
        two c"insert" = |this, py, key, value| {
            let key = u64::try_from(exact_i64(key)?).ok()?;
            this.core.get()?.try_insert(key, Object::new(&value)).ok()?;
            Some(Done::none(py))
        };
    }
}

pub(crate) mod reader {
    use super::{Done, GatheringReader, NextError};

    crate::runtime::fast::fast! { GatheringReader:
        next tp_iternext = |this, _| {
            if this.is_local {
                return None;
            }
            match this.reader.try_next() {
                Ok(value) => Some(Done::object(value)),
                Err(NextError::Missing) => None,
                // These come once. To raise, PyO3 has to know that the thread is attached.
                Err(reason) => Some(Python::attach(|py| {
                    this.no_value(py, reason).unwrap_or_else(|err| err.restore(py));
                    Done(std::ptr::null_mut())
                })),
            }
        };
    }
}
