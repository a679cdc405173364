//! The class `ConcurrentDeque`: how it is created, shared and collected.

use super::arguments::Given;
use crate::runtime::{
    awaiting::ringing,
    create::{self, New, exception},
    deferral::share_if,
    nesting::Nested,
    not_copyable::not_copyable,
    object::{Object, objects},
    truth::Truth,
};
use ft_concurrent_deque::ConcurrentDeque;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::PyValueError,
    prelude::*,
    types::{PyDict, PyList, PyTuple},
};
use std::sync::{Arc, OnceLock};

pub(super) type Core = ConcurrentDeque<Object>;

/// A double-ended queue that threads share: all of collections.deque, and pops that can wait.
///
/// ConcurrentDeque(iterable=(), maxlen=None, *, shared=False)
///
/// Every operation is one atomic step: no thread sees only part of a block that extend() adds, or
/// misses an item while another thread rotates. With a maxlen, there are never more items than
/// that: adding an item at one end of a full deque drops the item at the other end.
///
/// Iteration, reversed(), comparisons, repr(), copy() and count() use the items that are present
/// when they begin. They never raise because other threads write, and they do not see later items.
/// The results of in, index() and remove() are those of the moment in which they end. Comparisons
/// of items may run any code, and may use the same deque.
///
/// A second call of __init__() appends to the items, and does not change maxlen.
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    sequence,
    module = "ft_utils.concurrency",
    name = "ConcurrentDeque"
)]
pub(crate) struct PyConcurrentDeque {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments. If
    /// `__init__` was not called, the first use sets it.
    pub(super) core: Nested<OnceLock<Arc<Core>>>,
    /// In a handle, the original object. Only that object shows the items to the collector: if the
    /// collector were shown one reference twice, it would free live objects.
    owner: Option<Py<Self>>,
}

impl PyConcurrentDeque {
    #[inline]
    pub(super) fn core(&self) -> &Arc<Core> {
        self.core.get_or_init(Arc::default)
    }

    /// Makes another deque of the same class and maxlen, as `collections.deque` does.
    pub(super) fn another<'py>(
        slf: &Bound<'py, Self>,
        items: Vec<Object>,
    ) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        let maxlen = slf.get().core().maxlen();
        if slf.is_exact_instance_of::<Self>() {
            let core = Core::with_maxlen(maxlen);
            drop(core.extend_back(items));
            let core = Nested::new(OnceLock::from(Arc::new(core)));
            return Bound::new(py, Self { core, owner: None });
        }
        let (class, items) = (slf.get_type(), list(py, items)?);
        let made = match maxlen {
            Some(maxlen) => class.call1((items, maxlen)),
            None => class.call1((items,)),
        };
        Ok(made?.cast_into()?)
    }
}

pub(super) fn list(py: Python<'_>, items: Vec<Object>) -> PyResult<Bound<'_, PyList>> {
    create::list(py, items.into_iter().map(|item| Ok(item.into_bound(py))))
}

/// Reads an iterable to its end.
pub(super) fn read(iterable: &Bound<'_, PyAny>) -> PyResult<Vec<Object>> {
    if let Ok(deque) = iterable.cast_exact::<PyConcurrentDeque>() {
        return Ok(deque.get().core().to_vec());
    }
    objects(iterable)
}

#[pymethods]
impl PyConcurrentDeque {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(iterable=(), maxlen=None, *, shared=False)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: Nested::new(OnceLock::new()),
            owner: None,
        }
    }

    #[pyo3(signature = (iterable=Given(None), maxlen=None, *, shared=Truth(false)))]
    fn __init__(
        slf: &Bound<'_, Self>,
        iterable: Given<'_>,
        maxlen: Option<isize>,
        shared: Truth,
    ) -> PyResult<()> {
        let maxlen = match maxlen.map(usize::try_from).transpose() {
            Ok(maxlen) => maxlen,
            Err(_) => return Err(exception::<PyValueError>("maxlen must be non-negative")),
        };
        let items = iterable.0.map_or(Ok(Vec::new()), |items| read(&items))?;
        let core = (slf.get().core).get_or_init(|| Arc::new(Core::with_maxlen(maxlen)));
        drop(ringing(slf.py(), || core.extend_back(items)));
        share_if(shared, slf);
        Ok(())
    }

    /// The largest number of items, or None if there is no limit.
    #[getter]
    fn maxlen(&self) -> Option<New<usize>> {
        self.core().maxlen().map(New)
    }

    /// Return a copy: a deque of the same class, with the same items and the same maxlen.
    pub(super) fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        Self::another(slf, slf.get().core().to_vec())
    }

    /// Return another Python object for the same deque.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        let this = slf.get();
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Self {
            core: Nested::new(OnceLock::from(Arc::clone(this.core()))),
            owner: Some(owner),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        // No operation on the core is in progress, so its lock is free, and this visits all items:
        // only attached threads call the core's methods, and these do not allocate Python objects,
        // detach, or run Python code. (For the same reason, a thread may stay attached while it
        // waits for that lock: the thread that holds the lock keeps running.)
        self.core.get().map_or(Ok(()), |core| {
            core.for_each_quiescent(|item| visit.call(&**item))
        })
    }

    fn __clear__(&self) {
        if let (None, Some(core)) = (&self.owner, self.core.get()) {
            drop(core.take());
        }
    }
}

not_copyable!(
    PyConcurrentDeque,
    "copy() for a copy, handle() to share the object"
);

/// Registers the class as a MutableSequence, for `isinstance` and `match`.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    let abc = py.import("collections.abc")?.getattr("MutableSequence")?;
    abc.call_method1("register", (py.get_type::<PyConcurrentDeque>(),))?;
    Ok(())
}
