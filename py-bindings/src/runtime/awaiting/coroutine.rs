//! The coroutine class. A task drives a coroutine step by step.

use super::{
    event_loop::Asyncio,
    operation::Operation,
    ringing::ring,
    stage::{Alarm, Job, Stage, Suspension, lock},
};
use crate::runtime::{
    create::{New, exception, exception_of},
    nesting::Nested,
};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{
        PyBaseException, PyRuntimeError, PyRuntimeWarning, PyStopIteration, PyTypeError,
        PyValueError,
    },
    intern,
    prelude::*,
    types::PyType,
};
use std::{
    ffi::CString,
    mem,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    time::Instant,
};

/// A coroutine of ft_utils; it can be awaited once.
#[pyclass(frozen, weakref, module = "ft_utils._native", name = "Coroutine")]
pub(crate) struct Coroutine {
    /// The method that made the coroutine, with its class.
    name: &'static str,
    stage: Arc<Mutex<Stage>>,
}

/// How a step ends, unless it ends with an error.
enum Step {
    Finished(Option<Py<PyAny>>),
    /// The last field is the answer for the task: the future to wait for.
    Suspended(Job, Suspension, PyResult<Py<PyAny>>),
}

impl Coroutine {
    /// Makes a coroutine, which ends as one that has timed out if the operation is not done by the
    /// deadline.
    pub(crate) fn new(
        name: &'static str,
        operation: impl Operation + 'static,
        deadline: Option<Instant>,
    ) -> Self {
        let operation = Box::new(operation);
        Self {
            name,
            stage: Arc::new(Mutex::new(Stage::New(Job {
                operation,
                deadline,
            }))),
        }
    }

    /// Makes a coroutine that has nothing left to do.
    pub(crate) fn finished(name: &'static str) -> Self {
        Self {
            name,
            stage: Arc::new(Mutex::new(Stage::Finished)),
        }
    }

    /// Runs until the operation is done or has to wait. In the second case `Err` holds the future
    /// to wait for.
    fn resume(&self, py: Python<'_>) -> PyResult<Result<Option<Py<PyAny>>, Py<PyAny>>> {
        let Some((job, suspension)) = self.begin()? else {
            return Ok(Ok(None));
        };
        let step = self.step(py, job, suspension);
        let (stage, answer) = match step {
            Ok(Step::Finished(value)) => (Stage::Done, Ok(Ok(value))),
            Ok(Step::Suspended(job, suspension, future)) => {
                (Stage::Suspended(job, suspension), future.map(Err))
            }
            Err(err) => (Stage::Done, Err(err)),
        };
        *lock(&self.stage) = stage;
        ring(py);
        answer
    }

    /// Takes out the job that is to be done; returns `None` if there is nothing to do.
    fn begin(&self) -> PyResult<Option<(Job, Option<Suspension>)>> {
        let mut stage = lock(&self.stage);
        match mem::replace(&mut *stage, Stage::Running) {
            Stage::New(job) => Ok(Some((job, None))),
            Stage::Suspended(job, suspension) => Ok(Some((job, Some(suspension)))),
            Stage::Finished => {
                *stage = Stage::Done;
                Ok(None)
            }
            Stage::Running => Err(exception::<PyValueError>("coroutine already executing")),
            Stage::Done => {
                *stage = Stage::Done;
                let message = "cannot reuse already awaited coroutine";
                Err(exception::<PyRuntimeError>(message))
            }
        }
    }

    /// Runs one step. If it fails, the job is dropped.
    fn step(&self, py: Python<'_>, mut job: Job, suspension: Option<Suspension>) -> PyResult<Step> {
        match suspension {
            None => {
                if let Some(outcome) = job.operation.attempt(py) {
                    return outcome.map(Step::Finished);
                }
                if has_passed(job.deadline) {
                    return job.operation.timed_out(py).map(Step::Finished);
                }
            }
            Some(suspension) => {
                let future = suspension.alarm.future.clone_ref(py).into_bound(py);
                if !future.call_method0(intern!(py, "done"))?.is_truthy()? {
                    let err = exception::<PyRuntimeError>("coroutine is being awaited already");
                    return Ok(Step::Suspended(job, suspension, Err(err)));
                }
                suspension.cancel_timer(py)?;
                // Fails if someone has cancelled the future instead of the task.
                future.call_method0(intern!(py, "result"))?;
                // Usually the operation is possible now, and no new alarm is needed.
                let waker = Waker::from(suspension.alarm);
                if let Poll::Ready(outcome) = job.operation.poll(py, &waker) {
                    return outcome.map(Step::Finished);
                }
            }
        }
        loop {
            let alarm = self.new_alarm(py)?;
            if let Poll::Ready(outcome) = job.operation.poll(py, &Waker::from(Arc::clone(&alarm))) {
                return outcome.map(Step::Finished);
            }
            if has_passed(job.deadline) {
                return job.operation.timed_out(py).map(Step::Finished);
            }
            let future = alarm.future.clone_ref(py).into_bound(py);
            let due = job.deadline.into_iter().chain(job.operation.wake_at());
            let timer = alarm.start_timer(py, due.min())?;
            let suspension = Suspension { alarm, timer };
            // Marks the future as one that a task waits for, and returns it.
            let waits = future.call_method0(intern!(py, "__await__"))?;
            match waits.call_method0(intern!(py, "__next__")) {
                Ok(future) => return Ok(Step::Suspended(job, suspension, Ok(future.unbind()))),
                // This thread itself has rung the alarm in the meantime.
                Err(err) if err.is_instance_of::<PyStopIteration>(py) => {
                    suspension.cancel_timer(py)?;
                }
                Err(err) => return Err(err),
            }
        }
    }

    fn new_alarm(&self, py: Python<'_>) -> PyResult<Arc<Alarm>> {
        let event_loop = Asyncio::get(py)?.get_running_loop.bind(py).call0()?;
        let future = event_loop.call_method0(intern!(py, "create_future"))?;
        Ok(Arc::new(Alarm {
            event_loop: event_loop.unbind(),
            future: future.unbind(),
            stage: Arc::downgrade(&self.stage),
        }))
    }

    /// Ends the coroutine, and undoes what its operation has begun.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let mut stage = lock(&self.stage);
        if let Stage::Running = *stage {
            return Err(exception::<PyValueError>("coroutine already executing"));
        }
        let before = mem::replace(&mut *stage, Stage::Done);
        drop(stage);
        let stopped = match &before {
            Stage::Suspended(_, suspension) => suspension.cancel_timer(py),
            _ => Ok(()),
        };
        drop(before);
        ring(py);
        stopped
    }
}

#[pymethods]
impl Coroutine {
    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.resume(py)? {
            Err(future) => Ok(Some(future)),
            Ok(None) => Ok(None),
            Ok(Some(value)) => Err(exception_of::<PyStopIteration>(value.bind(py))),
        }
    }

    /// Resume the coroutine, as a task does.
    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let _ = value;
        match self.resume(py)? {
            Err(future) => Ok(future),
            Ok(value) => {
                let value = value.unwrap_or_else(|| py.None());
                Err(exception_of::<PyStopIteration>(value.bind(py)))
            }
        }
    }

    /// End the coroutine with an exception, which is raised here. It has then taken nothing.
    #[pyo3(signature = (typ, val=None, tb=None, /))]
    fn throw(
        &self,
        typ: Bound<'_, PyAny>,
        val: Option<Bound<'_, PyAny>>,
        tb: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let py = typ.py();
        let error = match (val, typ.cast::<PyType>()) {
            (Some(val), Ok(kind)) if !val.is_instance(kind)? => kind.call1((val,))?,
            (Some(val), _) => val,
            (None, Ok(kind)) => kind.call0()?,
            (None, Err(_)) => typ,
        };
        if !error.is_instance_of::<PyBaseException>() {
            let message = format!("throw() takes an exception, not {}", error.get_type());
            return Err(exception::<PyTypeError>(message));
        }
        if let Some(tb) = tb {
            error.call_method1(intern!(py, "with_traceback"), (tb,))?;
        }
        // Python's own coroutines do the same: one that has ended cannot be used again.
        if let Stage::Done = *lock(&self.stage) {
            let message = "cannot reuse already awaited coroutine";
            return Err(exception::<PyRuntimeError>(message));
        }
        self.stop(py)?;
        Err(PyErr::from_value(error))
    }

    /// End the coroutine. It has then taken nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.stop(py)
    }

    #[getter]
    fn __qualname__(&self) -> New<&'static str> {
        New(self.name)
    }

    #[getter]
    fn __name__(&self) -> New<&'static str> {
        New(self.name.rsplit('.').next().unwrap_or(self.name))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> New<String> {
        New(format!(
            "<coroutine {} at {:p}>",
            slf.get().name,
            slf.as_ptr()
        ))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The collector has stopped all threads, so this must not wait for the lock. A running step
        // has taken the job out of the stage, and holds its references itself.
        let Ok(stage) = self.stage.try_lock() else {
            return Ok(());
        };
        match &*stage {
            Stage::New(job) => job.operation.traverse(&visit),
            Stage::Suspended(job, Suspension { alarm, timer }) => {
                job.operation.traverse(&visit)?;
                visit.call(&alarm.event_loop)?;
                visit.call(&alarm.future)?;
                timer.as_ref().map_or(Ok(()), |timer| visit.call(timer))
            }
            Stage::Finished | Stage::Running | Stage::Done => Ok(()),
        }
    }

    fn __clear__(&self, py: Python<'_>) {
        let before = mem::replace(&mut *lock(&self.stage), Stage::Done);
        drop(before);
        ring(py);
    }
}

impl Drop for Coroutine {
    fn drop(&mut self) {
        let before = mem::replace(&mut *lock(&self.stage), Stage::Done);
        if let Stage::Done | Stage::Finished = before {
            return;
        }
        // SAFETY: the interpreter frees an object in an attached thread. An object that could not
        // be made is dropped in the thread that tried to make it, which is attached too.
        let py = unsafe { Python::assume_attached() };
        // The coroutine may be freed while an exception is propagating.
        let on_its_way = PyErr::take(py);
        if let Stage::New(_) = before {
            self.warn_never_awaited(py);
        }
        drop(Nested::new(before));
        ring(py);
        if let Some(err) = on_its_way {
            err.restore(py);
        }
    }
}

impl Coroutine {
    fn warn_never_awaited(&self, py: Python<'_>) {
        let message = format!("coroutine '{}' was never awaited", self.name);
        let message = CString::new(message).unwrap_or_default();
        let category = py.get_type::<PyRuntimeWarning>();
        if let Err(err) = PyErr::warn(py, &category, &message, 1) {
            err.write_unraisable(py, None);
        }
    }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}
