//! `Once.call_async`.
//!
//! The coroutine itself is in `ft_utils._once.coroutine`. It is written in Python, because it awaits the
//! user's function.

use super::once::{Core, PyOnce, still_computing};
use crate::runtime::{
    awaitable::refuse_coroutine,
    awaiting::{self, Awaited, Coroutine, Operation, Outcome},
    blocking::Timeout,
    create::{self, exception},
    flight::Wait,
    imports::Imports,
};
use ft_once::{Party, Suspended, Turn};
use pyo3::{PyTraverseError, PyVisit, exceptions::PyRuntimeError, prelude::*};
use std::{
    iter,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Instant,
};

#[pymethods]
impl PyOnce {
    /// In a coroutine, return the result of the function, and call it if nobody has.
    ///
    /// If the function is async, its coroutine is awaited. Otherwise it runs in this thread, while
    /// the event loop waits. While another caller computes the result, wait for at most timeout
    /// seconds, counted from this call, and then raise TimeoutError.
    #[pyo3(signature = (*, timeout=None))]
    fn call_async<'py>(
        slf: &Bound<'py, Self>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let function = slf.get().core()?.function(py)?;
        let computation = OnceComputation {
            once: slf.clone().unbind(),
            deadline: Timeout::deadline(timeout),
            duty: Arc::default(),
        };
        let computation = Bound::new(py, computation)?;
        (Imports::get(py).call_async.bind(py)).call1((computation, function))
    }
}

/// The duty of a coroutine, while it is the leader. The lock is held only for a few instructions.
type Duty = Arc<Mutex<Option<Suspended>>>;

/// The part of a `call_async` coroutine that accesses the object.
#[pyclass(frozen, module = "ft_utils._native", name = "OnceComputation")]
struct OnceComputation {
    once: Py<PyOnce>,
    deadline: Option<Instant>,
    duty: Duty,
}

fn lock(duty: &Duty) -> MutexGuard<'_, Option<Suspended>> {
    // No code panics while this lock is held.
    duty.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OnceComputation {
    /// Returns the task that the coroutine runs in. Outside of asyncio, the object itself takes the
    /// role of the task.
    fn party(&self, py: Python<'_>) -> PyResult<Party> {
        let task = awaiting::current_task(py)?;
        Ok(Party::task(
            task.unwrap_or_else(|| std::ptr::from_ref(self).addr()),
        ))
    }

    fn core(&self) -> PyResult<&Arc<Core>> {
        self.once.get().core()
    }

    fn take_duty(&self) -> PyResult<Suspended> {
        let duty = lock(&self.duty).take();
        duty.ok_or_else(|| exception::<PyRuntimeError>("nothing was claimed"))
    }
}

#[pymethods]
impl OnceComputation {
    /// Claim the computation.
    ///
    /// Return a list with the result if there is one, and an empty list if the caller has to call the
    /// function. Otherwise return an awaitable; the caller awaits it and claims again.
    fn claim<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.core()?;
        // If there is no memory for it, nothing was claimed.
        let nothing = create::list(py, iter::empty())?.into_any();
        if lock(&self.duty).is_some() {
            return Ok(nothing);
        }
        let party = self.party(py)?;
        match awaiting::ringing(py, || core.once().try_claim(Some(party))) {
            Some(Turn::Ready(kept)) => {
                let result = kept.clone().outcome_of_many(py);
                return Ok(create::list(py, iter::once(result))?.into_any());
            }
            Some(Turn::Leader(leader)) => {
                *lock(&self.duty) = Some(leader.suspend());
                return Ok(nothing);
            }
            None => {}
        }
        let waiting = core.begin_waiting(party, py)?;
        let (core, duty) = (Arc::clone(core), Arc::clone(&self.duty));
        let claim = async move {
            if let Turn::Leader(leader) = core.once().claim(Some(party)).await {
                *lock(&duty) = Some(leader.suspend());
            }
        };
        let in_line = InLine {
            wait: Awaited::new(claim),
            owner: self.once.clone_ref(py).into_any(),
            waiting,
        };
        let coroutine = Coroutine::new("Once.call_async", in_line, self.deadline);
        Ok(Bound::new(py, coroutine)?.into_any())
    }

    /// Store the result, and return the one that is there.
    fn publish<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        refuse_coroutine(value, "the function must await it and return the result")?;
        let duty = self.take_duty()?;
        Core::publish(self.core()?.once().resume(duty), value)
    }

    /// Keep the exception, if it is to be kept.
    fn fail(&self, error: &Bound<'_, PyAny>) -> PyResult<()> {
        let duty = self.take_duty()?;
        let core = self.core()?;
        let err = PyErr::from_value(error.clone());
        core.fail(core.once().resume(duty), &err, error.py())
    }

    /// Give up the claim, so that the next in line calls the function, unless the computation is
    /// over.
    fn release(&self, py: Python<'_>) {
        let duty = lock(&self.duty).take();
        if let (Some(duty), Ok(core)) = (duty, self.core()) {
            awaiting::ringing(py, || drop(core.once().resume(duty)));
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.once)
    }
}

/// If there was no memory for the call of `release`, the claim is given up here.
impl Drop for OnceComputation {
    fn drop(&mut self) {
        Python::attach(|py| self.release(py));
    }
}

/// A task's wait for its turn.
struct InLine {
    wait: Awaited,
    /// Shows the contents of the core to the collector.
    owner: Py<PyAny>,
    waiting: Wait,
}

impl Operation for InLine {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        self.wait.attempt(py)
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        self.wait.poll(py, waker)
    }

    fn timed_out(&mut self, _py: Python<'_>) -> Outcome {
        Err(still_computing())
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)?;
        self.waiting.traverse(visit)
    }
}
