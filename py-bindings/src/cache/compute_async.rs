//! `get_or_compute_async`: `get_or_compute` for asyncio tasks.

use super::{
    class::PyConcurrentCache,
    compute::ASYNC,
    terms::{Seconds, terms},
};
use crate::runtime::{
    computation::{Claimed, Computation, Source, coroutine},
    kept::Kept,
    probe::Probe,
};
use ft_concurrent_cache::{Claim, Party, Suspended, Terms};
use pyo3::{PyTraverseError, PyVisit, prelude::*};

#[pymethods]
impl PyConcurrentCache {
    /// In a coroutine, return the value of a key, or store and return await function().
    ///
    /// If several tasks (of any event loops) and threads in get_or_compute() ask for the same
    /// missing key, one of them makes the value, and the others wait for it. If that one fails or
    /// is cancelled, it alone gets the error, and another one calls its own function, unless the
    /// cache has cache_errors.
    #[pyo3(signature = (key, function, /, *, ttl=None))]
    pub(super) fn get_or_compute_async<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        function: &Bound<'py, PyAny>,
        ttl: Option<Seconds>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let computation = Computation::new(slf, key, terms(ttl, None))?;
        coroutine(CacheComputation(computation), function)
    }
}

impl Source for PyConcurrentCache {
    /// With an old value that may be used if the computation fails.
    type Duty = (Suspended, Option<Kept>);
    type Terms = Terms;
    const METHOD: [&'static str; 2] = ["ConcurrentCache.get_or_compute_async", ASYNC];
    const ADVICE: &'static str = "the function must await it and return the result";

    fn claim<'py>(
        &self,
        probe: &Probe<'_, 'py>,
        party: Party,
    ) -> PyResult<Claimed<'py, Self::Duty>> {
        self.shared.timer.tick(probe.py())?;
        let claim = (self.core()).try_claim_for(|| party, probe, || probe.key())?;
        Ok(match claim {
            Claim::Ready(kept) => Claimed::Ready(kept.outcome_of_many(probe.py())?),
            Claim::Leader(leader) => Claimed::Leader((leader.suspend(), None)),
            Claim::Stale(old, leader) => Claimed::Leader((leader.suspend(), Some(old))),
            Claim::Follower(flight) => Claimed::Follower(flight),
        })
    }

    fn publish<'py>(
        &self,
        (duty, _old): Self::Duty,
        probe: &Probe<'_, 'py>,
        value: &Bound<'py, PyAny>,
        terms: Terms,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.publish(self.core().resume(duty), probe, value, terms)
    }

    fn fail<'py>(
        &self,
        (duty, old): Self::Duty,
        probe: &Probe<'_, 'py>,
        error: PyErr,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.fail(self.core().resume(duty), probe, error, old)
    }

    fn give_up(&self, (duty, _old): Self::Duty) {
        drop(self.core().resume(duty));
    }

    fn traverse((_, old): &Self::Duty, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        (old.as_ref()).map_or(Ok(()), |old| visit.call(&**old.object()))
    }
}

/// What a coroutine of [`PyConcurrentCache::get_or_compute_async`] calls.
#[pyclass(frozen, module = "ft_utils._native")]
struct CacheComputation(Computation<PyConcurrentCache>);

#[pymethods]
impl CacheComputation {
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
