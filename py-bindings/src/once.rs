//! `ConcurrentDict.get_or_insert_async`, and what it shares with `get_or_insert`.
//!
//! The coroutine itself is written in Python, as it awaits what its user gives it: `ft_utils._dict.once`.

use crate::{
    awaiting::{self, Coroutine, Operation, Outcome, Retry},
    concurrent_dict::PyConcurrentDict,
    imports::Imports,
    key::Probe,
    made::{self, exception},
    object::Object,
};
use ft_concurrent_dict::{Claim, Deadlock, Flight, Note, Party, Suspended, Waiting};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyTypeError},
    ffi, intern,
    prelude::*,
};
use std::{
    iter,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

/// Enters a wait for the value of a key, unless it would never end.
pub(crate) fn begin_waiting(
    flight: &Arc<Flight>,
    party: Party,
    key: &Bound<'_, PyAny>,
) -> PyResult<Waiting> {
    let note = Note::new(Object::new(key));
    Waiting::begin(flight, party, note).or_else(|deadlock| {
        let message = match names(&deadlock, key.py())?.as_slice() {
            [_] if flight.leader().is_task() && !party.is_task() => {
                "a task of this thread makes the value of this key, and cannot go on while the thread \
                 waits; await get_or_insert_async()"
                    .to_owned()
            }
            [_] => "the factory for a key asked for the same key, and would wait for itself".to_owned(),
            [others @ .., ours] => format!(
                "a deadlock: the factory for {ours} asked for {}, whose factory waits for {ours}",
                others.join(", whose factory waits for ")
            ),
            [] => unreachable!("the one who asked has a note"),
        };
        Err(exception::<PyRuntimeError>(message))
    })
}

/// The keys that would be waited for.
fn names(deadlock: &Deadlock, py: Python<'_>) -> PyResult<Vec<String>> {
    let name = |note: &Note| match note.downcast_ref::<Object>() {
        Some(key) => Ok(key.bind(py).repr()?.to_string()),
        // Of Rust code that shares a process with us, but not an interpreter.
        None => Ok("another one".to_owned()),
    };
    deadlock.notes().iter().map(name).collect()
}

/// Refuses a coroutine as a value that is stored: it can be awaited once.
///
/// Futures and tasks may be awaited often, and are values like any other.
pub(crate) fn refuse_coroutine(value: &Bound<'_, PyAny>, instead: &str) -> PyResult<()> {
    // SAFETY: the object is valid, and its type has this table or null.
    let can_be_awaited = unsafe {
        let table = (*ffi::Py_TYPE(value.as_ptr())).tp_as_async;
        table.as_ref().is_some_and(|table| table.am_await.is_some())
    };
    if !can_be_awaited {
        return Ok(());
    }
    let (py, kind) = (value.py(), value.get_type());
    let close = intern!(py, "close");
    if !kind.hasattr(intern!(py, "send"))? || !kind.hasattr(close)? {
        return Ok(());
    }
    // Or else Python would warn that it was never awaited.
    value.call_method0(close)?;
    Err(exception::<PyTypeError>(format!(
        "the function returned a coroutine, which can be awaited only once: {instead}"
    )))
}

/// Makes the coroutine.
pub(crate) fn get_or_insert_async<'py>(
    dict: &Bound<'py, PyConcurrentDict>,
    key: &Bound<'py, PyAny>,
    factory: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = dict.py();
    let computation = Computation {
        dict: dict.clone().unbind(),
        key: key.clone().unbind(),
        hash: Probe::new(key)?.hash(),
        duty: Mutex::new(None),
    };
    let computation = Bound::new(py, computation)?;
    (Imports::get(py).once.bind(py)).call1((computation, factory))
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
                Ok(made::list(py, iter::once(value.into_object(py)))?.into_any())
            }
            Claim::Leader(leader) => {
                let nothing = made::list(py, iter::empty())?;
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
