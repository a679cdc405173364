//! `ExecutorBase`, the native part of `WorkStealingExecutor`.

use super::{
    call::Call,
    future::class::PyFuture,
    workers::{Workers, after_shutdown, broken},
};
use crate::runtime::{
    create::{New, exception},
    fast_calls::{Class, packed},
    not_copyable::not_copyable,
    truth::Truth,
};
use ft_work_stealing::Queued;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyDict, PyTuple, PyType, PyWeakref},
};
use std::sync::{Arc, OnceLock};

/// The native part of WorkStealingExecutor.
#[pyclass(frozen, subclass, module = "ft_utils._native", name = "ExecutorBase")]
pub(crate) struct PyExecutor {
    /// Set by `_set_up`, which `__init__` calls.
    core: OnceLock<Core>,
}

struct Core {
    workers: Arc<Workers>,
    /// A subclass of `FutureBase`.
    future: Py<PyType>,
}

/// A job in the queue. If it is dropped before it runs, its future is cancelled.
struct Job(Option<Py<PyFuture>>);

impl Job {
    fn run(mut self) {
        // SAFETY: jobs are run and dropped by attached threads alone.
        let py = unsafe { Python::assume_attached() };
        if let Some(future) = self.0.take() {
            PyFuture::run(&future.into_bound(py));
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(future) = self.0.take() {
            // SAFETY: as above.
            let py = unsafe { Python::assume_attached() };
            PyFuture::drop_job(&future.into_bound(py));
        }
    }
}

impl PyExecutor {
    fn core(&self) -> PyResult<&Core> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>(
                "WorkStealingExecutor.__init__() was not called by the subclass",
            )
        })
    }
}

#[pymethods]
impl PyExecutor {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: OnceLock::new(),
        }
    }

    /// Let the executor begin, with at most that many workers.
    fn _set_up(
        &self,
        workers: usize,
        starter: &Bound<'_, PyAny>,
        future: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let wrong = || exception::<PyTypeError>("it takes a weak reference and a class of futures");
        let starter = starter.cast::<PyWeakref>().map_err(|_| wrong())?;
        let future = future.cast::<PyType>().map_err(|_| wrong())?;
        if !future.is_subclass_of::<PyFuture>()? {
            return Err(wrong());
        }
        if workers == 0 {
            return Err(exception::<PyValueError>("there must be a worker"));
        }
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = self.core.set(Core {
            workers: Arc::new(Workers::new(workers, starter.clone().unbind())),
            future: future.clone().unbind(),
        });
        Ok(())
    }

    /// Schedule fn(*args, **kwargs), and return the future of the call.
    ///
    /// The call sees the context variables of this thread as they are now. Raise RuntimeError after
    /// shutdown() and in the child of a fork, and BrokenThreadPool if the initializer has failed.
    #[pyo3(signature = (args, kwargs, /), text_signature = "($self, fn, /, *args, **kwargs)")]
    fn submit<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyFuture>> {
        let py = slf.py();
        let core = slf.get().core()?;
        let workers = &core.workers;
        if args.is_empty() {
            let message = "submit() missing 1 required positional argument: 'fn'";
            return Err(exception::<PyTypeError>(message));
        }
        if workers.is_broken() {
            return Err(broken(py));
        }
        if workers.is_closed() {
            return Err(after_shutdown());
        }
        if workers.is_foreign() {
            let message = "the executor belongs to the parent process; make another one";
            return Err(exception::<PyRuntimeError>(message));
        }
        let call = Call::new(args, kwargs)?;
        let future = PyFuture::pending(core.future.bind(py), workers, call)?;
        let job = Job(Some(future.clone().unbind()));
        workers.spawn(py, move || job.run())?;
        Ok(future)
    }

    /// Take no more jobs; cancel those that have not begun, if wanted; wait for the others, if wanted.
    fn _shut_down(&self, py: Python<'_>, wait: Truth, cancel: Truth) -> PyResult<()> {
        let workers = &self.core()?.workers;
        workers.close(match cancel.0 {
            true => Queued::Drop,
            false => Queued::Finish,
        });
        match wait.0 {
            true => workers.join(py),
            false => Ok(()),
        }
    }

    /// How many workers there are at most.
    #[getter]
    fn max_workers(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.workers.most()))
    }

    #[getter]
    fn _shutdown(&self) -> PyResult<bool> {
        Ok(self.core()?.workers.is_closed())
    }

    #[getter]
    fn _broken(&self) -> PyResult<bool> {
        Ok(self.core()?.workers.is_broken())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.core
            .get()
            .map_or(Ok(()), |core| visit.call(&core.future))
    }
}

impl Drop for PyExecutor {
    fn drop(&mut self) {
        // Futures may keep the workers longer than this.
        if let Some(core) = self.core.get() {
            core.workers.close(Queued::Finish);
        }
    }
}

not_copyable!(PyExecutor, "one executor in all threads");

/// Puts the entry in front of `submit`. Called before any code can use the class.
pub(crate) fn take_any_arguments(py: Python<'_>) -> PyResult<()> {
    let class = Class::of::<PyExecutor>(py);
    packed!(class, c"submit");
    Ok(())
}
