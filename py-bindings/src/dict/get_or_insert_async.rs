//! `get_or_insert_async`: `get_or_insert` for asyncio tasks.
//!
//! The coroutine itself is in `ft_utils._dict.once`. It is written in Python, because it awaits the
//! user's factory.

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
    /// In a coroutine, return the value of a key, or store and return await factory().
    ///
    /// If several tasks (of any event loops) and threads in get_or_insert() ask for the same
    /// missing key, one of them makes the value, and the others wait for it. If that one fails or
    /// is cancelled, it alone gets the error, and another one calls its own factory.
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

/// The part of a `get_or_insert_async` coroutine that accesses the dictionary.
#[pyclass(frozen, module = "ft_utils._native", name = "Computation")]
struct Computation {
    dict: Py<PyConcurrentDict>,
    key: Py<PyAny>,
    /// The hash of the key, for a [`Probe`].
    hash: u64,
    /// The leader's claim, while this coroutine is the leader. The lock is held only for a few
    /// instructions.
    duty: Mutex<Option<Suspended>>,
}

impl Computation {
    /// Returns the task that the coroutine runs in. Outside of asyncio, the object itself takes the
    /// role of the task.
    fn party(&self, py: Python<'_>) -> PyResult<Party> {
        let task = awaiting::current_task(py)?;
        Ok(Party::task(
            task.unwrap_or_else(|| std::ptr::from_ref(self).addr()),
        ))
    }

    fn duty(&self) -> MutexGuard<'_, Option<Suspended>> {
        // No code panics while this lock is held.
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Computation {
    /// Claim the key.
    ///
    /// Return a list with the value if there is one, and an empty list if the caller has to make
    /// the value. Otherwise return an awaitable; the caller awaits it and claims again.
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

    /// Store the value, and return the stored one, which may come from a faster caller.
    fn publish<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        refuse_coroutine(value, "the factory must await it and return the result")?;
        let duty = self.duty().take();
        let duty = duty.ok_or_else(|| exception::<PyRuntimeError>("nothing was claimed"))?;
        let dict = self.dict.get();
        let probe = Probe::with_hash(self.key.bind(py), self.hash);
        awaiting::ringing(py, || dict.publish(dict.core.resume(duty), &probe, value))
    }

    /// Give up the claim, so that another caller makes the value, unless the value was published.
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

/// A task's wait for another task or a thread that makes the value.
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
