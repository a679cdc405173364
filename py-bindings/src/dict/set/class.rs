//! The class `ConcurrentSet`, the helpers that its methods share, and how it is created, shared and
//! collected.

use crate::runtime::{
    imports::Imports,
    nesting::Nested,
    not_copyable::not_copyable,
    object::{Object, objects},
    probe::Probe,
};
use ft_concurrent_dict::{ConcurrentDict, Entry, Query};
use pyo3::{
    PyTraverseError, PyVisit,
    prelude::*,
    types::{PyFrozenSet, PySet},
};
use std::sync::Arc;

type Core = ConcurrentDict<Object, ()>;

/// A set that threads share: a complete MutableSet, with the methods of set.
///
/// ConcurrentSet(iterable=(), /, *, shared=False)
///
/// Operations on one element are atomic. add() returns whether the element is new, and discard()
/// whether it was there, so of several threads that add an equal element exactly one gets True.
///
/// >>> seen = ConcurrentSet(["a"])
/// >>> seen.add("b"), seen.add("b")
/// (True, False)
/// >>> seen.discard("a"), seen.discard("a")
/// (True, False)
///
/// Operations on the whole set (len, iteration, comparisons, union and the like, copy, clear) go from
/// part to part. They see an element that is present all the time exactly once; they may or may not
/// see one that is added or removed meanwhile. None of them raises because other threads write.
/// Operations that change many elements (update, |=, &=, -=, ^=) change each in one step, but not all
/// of them together; if reading their arguments fails, they change nothing. The order of elements is
/// unspecified. Hashes and comparisons of elements may run any code, and may use the same set.
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    module = "ft_utils.concurrency",
    name = "ConcurrentSet"
)]
pub(crate) struct PyConcurrentSet {
    pub(super) core: Nested<Arc<Core>>,
    /// In a handle, the original object. Only that object shows the contents to the collector: if
    /// the collector were shown one reference twice, it would free live objects.
    owner: Option<Py<Self>>,
}

impl PyConcurrentSet {
    fn of_core(core: Core) -> Self {
        let core = Nested::new(Arc::new(core));
        Self { core, owner: None }
    }

    pub(super) fn duplicate(&self) -> Self {
        Self::of_core(Core::clone(&self.core))
    }

    /// Makes a set of the elements of an iterable.
    pub(super) fn of(source: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(other) = source.cast::<Self>() {
            return Ok(other.get().duplicate());
        }
        let this = Self::of_core(Core::new());
        // Nobody sees the new set if an element fails. So it needs no set of all elements first.
        for element in objects(source)? {
            let element = element.into_bound(source.py());
            let probe = Probe::new(&element)?;
            this.insert(&probe, || probe.key())?;
        }
        Ok(this)
    }

    /// Adds an element, unless it is there. Returns whether it is new.
    #[inline]
    pub(super) fn insert<Q: Query<Object>>(
        &self,
        probe: &Q,
        key: impl FnOnce() -> Object,
    ) -> Result<bool, Q::Error> {
        self.core.try_entry(probe, |entry| match entry {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(key(), ());
                true
            }
        })
    }

    /// Removes an element, and returns the stored object, to be dropped without the lock.
    #[inline]
    pub(super) fn take<Q: Query<Object>>(&self, probe: &Q) -> Result<Option<Object>, Q::Error> {
        self.core.try_entry(probe, |entry| match entry {
            Entry::Occupied(entry) => Some(entry.remove().0),
            Entry::Vacant(_) => None,
        })
    }

    /// Removes an element that is there, and adds one that is not.
    pub(super) fn toggle(&self, probe: &Probe<'_, '_>) -> PyResult<()> {
        let _removed = self.core.try_entry(probe, |entry| match entry {
            Entry::Occupied(entry) => Some(entry.remove()),
            Entry::Vacant(entry) => {
                entry.insert(probe.key(), ());
                None
            }
        })?;
        Ok(())
    }

    #[inline]
    pub(super) fn has<Q: Query<Object>>(&self, probe: &Q) -> Result<bool, Q::Error> {
        self.core.try_read(probe, |value| value.is_some())
    }

    /// Returns all elements.
    pub(super) fn elements(&self) -> Vec<Object> {
        self.core.collect_all(|element, ()| element.clone())
    }

    pub(super) fn to_set<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PySet>> {
        let set = PySet::empty(py)?;
        for element in self.elements() {
            set.add(&*element)?;
        }
        Ok(set)
    }
}

/// Returns the elements of any iterable as a set.
pub(super) fn set_of<'py>(source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PySet>> {
    let py = source.py();
    match source.cast::<PyConcurrentSet>() {
        Ok(other) => other.get().to_set(py),
        Err(_) => Ok(py.get_type::<PySet>().call1((source,))?.cast_into()?),
    }
}

/// Returns the other operand of an operator as a set. Returns `None` if it is not one.
pub(super) fn operand<'py>(other: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PySet>>> {
    let is_set = other.is_instance_of::<PyConcurrentSet>()
        || other.is_instance_of::<PySet>()
        || other.is_instance_of::<PyFrozenSet>()
        || other.is_instance(Imports::get(other.py()).abstract_set.bind(other.py()))?;
    is_set.then(|| set_of(other)).transpose()
}

#[pymethods]
impl PyConcurrentSet {
    #[new]
    #[pyo3(
        signature = (iterable=None, /),
        text_signature = "(iterable=(), /, *, shared=False)",
    )]
    fn new(iterable: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        match iterable {
            Some(source) => Self::of(source),
            None => Ok(Self::of_core(Core::new())),
        }
    }

    /// Return another Python object for the same set.
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
        unsafe { (self.core).for_each_quiescent(|element, _| visit.call(&**element)) }
    }

    fn __clear__(&self) {
        if self.owner.is_none() {
            self.core.clear();
        }
    }
}

not_copyable!(
    PyConcurrentSet,
    "copy() for a copy, handle() to share the object"
);

/// Registers the class as a MutableSet, for `isinstance`.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    let abc = py.import("collections.abc")?.getattr("MutableSet")?;
    abc.call_method1("register", (py.get_type::<PyConcurrentSet>(),))?;
    Ok(())
}

crate::runtime::deferral::shared_by_new!(PyConcurrentSet);
