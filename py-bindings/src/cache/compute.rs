//! `get_or_compute` and `refresh`: one computation for all threads and tasks that ask for a key.

use super::{
    class::PyConcurrentCache,
    terms::{Seconds, terms},
    timer::Time,
};
use crate::runtime::{
    awaitable::refuse_coroutine,
    awaiting,
    blocking::{self, Timeout},
    create::exception,
    flight::begin_waiting,
    kept::{Kept, bare},
    object::Object,
    probe::Probe,
};
use ft_concurrent_cache::{Claim, Flight, Party, Terms};
use pyo3::{
    exceptions::{PyException, PyTimeoutError},
    prelude::*,
};
use std::{hash::RandomState, sync::Arc, time::Instant};

/// What a thread is told to use where it would wait for its own task.
pub(super) const ASYNC: &str = "get_or_compute_async()";

pub(super) type Leader<'a> = ft_concurrent_cache::Leader<'a, Object, Kept, RandomState, Time>;

#[pymethods]
impl PyConcurrentCache {
    /// Return the value of a key; if there is none, store and return the result of function().
    ///
    /// If several threads and tasks ask for the same missing key, one of them calls its function,
    /// and the others wait, at most timeout seconds each; their waits can be interrupted. If the
    /// function raises, its caller gets the error, and one of the others calls its own function,
    /// unless the cache has cache_errors. If the key is removed meanwhile, or another value stored,
    /// the result is returned and not stored. ttl is that of the value, instead of the cache's.
    ///
    /// If functions wait for each other, the last one to ask gets a RuntimeError that names the
    /// keys. If a function returns a coroutine, it is not stored; the call raises TypeError. For
    /// async functions, see get_or_compute_async().
    #[pyo3(signature = (key, function, /, *, ttl=None, timeout=None))]
    fn get_or_compute<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        function: &Bound<'py, PyAny>,
        ttl: Option<Seconds>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let deadline = Timeout::deadline(timeout);
        self.compute(key, terms(ttl, None), deadline, || {
            let value = function.call0()?;
            refuse_coroutine(
                &value,
                "get_or_compute() takes a function that returns the value; for this function, await \
                 get_or_compute_async()",
            )?;
            Ok(value)
        })
    }

    /// Compute the value of a key anew, store and return it; others get the old value meanwhile.
    ///
    /// If the key is being computed already, wait for that, and return its result. If the function
    /// raises, the old value stays.
    #[pyo3(signature = (key, function, /, *, ttl=None))]
    fn refresh<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        function: &Bound<'py, PyAny>,
        ttl: Option<Seconds>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let probe = self.probe(key)?;
        let claim = || (self.core()).try_claim_refresh(Party::thread, &probe, || probe.key());
        let leader = match awaiting::ringing(py, claim)? {
            Claim::Leader(leader) | Claim::Stale(_, leader) => leader,
            Claim::Ready(kept) => return kept.outcome_of_many(py),
            Claim::Follower(flight) => {
                self.follow(&flight, key, None)?;
                return self.get_or_compute(key, function, ttl, None);
            }
        };
        awaiting::ringing(py, || {
            let value = function.call0()?;
            refuse_coroutine(&value, "refresh() takes a function that returns the value")?;
            self.publish(leader, &probe, &value, terms(ttl, None))
        })
    }
}

impl PyConcurrentCache {
    /// Returns the value of a key, and makes it if there is none.
    pub(super) fn compute<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        terms: Terms,
        deadline: Option<Instant>,
        make: impl Fn() -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let mut probe = self.probe(key)?;
        loop {
            // Asyncio tasks may be waiting for the end of the claim, so their alarms are rung in
            // every case.
            let claim = || self.core().try_claim(&probe, || probe.key());
            let (old, leader) = match awaiting::ringing(py, claim)? {
                Claim::Ready(kept) => return kept.outcome_of_many(py),
                Claim::Leader(leader) => (None, leader),
                Claim::Stale(old, leader) => (Some(old), leader),
                Claim::Follower(flight) => {
                    self.follow(&flight, key, deadline)?;
                    probe = self.probe(key)?;
                    continue;
                }
            };
            return awaiting::ringing(py, || match make() {
                Ok(value) => self.publish(leader, &probe, &value, terms),
                Err(err) => self.fail(leader, &probe, err, old),
            });
        }
    }

    fn follow(
        &self,
        flight: &Arc<Flight>,
        key: &Bound<'_, PyAny>,
        deadline: Option<Instant>,
    ) -> PyResult<()> {
        let _waiting = begin_waiting(flight, Party::thread(), key, ASYNC)?;
        let landed = || flight.has_landed().then_some(());
        match blocking::wait(key.py(), deadline, flight.changed(), landed)? {
            Some(()) => Ok(()),
            None => Err(exception::<PyTimeoutError>(
                "another caller is still computing the value",
            )),
        }
    }

    /// Stores a computed value, unless the key has changed meanwhile. Returns the one that is there.
    pub(super) fn publish<'py>(
        &self,
        leader: Leader<'_>,
        probe: &Probe<'_, 'py>,
        value: &Bound<'py, PyAny>,
        terms: Terms,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = probe.py();
        let terms = self.weighed(probe.object(), value, terms)?;
        self.shared.timer.tick(py)?;
        let kept = leader.publish_with(probe, || probe.key(), Kept::new(value), terms)?;
        kept.outcome_of_many(py)
    }

    /// Ends a computation that has failed: returns an old value that may still be used, or keeps the
    /// exception if the cache is to, and raises it.
    pub(super) fn fail<'py>(
        &self,
        leader: Leader<'_>,
        probe: &Probe<'_, 'py>,
        err: PyErr,
        old: Option<Kept>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = probe.py();
        if !err.is_instance_of::<PyException>(py) {
            return Err(err);
        }
        if let Some(old) = old {
            return old.outcome_of_many(py);
        }
        if let Some(time) = self.shared.errors {
            let error = err.value(py);
            // What is kept has no traceback, which would keep the frames of this call alive.
            let bare = bare(error)?;
            let terms = Terms::new().time_to_live(time).weight(1);
            self.shared.timer.tick(py)?;
            leader.publish_with(
                probe,
                || probe.key(),
                Kept::Error(Object::new(&bare)),
                terms,
            )?;
        }
        Err(err)
    }
}
