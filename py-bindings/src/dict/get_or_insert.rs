//! `get_or_insert`: one computation for all threads that ask for a key.

use super::{class::PyConcurrentDict, probe::Probe, value::Value};
use crate::runtime::{
    awaitable::refuse_coroutine, awaiting, blocking, flight::begin_waiting, object::Object,
};
use ft_concurrent_dict::{Claim, Leader, Party};
use pyo3::prelude::*;
use std::hash::RandomState;

/// What a thread is told to use where it would wait for its own task.
pub(super) const ASYNC: &str = "get_or_insert_async()";

#[pymethods]
impl PyConcurrentDict {
    /// Return the value of a key; if it is missing, store and return the result of factory().
    ///
    /// If several threads ask for the same missing key, one of them calls its factory, and the
    /// others wait; their waits can be interrupted. If the factory raises, the thread that called
    /// it gets the error, and one of the others calls its own factory.
    ///
    /// A factory may ask for other keys, of this or another dictionary. If factories wait for each
    /// other, the last one to ask gets a RuntimeError that names the keys. If a factory returns a
    /// coroutine, it is not stored; the call raises TypeError. For async factories, see
    /// get_or_insert_async().
    #[pyo3(signature = (key, factory, /))]
    fn get_or_insert<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        factory: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let probe = Probe::new(key)?;
        loop {
            // Asyncio tasks may be waiting for the end of the claim, so their alarms are rung in
            // every case.
            let claim = || self.core.try_claim(&probe, || probe.key());
            match awaiting::ringing(py, claim)? {
                Claim::Ready(value) => return value.into_object(py),
                Claim::Leader(leader) => {
                    return awaiting::ringing(py, || self.lead(leader, &probe, factory));
                }
                Claim::Follower(flight) => {
                    let _waiting = begin_waiting(&flight, Party::thread(), key, ASYNC)?;
                    let landed = || flight.has_landed().then_some(());
                    blocking::wait(py, None, flight.changed(), landed)?;
                }
            }
        }
    }
}

impl PyConcurrentDict {
    fn lead<'py>(
        &self,
        leader: Leader<'_, Object, Value, RandomState>,
        probe: &Probe<'_, 'py>,
        factory: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let value = factory.call0()?;
        refuse_coroutine(
            &value,
            "get_or_insert() takes a function that returns the value; for this function, await \
             get_or_insert_async()",
        )?;
        self.publish(leader, probe, &value)
    }

    /// Stores the computed value, unless there is a value by now. Returns the stored one.
    pub(crate) fn publish<'py>(
        &self,
        leader: Leader<'_, Object, Value, RandomState>,
        probe: &Probe<'_, 'py>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let stored = leader.publish(probe, || probe.key(), Value::new(value))?;
        self.changed(probe.hash());
        stored.into_object(probe.py())
    }
}
