//! The class `ConcurrentGatheringIterator`, its state, and its life.

use crate::runtime::{
    create::{New, exception},
    failure::Cause,
    nesting::Nested,
    not_copyable::not_copyable,
    object::Object,
};
use ft_gathering_iter::GatheringIter;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{num::NonZeroU64, sync::OnceLock};

/// Values by key, and the exception of the producer that failed.
pub(super) type Core = GatheringIter<Object, Cause>;

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
    pub(super) core: Nested<OnceLock<Core>>,
    /// The object whose values these are, if it is another one. It alone shows them to the
    /// collector.
    owner: Option<Py<Self>>,
    /// True; false in memory that is still to become one of these. Python 3.11 and 3.12 show the
    /// collector such memory, all zeros, when they make the dict of the instance.
    is_made: bool,
}

impl PyGatheringIter {
    #[inline]
    pub(super) fn core(&self) -> PyResult<&Core> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>(
                "ConcurrentGatheringIterator.__init__() was not called by the subclass",
            )
        })
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
