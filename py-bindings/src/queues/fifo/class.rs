//! The class `ConcurrentQueue`: how it is created, shared and collected.

use super::state::{Core, Inner};
use crate::{
    queues::channel,
    runtime::{
        awaiting::hushed,
        create::{New, exception},
        deferral::share_if,
        nesting::Nested,
        not_copyable::not_copyable,
        truth::Truth,
    },
};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyUserWarning},
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{ffi::CString, sync::OnceLock};

/// The largest `scaling` without a warning; a larger one is probably meant as a bound.
const LARGEST_SCALING: isize = 256;

/// A first-in first-out queue for many producers and many consumers.
///
/// ConcurrentQueue(scaling=None, lock_free=False, *, maxsize=0, shared=False)
///
/// Items leave the queue in the order in which their pushes took effect. No item is lost or
/// returned twice, and a call that fails, for whatever reason, changes nothing. A pop waits while
/// the queue is empty. A push waits while the queue holds maxsize items; with maxsize=0 there is no
/// bound. Ctrl-C ends a wait within 0.1 s. With lock_free=True, waiting calls spin with growing
/// pauses instead of sleeping until they are woken.
///
/// **The first argument is not the bound.** It is scaling, as in ft_utils 0.2.0: a hint that this
/// queue does not need. So **ConcurrentQueue(100) holds any number of items, and
/// ConcurrentQueue(maxsize=100) holds at most 100**. A scaling above 256 was probably meant as a
/// bound, and causes a UserWarning.
///
/// After shutdown(), pushes raise ShutDown. Pops take the items that are left, and then raise
/// ShutDown too. After fail(exception), the same calls raise QueueFailed instead, whose cause is
/// the exception, and iteration raises it as well. So a pipeline that stops because of an error
/// does not look like one that has reached its end.
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    generic,
    module = "ft_utils.concurrency",
    name = "ConcurrentQueue"
)]
pub(crate) struct PyConcurrentQueue {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    pub(super) inner: Nested<OnceLock<Inner>>,
    /// In a handle, the original object. Only that object shows the items to the collector.
    owner: Option<Py<Self>>,
    /// Always true in a complete instance. It is false in memory that has not become an instance
    /// yet: Python 3.11 and 3.12 show the collector such memory, which is all zeros, when they make
    /// the instance's dict.
    is_made: bool,
}

impl PyConcurrentQueue {
    /// Makes the value for `__new__`, here and in the subclass.
    pub(crate) fn unmade() -> Self {
        Self {
            inner: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    /// Sets up the queue, for `__init__`. A second call changes nothing, because other threads may
    /// be using the queue that the first call made.
    pub(crate) fn make(&self, inner: Inner) {
        let _ = self.inner.set(inner);
    }

    /// Makes another Python object for the same queue.
    pub(crate) fn share(slf: &Bound<'_, Self>) -> PyResult<Self> {
        let this = slf.get();
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Ok(Self {
            inner: Nested::new(OnceLock::from(this.inner()?.clone())),
            owner: Some(owner),
            is_made: true,
        })
    }

    #[inline]
    pub(crate) fn inner(&self) -> PyResult<&Inner> {
        self.inner.get().ok_or_else(|| {
            exception::<PyRuntimeError>("ConcurrentQueue.__init__() was not called by the subclass")
        })
    }

    #[inline]
    pub(super) fn core(&self) -> PyResult<&Core> {
        Ok(&self.inner()?.core)
    }
}

/// Warns about a number that is too large to be a hint for a number of threads.
fn warn_of_scaling(py: Python<'_>, scaling: isize) -> PyResult<()> {
    let message = format!(
        "scaling={scaling} does not bound the queue: ConcurrentQueue(maxsize={scaling}) does"
    );
    let message = CString::new(message).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &message, 1)
}

#[pymethods]
impl PyConcurrentQueue {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(scaling=None, lock_free=False, *, maxsize=0, shared=False)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::unmade()
    }

    #[pyo3(signature = (scaling=None, lock_free=Truth(false), *, maxsize=0, shared=Truth(false)))]
    fn __init__(
        slf: &Bound<'_, Self>,
        scaling: Option<isize>,
        lock_free: Truth,
        maxsize: isize,
        shared: Truth,
    ) -> PyResult<()> {
        if let Some(scaling) = scaling.filter(|&scaling| scaling > LARGEST_SCALING) {
            warn_of_scaling(slf.py(), scaling)?;
        }
        let maxsize = usize::try_from(maxsize).ok().filter(|&maxsize| maxsize > 0);
        slf.get().make(Inner::new(maxsize, None, lock_free.0));
        share_if(shared, slf);
        Ok(())
    }

    /// Return another Python object for the same queue.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> PyResult<Self> {
        Self::share(slf)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        channel::repr(slf, slf.get().inner.get())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        let Some(Inner { core, ending, .. }) = self.inner.get() else {
            return Ok(());
        };
        ending.traverse(&visit)?;
        // SAFETY: no operation on the core is in progress. Only attached threads call the core's
        // methods, and while the collector runs, no other thread is attached. No thread detaches
        // inside such a method, and the collector never starts inside one, because the methods do
        // not allocate Python objects, detach, or run Python code.
        unsafe { core.for_each_quiescent(&mut |item| visit.call(&**item)) }
    }

    fn __clear__(&self) {
        if let (None, Some(Inner { core, .. })) = (&self.owner, self.inner.get()) {
            // A coroutine that waits for the queue holds a reference to it, so the coroutine is
            // garbage too.
            let left: Vec<_> = hushed(|| core.try_iter().collect());
            drop(left);
        }
    }
}

not_copyable!(PyConcurrentQueue, "handle() to share the object");
