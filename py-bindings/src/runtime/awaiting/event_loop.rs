//! The event loop of the running thread, and the parts of asyncio that are used here.

use crate::runtime::imports::Imports;
use ft_compat::RaceOnce;
use pyo3::{intern, prelude::*};

static ASYNCIO: RaceOnce<Asyncio> = RaceOnce::new();

/// The objects used from asyncio. They are looked up late, because importing asyncio takes long,
/// and only programs that have imported it already need them.
pub(super) struct Asyncio {
    /// `asyncio.get_running_loop`
    pub(super) get_running_loop: Py<PyAny>,
    /// `asyncio._get_running_loop`, which returns `None` if no loop runs.
    pub(super) running_loop: Py<PyAny>,
    /// `asyncio.current_task`
    pub(super) current_task: Py<PyAny>,
    /// [`wake`]
    pub(super) wake: Py<PyAny>,
}

impl Asyncio {
    pub(super) fn get(py: Python<'_>) -> PyResult<&Self> {
        ASYNCIO.get_or_try_init(py, || {
            let events = py.import("asyncio.events")?;
            Ok(Self {
                get_running_loop: events.getattr("get_running_loop")?.unbind(),
                running_loop: events.getattr("_get_running_loop")?.unbind(),
                current_task: py
                    .import("asyncio.tasks")?
                    .getattr("current_task")?
                    .unbind(),
                wake: wrap_pyfunction!(wake, py)?.into_any().unbind(),
            })
        })
    }
}

/// Returns whether an event loop runs in this thread.
pub(crate) fn is_in_event_loop(py: Python<'_>) -> PyResult<bool> {
    let modules = Imports::get(py).modules.bind(py);
    if ASYNCIO.get(py).is_none() && !modules.contains("asyncio.events")? {
        return Ok(false);
    }
    Ok(!Asyncio::get(py)?.running_loop.bind(py).call0()?.is_none())
}

/// Returns a number that identifies the task that runs in this thread among all tasks that exist
/// now, or `None` if no task runs.
pub(crate) fn current_task(py: Python<'_>) -> PyResult<Option<usize>> {
    if !is_in_event_loop(py)? {
        return Ok(None);
    }
    let task = Asyncio::get(py)?.current_task.bind(py).call0()?;
    Ok((!task.is_none()).then(|| task.as_ptr().addr()))
}

/// Ends the wait for a future. Runs in the thread of the future's loop.
#[pyfunction]
pub(super) fn wake(future: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = future.py();
    if !future.call_method0(intern!(py, "done"))?.is_truthy()? {
        future.call_method1(intern!(py, "set_result"), (py.None(),))?;
    }
    Ok(())
}
