//! The methods of a mapping that concern one key.

use super::{
    class::{PyConcurrentDict, WATCH},
    iter::DictIter,
    missing::Optional,
    probe::Probe,
    value::Value,
};
use crate::runtime::{
    create::{self, exception},
    error::key_error,
    object::Object,
};
use ft_concurrent_dict::Entry;
use pyo3::{
    exceptions::PyKeyError,
    intern,
    prelude::*,
    types::{PyMappingProxy, PyTuple},
};

#[pymethods]
impl PyConcurrentDict {
    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match slf.get().get_value(key)? {
            Some(value) => Ok(value),
            None => missing(slf, key),
        }
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.insert(key, value)
    }

    fn __delitem__(&self, key: &Bound<'_, PyAny>) -> PyResult<()> {
        self.remove(key)?.map(drop).ok_or_else(|| key_error(key))
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.core
            .try_read(&Probe::new(key)?, |value| value.is_some())
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }

    fn __bool__(&self) -> bool {
        !self.core.is_empty()
    }

    fn __iter__(slf: &Bound<'_, Self>) -> DictIter {
        DictIter::new(slf)
    }

    /// Return the value of a key, or the default if the key is missing.
    #[pyo3(signature = (key, default=None, /))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.get_value(key)?.or(default))
    }

    /// Return the value of a key, after storing the default if the key is missing.
    #[pyo3(signature = (key, default=None, /))]
    fn setdefault<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let probe = Probe::new(key)?;
        let found = self.core.try_read(&probe, |value| value.cloned())?;
        if let Some(value) = found {
            return value.into_object(py);
        }
        let value = default.map_or_else(|| Value::from(Object::from(py.None())), Value::new);
        let (stored, left_over) = self.core.try_entry(&probe, |entry| match entry {
            Entry::Occupied(entry) => (entry.get().clone(), Some(value)),
            Entry::Vacant(entry) => (entry.insert(probe.key(), value).clone(), None),
        })?;
        if left_over.is_none() {
            self.changed(probe.hash());
        }
        stored.into_object(py)
    }

    /// Remove a key and return its value, or the default; without a default, raise KeyError.
    #[pyo3(
        signature = (key, default=Optional(None), /),
        text_signature = "($self, key, /, *default)",
    )]
    fn pop<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Optional<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.remove(key)?
            .or(default.0)
            .ok_or_else(|| key_error(key))
    }

    /// Remove any key and return it with its value; raise KeyError if the dictionary is empty.
    fn popitem<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        match self.core.pop_any() {
            Some((key, value)) => {
                WATCH.changed_all(&**self.core);
                create::pair(key.bind(py), &value.into_object(py)?)
            }
            None => Err(exception::<PyKeyError>("popitem(): dictionary is empty")),
        }
    }
}

/// Returns the result of `d[key]` for a missing key: the result of a subclass's `__missing__`, or a
/// KeyError.
fn missing<'py>(
    slf: &Bound<'py, PyConcurrentDict>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let name = intern!(py, "__missing__");
    if slf.is_exact_instance_of::<PyConcurrentDict>() {
        return Err(key_error(key));
    }
    let kind = slf.get_type();
    // Python looks for special methods in the same way: among the attributes of the classes, not
    // among those of the instance or of a metaclass.
    for class in kind.mro() {
        let attributes = class.getattr(intern!(py, "__dict__"))?;
        let Ok(method) = attributes.cast_into::<PyMappingProxy>()?.get_item(name) else {
            continue;
        };
        return match method.get_type().getattr_opt(intern!(py, "__get__"))? {
            Some(bind) => bind.call1((method, slf, &kind))?.call1((key,)),
            None => method.call1((key,)),
        };
    }
    Err(key_error(key))
}
