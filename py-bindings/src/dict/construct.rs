//! The constructor, and `fromkeys`.

use super::{class::PyConcurrentDict, missing::Optional};
use crate::runtime::create::exception;
use pyo3::{
    exceptions::PyTypeError,
    intern,
    prelude::*,
    types::{PyDict, PyString, PyType},
};

#[pymethods]
impl PyConcurrentDict {
    #[new]
    #[pyo3(
        signature = (initial_capacity=Optional(None), dictionary=None),
        text_signature = "(initial_capacity=0, dictionary={}, *, shared=False)",
    )]
    fn new(
        initial_capacity: Optional<'_>,
        dictionary: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (capacity, source) = match &initial_capacity.0 {
            Some(first) => capacity_or_source(first)?,
            None => (0, None),
        };
        let source = match (source, dictionary) {
            (Some(_), Some(_)) => {
                let message = "ConcurrentDict() takes (dictionary) or (initial_capacity, dictionary), \
                    not two dictionaries";
                return Err(exception::<PyTypeError>(message));
            }
            (None, Some(other)) if !is_source(other)? => {
                return Err(exception::<PyTypeError>(format!(
                    "dictionary must be a mapping or an iterable of pairs, not '{}'",
                    other.get_type().name()?
                )));
            }
            (source, dictionary) => source.or(dictionary),
        };
        let dict = Self::with_capacity(capacity);
        match source.map(|source| (source, source.cast::<PyDict>())) {
            // Copies what a dict or a subclass of dict really stores, even if the subclass
            // overrides methods.
            Some((_, Ok(source))) => dict.merge_dict(source)?,
            Some((source, Err(_))) => dict.merge(Some(source), None)?,
            None => (),
        }
        Ok(dict)
    }

    /// Return a new dictionary with the keys of an iterable, all with the same value.
    #[classmethod]
    #[pyo3(signature = (iterable, value=None, /))]
    fn fromkeys<'py>(
        class: &Bound<'py, PyType>,
        iterable: &Bound<'py, PyAny>,
        value: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let dict = class.call0()?;
        let none = class.py().None().into_bound(class.py());
        for key in iterable.try_iter()? {
            dict.set_item(key?, value.unwrap_or(&none))?;
        }
        Ok(dict)
    }
}

/// Tells which role the first argument of the constructor has: a capacity, or a source to copy.
fn capacity_or_source<'a, 'py>(
    first: &'a Bound<'py, PyAny>,
) -> PyResult<(isize, Option<&'a Bound<'py, PyAny>>)> {
    match first.extract() {
        Ok(capacity) => Ok((capacity, None)),
        Err(err) if !err.is_instance_of::<PyTypeError>(first.py()) => Err(err),
        Err(_) if is_source(first)? => Ok((0, Some(first))),
        Err(_) => Err(exception::<PyTypeError>(format!(
            "initial_capacity must be an int, or a mapping or an iterable of pairs to copy, not '{}'",
            first.get_type().name()?
        ))),
    }
}

/// Returns whether an object may be a mapping or an iterable of pairs. Calls none of its methods. A
/// str is rejected, because it is most likely a mistake.
fn is_source(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let (py, kind) = (object.py(), object.get_type());
    Ok(!object.is_instance_of::<PyString>()
        && (kind.hasattr(intern!(py, "keys"))?
            || kind.hasattr(intern!(py, "__iter__"))?
            || kind.hasattr(intern!(py, "__getitem__"))?))
}

/// Registers the class as a MutableMapping, for `isinstance` and `match`.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    let abc = py.import("collections.abc")?.getattr("MutableMapping")?;
    abc.call_method1("register", (py.get_type::<PyConcurrentDict>(),))?;
    Ok(())
}

crate::runtime::deferral::shared_by_new!(PyConcurrentDict);
