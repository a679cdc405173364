//! The class `ConcurrentGatheringIterator`, its state, and how it is created, shared and collected.

use crate::runtime::{
    awaiting::ringing,
    create::{New, exception},
    deferral::share_if,
    failure::Cause,
    nesting::Nested,
    not_copyable::not_copyable,
    object::Object,
    truth::Truth,
};
use ft_gathering_iter::GatheringIter;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{num::NonZeroU64, sync::OnceLock};

/// The values by key, and the exception of the producer that failed.
pub(super) type Core = GatheringIter<Object, Cause>;

/// Gathers numbered values from many threads, for readers that get them in the order 0, 1, 2, ...
///
/// ConcurrentGatheringIterator(scaling=None, *, window=None, shared=False)
///
/// Producers call insert(key, value) in any order. iterator(max_key) yields the values of the keys
/// 0 to max_key, each as soon as it is there, in threads and, with "async for", in coroutines. An insert
/// wakes only the readers that wait for its key. Ctrl-C ends a wait within 0.1 s.
///
/// With a window, insert() waits while its key is window or more ahead of the next key that
/// clearing iterators will take. So at most window values are held for them. While no clearing
/// iterator is in progress, the window begins at key 0.
///
/// close() tells readers that no more values will come; fail(exception) tells them that a value
/// will not come. scaling is a hint for the number of threads that use the object at once.
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
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    pub(super) core: Nested<OnceLock<Core>>,
    /// In a handle, the original object. Only that object shows the values to the collector.
    owner: Option<Py<Self>>,
    /// Always true in a complete instance. It is false in memory that has not become an instance
    /// yet: Python 3.11 and 3.12 show the collector such memory, which is all zeros, when they make
    /// the instance's dict.
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
        text_signature = "(scaling=None, *, window=None, shared=False)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    #[pyo3(signature = (scaling=None, *, window=None, shared=Truth(false)))]
    fn __init__(
        slf: &Bound<'_, Self>,
        scaling: Option<isize>,
        window: Option<i64>,
        shared: Truth,
    ) -> PyResult<()> {
        // It is only checked: memory for more threads comes with their values.
        let _ = scaling;
        let window = match window.map(|n| (n, u64::try_from(n).ok().and_then(NonZeroU64::new))) {
            None => None,
            Some((_, Some(window))) => Some(window),
            Some((n, None)) => {
                let message = format!("window must be positive or None, not {n}");
                return Err(exception::<PyValueError>(message));
            }
        };
        let core = window.map_or_else(Core::new, Core::with_window);
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = slf.get().core.set(core);
        share_if(shared, slf);
        Ok(())
    }

    /// End the object normally: no more values will come.
    ///
    /// Iterators yield the values up to the first missing key, and then end. insert() raises
    /// ShutDown; an insert that is waiting does so at once. If the object has already failed or is
    /// closed, this call changes nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.core()?;
        ringing(py, || core.close());
        Ok(())
    }

    /// Report an exception because of which a value will not come.
    ///
    /// Iterators yield the values up to the first missing key, and then raise RuntimeError with the
    /// exception as its cause; iterators that are waiting do so at once. insert() keeps working,
    /// unless it would have to wait. If the object has already failed or is closed, this call
    /// changes nothing.
    fn fail(&self, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        let core = self.core()?;
        let (cause, told) = Cause::of_argument(exception)?;
        ringing(exception.py(), || core.fail(cause));
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

    /// How far a key may be ahead of the readers, or None if there is no limit.
    #[getter]
    fn window(&self) -> PyResult<Option<New<u64>>> {
        Ok(self.core()?.window().map(NonZeroU64::get).map(New))
    }

    /// Return the number of values held, exact while no other thread uses the object.
    fn size(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.len()))
    }

    /// Return another Python object for the same values.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
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
        // No operation on the core is in progress, so its locks are free: only attached threads
        // call its methods, and these do not allocate Python objects, detach, or run Python code.
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
