//! `AtomicReference`.
//!
//! The slot counts its references in the object's own reference count. This is sound for the
//! following reasons:
//!
//! * Only attached threads use the slot. So all counting happens in attached threads. A process
//!   that forks during another thread's call leaves no lock behind, because the slot has no lock.
//! * The slot owns exactly one reference to its object, at any instant. Between two instructions of
//!   the slot, a thread that reads it may use an object that it has not counted yet. During this
//!   time another reference keeps the object alive: that of the slot, or that of the thread that is
//!   replacing the object, which counts for the reader before it gives up its own. So whenever the
//!   collector stops the other threads, it finds at least one reference for the one that it visits,
//!   and all further ones belong to running threads.
//! * Python code runs inside the slot only where a reference is released that may be the last one:
//!   a reference that a reader or writer got too late to use it. At this point the thread owes no
//!   count and is owed none, so the code may use this slot or another one.
//!
//! A stamped reference, which detects that an object was taken out and put back, would add nothing:
//! a program can store a new tuple of the object and a number, and no two such tuples are the same
//! object.

use crate::runtime::{
    awaitable::refuse_coroutine,
    create::{New, exception},
    fast_calls::{self, Done},
    nesting::{Nested, text_of_contents},
    not_copyable::not_copyable,
    object::Object,
    reentry::{Patience, Place, Watch, own_change},
};
use ft_atomic_reference::{AtomicReference, RefCnt};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::PyTypeError,
    ffi,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::sync::Arc;

type Core = AtomicReference<Object>;

// SAFETY: the pointer is that of the Python object, which does not move, and equal pointers mean
// the same object. Converting does not count. `Clone` and `Drop` count by one, and do not unwind.
// All of this happens in attached threads, because only these use a slot of objects.
unsafe impl RefCnt for Object {
    type Base = ffi::PyObject;

    #[inline]
    fn into_ptr(me: Self) -> *mut ffi::PyObject {
        me.into_py().into_ptr()
    }

    #[inline]
    fn as_ptr(me: &Self) -> *mut ffi::PyObject {
        me.as_ptr()
    }

    #[inline]
    unsafe fn from_ptr(object: *const ffi::PyObject) -> Self {
        // SAFETY: the thread is attached, and the pointer comes from `into_ptr` or `as_ptr`.
        unsafe {
            let py = Python::assume_attached();
            Self::from(Bound::from_owned_ptr(py, object.cast_mut()).unbind())
        }
    }
}

/// A place for one object, which threads read and replace in atomic steps.
///
/// AtomicReference(obj=None)
///
/// Objects are compared by identity; only compare_exchange_equal compares them by equality. Every
/// method is one atomic, sequentially consistent step. A replaced object is released at once, after
/// the new one is in place.
///
/// To make a change that depends on the current object, use update or a loop:
///
/// >>> numbers = AtomicReference(())
/// >>> numbers.update(lambda old: (*old, 1))
/// (1,)
/// >>> old = numbers.get()
/// >>> while (now := numbers.compare_and_swap(old, (*old, 2))) is not old:
/// ...     old = now
/// >>> numbers
/// AtomicReference((1, 2))
///
/// An object that was taken out and put back is still the same object. If that matters, store a new
/// tuple of the object and a number each time.
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    module = "ft_utils.concurrency",
    name = "AtomicReference"
)]
pub(crate) struct PyAtomicReference {
    core: Nested<Arc<Core>>,
    /// In a handle, the original object. Only that object shows the content to the collector.
    owner: Option<Py<Self>>,
    /// Always true in a complete instance. It is false in memory that has not become an instance
    /// yet: Python 3.11 and 3.12 show the collector such memory, which is all zeros, when they make
    /// the dict of an instance of a subclass.
    is_made: bool,
}

static WATCH: Watch = Watch::new();

fn object(object: &Bound<'_, PyAny>) -> Object {
    Object::new(object)
}

// All changes go through these methods: see `reentry`.
impl PyAtomicReference {
    #[inline]
    fn swap(&self, new: Object) -> Object {
        let before = self.core.exchange(new);
        self.changed();
        before
    }

    #[inline]
    fn exchange_if(&self, expected: &Object, new: Object) -> Result<Object, Object> {
        let before = self.core.compare_exchange(expected, new)?;
        self.changed();
        Ok(before)
    }

    #[inline]
    fn changed(&self) {
        WATCH.changed(|| self.place());
    }

    fn place(&self) -> Place {
        Place::of(&**self.core)
    }
}

/// Reads the argument of the constructor.
fn content<'py>(
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
    match (args.len(), kwargs) {
        (0, None) => Ok(args.py().None().into_bound(args.py())),
        (1, None) => args.get_item(0),
        (0, Some(kwargs)) if kwargs.len() == 1 => kwargs.get_item("obj")?.ok_or_else(|| {
            let message = "AtomicReference() takes no keyword argument except obj";
            exception::<PyTypeError>(message)
        }),
        // Existing programs check for this text.
        _ => Err(exception::<PyTypeError>(
            "AtomicReference() takes zero or one argument",
        )),
    }
}

#[pymethods]
impl PyAtomicReference {
    #[new]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(obj=None)")]
    fn new(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let content = object(&content(args, kwargs)?);
        Ok(Self {
            core: Nested::new(Arc::new(Core::new(content))),
            owner: None,
            is_made: true,
        })
    }

    /// Return the object.
    fn get(&self) -> Py<PyAny> {
        self.core.load().into_py()
    }

    /// Replace the object.
    #[pyo3(signature = (obj, /))]
    fn set(&self, obj: &Bound<'_, PyAny>) {
        drop(self.swap(object(obj)));
    }

    /// Replace the object and return the previous one.
    #[pyo3(signature = (obj, /))]
    fn exchange(&self, obj: &Bound<'_, PyAny>) -> Py<PyAny> {
        self.swap(object(obj)).into_py()
    }

    /// Replace the object by obj if it is identical to expected; return whether it was.
    #[pyo3(signature = (expected, obj, /))]
    fn compare_exchange(&self, expected: &Bound<'_, PyAny>, obj: &Bound<'_, PyAny>) -> bool {
        self.exchange_if(&object(expected), object(obj)).is_ok()
    }

    /// Replace the object by obj if it is identical to expected; return the previous object.
    ///
    /// So the object was replaced if the result is expected. Otherwise the result is the current
    /// object, and a caller can try again without reading it first.
    #[pyo3(signature = (expected, obj, /))]
    fn compare_and_swap(&self, expected: &Bound<'_, PyAny>, obj: &Bound<'_, PyAny>) -> Py<PyAny> {
        match self.exchange_if(&object(expected), object(obj)) {
            Ok(before) => before.into_py(),
            Err(current) => current.into_py(),
        }
    }

    /// Replace the object by obj if it equals expected; return whether it did.
    ///
    /// The object is compared with ==, and again whenever another thread has replaced it meanwhile.
    /// If the comparison raises, nothing changes. If the comparison itself replaces the object
    /// again and again, this raises RuntimeError.
    #[pyo3(signature = (expected, obj, /))]
    fn compare_exchange_equal(
        &self,
        expected: &Bound<'_, PyAny>,
        obj: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let mut current = self.core.load();
        let mut patience = Patience::default();
        loop {
            let found = current.bind(obj.py());
            let equal = || -> PyResult<bool> { Ok(found.is(expected) || found.eq(expected)?) };
            let (equal, has_changed_it) = WATCH.during(self.place(), equal);
            if !equal? {
                return Ok(false);
            }
            match self.exchange_if(&current, object(obj)) {
                Ok(_) => return Ok(true),
                Err(other) => current = other,
            }
            patience.lose(has_changed_it)?;
        }
    }

    /// Replace the object by function(object) and return the new object.
    ///
    /// The function is called again whenever another thread has replaced the object meanwhile. If
    /// it raises, nothing changes. It may read the AtomicReference, but must not replace the object
    /// itself: that raises RuntimeError.
    #[pyo3(signature = (function, /))]
    fn update(&self, function: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = function.py();
        let step = |old: &Object| {
            let next = function.call1((old.bind(py),))?;
            refuse_coroutine(&next, "update() takes a function that returns the object")?;
            Ok::<_, PyErr>(Object::from(next.unbind()))
        };
        let mut before = self.core.load();
        loop {
            let (after, has_changed_it) = WATCH.during(self.place(), || step(&before));
            let after = after?;
            match self.exchange_if(&before, after.clone()) {
                Ok(_) => return Ok(after.into_py()),
                Err(_) if has_changed_it => return Err(own_change("AtomicReference")),
                Err(other) => before = other,
            }
        }
    }

    /// Return another AtomicReference for the same place.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        let this = slf.get();
        let owner = this.owner.as_ref().unwrap_or(slf.as_unbound());
        Self {
            core: Nested::new(Arc::clone(&this.core)),
            owner: Some(owner.clone_ref(slf.py())),
            is_made: true,
        }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let py = slf.py();
        let name = slf.get_type().name()?;
        let text = text_of_contents(slf, || slf.get().get().bind(py).repr())?;
        Ok(New(match text {
            Some(text) => format!("{name}({text})"),
            None => format!("{name}(...)"),
        }))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        // This counts no reference. It is safe because no other thread is attached, so none
        // replaces the object meanwhile, and because this thread is not inside another call that
        // uses an object without having counted it.
        self.core.with(|content| visit.call(&**content))
    }

    fn __clear__(&self) {
        if self.owner.is_none() {
            self.core
                .store(Object::from(Python::attach(|py| py.None())));
        }
    }
}

not_copyable!(
    PyAtomicReference,
    "get() for the object in it, handle() to share the place"
);

fast_calls::fast! { PyAtomicReference:
    noargs c"get" = |this, _| Some(Done::object(this.core.load()));
    one c"set" = |this, py, obj| {
        drop(this.swap(Object::new(&obj)));
        Some(Done::none(py))
    };
    one c"exchange" = |this, _, obj| Some(Done::object(this.swap(Object::new(&obj))));
    two c"compare_exchange" = |this, py, expected, obj| {
        let exchanged = this.exchange_if(&Object::borrowed(&expected), Object::new(&obj));
        Some(Done::bool(py, exchanged.is_ok()))
    };
    two c"compare_and_swap" = |this, _, expected, obj| {
        let exchanged = this.exchange_if(&Object::borrowed(&expected), Object::new(&obj));
        Some(Done::object(match exchanged {
            Ok(before) => before,
            Err(current) => current,
        }))
    };
}
