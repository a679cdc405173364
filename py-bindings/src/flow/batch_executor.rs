//! `BatchExecutor`.

use crate::{
    local_wrapper::Vacant,
    runtime::{
        blocking::{self, Timeout},
        create::{New, exception},
        deferral::share_if,
        fast_calls::{self, Done},
        inline::{HasInline, Inline},
        nesting::Nested,
        not_copyable::not_copyable,
        object::Object,
        truth::Truth,
    },
};
use ft_batch_executor::{BatchBuffer, TryLoadError, Word};
use ft_compat::Protected;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{
        PyMemoryError, PyRuntimeError, PyStopIteration, PyTimeoutError, PyTypeError, PyValueError,
    },
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{num::NonZeroUsize, sync::OnceLock};

/// How many calls of a source there are between two checks for signals and for a request to stop
/// all threads.
const STRETCH: usize = 256;

// SAFETY: the word is the pointer to the Python object, and it owns a reference.
unsafe impl Word for Object {
    fn into_raw(self) -> *mut () {
        self.into_py().into_ptr().cast()
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        // SAFETY: objects are only used in containers and in calls on them, and only attached
        // threads do that.
        let py = unsafe { Python::assume_attached() };
        // SAFETY: the caller promises that the pointer comes from `into_raw`, and is used once.
        Self::from(unsafe { Bound::from_owned_ptr(py, raw.cast()) }.unbind())
    }
}

/// Hands out the results of a function, which it calls in batches, in one thread at a time.
///
/// BatchExecutor(source, size, *, shared=False)
///
/// load() returns the next result, in any thread. The caller that finds the buffer empty calls
/// source() size times; other callers wait for it. So the source need not be thread-safe, and is
/// called in whole batches. Each result is handed out exactly once, in the order of the calls.
///
/// If the source raises, only the caller that runs it gets the exception. The results from before
/// go to the next callers. When they are used up, the source is called again.
///
/// >>> numbers = iter(range(100))
/// >>> executor = BatchExecutor(numbers.__next__, 10)
/// >>> executor.load(), executor.load(), executor.buffered
/// (0, 1, 8)
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    module = "ft_utils.local",
    name = "BatchExecutor"
)]
pub(crate) struct PyBatchExecutor(Inline<Self>);

impl HasInline for PyBatchExecutor {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    type Core = Nested<OnceLock<Core>>;

    #[inline]
    fn inline(&self) -> &Inline<Self> {
        &self.0
    }
}

pub(crate) struct Core {
    results: BatchBuffer<Object>,
    /// `None` once the collector has cleared the object.
    source: Protected<Option<Py<PyAny>>>,
}

impl Core {
    fn source(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let source = self.source.get(py);
        let source = source.as_ref().map(|source| source.clone_ref(py));
        source.ok_or_else(|| {
            exception::<PyRuntimeError>("the garbage collector has cleared the executor's source")
        })
    }

    #[inline]
    fn load(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<Py<PyAny>> {
        match self.results.take() {
            Some(result) => Ok(result.into_py()),
            None => self.load_slow(py, timeout),
        }
    }

    #[cold]
    fn load_slow(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<Py<PyAny>> {
        let deadline = Timeout::deadline(timeout);
        let source = self.source(py)?;
        let mut calls = 0;
        let mut call = || {
            calls += 1;
            if calls % STRETCH == 0 {
                // A source written in C may never reach a point where Python would do this by
                // itself.
                py.detach(|| ());
                py.check_signals()?;
            }
            Ok(Object::from(source.call0(py)?))
        };
        let attempt = || match self.results.try_load_with(&mut call) {
            Ok(result) => Some(Ok(result.into_py())),
            Err(TryLoadError::Source(err)) => Some(Err(err)),
            Err(TryLoadError::Reentrant) => Some(Err(exception::<PyRuntimeError>(
                "load() was called by the source that it is running",
            ))),
            Err(TryLoadError::Busy) => None,
        };
        let answer = blocking::wait(py, deadline, self.results.filled(), attempt)?;
        answer.unwrap_or_else(|| {
            let message = "timed out waiting for another thread to run the source";
            Err(exception::<PyTimeoutError>(message))
        })
    }
}

impl PyBatchExecutor {
    #[inline]
    fn core(&self) -> PyResult<&Core> {
        self.0.get().ok_or_else(|| {
            exception::<PyRuntimeError>("BatchExecutor.__init__() was not called by the subclass")
        })
    }
}

#[pymethods]
impl PyBatchExecutor {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(source, size, *, shared=False)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Inline::default())
    }

    #[pyo3(signature = (source, size, *, shared=Truth(false)))]
    fn __init__(
        slf: &Bound<'_, Self>,
        source: &Bound<'_, PyAny>,
        size: &Bound<'_, PyAny>,
        shared: Truth,
    ) -> PyResult<()> {
        if !source.is_callable() {
            let kind = source.get_type();
            let message = format!("source must be callable, not {kind}");
            return Err(exception::<PyTypeError>(message));
        }
        let size: isize = size.extract()?;
        let Some(size) = usize::try_from(size).ok().and_then(NonZeroUsize::new) else {
            let message = format!("size must be positive, not {size}");
            return Err(exception::<PyValueError>(message));
        };
        let results = BatchBuffer::try_new(size).map_err(|_| {
            let message = format!("not enough memory for a batch of {size} results");
            exception::<PyMemoryError>(message)
        })?;
        let source = Protected::new(Some(source.clone().unbind()));
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = slf.get().0.set(Core { results, source });
        share_if(shared, slf);
        Ok(())
    }

    /// Return the next result; if none is left, call the source for a batch of them.
    ///
    /// If another thread is running the source, wait for it; raise TimeoutError after timeout
    /// seconds of waiting. A call of the source itself may take any time. Raise the source's
    /// exception if it raises, and RuntimeError if the source itself calls load().
    #[pyo3(signature = (timeout=None))]
    fn load(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<Py<PyAny>> {
        self.core()?.load(py, timeout)
    }

    /// Return a new LocalWrapper of this object.
    fn as_local<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Vacant::new(slf.py())?.fill(slf.into_any()))
    }

    /// The function whose results are handed out.
    #[getter]
    fn source(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.core()?.source(py)
    }

    /// The number of results in a batch.
    #[getter]
    fn size(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.results.size()))
    }

    /// The number of results that are ready, exact while no other thread loads.
    #[getter]
    fn buffered(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.results.len()))
    }

    /// Return another Python object for the same source and results.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> PyResult<Self> {
        // This fails if the object is not initialized.
        slf.get().core()?;
        Ok(Self(Inline::handle(slf)))
    }

    /// Return an iterator that loads results.
    ///
    /// It ends when the source raises StopIteration and no result is left.
    fn __iter__(slf: Bound<'_, Self>) -> BatchIter {
        BatchIter(slf.unbind())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let name = slf.get_type().name()?;
        let Some(core) = slf.get().0.get() else {
            return Ok(New(format!("<{name}, not initialized>")));
        };
        let results = &core.results;
        let (ready, size) = (results.len(), results.size());
        Ok(New(format!("<{name} with {ready} of {size} results>")))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(&visit)?;
        let Some(core) = self.0.own().and_then(|core| core.get()) else {
            return Ok(());
        };
        core.source.traverse(|source| visit.call(source))?;
        // SAFETY: no thread is inside a method of the buffer, except in a source or a wait. Only
        // attached threads call these methods, and while the collector runs, no other thread is
        // attached. Outside of a source or a wait, no thread detaches in these methods, and the
        // collector never starts, because nothing there allocates a Python object, detaches, or
        // runs Python code.
        unsafe {
            core.results
                .for_each_quiescent(&mut |result| visit.call(&**result))
        }
    }

    fn __clear__(&self, py: Python<'_>) {
        if let Some(core) = self.0.own().and_then(|core| core.get()) {
            core.source.take(py);
            while let Some(result) = core.results.take() {
                drop(result);
            }
        }
    }
}

not_copyable!(PyBatchExecutor, "handle() to share the object");

/// An iterator that loads results.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.local",
    name = "BatchExecutorIterator"
)]
pub(crate) struct BatchIter(Py<PyBatchExecutor>);

#[pymethods]
impl BatchIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let core = self.0.get().core()?;
        match core.load(py, None) {
            Ok(result) => Ok(Some(result)),
            // The results that the source returned before it raised are still to be handed out.
            Err(err) if err.is_instance_of::<PyStopIteration>(py) => {
                Ok(core.results.take().map(Object::into_py))
            }
            Err(err) => Err(err),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}

fast_calls::fast! { PyBatchExecutor:
    none c"load" = |this, _| this.0.get()?.results.take().map(Done::object);
}
