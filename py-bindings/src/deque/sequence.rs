//! The access to items by index, the operators, the comparisons and `repr`.

use super::{
    arguments::{Index, Times},
    class::{PyConcurrentDeque, list},
    equal::Equal,
    iter::DequeIter,
};
use crate::runtime::{
    awaiting::ringing,
    create::{New, exception},
    nesting::{Call, text_of_contents},
    object::Object,
};
use pyo3::{
    basic::CompareOp,
    exceptions::{PyIndexError, PyMemoryError},
    prelude::*,
    types::PyNotImplemented,
};

#[pymethods]
impl PyConcurrentDeque {
    fn __len__(&self) -> usize {
        self.core().len()
    }

    fn __contains__(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let found = self.core().try_position(&Equal(value), 0, isize::MAX)?;
        Ok(found.is_some())
    }

    fn __iter__(&self) -> DequeIter {
        DequeIter::new(self.core().to_vec())
    }

    fn __reversed__(&self) -> DequeIter {
        let mut items = self.core().to_vec();
        items.reverse();
        DequeIter::new(items)
    }

    fn __getitem__(&self, index: Index) -> PyResult<Py<PyAny>> {
        let item = self.core().get(index.0);
        item.map(Object::into_py).ok_or_else(out_of_range)
    }

    fn __setitem__(&self, index: Index, item: &Bound<'_, PyAny>) -> PyResult<()> {
        let item = Object::new(item);
        let replaced = self.core().set(index.0, item);
        replaced.map(drop).map_err(|_| out_of_range())
    }

    fn __delitem__(&self, index: Index) -> PyResult<()> {
        let removed = self.core().remove_at(index.0);
        removed.map(drop).ok_or_else(out_of_range)
    }

    fn __add__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Ok(other) = other.cast::<Self>() else {
            return Ok(PyNotImplemented::get(slf.py()).to_owned().into_any());
        };
        let mut items = slf.get().core().to_vec();
        items.extend(other.get().core().to_vec());
        Ok(Self::another(slf, items)?.into_any())
    }

    fn __iadd__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.extend(other)
    }

    fn __mul__<'py>(slf: &Bound<'py, Self>, n: Times) -> PyResult<Bound<'py, Self>> {
        let n = n.0?;
        let product = Self::copy(slf)?;
        product.get().repeat(slf.py(), n)?;
        Ok(product)
    }

    fn __rmul__<'py>(slf: &Bound<'py, Self>, n: Times) -> PyResult<Bound<'py, Self>> {
        Self::__mul__(slf, n)
    }

    fn __imul__(&self, py: Python<'_>, n: Times) -> PyResult<()> {
        self.repeat(py, n.0?)
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Ok(other) = other.cast::<Self>() else {
            return Ok(PyNotImplemented::get(py).to_owned().into_any());
        };
        let _call = Call::enter()?;
        let ours = list(py, slf.get().core().to_vec())?;
        let theirs = list(py, other.get().core().to_vec())?;
        ours.into_any().rich_compare(theirs, op)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let py = slf.py();
        let core = slf.get().core();
        let text = text_of_contents(slf, || list(py, core.to_vec())?.repr())?;
        let Some(text) = text else {
            return Ok(New("[...]".to_owned()));
        };
        let name = slf.get_type().name()?;
        Ok(New(match core.maxlen() {
            Some(maxlen) => format!("{name}({text}, maxlen={maxlen})"),
            None => format!("{name}({text})"),
        }))
    }
}

impl PyConcurrentDeque {
    fn repeat(&self, py: Python<'_>, n: isize) -> PyResult<()> {
        match ringing(py, || self.core().repeat(n)) {
            Ok(pushed_out) => {
                drop(pushed_out);
                Ok(())
            }
            Err(err) => Err(exception::<PyMemoryError>(err.to_string())),
        }
    }
}

fn out_of_range() -> PyErr {
    exception::<PyIndexError>("deque index out of range")
}
