//! A value that one asyncio task makes for all callers that ask for its key.
//!
//! The coroutine itself is in `ft_utils._dict.once`. It is written in Python, because it awaits the
//! user's function.

use super::{
    awaitable::refuse_coroutine,
    awaiting::{self, Coroutine, Operation, Outcome, Retry},
    create::{self, exception},
    flight::{Wait, begin_waiting},
    imports::Imports,
    probe::Probe,
};
use ft_concurrent_dict::{Flight, Party};
use pyo3::{
    PyClass, PyTraverseError, PyVisit, exceptions::PyRuntimeError, prelude::*,
    pyclass::boolean_struct::True,
};
use std::{
    iter,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

/// A class whose objects compute the value of each key once.
pub(crate) trait Source: PyClass<Frozen = True> + Sync {
    /// The duty to make a value.
    type Duty: Send;
    /// What the caller says of the value.
    type Terms: Copy + Send + Sync;
    /// The method that returns the coroutine: with its class, and as messages name it.
    const METHOD: [&'static str; 2];
    /// What to do with a function that returns a coroutine.
    const ADVICE: &'static str;

    /// Looks for a value, or claims to make it.
    fn claim<'py>(
        &self,
        probe: &Probe<'_, 'py>,
        party: Party,
    ) -> PyResult<Claimed<'py, Self::Duty>>;

    /// Stores a value, and returns the one that is there.
    fn publish<'py>(
        &self,
        duty: Self::Duty,
        probe: &Probe<'_, 'py>,
        value: &Bound<'py, PyAny>,
        terms: Self::Terms,
    ) -> PyResult<Bound<'py, PyAny>>;

    /// Returns a value in place of the one that could not be made, or raises the error.
    fn fail<'py>(
        &self,
        duty: Self::Duty,
        probe: &Probe<'_, 'py>,
        error: PyErr,
    ) -> PyResult<Bound<'py, PyAny>>;

    /// Leaves it to another caller to make the value.
    fn give_up(&self, duty: Self::Duty);

    /// Shows the collector the objects that a duty holds.
    fn traverse(duty: &Self::Duty, visit: &PyVisit<'_>) -> Result<(), PyTraverseError>;
}

/// The outcome of [`Source::claim`].
pub(crate) enum Claimed<'py, D> {
    Ready(Bound<'py, PyAny>),
    Leader(D),
    Follower(Arc<Flight>),
}

/// The part of a coroutine that accesses its source.
pub(crate) struct Computation<S: Source> {
    source: Py<S>,
    key: Py<PyAny>,
    /// The hash of the key, for a [`Probe`].
    hash: u64,
    terms: S::Terms,
    /// The duty, while this coroutine has it. The lock is held only for a few instructions.
    duty: Mutex<Option<S::Duty>>,
}

/// Returns a coroutine for a computation that is wrapped into a Python object.
pub(crate) fn coroutine<'py, W: Into<PyClassInitializer<W>> + PyClass>(
    wrapped: W,
    function: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    (Imports::get(py).once.bind(py)).call1((Bound::new(py, wrapped)?, function))
}

impl<S: Source> Computation<S> {
    pub(crate) fn new(
        source: &Bound<'_, S>,
        key: &Bound<'_, PyAny>,
        terms: S::Terms,
    ) -> PyResult<Self> {
        Ok(Self {
            source: source.clone().unbind(),
            key: key.clone().unbind(),
            hash: Probe::new(key)?.hash(),
            terms,
            duty: Mutex::new(None),
        })
    }

    /// Claims the key.
    ///
    /// Returns a list with the value if there is one, and an empty list if the caller has to make
    /// the value. Otherwise returns an awaitable; the caller awaits it and claims again.
    pub(crate) fn claim<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (probe, source) = (self.probe(py), self.source.get());
        let party = self.party(py)?;
        let claimed = awaiting::ringing(py, || source.claim(&probe, party))?;
        match claimed {
            Claimed::Ready(value) => Ok(create::list(py, iter::once(Ok(value)))?.into_any()),
            Claimed::Leader(duty) => {
                *self.duty() = Some(duty);
                // If there is no memory for the list, the coroutine gives up the duty.
                Ok(create::list(py, iter::empty())?.into_any())
            }
            Claimed::Follower(flight) => {
                let [name, instead] = S::METHOD;
                let landing = Landing {
                    wait: begin_waiting(&flight, party, self.key.bind(py), instead)?,
                    retry: Retry {
                        core: flight,
                        owner: self.source.clone_ref(py).into_any(),
                        item: None,
                        event: Flight::changed,
                        attempt: |_, flight, _| flight.has_landed().then_some(Ok(None)),
                        timed_out: |_| unreachable!("it has no deadline"),
                        listening: None,
                    },
                };
                Ok(Bound::new(py, Coroutine::new(name, landing, None))?.into_any())
            }
        }
    }

    /// Stores the value, and returns the one that is there.
    pub(crate) fn publish<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        refuse_coroutine(value, S::ADVICE)?;
        let duty = self.take_duty()?;
        let (probe, source) = (self.probe(py), self.source.get());
        awaiting::ringing(py, || source.publish(duty, &probe, value, self.terms))
    }

    /// Returns a value in place of the one that could not be made, or raises the error.
    pub(crate) fn fail<'py>(&self, error: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = error.py();
        let duty = self.take_duty()?;
        let (probe, source) = (self.probe(py), self.source.get());
        let error = PyErr::from_value(error.clone());
        awaiting::ringing(py, || source.fail(duty, &probe, error))
    }

    /// Gives up the duty, so that another caller makes the value, unless the computation is over.
    pub(crate) fn release(&self, py: Python<'_>) {
        let duty = self.duty().take();
        if let Some(duty) = duty {
            awaiting::ringing(py, || self.source.get().give_up(duty));
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.source)?;
        visit.call(&self.key)?;
        // While the collector runs, no thread holds the lock: with it none detaches or makes objects.
        match self.duty.try_lock() {
            Ok(duty) => (duty.as_ref()).map_or(Ok(()), |duty| S::traverse(duty, visit)),
            Err(_) => Ok(()),
        }
    }

    /// Returns the task that the coroutine runs in. Outside of asyncio, the object itself takes the
    /// role of the task.
    fn party(&self, py: Python<'_>) -> PyResult<Party> {
        let task = awaiting::current_task(py)?;
        Ok(Party::task(
            task.unwrap_or_else(|| std::ptr::from_ref(self).addr()),
        ))
    }

    fn probe<'a, 'py>(&'a self, py: Python<'py>) -> Probe<'a, 'py> {
        Probe::with_hash(self.key.bind(py), self.hash)
    }

    fn duty(&self) -> MutexGuard<'_, Option<S::Duty>> {
        // No code panics while this lock is held.
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_duty(&self) -> PyResult<S::Duty> {
        let duty = self.duty().take();
        duty.ok_or_else(|| exception::<PyRuntimeError>("nothing was claimed"))
    }
}

/// If there was no memory for the call of `release`, the duty is given up here.
impl<S: Source> Drop for Computation<S> {
    fn drop(&mut self) {
        Python::attach(|py| self.release(py));
    }
}

/// A task's wait for another task or a thread that makes the value.
struct Landing {
    retry: Retry<Flight>,
    wait: Wait,
}

impl Operation for Landing {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        self.retry.attempt(py)
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        self.retry.poll(py, waker)
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.retry.traverse(visit)?;
        self.wait.traverse(visit)
    }
}
