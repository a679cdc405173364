//! `get_or_insert_async`: the same for tasks.
//!
//! The coroutine itself is written in Python, as it awaits what its user gives it: `ft_utils._once`.

use super::{class::PyConcurrentDict, get_or_insert::begin_waiting, probe::Probe};
use crate::runtime::{
    awaitable::refuse_coroutine,
    awaiting::{self, Coroutine, Operation, Outcome, Retry},
    create::{self, exception},
    imports::Imports,
};
use ft_concurrent_dict::{Claim, Flight, Party, Suspended, Waiting};
use pyo3::{PyTraverseError, PyVisit, exceptions::PyRuntimeError, prelude::*};
use std::{
    iter,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

#[pymethods]
impl PyConcurrentDict {
    /// Return, awaited, the value of a key; if there is none, store and return await factory().
    ///
    /// Of all tasks, in whatever event loops, and threads in get_or_insert() that ask for the same
    /// missing key one makes the value; the others wait for it. If that one fails, or is cancelled, it
    /// alone gets the error, and one of the others calls its own factory.
    #[pyo3(signature = (key, factory, /))]
    fn get_or_insert_async<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        factory: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let computation = Computation {
            dict: slf.clone().unbind(),
            key: key.clone().unbind(),
            hash: Probe::new(key)?.hash(),
            duty: Mutex::new(None),
        };
        let computation = Bound::new(py, computation)?;
        (Imports::get(py).once.bind(py)).call1((computation, factory))
    }
}

/// What a coroutine of `get_or_insert_async` does with the dictionary.
#[pyclass(frozen, module = "ft_utils._native", name = "Computation")]
struct Computation {
    dict: Py<PyConcurrentDict>,
    key: Py<PyAny>,
    /// The key's, for a [`Probe`].
    hash: u64,
    /// That of the leader, while the coroutine is the leader. Locked for a few instructions.
    duty: Mutex<Option<Suspended>>,
}

impl Computation {
    /// The task that the coroutine runs in. Outside of asyncio it stands for itself.
    fn party(&self, py: Python<'_>) -> PyResult<Party> {
        let task = awaiting::current_task(py)?;
        Ok(Party::task(
            task.unwrap_or_else(|| std::ptr::from_ref(self).addr()),
        ))
    }

    fn duty(&self) -> MutexGuard<'_, Option<Suspended>> {
        // Nothing panics while it is locked.
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Computation {
    /// Return a list of the value, or an empty one if it is up to the caller to make it, or else
    /// what is to be awaited before the next claim.
    fn claim<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let key = self.key.bind(py);
        let probe = Probe::with_hash(key, self.hash);
        let dict = self.dict.get();
        let party = self.party(py)?;
        let claim = || dict.core.try_claim_for(|| party, &probe, || probe.key());
        match awaiting::ringing(py, claim)? {
            Claim::Ready(value) => {
                Ok(create::list(py, iter::once(value.into_object(py)))?.into_any())
            }
            Claim::Leader(leader) => {
                let nothing = create::list(py, iter::empty())?;
                *self.duty() = Some(leader.suspend());
                Ok(nothing.into_any())
            }
            Claim::Follower(flight) => {
                let landing = Landing {
                    _waiting: begin_waiting(&flight, party, key)?,
                    retry: Retry {
                        core: flight,
                        owner: self.dict.clone_ref(py).into_any(),
                        item: None,
                        event: Flight::changed,
                        attempt: |_, flight, _| flight.has_landed().then_some(Ok(None)),
                        timed_out: |_| unreachable!("it has no deadline"),
                        listening: None,
                    },
                };
                let name = "ConcurrentDict.get_or_insert_async";
                Ok(Bound::new(py, Coroutine::new(name, landing, None))?.into_any())
            }
        }
    }

    /// Store the value, and return the one that is stored: somebody may have been faster.
    fn publish<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        refuse_coroutine(value, "the factory is to await it")?;
        let duty = self.duty().take();
        let duty = duty.ok_or_else(|| exception::<PyRuntimeError>("nothing was claimed"))?;
        let dict = self.dict.get();
        let probe = Probe::with_hash(self.key.bind(py), self.hash);
        awaiting::ringing(py, || dict.publish(dict.core.resume(duty), &probe, value))
    }

    /// Leave it to the others, if nothing was published.
    fn release(&self, py: Python<'_>) {
        let duty = self.duty().take();
        if let Some(duty) = duty {
            awaiting::ringing(py, || drop(self.dict.get().core.resume(duty)));
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.dict)?;
        visit.call(&self.key)
    }
}

/// A wait of a task for another one, or a thread, that makes the value.
struct Landing {
    retry: Retry<Flight>,
    _waiting: Waiting,
}

impl Operation for Landing {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        self.retry.attempt(py)
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        self.retry.poll(py, waker)
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.retry.traverse(visit)
    }
}
