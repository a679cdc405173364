//! The methods that work on the whole dictionary.

use super::{
    class::{PyConcurrentDict, WATCH},
    missing::Optional,
    value::Value,
};
use crate::runtime::{
    create::{self, New, Room},
    imports::Imports,
    nesting::{Call, text_of_contents},
    object::Object,
};
use pyo3::{
    basic::CompareOp,
    prelude::*,
    types::{PyDict, PyList, PyMapping, PyNotImplemented},
};

#[pymethods]
impl PyConcurrentDict {
    /// Store the items of a mapping, or of an iterable of pairs, and the keyword arguments.
    ///
    /// Each item is stored in one step, but not all of them together. If reading the source fails,
    /// no item of it is stored.
    #[pyo3(
        signature = (source=Optional(None), /, **kwargs),
        text_signature = "($self, source={}, /, **kwargs)",
    )]
    fn update(&self, source: Optional<'_>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        self.merge(source.0.as_ref(), kwargs)
    }

    /// Remove all keys; keys that other threads store meanwhile may survive.
    fn clear(&self) {
        self.core.clear();
        WATCH.changed_all(&**self.core);
    }

    /// Return a copy that is a ConcurrentDict.
    fn copy(&self) -> Self {
        self.duplicate()
    }

    /// Return a list of the current keys, with the set operations and comparisons of a view.
    ///
    /// With another list, == and != compare item by item in order, and the order is unspecified.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let keys = self.core.collect_all(|key, _| key.clone());
        let keys = Room::new(py, keys.len())?.fill(keys.into_iter().map(Object::into_py));
        Imports::get(py).keys.bind(py).call1((keys,))
    }

    /// Return a list of the current values.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let values = self.core.collect_all(|_, value| value.clone());
        let room = Room::new(py, values.len())?;
        room.try_fill(values.into_iter().map(|value| value.into_object(py)))
    }

    /// Return a list of the current (key, value) pairs.
    ///
    /// The list has the set operations and comparisons of a view. With another list, == and !=
    /// compare item by item in order, and the order is unspecified.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let items = self.pairs();
        let pair = |(key, value): (Object, Value)| {
            create::pair_of(py, key.into_bound(py), value.into_object(py)?)
        };
        let items = Room::new(py, items.len())?.try_fill(items.into_iter().map(pair))?;
        Imports::get(py).items.bind(py).call1((items,))
    }

    /// Return a copy that is a dict.
    fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.to_dict(py)
    }

    fn __or__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if other.cast::<PyMapping>().is_err() {
            return Ok(PyNotImplemented::get(py).to_owned().into_any());
        }
        let union = self.duplicate();
        union.merge(Some(other), None)?;
        Ok(Bound::new(py, union)?.into_any())
    }

    fn __ror__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if other.cast::<PyMapping>().is_err() {
            return Ok(PyNotImplemented::get(py).to_owned().into_any());
        }
        let union = Self::with_capacity(0);
        union.merge(Some(other), None)?;
        union.merge_own(self, py)?;
        Ok(Bound::new(py, union)?.into_any())
    }

    fn __ior__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.merge(Some(other), None)
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let theirs = match (other.cast::<Self>(), other.cast::<PyDict>()) {
            (Ok(other), _) => other.get().to_dict(py)?,
            (_, Ok(dict)) => dict.clone(),
            _ => return Ok(PyNotImplemented::get(py).to_owned().into_any()),
        };
        match op {
            CompareOp::Eq | CompareOp::Ne => {
                let _call = Call::enter()?;
                slf.get().to_dict(py)?.into_any().rich_compare(theirs, op)
            }
            _ => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let py = slf.py();
        let name = slf.get_type().name()?;
        let text = text_of_contents(slf, || slf.get().to_dict(py)?.repr())?;
        Ok(New(match text {
            Some(text) => format!("{name}({text})"),
            None => format!("{name}({{...}})"),
        }))
    }
}
