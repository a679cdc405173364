//! `get_or_insert`: one computation for all threads that ask for a key.

use super::{class::PyConcurrentDict, probe::Probe, value::Value};
use crate::runtime::{
    awaitable::refuse_coroutine, awaiting, blocking, create::exception, object::Object,
};
use ft_concurrent_dict::{Claim, Deadlock, Flight, Leader, Note, Party, Waiting};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use std::{hash::RandomState, sync::Arc};

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
                    let _waiting = begin_waiting(&flight, Party::thread(), key)?;
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

/// Begins a wait for the value of a key, unless it would never end.
pub(crate) fn begin_waiting(
    flight: &Arc<Flight>,
    party: Party,
    key: &Bound<'_, PyAny>,
) -> PyResult<Waiting> {
    let note = Note::new(Object::new(key));
    Waiting::begin(flight, party, note).or_else(|deadlock| {
        let message = match names(&deadlock, key.py())?.as_slice() {
            [_] if flight.leader().is_task() && !party.is_task() => {
                "a task in this thread makes the value of this key, and cannot continue while the thread \
                 waits; await get_or_insert_async() instead"
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

/// Returns the names of the keys in a circle of waits.
fn names(deadlock: &Deadlock, py: Python<'_>) -> PyResult<Vec<String>> {
    let name = |note: &Note| match note.downcast_ref::<Object>() {
        Some(key) => Ok(key.bind(py).repr()?.to_string()),
        // The note belongs to other Rust code, which shares the process with this interpreter.
        None => Ok("another one".to_owned()),
    };
    deadlock.notes().iter().map(name).collect()
}
