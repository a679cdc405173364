//! Subclasses of the queues with the methods of `queue.Queue`: which methods they may override.

use crate::runtime::create::{self, New, exception};
use pyo3::{
    PyTypeInfo,
    exceptions::PyTypeError,
    intern,
    prelude::*,
    types::{PyDict, PySuper, PyType},
};

/// `Queue.put_nowait` of a subclass, which may override `put`.
#[cold]
pub(crate) fn put_of_subclass<'py>(
    queue: &Bound<'py, PyAny>,
    item: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let put = queue.getattr(intern!(queue.py(), "put"))?;
    put.call(create::single(item)?, Some(&not_blocking(queue.py())?))
}

/// `Queue.get_nowait` of a subclass, which may override `get`.
#[cold]
pub(crate) fn get_of_subclass<'py>(queue: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let get = queue.getattr(intern!(queue.py(), "get"))?;
    get.call((), Some(&not_blocking(queue.py())?))
}

fn not_blocking(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let kwargs = create::dict(py)?;
    kwargs.set_item(intern!(py, "block"), false)?;
    Ok(kwargs)
}

/// The methods that subclasses of `queue.Queue` override to change how items are stored.
const HOOKS: [&str; 4] = ["_init", "_put", "_get", "_qsize"];

/// `__init_subclass__` of a queue class `T`. It refuses subclasses that override the hooks, because
/// nothing in this module calls them.
pub(crate) fn init_subclass<T: PyTypeInfo>(
    class: &Bound<'_, PyType>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let py = class.py();
    let ours = py.get_type::<T>();
    for hook in HOOKS {
        if overrides(class, hook)? {
            let (class, ours) = (class.name()?, ours.name()?);
            let message = format!(
                "{class} overrides {hook}, which {ours} does not call: override put() and get() \
                 instead, or derive from a class of the module queue"
            );
            return Err(exception::<PyTypeError>(message));
        }
    }
    // Calls the `__init_subclass__` of the other base classes, or that of `object`.
    let next = py
        .get_type::<PySuper>()
        .call1(create::pair(&ours, class)?)?;
    next.getattr(intern!(py, "__init_subclass__"))?
        .call((), kwargs)?;
    Ok(())
}

/// Returns whether a class defines the method or inherits it. Methods from `queue.Queue` and its
/// subclasses in the module `queue` do not count: such a class may be an additional base class, for
/// the sake of `isinstance`.
fn overrides(class: &Bound<'_, PyType>, method: &'static str) -> PyResult<bool> {
    let py = class.py();
    let method = New(method).into_pyobject(py)?;
    for base in class.mro() {
        let namespace = base.getattr(intern!(py, "__dict__"))?;
        if namespace.contains(&method)? {
            let module = base.getattr(intern!(py, "__module__"))?;
            return Ok(!module.eq(intern!(py, "queue"))?);
        }
    }
    Ok(false)
}
