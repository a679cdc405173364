//! Subclasses of the queues with the methods of `queue.Queue`: what they may override, and what not.

use crate::runtime::create::{self, New, exception};
use pyo3::{
    PyTypeInfo,
    exceptions::PyTypeError,
    intern,
    prelude::*,
    types::{PyDict, PySuper, PyType},
};

/// `Queue.put_nowait` of a subclass, which may have a `put` of its own.
#[cold]
pub(crate) fn put_of_subclass<'py>(
    queue: &Bound<'py, PyAny>,
    item: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let put = queue.getattr(intern!(queue.py(), "put"))?;
    put.call(create::single(item)?, Some(&not_blocking(queue.py())?))
}

/// `Queue.get_nowait` of a subclass, which may have a `get` of its own.
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

/// What subclasses of `queue.Queue` override to change how items are kept.
const HOOKS: [&str; 4] = ["_init", "_put", "_get", "_qsize"];

/// `__init_subclass__` of a class of ours: refuses the hooks, which nothing here calls.
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
    // Of the other base classes, or that of `object`.
    let next = py
        .get_type::<PySuper>()
        .call1(create::pair(&ours, class)?)?;
    next.getattr(intern!(py, "__init_subclass__"))?
        .call((), kwargs)?;
    Ok(())
}

/// Whether a class has the method, and not from `queue.Queue` or its kin, which may be a base class
/// beside ours for the sake of `isinstance`.
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
