//! The methods of a set that concern one element.

use super::{class::PyConcurrentSet, iter::SetIter};
use crate::runtime::{create::exception, error::key_error, probe::Probe};
use pyo3::{exceptions::PyKeyError, prelude::*};

#[pymethods]
impl PyConcurrentSet {
    /// Add an element, unless an equal one is there; return whether it is new.
    #[pyo3(signature = (element, /))]
    fn add(&self, element: &Bound<'_, PyAny>) -> PyResult<bool> {
        let probe = Probe::new(element)?;
        self.insert(&probe, || probe.key())
    }

    /// Remove an element, if it is there; return whether it was.
    #[pyo3(signature = (element, /))]
    fn discard(&self, element: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.take(&Probe::new(element)?)?.is_some())
    }

    /// Remove an element; raise KeyError if it is missing.
    #[pyo3(signature = (element, /))]
    fn remove(&self, element: &Bound<'_, PyAny>) -> PyResult<()> {
        let removed = self.take(&Probe::new(element)?)?;
        removed.map(drop).ok_or_else(|| key_error(element))
    }

    /// Remove any element and return it; raise KeyError if the set is empty.
    fn pop(&self) -> PyResult<Py<PyAny>> {
        match self.core.pop_any() {
            Some((element, ())) => Ok(element.into_py()),
            None => Err(exception::<PyKeyError>("pop from an empty set")),
        }
    }

    fn __contains__(&self, element: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.has(&Probe::new(element)?)
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }

    fn __bool__(&self) -> bool {
        !self.core.is_empty()
    }

    fn __iter__(slf: &Bound<'_, Self>) -> SetIter {
        SetIter::new(slf)
    }
}
