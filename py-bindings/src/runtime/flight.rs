//! Waiting for a value that another thread or task computes.

use super::{create::exception, object::Object};
use ft_once::{Deadlock, Flight, Note, Party, Waiting};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use std::sync::Arc;

/// Begins a wait for the value of a key, unless it would never end. `instead` names the method for
/// tasks, for the message to a thread that would wait for a task of its own.
pub(crate) fn begin_waiting(
    flight: &Arc<Flight>,
    party: Party,
    key: &Bound<'_, PyAny>,
    instead: &str,
) -> PyResult<Waiting> {
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
) -> PyResult<Waiting> {
    let note = Note::new(Object::new(thing));
    Waiting::begin(flight, party, note).or_else(|deadlock| {
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
    let name = |note: &Note| match note.downcast_ref::<Object>() {
        Some(key) => Ok(key.bind(py).repr()?.to_string()),
        // The note belongs to other Rust code, which shares the process with this interpreter.
        None => Ok("another one".to_owned()),
    };
    deadlock.notes().iter().map(name).collect()
}
