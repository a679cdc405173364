//! The methods that work on the whole cache.

use super::{class::PyConcurrentCache, iter::CacheIter};
use crate::runtime::{
    create::{self, New, Room},
    imports::Imports,
    kept::Kept,
    nesting::{Call, text_of_contents},
    object::Object,
};
use ft_concurrent_cache::{Statistics, Terms, Walk};
use pyo3::{
    basic::CompareOp,
    prelude::*,
    types::{PyDict, PyList, PyMapping, PyNotImplemented, PyTuple},
};

impl PyConcurrentCache {
    /// Copies what `f` picks of all keys that have values, shard by shard.
    fn collect<T>(
        &self,
        py: Python<'_>,
        mut f: impl FnMut(&Object, &Object) -> T,
    ) -> PyResult<Vec<T>> {
        self.shared.timer.tick(py)?;
        let mut all = Vec::new();
        let mut walk = Walk::default();
        while let Some(part) = (self.core()).collect_next(&mut walk, |key, kept| {
            kept.value().map(|value| f(key, value))
        }) {
            all.extend(part.into_iter().flatten());
        }
        Ok(all)
    }

    /// Returns the keys of the next part of a walk that have values; `None` at its end. Runs no Python
    /// code.
    pub(super) fn next_keys(&self, walk: &mut Walk) -> Option<Vec<Object>> {
        let pick = |key: &Object, kept: &Kept| kept.value().map(|_| key.clone());
        let keys = self.core().collect_next(walk, pick)?;
        Some(keys.into_iter().flatten().collect())
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = create::dict(py)?;
        for (key, value) in self.collect(py, |key, value| (key.clone(), value.clone()))? {
            dict.set_item(&*key, &*value)?;
        }
        Ok(dict)
    }

    fn store_all(&self, dict: &Bound<'_, PyDict>) -> PyResult<()> {
        // Iterating over a list of the items is safe even if a `__hash__` or `__eq__` changes the
        // dict.
        for item in create::items(dict)? {
            let item = item.cast::<PyTuple>()?;
            self.insert(&item.get_item(0)?, &item.get_item(1)?, Terms::new())?;
        }
        Ok(())
    }
}

#[pymethods]
impl PyConcurrentCache {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.expire(py)?;
        Ok(self.core().len())
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        self.expire(py)?;
        Ok(!self.core().is_empty())
    }

    fn __iter__(slf: &Bound<'_, Self>) -> CacheIter {
        CacheIter::new(slf)
    }

    /// Return a list of the current keys.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let keys = self.collect(py, |key, _| key.clone())?;
        Ok(Room::new(py, keys.len())?.fill(keys.into_iter().map(Object::into_py)))
    }

    /// Return a list of the current values.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let values = self.collect(py, |_, value| value.clone())?;
        Ok(Room::new(py, values.len())?.fill(values.into_iter().map(Object::into_py)))
    }

    /// Return a list of the current (key, value) pairs.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items = self.collect(py, |key, value| (key.clone(), value.clone()))?;
        let pair = |(key, value): (Object, Object)| {
            Ok(create::pair(key.bind(py), value.bind(py))?.into_any())
        };
        create::list(py, items.into_iter().map(pair))
    }

    /// Store the items of a mapping, or of an iterable of pairs, and the keyword arguments.
    ///
    /// Each item is stored in one step, but not all of them together. If reading the source fails,
    /// no item of it is stored.
    #[pyo3(signature = (source=None, /, **kwargs), text_signature = "($self, source={}, /, **kwargs)")]
    fn update(
        &self,
        py: Python<'_>,
        source: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        if let Some(source) = source {
            match source.cast::<Self>() {
                Ok(other) => self.store_all(&other.get().to_dict(py)?)?,
                Err(_) => {
                    let dict = py.get_type::<PyDict>().call1((source,))?;
                    self.store_all(dict.cast()?)?;
                }
            }
        }
        kwargs.map_or(Ok(()), |kwargs| self.store_all(kwargs))
    }

    /// Remove all keys; keys that other threads store meanwhile may survive.
    fn clear(&self) {
        self.core().clear();
    }

    /// Remove the keys for which predicate(key, value) is true, and return how many.
    #[pyo3(signature = (predicate, /))]
    fn invalidate_if(&self, predicate: &Bound<'_, PyAny>) -> PyResult<New<usize>> {
        let py = predicate.py();
        self.shared.timer.tick(py)?;
        let (mut chosen, mut failed) = (0, None);
        self.core().remove_if(|key, kept| {
            let Some(value) = kept.value().filter(|_| failed.is_none()) else {
                return false;
            };
            let verdict = predicate.call1((&**key, &**value));
            match verdict.and_then(|verdict| verdict.is_truthy()) {
                Ok(verdict) => {
                    chosen += usize::from(verdict);
                    verdict
                }
                Err(err) => {
                    failed = Some(err);
                    false
                }
            }
        });
        failed.map_or(Ok(New(chosen)), Err)
    }

    /// Remove the entries that have expired, and return their number.
    ///
    /// They are removed without this call too, when they are asked for, and when others are stored.
    fn expire(&self, py: Python<'_>) -> PyResult<New<usize>> {
        self.shared.timer.tick(py)?;
        Ok(New(self.core().remove_expired()))
    }

    /// Return what the cache has counted, as a named tuple.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        named_tuple(py, &self.core().statistics())
    }

    /// Count from 0 again, and return what was counted until now, as stats() does.
    ///
    /// Nothing is counted twice or lost if other threads use the cache meanwhile.
    fn reset_stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        named_tuple(py, &self.core().reset_statistics())
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let theirs = match other.cast::<Self>() {
            Ok(other) => other.get().to_dict(py)?,
            Err(_) if other.cast::<PyMapping>().is_ok() => {
                (py.get_type::<PyDict>().call1((other,))?).cast_into()?
            }
            Err(_) => return Ok(PyNotImplemented::get(py).to_owned().into_any()),
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
        let text = text.map_or_else(|| "{...}".to_owned(), |text| text.to_string());
        Ok(New(format!("{name}({text})")))
    }
}

/// Makes a `CacheStats`.
fn named_tuple<'py>(py: Python<'py>, counted: &Statistics) -> PyResult<Bound<'py, PyAny>> {
    let numbers = [
        counted.hits,
        counted.misses,
        counted.computed,
        counted.failed,
        counted.evicted,
        counted.expired,
        counted.removed,
        counted.replaced,
    ];
    let numbers = numbers.map(New);
    let seconds = New(counted.computing.as_secs_f64());
    let mut all = Vec::with_capacity(numbers.len() + 1);
    for number in numbers {
        all.push(number.into_pyobject(py)?.into_any());
    }
    all.push(seconds.into_pyobject(py)?.into_any());
    let all = create::tuple(py, all.into_iter())?;
    Imports::get(py).cache_stats.bind(py).call1(all)
}
