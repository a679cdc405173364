//! The class `ConcurrentQueue`, and its life.

use super::state::{Core, Inner};
use crate::{
    queues::channel,
    runtime::{
        awaiting::hushed,
        create::{New, exception},
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

/// The largest `scaling` that is not taken for a bound.
const LARGEST_SCALING: isize = 256;

/// A first-in first-out queue for many producers and many consumers.
///
/// ConcurrentQueue(scaling=None, lock_free=False, *, maxsize=0)
///
/// Items leave in the order in which their pushes took effect; none is lost or comes out twice, and
/// a call that fails, for whatever reason, leaves no trace. A pop waits while the queue is empty, a
/// push while it has maxsize items, unless that is 0: no bound. Waits end within 0.1 s of Ctrl-C.
/// With lock_free=True waiting calls spin, with longer and longer pauses, instead of being woken.
///
/// **The first argument is not the bound**: it is scaling, as in ft_utils 0.2.0, a hint that this
/// queue does not need. So **ConcurrentQueue(100) holds any number of items, and
/// ConcurrentQueue(maxsize=100) at most 100**. A scaling above 256 was meant as a bound, and is a
/// UserWarning.
///
/// After shutdown() pushes raise ShutDown; pops take what is left, and then raise it too. After
/// fail(exception) the same happens with QueueFailed, whose cause is the exception, and iteration
/// raises that as well: so a pipeline that stops because of an error does not look like one that has
/// come to its end.
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
    /// Set by `__init__`, so that subclasses are free in what they take.
    pub(super) inner: Nested<OnceLock<Inner>>,
    /// The object whose items these are, if it is another one. It alone shows them to the
    /// collector.
    owner: Option<Py<Self>>,
    /// True; false in memory that is still to become one of these. Python 3.11 and 3.12 show the
    /// collector such memory, all zeros, when they make the dict of the instance.
    is_made: bool,
}

impl PyConcurrentQueue {
    /// For `__new__`, here and in the subclass.
    pub(crate) fn unmade() -> Self {
        Self {
            inner: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    /// For `__init__`. A second call changes nothing: other threads use what the first one made.
    pub(crate) fn make(&self, inner: Inner) {
        let _ = self.inner.set(inner);
    }

    /// Another object for the same queue.
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

/// Warns of a number that is no hint for a number of threads.
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
        text_signature = "(scaling=None, lock_free=False, *, maxsize=0)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::unmade()
    }

    #[pyo3(signature = (scaling=None, lock_free=Truth(false), *, maxsize=0))]
    fn __init__(
        &self,
        py: Python<'_>,
        scaling: Option<isize>,
        lock_free: Truth,
        maxsize: isize,
    ) -> PyResult<()> {
        if let Some(scaling) = scaling.filter(|&scaling| scaling > LARGEST_SCALING) {
            warn_of_scaling(py, scaling)?;
        }
        let maxsize = usize::try_from(maxsize).ok().filter(|&maxsize| maxsize > 0);
        self.make(Inner::new(maxsize, None, lock_free.0));
        Ok(())
    }

    /// Return another object for the same queue.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
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
        // SAFETY: the collector runs while no other thread is attached, and only attached threads
        // are inside methods of the core. None of them stops there: nothing in them allocates a
        // Python object, detaches, or runs Python code, so neither does this thread.
        unsafe { core.for_each_quiescent(&mut |item| visit.call(&**item)) }
    }

    fn __clear__(&self) {
        if let (None, Some(Inner { core, .. })) = (&self.owner, self.inner.get()) {
            // Whoever waits for the queue holds it, and is garbage too.
            let left: Vec<_> = hushed(|| core.try_iter().collect());
            drop(left);
        }
    }
}

not_copyable!(PyConcurrentQueue, "handle() to share the object");
