//! `get_or_insert_async`: `get_or_insert` for asyncio tasks.

use super::{class::PyConcurrentDict, get_or_insert::ASYNC, probe::Probe};
use crate::runtime::computation::{Claimed, Computation, Source, coroutine};
use ft_concurrent_dict::{Claim, Party, Suspended};
use pyo3::{PyTraverseError, PyVisit, prelude::*};

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
        let computation = Computation::new(slf, key, ())?;
        coroutine(DictComputation(computation), factory)
    }
}

impl Source for PyConcurrentDict {
    type Duty = Suspended;
    type Terms = ();
    const METHOD: [&'static str; 2] = ["ConcurrentDict.get_or_insert_async", ASYNC];
    const ADVICE: &'static str = "the factory must await it and return the result";

    fn claim<'py>(
        &self,
        probe: &Probe<'_, 'py>,
        party: Party,
    ) -> PyResult<Claimed<'py, Suspended>> {
        let claim = (self.core).try_claim_for(|| party, probe, || probe.key())?;
        Ok(match claim {
            Claim::Ready(value) => Claimed::Ready(value.into_object(probe.py())?),
            Claim::Leader(leader) => Claimed::Leader(leader.suspend()),
            Claim::Follower(flight) => Claimed::Follower(flight),
        })
    }

    fn publish<'py>(
        &self,
        duty: Suspended,
        probe: &Probe<'_, 'py>,
        value: &Bound<'py, PyAny>,
        (): (),
    ) -> PyResult<Bound<'py, PyAny>> {
        self.publish(self.core.resume(duty), probe, value)
    }

    fn fail<'py>(
        &self,
        duty: Suspended,
        _: &Probe<'_, 'py>,
        error: PyErr,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.give_up(duty);
        Err(error)
    }

    fn give_up(&self, duty: Suspended) {
        drop(self.core.resume(duty));
    }

    fn traverse(_: &Suspended, _: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        Ok(())
    }
}

/// What a coroutine of [`PyConcurrentDict::get_or_insert_async`] calls.
#[pyclass(frozen, module = "ft_utils._native")]
struct DictComputation(Computation<PyConcurrentDict>);

#[pymethods]
impl DictComputation {
    fn claim<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.claim(py)
    }

    fn publish<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.0.publish(value)
    }

    fn fail<'py>(&self, error: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.0.fail(error)
    }

    fn release(&self, py: Python<'_>) {
        self.0.release(py);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(&visit)
    }
}
