//! Waiting for a value that another thread or task computes.

use super::{create::exception, object::Object};
use ft_once::{Deadlock, Flight, Note, Party, Waiting};
use pyo3::{PyTraverseError, PyVisit, exceptions::PyRuntimeError, prelude::*};
use std::sync::Arc;

/// A wait, which lasts until this is dropped.
pub(crate) struct Wait {
    _waiting: Waiting,
    /// What the party waits for: an [`Object`]. The list of all waits shares the note.
    note: Note,
}

impl Wait {
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        (self.note.downcast_ref::<Object>()).map_or(Ok(()), |thing| visit.call(&**thing))
    }
}

/// Begins a wait for the value of a key, unless it would never end. `instead` names the method for
/// tasks, for the message to a thread that would wait for a task of its own.
pub(crate) fn begin_waiting(
    flight: &Arc<Flight>,
    party: Party,
    key: &Bound<'_, PyAny>,
    instead: &str,
) -> PyResult<Wait> {
    let own = "the factory for a key asked for the same key, and would wait for itself";
    let of_task = "a task in this thread makes the value of this key";
    begin_waiting_for(flight, party, key, (own, of_task, instead))
}

/// Begins a wait for the result of a call, of which the thing is the name, unless it would never end.
///
/// The texts are for the errors: one who would wait for itself, a thread that would wait for a task of
/// its own, and the method for tasks.
pub(crate) fn begin_waiting_for(
    flight: &Arc<Flight>,
    party: Party,
    thing: &Bound<'_, PyAny>,
    (own, of_task, instead): (&str, &str, &str),
) -> PyResult<Wait> {
    let note = Note::new(Object::new(thing));
    let begun = Waiting::begin(flight, party, note.clone());
    let wait = |waiting| Wait {
        _waiting: waiting,
        note,
    };
    begun.map(wait).or_else(|deadlock| {
        let message = match names(&deadlock, thing.py())?.as_slice() {
            [_] if flight.leader().is_some_and(Party::is_task) && !party.is_task() => {
                format!(
                    "{of_task}, and cannot continue while the thread waits; await {instead} instead"
                )
            }
            [_] => own.to_owned(),
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
    // These references are for the collector, which may find that a wait is garbage. All are taken
    // before any code runs.
    let keys: Vec<Option<Object>> = (deadlock.notes().iter())
        .map(|note| note.downcast_ref().cloned())
        .collect();
    let name = |key: Option<Object>| match key {
        Some(key) => Ok(key.bind(py).repr()?.to_string()),
        // The note belongs to other Rust code, which shares the process with this interpreter.
        None => Ok("another one".to_owned()),
    };
    keys.into_iter().map(name).collect()
}
