//! The class `ConcurrentDict`, the helpers that its methods share, and how it is created, shared
//! and collected.

use super::{
    probe::Probe,
    value::{Content, Value},
};
use crate::runtime::{
    create::{self, exception},
    nesting::Nested,
    not_copyable::not_copyable,
    object::Object,
    reentry::{Place, Watch},
};
use ft_concurrent_dict::{ConcurrentDict, Entry};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDict, PyString, PyTuple},
};
use std::sync::Arc;

pub(crate) type Core = ConcurrentDict<Object, Value>;

/// A dict that threads share: a complete MutableMapping, with further atomic operations.
///
/// ConcurrentDict(initial_capacity=0, dictionary={}, *, shared=False)
/// ConcurrentDict(dictionary)
///
/// initial_capacity is a hint for the number of threads that use the dictionary at once, not a
/// number of keys. With 0, the number of processors decides. The dictionary argument, a mapping or
/// an iterable of pairs, is copied. It may also be the first argument, as for dict. A subclass may
/// define a method __missing__(key), as for dict.
///
/// Operations on one key are atomic. Operations on the whole dictionary (len, iteration, keys,
/// values, items, as_dict, copy, clear, ==, update) go from part to part. They see a key that is
/// present all the time exactly once; they may or may not see a key that is added or removed
/// meanwhile. None of them raises because other threads write. (But dict(d) and {**d} list the keys
/// first and then look up each one, so they raise KeyError if a key has been removed in between:
/// use as_dict() instead.) The order of keys is unspecified. Hashes and comparisons of keys may run
/// any code, and may use the same dictionary.
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    mapping,
    module = "ft_utils.concurrency",
    name = "ConcurrentDict"
)]
pub(crate) struct PyConcurrentDict {
    pub(crate) core: Nested<Arc<Core>>,
    /// In a handle, the original object. Only that object shows the contents to the collector: if
    /// the collector were shown one reference twice, it would free live objects.
    owner: Option<Py<Self>>,
}

pub(crate) static WATCH: Watch = Watch::new();

impl PyConcurrentDict {
    /// Notes a change by this thread: see `reentry`. Every function that removes or stores a value
    /// calls it.
    #[inline]
    pub(crate) fn changed(&self, hash: u64) {
        WATCH.changed(|| self.place(hash));
    }

    pub(crate) fn place(&self, hash: u64) -> Place {
        Place::of_key(&**self.core, hash)
    }

    pub(super) fn with_capacity(initial_capacity: isize) -> Self {
        let core = match usize::try_from(initial_capacity) {
            Err(_) | Ok(0) => Core::new(),
            Ok(shards) => Core::with_shards(shards),
        };
        let core = Nested::new(Arc::new(core));
        Self { core, owner: None }
    }

    pub(crate) fn get_value<'py>(
        &self,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self
            .core
            .try_read(&Probe::new(key)?, |value| value.cloned())?;
        value.map(|value| value.into_object(key.py())).transpose()
    }

    pub(crate) fn insert(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let probe = Probe::new(key)?;
        let value = Value::new(value);
        let _replaced = self.core.try_entry(&probe, |entry| match entry {
            Entry::Occupied(mut entry) => Some(entry.replace(value)),
            Entry::Vacant(entry) => {
                entry.insert(probe.key(), value);
                None
            }
        })?;
        self.changed(probe.hash());
        Ok(())
    }

    pub(super) fn remove<'py>(
        &self,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let probe = Probe::new(key)?;
        let removed = self.core.try_entry(&probe, |entry| match entry {
            Entry::Occupied(entry) => Some(entry.remove()),
            Entry::Vacant(_) => None,
        })?;
        if removed.is_some() {
            self.changed(probe.hash());
        }
        removed
            .map(|(_key, value)| value.into_object(key.py()))
            .transpose()
    }

    /// Stores what `dict(source, **kwargs)` would hold.
    ///
    /// A source that is not a `ConcurrentDict` is first converted to a dict. So if reading the
    /// source fails, at whatever point, this dictionary stays unchanged.
    pub(super) fn merge(
        &self,
        source: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        if let Some(kwargs) = kwargs {
            // Some calls from Python do not check that the names are strings.
            if !kwargs
                .iter()
                .all(|(name, _)| name.is_instance_of::<PyString>())
            {
                return Err(exception::<PyTypeError>("keywords must be strings"));
            }
        }
        if let Some(source) = source {
            if let Ok(other) = source.cast::<Self>() {
                self.merge_own(other.get(), source.py())?;
            } else {
                let dict = source.py().get_type::<PyDict>().call1((source,))?;
                self.merge_dict(dict.cast()?)?;
            }
        }
        kwargs.map_or(Ok(()), |kwargs| self.merge_dict(kwargs))
    }

    /// Returns all keys and values.
    pub(super) fn pairs(&self) -> Vec<(Object, Value)> {
        (self.core).collect_all(|key, value| (key.clone(), value.clone()))
    }

    pub(super) fn merge_own(&self, other: &Self, py: Python<'_>) -> PyResult<()> {
        for (key, value) in other.pairs() {
            self.insert(&key.into_bound(py), &value.into_object(py)?)?;
        }
        Ok(())
    }

    pub(super) fn merge_dict(&self, dict: &Bound<'_, PyDict>) -> PyResult<()> {
        // Iterating over a list of the items is safe even if a `__hash__` or `__eq__` changes the
        // dict.
        for item in create::items(dict)? {
            let item = item.cast::<PyTuple>()?;
            self.insert(&item.get_item(0)?, &item.get_item(1)?)?;
        }
        Ok(())
    }

    pub(crate) fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = create::dict(py)?;
        for (key, value) in self.pairs() {
            dict.set_item(&*key, value.into_object(py)?)?;
        }
        Ok(dict)
    }

    pub(super) fn duplicate(&self) -> Self {
        let core = Nested::new(Arc::new(Core::clone(&self.core)));
        Self { core, owner: None }
    }
}

#[pymethods]
impl PyConcurrentDict {
    /// Return another Python object for the same dictionary.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        let this = slf.get();
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Self {
            core: Nested::new(Arc::clone(&this.core)),
            owner: Some(owner),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        // SAFETY: no operation on the core is in progress. Only attached threads call the core's
        // methods, and while the collector runs, no other thread is attached. No thread detaches
        // inside such a method, and the collector never starts inside one, because the methods do
        // not allocate Python objects, detach, or run Python code.
        unsafe {
            self.core.for_each_quiescent(|key, value| {
                visit.call(&**key)?;
                match value.map(Value::content) {
                    Some(Content::Object(object)) => visit.call(&**object),
                    Some(Content::Count(_)) | None => Ok(()),
                }
            })
        }
    }

    fn __clear__(&self) {
        if self.owner.is_none() {
            self.core.clear();
        }
    }
}

not_copyable!(
    PyConcurrentDict,
    "copy() or as_dict() for a copy, handle() to share the object"
);
