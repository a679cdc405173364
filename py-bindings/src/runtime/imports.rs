//! The objects that the bindings use from Python's standard library, and from Python modules of
//! `ft_utils`.
//!
//! All of them are looked up when the module is imported. If a lookup happened at first use, a
//! process could fork in the middle of it, and the child would wait forever for a thread that it
//! does not have.

use ft_compat::RaceOnce;
use pyo3::{
    exceptions::{PyBaseException, PyException, PyIndexError, PyRuntimeError},
    prelude::*,
    types::{PyDict, PyType},
};

static IMPORTS: RaceOnce<Imports> = RaceOnce::new();

pub(crate) struct Imports {
    /// `threading.get_ident`
    pub(crate) get_ident: Py<PyAny>,
    /// `threading.TIMEOUT_MAX`
    pub(crate) timeout_max: f64,
    /// `threading.BrokenBarrierError`
    pub(crate) broken_barrier: Py<PyType>,
    /// `sys.modules`
    pub(crate) modules: Py<PyAny>,
    /// `collections.Counter`
    pub(crate) counter: Py<PyAny>,
    /// `collections.abc.Set`
    pub(crate) abstract_set: Py<PyAny>,
    /// `queue.Empty`
    pub(crate) empty: Py<PyType>,
    /// `queue.Full`
    pub(crate) full: Py<PyType>,
    /// `queue.ShutDown`, or a class made here on versions before Python 3.13.
    pub(crate) shut_down: Py<PyType>,
    /// `QueueFailed`, made here
    pub(crate) queue_failed: Py<PyType>,
    /// `Stopped`, made here
    pub(crate) stopped: Py<PyType>,
    /// `EmptyDequeError`, made here
    pub(crate) empty_deque: Py<PyType>,
    /// `ft_utils._dict.views.Keys`
    pub(crate) keys: Py<PyAny>,
    /// `ft_utils._dict.views.Items`
    pub(crate) items: Py<PyAny>,
    /// `ft_utils._local_wrapper.awaiting`
    pub(crate) awaiting: Py<PyAny>,
    /// `ft_utils._dict.once.compute_once`
    pub(crate) once: Py<PyAny>,
    /// `ft_utils._condition.wait_async`
    pub(crate) wait_async: Py<PyAny>,
    /// `ft_utils._condition.wait_for_async`
    pub(crate) wait_for_async: Py<PyAny>,
    /// `ft_utils._once.coroutine.call_async`
    pub(crate) call_async: Py<PyAny>,
    /// `ft_utils._cache.stats.CacheStats`
    pub(crate) cache_stats: Py<PyAny>,
    /// `ft_utils._cache.stats.CacheInfo`
    pub(crate) cache_info: Py<PyAny>,
    /// `functools.partial`
    pub(crate) partial: Py<PyAny>,
    /// `anext`
    pub(crate) anext: Py<PyAny>,
    /// `round`
    pub(crate) round: Py<PyAny>,
    /// `math.trunc`
    pub(crate) trunc: Py<PyAny>,
    /// `math.floor`
    pub(crate) floor: Py<PyAny>,
    /// `math.ceil`
    pub(crate) ceil: Py<PyAny>,
    /// `numbers.Number`
    pub(crate) number: Py<PyAny>,
    /// `copy.deepcopy`
    pub(crate) deepcopy: Py<PyAny>,
    /// `concurrent.futures.CancelledError`
    pub(crate) cancelled_error: Py<PyType>,
    /// `concurrent.futures.InvalidStateError`
    pub(crate) invalid_state: Py<PyType>,
    /// `logging.Logger.error` of the logger of `concurrent.futures`
    pub(crate) log_error: Py<PyAny>,
    /// `threading.Condition`
    pub(crate) condition: Py<PyAny>,
}

impl Imports {
    /// Looks up everything. The module's initialization calls this once.
    pub(crate) fn load(py: Python<'_>) -> PyResult<&'static Self> {
        let threading = py.import("threading")?;
        let queue = py.import("queue")?;
        let views = py.import("ft_utils._dict.views")?;
        let cache = py.import("ft_utils._cache.stats")?;
        let condition = py.import("ft_utils._condition")?;
        let builtins = py.import("builtins")?;
        let math = py.import("math")?;
        let futures = py.import("concurrent.futures._base")?;
        let imports = Self {
            get_ident: threading.getattr("get_ident")?.unbind(),
            timeout_max: threading.getattr("TIMEOUT_MAX")?.extract()?,
            broken_barrier: threading
                .getattr("BrokenBarrierError")?
                .cast_into()?
                .unbind(),
            modules: py.import("sys")?.getattr("modules")?.unbind(),
            counter: py.import("collections")?.getattr("Counter")?.unbind(),
            abstract_set: py.import("collections.abc")?.getattr("Set")?.unbind(),
            empty: queue.getattr("Empty")?.cast_into()?.unbind(),
            full: queue.getattr("Full")?.cast_into()?.unbind(),
            shut_down: match queue.getattr("ShutDown") {
                Ok(kind) => kind.cast_into()?.unbind(),
                Err(_) => own_shut_down(py)?,
            },
            queue_failed: queue_failed(py)?,
            stopped: stopped(py)?,
            empty_deque: empty_deque_error(py)?,
            keys: views.getattr("Keys")?.unbind(),
            items: views.getattr("Items")?.unbind(),
            awaiting: py
                .import("ft_utils._local_wrapper")?
                .getattr("awaiting")?
                .unbind(),
            once: py
                .import("ft_utils._dict.once")?
                .getattr("compute_once")?
                .unbind(),
            wait_async: condition.getattr("wait_async")?.unbind(),
            wait_for_async: condition.getattr("wait_for_async")?.unbind(),
            call_async: py
                .import("ft_utils._once.coroutine")?
                .getattr("call_async")?
                .unbind(),
            cache_stats: cache.getattr("CacheStats")?.unbind(),
            cache_info: cache.getattr("CacheInfo")?.unbind(),
            partial: py.import("functools")?.getattr("partial")?.unbind(),
            anext: builtins.getattr("anext")?.unbind(),
            round: builtins.getattr("round")?.unbind(),
            trunc: math.getattr("trunc")?.unbind(),
            floor: math.getattr("floor")?.unbind(),
            ceil: math.getattr("ceil")?.unbind(),
            number: py.import("numbers")?.getattr("Number")?.unbind(),
            deepcopy: py.import("copy")?.getattr("deepcopy")?.unbind(),
            cancelled_error: futures.getattr("CancelledError")?.cast_into()?.unbind(),
            invalid_state: futures.getattr("InvalidStateError")?.cast_into()?.unbind(),
            log_error: futures.getattr("LOGGER")?.getattr("error")?.unbind(),
            condition: threading.getattr("Condition")?.unbind(),
        };
        let _ = IMPORTS.set(py, imports);
        Ok(Self::get(py))
    }

    pub(crate) fn get(py: Python<'_>) -> &'static Self {
        let imports = IMPORTS.get(py);
        imports.expect("the module that has the caller was initialized")
    }
}

fn own_shut_down(py: Python<'_>) -> PyResult<Py<PyType>> {
    let base = py.get_type::<PyException>();
    let doc = c"Raised by the operations of a queue that was shut down.";
    let name = c"ft_utils.concurrency.ShutDown";
    PyErr::new_type(py, name, Some(doc), Some(&base), None)
}

/// Makes `QueueFailed`. It is not a `ShutDown`, because code that treats `ShutDown` as a normal end
/// must not treat a failure as one.
fn queue_failed(py: Python<'_>) -> PyResult<Py<PyType>> {
    let base = py.get_type::<PyRuntimeError>();
    let doc = c"Raised by the operations of a queue after its fail(); the cause is that exception.";
    let name = c"ft_utils.concurrency.QueueFailed";
    PyErr::new_type(py, name, Some(doc), Some(&base), None)
}

/// Makes `Stopped`. It is not an `Exception`, because code that goes on after an error must not go on
/// after it.
fn stopped(py: Python<'_>) -> PyResult<Py<PyType>> {
    let base = py.get_type::<PyBaseException>();
    let doc = c"Raised by a wait in a thread of a ThreadGroup that is stopping; not an Exception.";
    let name = c"ft_utils.concurrency.Stopped";
    PyErr::new_type(py, name, Some(doc), Some(&base), None)
}

/// Makes an error that is both an IndexError, like the one of `collections.deque`, and a
/// RuntimeError, like the one of `ft_utils` 0.2.0.
fn empty_deque_error(py: Python<'_>) -> PyResult<Py<PyType>> {
    let bases = (
        py.get_type::<PyIndexError>(),
        py.get_type::<PyRuntimeError>(),
    );
    let contents = PyDict::new(py);
    contents.set_item("__module__", "ft_utils.concurrency")?;
    let doc = "Raised by a pop from an empty ConcurrentDeque; an IndexError and a RuntimeError.";
    contents.set_item("__doc__", doc)?;
    let kind = py.get_type::<PyType>();
    let kind = kind.call1(("EmptyDequeError", bases, contents))?;
    Ok(kind.cast_into()?.unbind())
}
