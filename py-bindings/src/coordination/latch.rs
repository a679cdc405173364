//! `Latch`.

use super::count::Count;
use crate::runtime::{
    awaiting::{self, Awaited, Coroutine},
    blocking::{self, Timeout},
    choosing::Case,
    create::{New, exception},
    deferral::deferred_from_birth,
    error::Result,
    not_copyable::not_copyable,
};
use ft_latch::Latch;
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::sync::{Arc, OnceLock};

/// A count that threads and coroutines change, and wait for to become zero.
///
/// Latch(count)
///
/// count_down() lowers the count, and add() raises it. So it is a latch, which opens after that many
/// calls, and a wait group, which opens when all work that was added is done. Those that wait may be
/// threads, and coroutines of any number of event loops. A wait ends once the count has been zero,
/// even if it is raised again at once. Ctrl-C ends a wait within 0.1 s. Every method is one atomic
/// step.
///
/// >>> import threading
/// >>> loaded = Latch(3)
/// >>> for _ in range(3):
/// ...     threading.Thread(target=loaded.count_down).start()
/// >>> loaded.wait()
/// True
/// >>> loaded.count
/// 0
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    module = "ft_utils.synchronization",
    name = "Latch"
)]
pub(crate) struct PyLatch {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    core: OnceLock<Arc<Latch>>,
}

impl PyLatch {
    #[inline]
    fn core(&self) -> PyResult<&Arc<Latch>> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>("Latch.__init__() was not called by the subclass")
        })
    }
}

#[pymethods]
impl PyLatch {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(count)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: OnceLock::new(),
        }
    }

    fn __init__(&self, count: Count) {
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = self.core.set(Arc::new(Latch::new(count.0)));
    }

    /// The count at this moment.
    #[getter]
    fn count(&self) -> PyResult<New<i64>> {
        Ok(New(self.core()?.count().into()))
    }

    /// Lower the count by n; if that makes it zero, wake all that wait.
    ///
    /// Raise ValueError, and change nothing, if the count is smaller than n.
    #[pyo3(signature = (n=Count(1)), text_signature = "($self, n=1)")]
    fn count_down(&self, py: Python<'_>, n: Count) -> Result<()> {
        let core = self.core()?;
        Ok(awaiting::ringing(py, || core.count_down(n.0))?)
    }

    /// Raise the count by n.
    ///
    /// Call it before the work that it counts is handed out. A wait that has begun while the count
    /// was zero does not wait for what is added later.
    #[pyo3(signature = (n=Count(1)), text_signature = "($self, n=1)")]
    fn add(&self, n: Count) -> Result<()> {
        Ok(self.core()?.add(n.0)?)
    }

    /// Wait until the count is zero; return False if timeout seconds pass before, and True otherwise.
    ///
    /// With timeout=0 it does not wait. A negative timeout, or NaN, raises ValueError.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<bool> {
        let core = self.core()?;
        let watch = core.watch();
        let attempt = || watch.was_open().then_some(());
        let deadline = Timeout::deadline(timeout);
        Ok(blocking::wait(py, deadline, core.opened(), attempt)?.is_some())
    }

    /// Do what wait() does in a coroutine: the task waits, not its thread.
    ///
    /// The timeout counts from this call. A task that is cancelled leaves no trace.
    #[pyo3(signature = (timeout=None))]
    fn wait_async(&self, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        let deadline = Timeout::deadline(timeout);
        let wait = awaited(self.core()?);
        Ok(Coroutine::new("Latch.wait_async", wait, deadline))
    }

    /// Return the case of select() and select_async() that does what wait() does.
    fn waiting(slf: &Bound<'_, Self>) -> PyResult<Case> {
        let core = Arc::clone(slf.get().core()?);
        Ok(Case::new("Latch.waiting", slf, None, move |_, _| {
            Box::new(awaited(&core))
        }))
    }

    /// Return another Python object for the same latch.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(&self) -> PyResult<Self> {
        Ok(Self {
            core: OnceLock::from(Arc::clone(self.core()?)),
        })
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let name = slf.get_type().name()?;
        Ok(New(match slf.get().core.get() {
            None => format!("<ft_utils.{name}, not initialized>"),
            Some(core) => {
                let (place, count) = (slf.as_ptr(), core.count());
                format!("<ft_utils.{name} at {place:p}: count={count}>")
            }
        }))
    }
}

fn awaited(latch: &Arc<Latch>) -> Awaited {
    let latch = Arc::clone(latch);
    Awaited::new(async move { latch.wait_async().await })
}

not_copyable!(PyLatch, "count for the value, handle() to share the object");

deferred_from_birth!(PyLatch);
