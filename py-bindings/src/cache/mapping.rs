//! The methods that concern one key.

use super::{
    class::PyConcurrentCache,
    terms::{Seconds, terms},
};
use crate::runtime::{
    create::{self, exception},
    error::key_error,
    kept::Kept,
};
use ft_concurrent_cache::{Terms, Walk};
use pyo3::{
    exceptions::{PyKeyError, PyTypeError},
    prelude::*,
    types::PyTuple,
};

#[pymethods]
impl PyConcurrentCache {
    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.find(key)?.ok_or_else(|| key_error(key))
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.insert(key, value, Terms::new())
    }

    fn __delitem__(&self, key: &Bound<'_, PyAny>) -> PyResult<()> {
        self.remove(key)?.map(drop).ok_or_else(|| key_error(key))
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.peeked(key).map(|found| found.is_some())
    }

    /// Return the value of a key, or the default if there is none.
    #[pyo3(signature = (key, default=None, /))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.find(key)?.or(default))
    }

    /// Return the value of a key, or the default; count nothing, and do not keep it from eviction.
    #[pyo3(signature = (key, default=None, /))]
    fn peek<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.peeked(key)?.or(default))
    }

    /// Store a value, with times of its own in seconds.
    #[pyo3(signature = (key, value, /, *, ttl=None, idle=None))]
    fn put(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        ttl: Option<Seconds>,
        idle: Option<Seconds>,
    ) -> PyResult<()> {
        self.insert(key, value, terms(ttl, idle))
    }

    /// Return the value of a key, after storing the default if there is none.
    #[pyo3(signature = (key, default=None, /))]
    fn setdefault<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let default = default.unwrap_or_else(|| key.py().None().into_bound(key.py()));
        self.compute(key, Terms::new(), None, || Ok(default.clone()))
    }

    /// Remove a key and return its value, or the default; without a default, raise KeyError.
    #[pyo3(signature = (key, /, *default), text_signature = "($self, key, /, *default)")]
    fn pop<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if default.len() > 1 {
            return Err(exception::<PyTypeError>(format!(
                "pop() takes one default, not {}",
                default.len()
            )));
        }
        match self.remove(key)? {
            Some(value) => Ok(value),
            None => default.get_item(0).map_err(|_| key_error(key)),
        }
    }

    /// Remove any key and return it with its value; raise KeyError if the cache is empty.
    fn popitem<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.shared.timer.tick(py)?;
        let mut walk = Walk::default();
        while let Some(keys) = self.next_keys(&mut walk) {
            for key in keys {
                let key = key.into_bound(py);
                if let Some(value) = self.remove(&key)? {
                    return create::pair(&key, &value);
                }
            }
        }
        Err(exception::<PyKeyError>("popitem(): cache is empty"))
    }
}

impl PyConcurrentCache {
    fn peeked<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let kept = self.core().try_peek(&self.probe(key)?, Kept::clone)?;
        Ok(kept.and_then(|kept| kept.into_value(key.py())))
    }
}
