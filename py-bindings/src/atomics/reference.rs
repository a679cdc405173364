//! `AtomicReference`.
//!
//! All steps of the class are those of a [`StableReference`]. Only attached threads use it, and
//! `__traverse__` reads it while all other threads are stopped at safe points. No operation of the
//! place has a safe point in its middle: it runs Python code only where it releases an object, and it
//! does so when all its steps are done, or before it starts again. The place has no lock, so a process
//! that forks during another thread's call leaves none behind.
//!
//! A stamped reference, which detects that an object was taken out and put back, would add nothing:
//! a program can store a new tuple of the object and a number, and no two such tuples are the same
//! object.

use crate::{
    atomics::content::Content,
    runtime::{
        awaitable::refuse_coroutine,
        create::{New, exception},
        fast_calls::{self, Done},
        nesting::{Nested, text_of_contents},
        not_copyable::not_copyable,
        reentry::{Patience, Place, Watch, own_change},
    },
};
use ft_atomic_reference::StableReference;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::sync::Arc;

/// The place itself.
type Core = StableReference<Content>;

/// A place for one object, which threads read and replace in atomic steps.
///
/// AtomicReference(obj=None, *, shared=False)
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
    /// It is not inline: the interpreter reads the head of the Python object in each call, and two
    /// threads that replace the content would take each other's cache line away twice.
    core: Nested<Arc<Core>>,
    /// In a handle, the original object. Only that object shows the content to the collector.
    owner: Option<Py<Self>>,
    /// Always true in a complete instance. It is false in memory that has not become an instance
    /// yet: Python 3.11 and 3.12 show the collector such memory, which is all zeros, when they make
    /// the dict of an instance of a subclass.
    is_made: bool,
}

static WATCH: Watch = Watch::new();

// All changes go through these methods: see `reentry`.
impl PyAtomicReference {
    #[inline]
    fn swap(&self, new: Content) -> Content {
        let before = self.core.exchange(new);
        self.changed();
        before
    }

    #[inline]
    fn exchange_if(&self, expected: &Content, new: Content) -> Result<Content, Content> {
        let before = self.core.compare_exchange(expected, new)?;
        self.changed();
        Ok(before)
    }

    #[inline]
    fn replace(&self, expected: &Content, new: Content) -> bool {
        let done = self.core.try_replace(expected, new);
        if done.is_ok() {
            self.changed();
        }
        done.is_ok()
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
    #[pyo3(signature = (*args, **kwargs), text_signature = "(obj=None, *, shared=False)")]
    fn new(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let content = Content::new(&content(args, kwargs)?);
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
        drop(self.swap(Content::new(obj)));
    }

    /// Replace the object and return the previous one.
    #[pyo3(signature = (obj, /))]
    fn exchange(&self, obj: &Bound<'_, PyAny>) -> Py<PyAny> {
        self.swap(Content::new(obj)).into_py()
    }

    /// Replace the object by obj if it is identical to expected; return whether it was.
    #[pyo3(signature = (expected, obj, /))]
    fn compare_exchange(&self, expected: &Bound<'_, PyAny>, obj: &Bound<'_, PyAny>) -> bool {
        self.replace(&Content::borrowed(expected), Content::new(obj))
    }

    /// Replace the object by obj if it is identical to expected; return the previous object.
    ///
    /// So the object was replaced if the result is expected. Otherwise the result is the current
    /// object, and a caller can try again without reading it first.
    #[pyo3(signature = (expected, obj, /))]
    fn compare_and_swap(&self, expected: &Bound<'_, PyAny>, obj: &Bound<'_, PyAny>) -> Py<PyAny> {
        match self.exchange_if(&Content::borrowed(expected), Content::new(obj)) {
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
            match self.exchange_if(&current, Content::new(obj)) {
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
        let step = |old: &Content| {
            let next = function.call1((old.bind(py),))?;
            refuse_coroutine(&next, "update() takes a function that returns the object")?;
            Ok::<_, PyErr>(Content::new(&next))
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
        // replaces the object meanwhile.
        // SAFETY: the place keeps the object alive, and the thread is attached.
        let content = unsafe { Borrowed::from_ptr(Python::assume_attached(), self.core.as_ptr()) };
        visit.call(&**Content::borrowed(&content))
    }

    fn __clear__(&self) {
        if self.owner.is_none() {
            Python::attach(|py| self.core.store(Content::new(py.None().bind(py))));
        }
    }
}

not_copyable!(
    PyAtomicReference,
    "get() for the object in it, handle() to share the place"
);

fast_calls::fast! { PyAtomicReference:
    noargs c"get" = |this, _| Some(Done::object(this.core.load().into()));
    single c"set" = |this, py, obj| {
        drop(this.swap(Content::new(&obj)));
        Some(Done::none(py))
    };
    single c"exchange" = |this, _, obj| Some(Done::object(this.swap(Content::new(&obj)).into()));
    two c"compare_exchange" = |this, py, expected, obj| {
        let exchanged = this.replace(&Content::borrowed(&expected), Content::new(&obj));
        Some(Done::bool(py, exchanged))
    };
    two c"compare_and_swap" = |this, _, expected, obj| {
        let exchanged = this.exchange_if(&Content::borrowed(&expected), Content::new(&obj));
        let before = exchanged.unwrap_or_else(|current| current);
        Some(Done::object(before.into()))
    };
}

crate::runtime::deferral::shared_by_new!(PyAtomicReference);
