//! `Event`.

use crate::runtime::{
    awaiting::{self, Awaited, Coroutine},
    blocking::{self, Timeout},
    choosing::Case,
    create::New,
    deferral::deferred_from_birth,
    fast_calls::{self, Done},
    not_copyable::not_copyable,
    stop,
};
use ft_atomic_int::AtomicFlag;
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::sync::Arc;

/// A flag that threads, and coroutines of any number of event loops, wait for.
///
/// Event()
///
/// It works like threading.Event, and in coroutines like asyncio.Event: set() in a thread wakes
/// tasks, and set() in a task wakes threads. A wait ends once the event has been set, even if it is
/// cleared again at once. Ctrl-C ends a wait within 0.1 s. Every method is one atomic, sequentially
/// consistent step.
///
/// >>> import asyncio, threading
/// >>> ready = Event()
/// >>> async def main():
/// ...     threading.Timer(0.01, ready.set).start()
/// ...     return await ready.wait_async()
/// >>> asyncio.run(main())
/// True
/// >>> ready.wait()
/// True
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    module = "ft_utils.synchronization",
    name = "Event"
)]
pub(crate) struct PyEvent(Arc<AtomicFlag>);

#[pymethods]
impl PyEvent {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Arc::default())
    }

    fn __init__(&self) {}

    /// Return whether the event is set.
    fn is_set(&self) -> bool {
        self.0.load()
    }

    /// Set the event, and wake all that wait for it.
    fn set(&self, py: Python<'_>) {
        awaiting::ringing(py, || self.0.store(true));
    }

    /// Clear the event. Those that wait go on waiting until it is set again.
    fn clear(&self) {
        self.0.clear();
    }

    /// Wait until the event is set; return False if timeout seconds pass before, and True otherwise.
    ///
    /// With timeout=0 it does not wait. A negative timeout, or NaN, raises ValueError.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<bool> {
        let watch = self.0.watch();
        let attempt = || watch.was_set().then_some(());
        let deadline = Timeout::deadline(timeout);
        Ok(blocking::wait(py, deadline, self.0.became_set(), attempt)?.is_some())
    }

    /// Do what wait() does in a coroutine: the task waits, not its thread.
    ///
    /// The timeout counts from this call. A task that is cancelled leaves no trace.
    #[pyo3(signature = (timeout=None))]
    fn wait_async(&self, timeout: Option<Timeout>) -> Coroutine {
        let deadline = Timeout::deadline(timeout);
        Coroutine::new("Event.wait_async", awaited(&self.0), deadline)
    }

    /// Return the case of select() and select_async() that does what wait() does.
    fn waiting(slf: &Bound<'_, Self>) -> Case {
        let event = Arc::clone(&slf.get().0);
        Case::new("Event.waiting", slf, None, move |_, _| {
            Box::new(awaited(&event))
        })
    }

    /// Return another Python object for the same event.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let state = if slf.get().0.load() { "set" } else { "unset" };
        let (name, place) = (slf.get_type().name()?, slf.as_ptr());
        Ok(New(format!("<ft_utils.{name} at {place:p}: {state}>")))
    }
}

fn awaited(event: &Arc<AtomicFlag>) -> Awaited {
    let event = Arc::clone(event);
    Awaited::new(async move { event.wait_async().await })
}

/// Make waits of this thread raise Stopped while the event is set; with None, no longer do so.
#[pyfunction]
#[pyo3(signature = (event, /))]
pub(crate) fn stop_waits_on(event: Option<&Bound<'_, PyEvent>>) {
    stop::stop_on(event.map(|event| &event.get().0));
}

/// Return whether waits of this thread raise Stopped while the event is set.
#[pyfunction]
#[pyo3(signature = (event, /))]
pub(crate) fn is_stopped_by(event: &Bound<'_, PyEvent>) -> bool {
    stop::stops_on(&event.get().0)
}

not_copyable!(
    PyEvent,
    "is_set() for the value, handle() to share the object"
);

fast_calls::fast! { PyEvent:
    noargs c"is_set" = |this, py| Some(Done::bool(py, this.0.load()));
    noargs c"set" = |this, py| {
        this.set(py);
        Some(Done::none(py))
    };
    noargs c"clear" = |this, py| {
        this.0.clear();
        Some(Done::none(py))
    };
}

deferred_from_birth!(PyEvent);
